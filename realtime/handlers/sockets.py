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
from realtime.channels import NOTHING
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
        offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
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
        self._writer = await self._socket.prepare(self._request)
        self._outlet = WebSocketOutlet(self._request, self._writer, self._socket)
        principal = self._request[keys.PRINCIPAL]
        if principal.role is Role.NOBODY and self._door == "secure":
            with self._app[keys.ADMISSION].stranger():
                authenticated = await self._first_frame()
            if authenticated is None:
                return self._socket
            principal = authenticated
        self._connect(principal)
        try:
            await self._listen()
        finally:
            self._hub.leave(self._session)
            await self._outlet.finish()
        return self._socket

    async def _first_frame(self) -> Principal | None:
        """Who the client's first frame says it is; None when it was closed instead."""
        try:
            message = await self._socket.receive(self._settings.auth_timeout / 1_000)
            command = commands.read(message.data) if message.type is WSMsgType.TEXT else None
        except TimeoutError:
            await self._socket.close(code=CloseCode.NO_AUTH, message=b"no authentication in time")
            return None
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
            subscriptions.coverage_of(self._channels, principal, self._policy),
            door=self._door,
            start=self._start,
            label=self._request.query.get("user_id", "")[:64],
            opted_in=self._opted_in,
            heartbeat=self._settings.heartbeat,
        )
        self._app[keys.HEARTBEAT].watch(self._session)
        self._commands = Rate(_allowance(principal, self._app))

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message: WSMessage = await self._socket.receive()
            now = self._session.heard_at = loop.time()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return
            if message.type is WSMsgType.PONG:
                continue
            if message.type is WSMsgType.PING:
                if not self._pings.allows(now):
                    self._session.close(CloseCode.FLOOD, "too many pings")
                    return
                self._outlet.write(pong_frame(bytes(message.data)))
                continue
            if not self._commands.allows(now):
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
        coverage = subscriptions.coverage_of(names, who, self._policy) if names else NOTHING
        position = self._hub.change(self._session, names, coverage)
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
        session.principal = principal
        self._commands.limit = _allowance(principal, self._app)
        self._hub.change(
            session, session.channels, subscriptions.coverage_of(session.channels, principal, self._policy)
        )
        self._result(command.id, {"user": principal.name, "role": principal.role})

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
