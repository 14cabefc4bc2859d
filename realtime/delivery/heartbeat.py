"""
Signs of life: who is asked, who has not answered, whose credential has run out, and who
holds too much memory. One task for all sessions, on the monotonic clock.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

from realtime import clock
from realtime.config import Settings
from realtime.delivery.frames import PING, ping_frame
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.errors import CloseCode

log = structlog.get_logger(__name__)

_SILENT: Final = "no sign of life in time"

TICK: Final = 0.25
SLACK: Final = 2 * TICK
"""Seconds by which a client is asked early (a tenth of its interval at most): a look may be a tick late, twice."""

EXPIRY_GRACE: Final = 30.0
"""Seconds that a session may go on after its token has expired, to renew it in place."""


class _Beat:
    """
    One session's next moment: to be asked, or to have answered. It knows the session by its
    id: a moment that is still to come must not keep what a closed session held.
    """

    __slots__ = ("acknowledged", "asked_at", "session_id", "well_at")

    def __init__(self, session_id: int, now: float) -> None:
        self.session_id = session_id
        self.asked_at: float | None = None
        self.acknowledged = 0
        self.well_at = now
        """Of a stream: when its reader was certainly there."""


class Heartbeat:
    """
    Asks each session every `heartbeat` (WebSockets, by ping), `socketio_heartbeat` (Socket.IO)
    or `stream_heartbeat` (streams, by a comment or an empty line), and closes with 4012 whoever shows no sign
    of life in time.

    Signs of life are anything received, and, while data is under way, bytes that the
    peer's system acknowledges: a slow reader's ping waits behind them. A stream's client
    says nothing, so for it an empty send queue is a sign as well.
    """

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self._hub = hub
        self._socket = (settings.heartbeat / 1_000, settings.heartbeat_timeout / 1_000)
        self._chat = (settings.socketio_heartbeat / 1_000, settings.socketio_timeout / 1_000)
        self._stream = (settings.stream_heartbeat / 1_000, settings.stream_timeout / 1_000)
        self._memory_limit = settings.outlets_limit
        self._beats: list[tuple[float, int, _Beat]] = []
        self._order = count()
        self._task: asyncio.Task[None] | None = None
        self._next_survey = 0.0
        self.on_confirmed: list[Callable[[Session], None]] = []
        """Called with each session whose client has confirmed more than before."""

    def start(self) -> None:
        """Begin; ended by `stop`."""
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def watch(self, session: Session) -> None:
        """Look after `session` until it leaves the hub."""
        self._push(session.heard_at + self._pace(session)[0], _Beat(session.id, session.heard_at))

    def pong(self, session: Session, payload: bytes) -> None:
        """The client has answered a ping; what it brings back is what `ping_frame` sent."""
        if payload.isdigit() and len(payload) < 20:
            self.confirm(session, int(payload))

    def confirm(self, session: Session, position: int) -> None:
        """
        The client has shown that all covered events up to `position` have reached it. An
        answer that brings nothing back (Engine.IO) shows it of `session.asked`.
        """
        if position > session.asked:
            return  # nobody has asked for so much
        if position == session.asked and session.asked_at is not None:
            session.round_trip = asyncio.get_running_loop().time() - session.asked_at
            session.asked_at = None
        if position > session.confirmed:
            session.confirmed = position
            for tell in self.on_confirmed:
                tell(session)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK)
            try:
                self._beat(loop.time())
                if loop.time() >= self._next_survey:
                    self._next_survey = loop.time() + 1.0
                    self._survey(loop.time())
            except Exception as error:  # whatever it is, it must not end the heartbeats of all for ever
                log.error("a heartbeat failed", exc_info=error)

    def _beat(self, now: float) -> None:
        while self._beats and self._beats[0][0] <= now:
            _, _, beat = heapq.heappop(self._beats)
            session = self._hub.sessions.get(beat.session_id)
            if session is None or session.close_code is not None:
                continue
            try:
                (self._look_at_stream if self._is_stream(session) else self._look_at)(session, beat, now)
            except Exception as error:  # one session's failure is its own
                log.error("a heartbeat failed", session=session.id, exc_info=error)
                self._push(now + self._pace(session)[0], _Beat(session.id, now))

    def _look_at_stream(self, session: Session, beat: _Beat, now: float) -> None:
        """
        Each look writes something, and what the one before has written tells: once it is
        acknowledged, its reader was there when it was written, and perhaps no longer.
        """
        interval, patience = self._pace(session)
        outlet = session.outlet
        if outlet.outstanding() == 0 or outlet.acknowledged() > beat.acknowledged:
            beat.well_at = beat.well_at if beat.asked_at is None else beat.asked_at
        elif now >= beat.well_at + patience:
            session.close(CloseCode.NO_PONG, _SILENT)
            return
        beat.asked_at, beat.acknowledged = now, outlet.acknowledged()
        self._ask(session, now)
        self._push(min(now + interval, beat.well_at + patience), beat)

    def _look_at(self, session: Session, beat: _Beat, now: float) -> None:
        interval, patience = self._pace(session)
        if beat.asked_at is None:
            beat.asked_at = now
            beat.acknowledged = session.outlet.acknowledged()
            self._ask(session, now)
            self._push(now + patience, beat)
        elif self._alive(session, beat):
            due = max(now, beat.asked_at + interval)
            beat.asked_at = None
            self._push(due, beat)
        else:
            session.close(CloseCode.NO_PONG, _SILENT)

    def _ask(self, session: Session, now: float) -> None:
        carries = session.format.heartbeat == PING
        # What cannot say which question it answers may be the answer to an earlier one.
        if carries or session.asked_at is None:
            session.asked, session.asked_at, session.asked_mark = session.written, now, _mark(session)
        session.outlet.write(ping_frame(session.asked) if carries else session.format.heartbeat)

    def _ask_again(self, session: Session, now: float) -> None:
        """
        A client with a cursor is asked whenever something was written to it, at most once a
        second, and not before it has answered: its cursor is what it has confirmed.
        """
        if session.asked_at is None and session.written > session.asked and _mark(session) != session.asked_mark:
            self._ask(session, now)

    def _alive(self, session: Session, beat: _Beat) -> bool:
        assert beat.asked_at is not None
        if session.heard_at >= beat.asked_at:
            return True
        return session.outlet.acknowledged() > beat.acknowledged and session.outlet.outstanding() > 0

    def _survey(self, now: float) -> None:
        """Once a second: expired credentials, and the memory of all outlets together."""
        wall = clock.now()
        held: list[tuple[int, Session]] = []
        for session in list(self._hub.sessions.values()):
            expires_at = session.principal.expires_at
            if expires_at is None or expires_at > wall:
                session.expired_at = None
            elif session.expired_at is None:
                session.expired_at = now
            elif now - session.expired_at >= EXPIRY_GRACE:
                session.close(CloseCode.EXPIRED, "the credential has expired")
            if session.peer.cursor is not None and session.close_code is None:
                self._ask_again(session, now)
            if session.live and (pending := session.outlet.pending()):
                held.append((pending, session))
        excess = sum(pending for pending, _ in held) - self._memory_limit
        for pending, session in sorted(held, key=lambda item: item[0], reverse=True):
            if excess <= 0:
                break
            excess -= pending
            self._hub.fall_behind(session)

    def _push(self, due: float, beat: _Beat) -> None:
        heapq.heappush(self._beats, (due, next(self._order), beat))

    def _pace(self, session: Session) -> tuple[float, float]:
        """
        After how many seconds a quiet client is asked, and how long its answer may take; of
        a stream, how long nothing at all may be acknowledged.
        """
        stream = self._is_stream(session)
        interval, patience = self._chat if session.door == "chat" else self._stream if stream else self._socket
        slack = min(SLACK, interval / 10)
        return interval - slack, patience - slack if stream else patience

    @staticmethod
    def _is_stream(session: Session) -> bool:
        return session.door in ("sse", "ndjson")


def _mark(session: Session) -> int:
    """A number that is another one when something was written since."""
    return session.cursor if session.audience is None else session.audience.delivered
