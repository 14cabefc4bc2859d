"""
One client of Socket.IO, from the handshake of its transport to its end: who it is, what it
hears, how much it may say, and how that is answered.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import web

from realtime import keys
from realtime.auth import principal_of_token
from realtime.channels import Coverage
from realtime.delivery.frames import text_frame
from realtime.delivery.rate import Rate
from realtime.delivery.session import Session
from realtime.dialects import chat, chat_commands, socketio
from realtime.dialects.chat_commands import Auth
from realtime.dialects.socketio import BadPacket, Connect, Emit, Leave
from realtime.errors import CloseCode, Problem
from realtime.handlers.chat_desk import ChatDesk
from realtime.handlers.entrance import Opening, entrance
from realtime.handlers.links import Link
from realtime.handlers.sockets import BAD_FRAMES_LIMIT, BYTES_PER_COMMAND, COMMAND_OVERHEAD, IN_FLIGHT_LIMIT
from realtime.policy import Action, Principal, Role

DOOR: Final = "chat"
CHANNELS: Final = ("chat", "csat", "users")
"""What a client hears, as far as it may."""

_SID_BYTES: Final = 15

log = structlog.get_logger(__name__)


class ChatClient:
    """
    See links.Client. Until its CONNECT is accepted it is a stranger, who hears nothing
    and is closed with 4502 after `auth_timeout`; then it is a session of the hub.

    Raises Problem `busy` for one stranger too many.
    """

    def __init__(self, request: web.Request, link: Link) -> None:
        self._app = request.app
        self._settings = request.app[keys.SETTINGS]
        self._hub = request.app[keys.HUB]
        self._link = link
        self._outlet = link.outlet
        self._request: web.Request | None = request
        self._session: Session | None = None
        self._desk: ChatDesk
        self._bad_frames = 0
        self._in_flight: deque[asyncio.Future[Any]] = deque()
        self._waiting = ExitStack()
        self._allow(self._settings.guest_commands_per_second)
        self._be_stranger(known=request[keys.PRINCIPAL].role is not Role.NOBODY)

    # -- see links.Client ------------------------------------------------------------

    def heard(self) -> None:
        """See Client."""
        if self._session is not None:
            self._session.heard_at = asyncio.get_running_loop().time()

    def answered(self) -> None:
        """See Client."""
        if self._session is not None:
            self._app[keys.HEARTBEAT].confirm(self._session, self._session.asked)

    async def hear(self, message: str) -> None:
        """See Client."""
        if self._outlet.closing or not self._within_limits(len(message)):
            return
        try:
            if len(message) > (most := self._settings.event_data_limit + COMMAND_OVERHEAD):
                number = socketio.number_of(message)
                raise BadPacket(Problem("too_large", f"A packet has at most {most} characters."), number)
            packet = socketio.parse(message)
        except BadPacket as bad:
            self._misunderstood(message, bad)
            return
        match packet:
            case Connect():
                await self._connect(packet)
            case Leave():
                self._leave()
            case Emit():
                await self._obey(packet)
        await self._wait_for_room()

    def refuse(self, problem: Problem) -> None:
        """See Client; and what is no event has nowhere to be answered."""
        self._within_limits(0)
        self._bad_frames += 1
        if self._bad_frames >= BAD_FRAMES_LIMIT:
            self.close(CloseCode.BAD_REQUEST, f"{BAD_FRAMES_LIMIT} bad packets in a row; the last: {problem.detail}")

    def close(self, code: CloseCode, reason: str) -> None:
        """See Client."""
        if self._session is not None:
            self._session.close(code, reason)
        else:
            self._outlet.close(code, reason)

    def gone(self) -> None:
        """See Client."""
        self._waiting.close()
        self._end_session()

    # -- who it is ----------------------------------------------------------------------

    def _be_stranger(self, *, known: bool) -> None:
        """From now on the client has `auth_timeout` to connect; one whose request said who it is takes no place."""
        if not known:
            self._waiting.enter_context(self._app[keys.ADMISSION].stranger())
        patience = self._settings.auth_timeout / 1_000
        timer = asyncio.get_running_loop().call_later(patience, self.close, CloseCode.NO_AUTH, "no CONNECT in time")
        self._waiting.callback(timer.cancel)
        self._hub.strangers.add(self._outlet)
        self._waiting.callback(self._hub.strangers.discard, self._outlet)

    async def _connect(self, packet: Connect) -> None:
        try:
            if packet.namespace != socketio.NAMESPACE:
                raise Problem("not_found", "There is no such namespace; this server has the default one.")
            if self._session is not None or self._request is None:
                raise Problem("conflict", "You are connected already.")
            auth = chat_commands.read_auth(packet.auth)
            principal = await self._principal(self._request, auth)
            coverage = self._coverage(principal)
            given = ("since", auth.since) if auth.since else None
            opening = await entrance(self._request, DOOR, principal, given=given)
        except Problem as problem:
            self._write(socketio.refused(problem, packet.namespace))
            return
        self._join(principal, coverage, opening)

    async def _principal(self, request: web.Request, auth: Auth) -> Principal:
        if auth.token:
            return await principal_of_token(request, auth.token)
        if request[keys.PRINCIPAL].role is Role.NOBODY:
            raise _needed()
        return request[keys.PRINCIPAL]

    def _coverage(self, principal: Principal) -> Coverage:
        policy = self._app[keys.POLICY]
        names = frozenset(name for name in CHANNELS if policy.may(principal, Action.READ, name))
        if not names:
            raise Problem("not_permitted", f"You may read none of: {', '.join(CHANNELS)}.")
        return Coverage(names)

    def _join(self, principal: Principal, coverage: Coverage, opening: Opening) -> None:
        if self._session is not None or self._outlet.closing:
            return  # it has gone meanwhile, or has asked twice at once
        self._waiting.close()
        self._request = None
        limits = self._settings.guest_commands_per_second, self._settings.token_commands_per_second
        self._allow(limits[0] if principal.is_guest else limits[1])
        self._write(socketio.connected(secrets.token_urlsafe(_SID_BYTES)))
        self._session = self._hub.connect(
            self._outlet,
            self._app[keys.FORMATS].chat,
            principal,
            CHANNELS,
            coverage,
            door=DOOR,
            start=opening.start,
            opted_in=opening.opted_in,
            heartbeat=self._settings.socketio_heartbeat,
            peer=opening.peer,
        )
        self._app[keys.HEARTBEAT].watch(self._session)
        self._desk = ChatDesk(self._app, self._session)
        self._desk.greet()

    def _leave(self) -> None:
        """
        The client takes part no longer. It ends the transport itself; for one that does
        not there is nothing more to do here.
        """
        self._end_session()
        self._outlet.close(CloseCode.NORMAL, "you have left")

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.peer_code = self._link.peer_code
            self._hub.leave(session)
            self._desk.stop()

    # -- what it says -------------------------------------------------------------------

    async def _obey(self, packet: Emit) -> None:
        try:
            if self._session is None:
                raise _needed()
            command = chat_commands.read(packet.name, packet.args)
        except Problem as problem:
            self._answer(packet.id, chat.failure(problem))
            self.refuse(problem)
            return
        self._bad_frames = 0
        try:
            await self._answer_when_done(packet.id, self._desk.carry_out(command, answered=packet.id is not None))
        except Problem as problem:
            self._answer(packet.id, chat.failure(problem))

    async def _answer_when_done(self, id: int | None, doing: Coroutine[Any, Any, dict[str, Any]]) -> None:
        """
        Do it, and go on reading meanwhile. Tasks begin in the order in which they are made,
        and each submits its unit of work before it waits: so they commit in that order.
        """
        task = asyncio.ensure_future(doing)
        self._link.keep(task)
        self._in_flight.append(task)
        task.add_done_callback(partial(self._done, id))
        if len(self._in_flight) >= IN_FLIGHT_LIMIT:
            await asyncio.wait([self._in_flight[0]])

    def _done(self, id: int | None, task: asyncio.Future[dict[str, Any]]) -> None:
        self._in_flight.remove(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._answer(id, {"ok": True, **task.result()})
        elif isinstance(error, Problem):
            self._answer(id, chat.failure(error))
        else:
            log.error("a command failed", door=DOOR, exc_info=error)
            self._answer(id, socketio.failure(Problem("internal", "The server failed.")))

    def _misunderstood(self, message: str, bad: BadPacket) -> None:
        if message.startswith("0"):
            self._write(socketio.refused(bad.problem))
        self._answer(bad.id, socketio.failure(bad.problem))
        self.refuse(bad.problem)

    async def _wait_for_room(self) -> None:
        """Whoever does not read its answers is not read from."""
        if self._outlet.pending() <= self._settings.outlet_limit:
            return
        try:
            if not await self._outlet.drained(self._settings.stall_timeout / 1_000):
                self.close(CloseCode.SLOW, "nothing was taken for too long")
        except ConnectionError:
            pass  # its transport notices by itself

    def _within_limits(self, size: int) -> bool:
        """Count one thing that the client has sent; closes it where that is one too many."""
        now = asyncio.get_running_loop().time()
        allowed = self._commands.allows(now) and self._bytes.allows(now, size)
        if not allowed:
            self.close(CloseCode.TOO_MANY_COMMANDS, f"more than {self._commands.limit} commands a second")
        return allowed

    def _allow(self, limit: int) -> None:
        self._commands = Rate(limit)
        self._bytes = Rate(limit * BYTES_PER_COMMAND)

    # -- what it is told ----------------------------------------------------------------

    def _answer(self, id: int | None, value: dict[str, Any]) -> None:
        if id is not None:
            self._write(socketio.acknowledgement(id, value))

    def _write(self, packet: bytes) -> None:
        self._outlet.write(text_frame(packet))


def _needed() -> Problem:
    return Problem("unauthenticated", 'A token is needed: connect with auth: {token: "rt_…"}.')
