"""
The door of the chat (seed 004): Socket.IO at `/socket.io/`, by polling and by WebSocket, and
its official client for browsers.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.assets import assets
from realtime.handlers import engineio
from realtime.handlers.chat_client import DOOR, ChatClient
from realtime.handlers.entrance import knock
from realtime.handlers.links import LINKS, Links
from realtime.handlers.pages import ASK, file
from realtime.openapi import STRING, Operation, Parameter

CLIENT: Final = "vendor/socket.io-client/socket.io.min.js"


def install(app: web.Application) -> None:
    """Give `app` the place where the clients of this door are known."""
    app[LINKS] = Links(ChatClient)


async def settle(app: web.Application) -> None:
    """When its clients are gone: wait until what they have asked for is done."""
    await app[LINKS].settle()


async def socket(request: web.Request) -> web.StreamResponse:
    """`GET POST /socket.io/`: Engine.IO 4, its `polling` and its `websocket` transport."""
    if "sid" not in request.query:
        await knock(request, DOOR, request[keys.PRINCIPAL])
    return await engineio.serve(request)


async def client(request: web.Request) -> web.Response:
    """`GET /socket.io/socket.io.js`: the official client, for pages."""
    return file(request, assets()[CLIENT], ASK)


ROUTES = [
    web.get("/socket.io/", socket, allow_head=False),
    web.post("/socket.io/", socket),
    web.get("/socket.io/socket.io.js", client),
]

_NAMES: Final = (
    Parameter("EIO", "The version of Engine.IO; with a session it may be left out.", {"type": "string", "enum": ["4"]}),
    Parameter("transport", "`polling` where not given.", {"type": "string", "enum": ["polling", "websocket"]}),
    Parameter("sid", "The session, as the answer to the handshake names it.", STRING),
)
_ERRORS: Final = ("invalid", "unauthenticated", "blocked", "foreign_origin", "too_many_requests", "busy", "stopping")

DOCS: Final = {
    "GET /socket.io/": Operation(
        "A handshake of Socket.IO, a poll, or its WebSocket",
        "sockets",
        "With `transport=websocket` it is a WebSocket. The credential travels in the CONNECT packet.",
        answer=STRING,
        media="text/plain",
        parameters=_NAMES,
        errors=(*_ERRORS, "upgrade_required"),
        public=True,
    ),
    "POST /socket.io/": Operation(
        "Packets of a client of Socket.IO that polls",
        "sockets",
        answer=STRING,
        media="text/plain",
        other_bodies={"text/plain": STRING},
        parameters=_NAMES,
        errors=(*_ERRORS, "malformed", "stalled_body", "too_large", "unsupported_media_type"),
        public=True,
    ),
    "GET /socket.io/socket.io.js": Operation(
        "The official client of Socket.IO", "pages", answer=STRING, media="text/javascript", public=True
    ),
}
