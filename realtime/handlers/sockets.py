"""
What all WebSocket doors share: the upgrade, listening, limits, bad frames, renewal in place,
answers, and the end. A door brings its own channels and commands.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

import structlog
from aiohttp import WSMessage, WSMsgType, web

from realtime import keys
from realtime.auth import principal_of_token
from realtime.channels import Coverage
from realtime.delivery.frames import Format, pong_frame, text_frame
from realtime.delivery.outlet import ClientWebSocket, WebSocketOutlet
from realtime.delivery.rate import Rate
from realtime.delivery.session import Session
from realtime.dialects import control
from realtime.dialects.canonical import SUBPROTOCOL
from realtime.dialects.incoming import Authenticate, BadCommand, Command
from realtime.errors import CloseCode, Problem
from realtime.handlers.admission import place
from realtime.handlers.bodies import aside
from realtime.handlers.entrance import Opening as Opening
from realtime.handlers.entrance import entrance
from realtime.handlers.handshake import require_handshake
from realtime.policy import Principal

T = TypeVar("T")

BAD_FRAMES_LIMIT: Final = 10
"""Bad frames in a row after which a client is closed with 4501."""

IN_FLIGHT_LIMIT: Final = 256
"""Commands of one socket that may wait for their commit; then it is not read from."""

PINGS_PER_SECOND: Final = 20
"""Pings and pongs that a client may send."""

COMMAND_OVERHEAD: Final = 4 * 1024
"""Bytes that a command may have beside its data."""

BYTES_PER_COMMAND: Final = 10 * 1024
"""Mean length of commands at which a client may still send as many of them as it is allowed."""

log = structlog.get_logger(__name__)


class ClientSocket(ABC):
    """
    One client from its upgrade to its end. `serve` returns when it is over.

    A door says who may listen (`check`) and to what (`channels`, `coverage`), reads what
    its clients say (`read`) and does it (`obey`).
    """

    door: ClassVar[str]
    """Its name in statistics and metrics."""

    def __init__(self, request: web.Request, opening: Opening) -> None:
        self.request = request
        self.app = request.app
        self.settings = request.app[keys.SETTINGS]
        self.hub = request.app[keys.HUB]
        self.policy = request.app[keys.POLICY]
        self._opening = opening
        lines = request.headers.getall("Sec-WebSocket-Protocol", ())
        offered = [name.strip() for line in lines for name in line.split(",")]
        self._canonical = SUBPROTOCOL in offered
        self.socket = ClientWebSocket(
            protocols=(SUBPROTOCOL,) if self._canonical else ("bearer",),
            autoping=False,
            compress=False,
            max_msg_size=self.settings.frame_limit,
            timeout=self.settings.close_timeout / 1_000,
        )
        self._in_flight: list[asyncio.Future[Any]] = []  # a deque takes 600 bytes, empty
        self._bad_frames = 0
        self._pings = Rate(PINGS_PER_SECOND)
        self.session: Session

    # -- what a door brings -----------------------------------------------------------

    @property
    @abstractmethod
    def format(self) -> Format:
        """How it writes to clients that ask for no subprotocol."""

    @property
    @abstractmethod
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that the client listens to, or is going to."""

    @abstractmethod
    def check(self, principal: Principal) -> None:
        """Raise Problem where `principal` may not listen to these channels here."""

    @abstractmethod
    def coverage(self, principal: Principal) -> Coverage:
        """What these channels cover for `principal`."""

    @abstractmethod
    def read(self, text: str) -> Command:
        """The command that a text frame holds. Raises BadCommand, and nothing else."""

    @abstractmethod
    async def obey(self, command: Any) -> None:
        """Do what a command of `read` says, and answer it. Raises Problem to refuse it."""

    async def enter(self) -> Principal | None:
        """Upgrade; returns who the client is, or None when it was closed instead."""
        await self.open()
        return self.request[keys.PRINCIPAL]

    async def begin(self, principal: Principal) -> None:
        """
        Look up where `principal` begins, and whether it may come in at all. Raises Problem
        as `entrance` does.
        """
        self._opening = await entrance(self.request, self.door, principal)

    async def greet(self) -> None:
        """Called once the client hears what happens, before it is listened to."""
        return

    def end(self) -> None:
        """Called when the client is no longer listened to."""
        return

    # -- from the upgrade to the end --------------------------------------------------

    async def serve(self) -> web.WebSocketResponse:
        """Upgrade, join the hub, then listen until the end."""
        principal = await self.enter()
        if principal is None:
            return self.socket
        self._connect(principal)
        try:
            await self.greet()
            await self._listen()
        finally:
            self.end()
            self.session.peer_code = self.socket.close_code
            self.hub.leave(self.session)
            await self.outlet.finish()
        return self.socket

    async def open(self) -> None:
        """The upgrade itself: from here on there is no status to refuse with."""
        writer = await self.socket.prepare(self.request)
        # They are sent, and nobody asks for them again.
        self.socket.headers.clear()
        grace = self.settings.close_timeout / 1_000
        self.outlet = WebSocketOutlet(self.request, writer, self.socket, grace=grace)

    def _connect(self, principal: Principal) -> None:
        self.session = self.hub.connect(
            self.outlet,
            self.app[keys.FORMATS].realtime if self._canonical else self.format,
            principal,
            self.channels,
            self.coverage(principal),
            door=self.door,
            start=self._opening.start,
            label=self.request.query.get("user_id", "")[:64],
            opted_in=self._opening.opted_in or self._canonical,
            heartbeat=self.settings.heartbeat,
            peer=self._opening.peer,
        )
        self.outlet.report_breaches(self.session.close)
        self.app[keys.HEARTBEAT].watch(self.session)
        self._allow(principal)

    def _allow(self, principal: Principal) -> None:
        settings = self.settings
        limit = settings.guest_commands_per_second if principal.is_guest else settings.token_commands_per_second
        self._commands = Rate(limit)
        self._bytes = Rate(limit * BYTES_PER_COMMAND)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message: WSMessage = await self.socket.receive()
            now = self.session.heard_at = loop.time()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return
            if message.type in (WSMsgType.PING, WSMsgType.PONG):
                if not self.pinged(message):
                    self.session.close(CloseCode.FLOOD, "too many pings or pongs")
                    return
                if message.type is WSMsgType.PONG:
                    self.app[keys.HEARTBEAT].pong(self.session, bytes(message.data))
                continue
            if not self._commands.allows(now) or not self._bytes.allows(now, len(message.data)):
                self.session.close(CloseCode.TOO_MANY_COMMANDS, f"more than {self._commands.limit} commands a second")
                return
            await self._hear(message)
            if self.outlet.pending() > self.settings.outlet_limit:
                # Whoever does not read its results is not read from.
                await self.outlet.drained()

    def pinged(self, message: WSMessage) -> bool:
        """Answer a ping, take note of a pong; False, and no answer, for one too many."""
        if not self._pings.allows(asyncio.get_running_loop().time()):
            return False
        if message.type is WSMsgType.PING:
            self.outlet.write(pong_frame(bytes(message.data)))
        return True

    async def _hear(self, message: WSMessage) -> None:
        try:
            if message.type is not WSMsgType.TEXT:
                raise BadCommand(None, Problem("invalid", "Send commands as text frames."))
            if len(message.data) > (most := self.settings.event_data_limit + COMMAND_OVERHEAD):
                raise BadCommand(None, Problem("too_large", f"A command has at most {most} characters."))
            command = await aside(len(message.data), lambda: self.read(message.data))
        except BadCommand as bad:
            self._bad_frames += 1
            self.refuse(bad.id, bad.problem)
            if self._bad_frames >= BAD_FRAMES_LIMIT:
                self.session.close(CloseCode.BAD_REQUEST, f"{BAD_FRAMES_LIMIT} bad frames in a row")
            return
        self._bad_frames = 0
        try:
            await self.obey(command)
        except Problem as problem:
            self.refuse(command.id, problem)

    # -- answers ----------------------------------------------------------------------

    def result(self, id: Any, data: Any) -> None:
        """The command `id` was carried out."""
        self.outlet.write(text_frame(control.result(id, data)))

    def refuse(self, id: Any, problem: Problem) -> None:
        """The command `id` was not: nothing of it was done."""
        self.outlet.write(text_frame(control.failure(id, problem)))

    async def result_when_done(self, id: Any, future: asyncio.Future[T], told: Callable[[T], Any]) -> None:
        """
        Answer the command when its `future` is done (`told` makes the data of its result),
        and go on reading meanwhile: commands of one socket are committed in the order in
        which they came, many at once. Waits only while `IN_FLIGHT_LIMIT` are under way.
        """
        self._in_flight.append(future)
        future.add_done_callback(lambda done: self._done(id, done, told))
        if len(self._in_flight) >= IN_FLIGHT_LIMIT:
            await asyncio.wait([self._in_flight[0]])

    def _done(self, id: Any, future: asyncio.Future[T], told: Callable[[T], Any]) -> None:
        self._in_flight.remove(future)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self.result(id, told(future.result()))
        elif isinstance(error, Problem):
            self.refuse(id, error)
        else:
            log.error("a command failed", door=self.door, exc_info=error)
            self.refuse(id, Problem("internal", "The server failed."))

    async def renew(self, command: Authenticate) -> None:
        """The same client with a fresh token: it goes on, with the rights of the new one."""
        session = self.session
        try:
            principal = await principal_of_token(self.request, command.token)
            self.check(principal)
        except Problem as problem:
            wrong = problem.code == "unauthenticated"
            session.close(CloseCode.BAD_TOKEN if wrong else CloseCode.NOT_PERMITTED, problem.detail)
            return
        try:
            self.hub.change(session, session.channels, self.coverage(principal))
        except Problem:
            # Its rights may be narrower: it must not go on with those that it had.
            session.close(CloseCode.RECONNECT, "come back with the new credential")
            return
        self.hub.identify(session, principal)
        self._allow(principal)
        self.result(command.id, {"user": principal.name, "role": principal.role})


async def upgrade(request: web.Request, made: Callable[[Opening], ClientSocket]) -> web.StreamResponse:
    """
    Serve the WebSocket that `made` makes. Refuses before the upgrade, by Problem, what is
    no opening handshake of RFC 6455 (`upgrade_required`), one client too many, and what
    `entrance` refuses.
    """
    require_handshake(request)
    client = made(Opening())
    with place(request):
        await client.begin(request[keys.PRINCIPAL])
        return await client.serve()
