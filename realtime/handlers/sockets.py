"""
A WebSocket of the channels dialect or of `realtime.v1`: its opening, what its client says,
and its end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

from aiohttp import WSMessage, WSMsgType, web

from realtime import keys
from realtime.auth import principal_of_token
from realtime.channels import NOTHING, Coverage
from realtime.delivery.frames import pong_frame, text_frame
from realtime.delivery.outlet import WebSocketOutlet
from realtime.delivery.rate import Rate
from realtime.delivery.session import Session, Start
from realtime.dialects import commands, control
from realtime.dialects.canonical import SUBPROTOCOL
from realtime.dialects.commands import BadCommand
from realtime.errors import CloseCode, Problem
from realtime.events import Event
from realtime.handlers import subscriptions
from realtime.policy import Principal, Role

BAD_FRAMES_LIMIT: Final = 10
"""Bad frames in a row after which a client is closed with 4501."""

IN_FLIGHT_LIMIT: Final = 256
"""Publications of one socket that may wait for their commit; then it is not read from."""

PINGS_PER_SECOND: Final = 20
"""Pings and pongs that a client may send."""

COMMAND_OVERHEAD: Final = 4 * 1024
"""Bytes that a command may have beside its data."""

BYTES_PER_COMMAND: Final = 10 * 1024
"""Mean length of commands at which a client may still send as many of them as it is allowed."""


class ClientSocket:
    """
    One client from its upgrade to its end. `serve` returns when it is over.

    `principal` may be nobody at a door that lets clients authenticate by their first frame.
    """

    def __init__(self, request: web.Request, channels: tuple[str, ...], start: Start, *, door: str, opted_in: bool):
        self._request = request
        self._app = request.app
        self._settings = request.app[keys.SETTINGS]
        self._hub = request.app[keys.HUB]
        self._policy = request.app[keys.POLICY]
        self._channels = channels
        self._start = start
        self._door = door
        lines = request.headers.getall("Sec-WebSocket-Protocol", ())
        offered = [name.strip() for line in lines for name in line.split(",")]
        self._canonical = SUBPROTOCOL in offered
        self._opted_in = opted_in or self._canonical
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,) if self._canonical else ("bearer",),
            autoping=False,
            compress=False,
            max_msg_size=self._settings.frame_limit,
            timeout=2.0,
        )
        self._publishing: deque[asyncio.Future[Event]] = deque()
        self._bad_frames = 0
        self._pings = Rate(PINGS_PER_SECOND)
        self._session: Session

    async def serve(self) -> web.WebSocketResponse:
        """Upgrade, authenticate if that is still to be done, then listen until the end."""
        principal = self._request[keys.PRINCIPAL]
        if principal.role is Role.NOBODY and self._door == "secure":
            # Its place is taken before the upgrade: afterwards there is no status to refuse it with.
            with self._app[keys.ADMISSION].stranger():
                await self._open()
                authenticated = await self._authenticate()
            if authenticated is None:
                return self._socket
            principal = authenticated
        else:
            await self._open()
        self._connect(principal)
        try:
            await self._listen()
        finally:
            self._hub.leave(self._session)
            await self._outlet.finish()
        return self._socket

    async def _open(self) -> None:
        writer = await self._socket.prepare(self._request)
        self._outlet = WebSocketOutlet(self._request, writer, self._socket)

    async def _authenticate(self) -> Principal | None:
        """Who the client's first frame says it is; a stop of the server closes it as it closes all others."""
        self._hub.strangers.add(self._outlet)
        try:
            async with asyncio.timeout(self._settings.auth_timeout / 1_000):
                message = await self._first_frame()
            return await self._principal_of(message)
        except TimeoutError:
            await self._socket.close(code=CloseCode.NO_AUTH, message=b"no authentication in time")
            return None
        finally:
            self._hub.strangers.discard(self._outlet)
            await self._outlet.finish()

    async def _first_frame(self) -> WSMessage:
        """The first frame that is no ping or pong; few of these are answered."""
        loop = asyncio.get_running_loop()
        while True:
            message: WSMessage = await self._socket.receive()
            if message.type not in (WSMsgType.PING, WSMsgType.PONG) or not self._pings.allows(loop.time()):
                return message
            if message.type is WSMsgType.PING:
                self._outlet.write(pong_frame(bytes(message.data)))

    async def _principal_of(self, message: WSMessage) -> Principal | None:
        """Whom the first frame's token stands for; None when the client was closed instead."""
        try:
            command = commands.read(message.data) if message.type is WSMsgType.TEXT else None
        except BadCommand:
            command = None
        if not isinstance(command, commands.Authenticate):
            await self._socket.close(code=CloseCode.NO_AUTH, message=b'the first frame must be {"type":"auth","token"}')
            return None
        try:
            principal = await principal_of_token(self._request, command.token)
            self._check(self._channels, principal)
        except Problem as problem:
            code = CloseCode.BAD_TOKEN if problem.code == "unauthenticated" else CloseCode.NOT_PERMITTED
            if problem.code == "too_many_requests":
                code = CloseCode.FLOOD
            await self._socket.close(code=code, message=problem.detail.encode()[:120])
            return None
        self._outlet.write(text_frame(control.result(command.id, {"user": principal.name, "role": principal.role})))
        return principal

    def _connect(self, principal: Principal) -> None:
        formats = self._app[keys.FORMATS]
        self._session = self._hub.connect(
            self._outlet,
            formats.realtime if self._canonical else formats.channels,
            principal,
            self._channels,
            self._coverage(self._channels, principal),
            door=self._door,
            start=self._start,
            label=self._request.query.get("user_id", "")[:64],
            opted_in=self._opted_in,
            heartbeat=self._settings.heartbeat,
        )
        self._app[keys.HEARTBEAT].watch(self._session)
        self._allow(principal)

    def _allow(self, principal: Principal) -> None:
        limit = _allowance(principal, self._app)
        self._commands = Rate(limit)
        self._bytes = Rate(limit * BYTES_PER_COMMAND)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message: WSMessage = await self._socket.receive()
            now = self._session.heard_at = loop.time()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return
            if message.type in (WSMsgType.PING, WSMsgType.PONG):
                if not self._pings.allows(now):
                    self._session.close(CloseCode.FLOOD, "too many pings or pongs")
                    return
                if message.type is WSMsgType.PING:
                    self._outlet.write(pong_frame(bytes(message.data)))
                continue
            if not self._commands.allows(now) or not self._bytes.allows(now, len(message.data)):
                self._session.close(CloseCode.TOO_MANY_COMMANDS, f"more than {self._commands.limit} commands a second")
                return
            await self._hear(message)
            if self._outlet.pending() > self._settings.outlet_limit:
                # Whoever does not read its results is not read from.
                await self._outlet.drained()

    async def _hear(self, message: WSMessage) -> None:
        try:
            if message.type is not WSMsgType.TEXT:
                raise BadCommand(None, Problem("invalid", "Send commands as text frames."))
            if len(message.data) > self._settings.event_data_limit + COMMAND_OVERHEAD:
                raise BadCommand(None, Problem("too_large", "No command is as long as this frame."))
            command = commands.read(message.data)
        except BadCommand as bad:
            self._bad_frames += 1
            self._outlet.write(text_frame(control.failure(bad.id, bad.problem)))
            if self._bad_frames >= BAD_FRAMES_LIMIT:
                self._session.close(CloseCode.BAD_REQUEST, f"{BAD_FRAMES_LIMIT} bad frames in a row")
            return
        self._bad_frames = 0
        try:
            await self._obey(command)
        except Problem as problem:
            self._outlet.write(text_frame(control.failure(command.id, problem)))

    async def _obey(self, command: commands.Command) -> None:
        match command:
            case commands.Publish():
                await self._publish(command)
            case commands.Subscribe():
                self._check(command.channels, self._session.principal)
                self._change(command.id, tuple(dict.fromkeys((*self._session.channels, *command.channels))))
            case commands.Unsubscribe():
                left = tuple(name for name in self._session.channels if name not in command.channels)
                self._change(command.id, left)
            case commands.Ping():
                self._result(command.id, {"position": str(self._hub.position)})
            case commands.Authenticate():
                await self._renew(command)

    def _change(self, id: Any, names: tuple[str, ...]) -> None:
        who = self._session.principal
        if len(names) > subscriptions.NAMES_LIMIT:
            raise Problem("invalid", f"A connection listens to at most {subscriptions.NAMES_LIMIT} channels.")
        position = self._hub.change(self._session, names, self._coverage(names, who))
        self._result(id, {"channels": list(names), "position": str(position)})

    async def _renew(self, command: commands.Authenticate) -> None:
        """The same client with a fresh token: it goes on, with the rights of the new one."""
        session = self._session
        try:
            principal = await principal_of_token(self._request, command.token)
            self._check(session.channels, principal)
        except Problem as problem:
            wrong = problem.code == "unauthenticated"
            session.close(CloseCode.BAD_TOKEN if wrong else CloseCode.NOT_PERMITTED, problem.detail)
            return
        try:
            self._hub.change(session, session.channels, self._coverage(session.channels, principal))
        except Problem:
            # Its rights may be narrower: it must not go on with those that it had.
            session.close(CloseCode.RECONNECT, "come back with the new credential")
            return
        session.principal = principal
        self._allow(principal)
        self._result(command.id, {"user": principal.name, "role": principal.role})

    def _coverage(self, names: tuple[str, ...], principal: Principal) -> Coverage:
        """To no name belongs nothing here, though elsewhere it asks for all."""
        return subscriptions.coverage_of(names, principal, self._policy) if names else NOTHING

    def _check(self, channels: tuple[str, ...], principal: Principal) -> None:
        public = self._settings.public_channels
        subscriptions.check(channels, principal, self._policy, public=public, secure=self._door == "secure")

    async def _publish(self, command: commands.Publish) -> None:
        """
        Queue the publication and go on reading: publications of one socket are committed
        in the order in which they came, many at once, and each is answered when stored.
        """
        if self._door != "secure":
            raise Problem("not_permitted", "Publish on /api/v1/ws/secure, or by POST /api/v1/channels/{name}.")
        publications = self._app[keys.PUBLICATIONS]
        draft = publications.draft(self._session.principal, command.channel, command.data)
        future = publications.publish(draft)
        self._publishing.append(future)
        future.add_done_callback(lambda done: self._published(command.id, done))
        if len(self._publishing) >= IN_FLIGHT_LIMIT:
            await asyncio.wait([self._publishing[0]])

    def _published(self, id: Any, future: asyncio.Future[Event]) -> None:
        self._publishing.remove(future)
        error = future.exception()
        if error is None:
            event = future.result()
            self._result(id, {"seq": event.seq, "channel": event.channel, "at": event.time})
        else:
            problem = error if isinstance(error, Problem) else Problem("internal", "The server failed.")
            self._outlet.write(text_frame(control.failure(id, problem)))

    def _result(self, id: Any, data: Any) -> None:
        self._outlet.write(text_frame(control.result(id, data)))


def _allowance(principal: Principal, app: web.Application) -> int:
    settings = app[keys.SETTINGS]
    return settings.guest_commands_per_second if principal.is_guest else settings.token_commands_per_second
