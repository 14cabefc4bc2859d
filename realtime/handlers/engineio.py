"""
Engine.IO 4, the transport below Socket.IO: its handshake, long polling, WebSocket, and the
upgrade from the one to the other.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from realtime import keys
from realtime.delivery.frames import pong_frame, text_frame
from realtime.delivery.outlet import ClientWebSocket, WebSocketOutlet
from realtime.delivery.socketio_outlet import SocketIOOutlet
from realtime.dialects import socketio
from realtime.errors import CloseCode, Problem
from realtime.handlers.bodies import read_body
from realtime.handlers.handshake import require_handshake
from realtime.handlers.links import LINKS, Link, ended

_TRANSPORTS: Final = ("polling", "websocket")


async def serve(request: web.Request) -> web.StreamResponse:
    """A request of either transport: a handshake, or one of the session that its `sid` names."""
    query = request.query
    transport = query.get("transport", _TRANSPORTS[0])
    if transport not in _TRANSPORTS:
        raise Problem("invalid", f"transport must be one of: {', '.join(_TRANSPORTS)}.")
    if (sid := query.get("sid")) is None:
        return await _handshake(request, transport)
    link = request.app[LINKS].find(sid)
    if request.method == "POST":
        return await _post(request, link)
    return await (_poll if transport == "polling" else _upgrade)(request, link)


async def _handshake(request: web.Request, transport: str) -> web.StreamResponse:
    _check_handshake(request)
    if transport == "polling":
        link = request.app[LINKS].open(request)
        link.outlet.write(_opening(request, link, upgradable=True))
        return await _poll(request, link)
    require_handshake(request)
    link = request.app[LINKS].open(request)
    try:
        socket, wire = await _accept(request)
    except BaseException:
        link.outlet.end()
        raise
    link.outlet.attach(wire)
    wire.write(_opening(request, link, upgradable=False))
    return await _listen(link, socket, wire)


def _check_handshake(request: web.Request) -> None:
    version = request.query.get("EIO", "none")
    if version != socketio.VERSION:
        said = f"This server speaks version {socketio.VERSION} of Engine.IO, and EIO names {version[:16]}."
        raise Problem("invalid", f"{said} Use a client of Socket.IO 4, for example /socket.io/socket.io.js.")
    if request.method == "POST":
        raise Problem("invalid", "A session begins with GET.")
    if request.app[keys.HUB].stopping:
        raise Problem("stopping", "The server is stopping.", retry_after=2)


def _opening(request: web.Request, link: Link, *, upgradable: bool) -> bytes:
    settings = request.app[keys.SETTINGS]
    return text_frame(
        socketio.opening(
            link.sid,
            interval=settings.socketio_heartbeat,
            timeout=settings.socketio_timeout,
            limit=settings.frame_limit,
            upgradable=upgradable,
        )
    )


# -- polling ------------------------------------------------------------------------------


async def _poll(request: web.Request, link: Link) -> web.StreamResponse:
    """Answer with what waits for the client, as soon as there is something."""
    _check_alone(link, busy=link.polling)
    link.polling = True
    try:
        if not link.upgrading:
            await link.outlet.news()
        return await _answer(request, link.outlet)
    except (asyncio.CancelledError, ConnectionError):
        # Its connection is gone, and with it perhaps an answer.
        link.outlet.end()
        raise
    finally:
        link.polling = False


def _check_alone(link: Link, *, busy: bool) -> None:
    link.client.heard()
    if link.outlet.on_websocket:
        raise Problem("invalid", "This session uses its WebSocket now.")
    if busy:
        # Which of two polls gets which packets is anybody's guess.
        link.outlet.end()
        raise Problem("invalid", "A session polls once at a time, and sends one body at a time.")


async def _answer(request: web.Request, outlet: SocketIOOutlet) -> web.StreamResponse:
    packets = outlet.take()
    if outlet.ended and not packets:
        raise ended()
    body = socketio.SEPARATOR.encode().join(packets) or socketio.NOOP.encode()
    response = web.Response(body=body, headers={"Content-Type": "text/plain; charset=UTF-8"})
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    with outlet.carried(request.transport, len(body)):
        await response.prepare(request)
        await response.write_eof()
    return response


async def _post(request: web.Request, link: Link) -> web.StreamResponse:
    """Take the packets of a body, in their order."""
    _check_alone(link, busy=link.posting)
    # A goodbye waits to be fetched: of who gets one, nothing more is done.
    leaving = link.outlet.closing
    link.posting = True
    try:
        body = await read_body(request, request.app[keys.SETTINGS].frame_limit)
        await _take(link, body)
    except (Problem, asyncio.CancelledError):
        link.outlet.end()
        raise
    finally:
        link.posting = False
    if leaving and not link.outlet.ended:
        raise ended()
    return web.Response(text="ok")


async def _take(link: Link, body: bytes) -> None:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Problem("malformed", f"The body is not UTF-8 (byte {error.start}).") from None
    start = 0
    # One by one: a body of separators must not become a million strings.
    while start <= len(text):
        end = text.find(socketio.SEPARATOR, start)
        end = len(text) if end < 0 else end
        packet = text[start:end]
        if link.outlet.closing and packet != socketio.CLOSE:
            return
        await link.receive(packet)
        start = end + 1


# -- WebSocket ----------------------------------------------------------------------------


async def _accept(request: web.Request) -> tuple[ClientWebSocket, WebSocketOutlet]:
    # Without compression: what is written is the same bytes for all.
    limit = request.app[keys.SETTINGS].frame_limit
    socket = ClientWebSocket(autoping=False, compress=False, max_msg_size=limit, timeout=2.0)
    writer = await socket.prepare(request)
    return socket, WebSocketOutlet(request, writer, socket)


async def _upgrade(request: web.Request, link: Link) -> web.StreamResponse:
    """A WebSocket for a session that polls: the client tries it, and then uses it alone."""
    require_handshake(request)
    if link.probed or link.outlet.closing or link.outlet.on_websocket:
        raise Problem("invalid", "This session has a WebSocket already.")
    link.probed = True
    try:
        socket, wire = await _accept(request)
        async with asyncio.timeout(request.app[keys.SETTINGS].handshake_timeout / 1_000):
            changed = await _probe(link, socket, wire)
    except TimeoutError:
        changed = False
    finally:
        link.probed = link.upgrading = False
    if not changed or link.outlet.closing:
        wire.close(CloseCode.PROTOCOL_ERROR, "no upgrade")
        await wire.finish()
        return socket
    link.outlet.attach(wire)
    return await _listen(link, socket, wire)


async def _probe(link: Link, socket: web.WebSocketResponse, wire: WebSocketOutlet) -> bool:
    """Whether the client has changed over to the WebSocket."""
    message: WSMessage = await socket.receive()
    if message.type is not WSMsgType.TEXT or message.data != socketio.PING + socketio.PROBE:
        return False
    # From here on polls are answered at once: the client waits for the last one to end.
    link.upgrading = True
    link.outlet.nudge()
    wire.write(text_frame((socketio.PONG + socketio.PROBE).encode()))
    message = await socket.receive()
    return message.type is WSMsgType.TEXT and message.data == socketio.UPGRADE


async def _listen(link: Link, socket: web.WebSocketResponse, wire: WebSocketOutlet) -> web.WebSocketResponse:
    """Take what the client sends, until the end."""
    wire.report_breaches(link.client.close)
    try:
        while not link.outlet.ended:
            message: WSMessage = await socket.receive()
            link.client.heard()
            if message.type is WSMsgType.TEXT:
                await link.receive(message.data)
            elif message.type is WSMsgType.BINARY:
                link.client.refuse(Problem("unsupported_media_type", "Binary attachments are not taken; send text."))
            elif message.type not in (WSMsgType.PING, WSMsgType.PONG):
                break
            elif link.count_ping() and message.type is WSMsgType.PING:
                wire.write(pong_frame(bytes(message.data)))
    finally:
        link.peer_code = socket.close_code
        link.outlet.end()
        await wire.finish()
    return socket
