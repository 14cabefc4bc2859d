"""
Who in this process listens to what. The hub delivers what is committed, and never awaits.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from time import perf_counter
from typing import Final

from realtime.channels import Coverage
from realtime.config import Settings
from realtime.delivery import signals
from realtime.delivery.audience import Audience
from realtime.delivery.counts import HubCounts
from realtime.delivery.frames import Format
from realtime.delivery.outlet import Outlet
from realtime.delivery.replay import LogReader, catch_up
from realtime.delivery.ring import Ring
from realtime.delivery.session import UNKNOWN, Peer, Session, Start
from realtime.errors import CloseCode, Problem
from realtime.events import Event, Position, Signal
from realtime.policy import Principal

CHANGES_LIMIT: Final = 64
"""Changes of subscription that may wait for a session that is behind."""

REPLAYS: Final = 3
"""Sessions that read the log from disk at the same time; the others wait their turn."""

STOPPING: Final = "the server is stopping"


class Hub:
    """
    Sessions, and the audiences in which the live ones listen.

    `deliver` must be told of every committed event, in order, once. Everything here runs
    in the loop's thread and without an await, so nothing can slip in between.
    """

    def __init__(self, log: LogReader, settings: Settings) -> None:
        self.log = log
        self.tip = log.tip
        """The last event that was delivered; what is committed may be ahead of it."""
        self.ring = Ring(settings.ring_events, settings.ring_bytes)
        self.sessions: dict[int, Session] = {}
        self.strangers: set[Outlet] = set()
        """Those whose clients have yet to say who they are: they are in no session."""
        self.counts = HubCounts()
        self.replay_page = settings.replay_page
        self.disk = asyncio.Semaphore(REPLAYS)
        self.stall_timeout = settings.stall_timeout / 1_000
        self._outlet_limit = settings.outlet_limit
        self._window = settings.join_window / 1_000
        self._audiences: dict[tuple[Coverage, Format], Audience] = {}
        self._listeners: dict[str, list[Audience]] = {}
        self._dirty: set[Audience] = set()
        self._ids = count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._flush_cost = 0.0
        self._flush_ended = 0.0
        self._empty: asyncio.Event | None = None
        self.more_coming: Callable[[], bool] = lambda: False
        """Whether more events will be delivered in a moment; the committer knows."""
        self.is_current: Callable[[Principal], bool] = lambda _: True
        """Asked when a session joins: its credential may have ended while it was being upgraded."""
        self.on_connect: list[Callable[[Session], None]] = []
        """Called with each session that has connected, and again when it stands for somebody else; never await."""
        self.on_leave: list[Callable[[Session], None]] = []
        """Called with each session that has left."""
        self.on_change: list[Callable[[Session, Coverage], None]] = []
        """Called with each session that is going to hear something else, after the tip."""
        self.stopping = False

    @property
    def position(self) -> Position:
        """How far everybody who is live has been told."""
        return Position(self.log.epoch, self.tip)

    # -- events -----------------------------------------------------------------------

    def deliver(self, events: Iterable[Event]) -> None:
        """Take committed events: they go to everyone who listens, before this returns or within the join window."""
        for event in events:
            self.tip = event.seq
            self.counts.events += 1
            entry = self.ring.append(event)
            for audience in self._audiences_of(event.channel):
                if frame := entry.frame(audience.format, replayed=False):
                    audience.add(event.seq, frame)
                    self._dirty.add(audience)
        self._plan_flush()

    def signal(self, signal: Signal, to: Callable[[Session], bool] = lambda _: True) -> int:
        """
        Send passing news to the sessions that cover its channel and satisfy `to`; returns how
        many bytes were written. A full outlet misses it, or gets the newest of its key later.
        """
        return signals.pass_on(self, signal, to, self._outlet_limit)

    def _audiences_of(self, channel: str) -> list[Audience]:
        found = self._listeners.get(channel)
        if found is None:
            found = [audience for audience in self._audiences.values() if channel in audience.coverage]
            self._listeners[channel] = found
        return found

    def _plan_flush(self) -> None:
        """
        The first events after a quiet moment leave at once. While the last flush is just
        over, or more is on its way, they gather for as long as the last flush took (at most
        the join window): one write per client then carries many events, and a write is
        what fan-out costs.
        """
        if not self._dirty or self._timer is not None:
            return
        now = perf_counter()
        since = now if self.more_coming() else self._flush_ended
        wait = since + min(self._flush_cost, self._window) - now
        if wait <= 0:
            self._flush()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        started = perf_counter()
        dirty, self._dirty = self._dirty, set()
        for audience in dirty:
            self._flush_audience(audience)
        self.counts.flushes += 1
        self._flush_ended = perf_counter()
        self._flush_cost = self._flush_ended - started

    def _flush_audience(self, audience: Audience) -> None:
        self.counts.deliveries += len(audience.waiting) * len(audience.sessions)
        for session in audience.flush(self._outlet_limit):
            self.fall_behind(session)

    # -- sessions ---------------------------------------------------------------------

    def connect(
        self,
        outlet: Outlet,
        format: Format,
        principal: Principal,
        channels: tuple[str, ...],
        coverage: Coverage,
        *,
        door: str,
        start: Start,
        label: str = "",
        opted_in: bool = False,
        heartbeat: int = 0,
        peer: Peer = UNKNOWN,
    ) -> Session:
        """
        A client has connected: greet it (if it opted in) and give it what follows `start`.

        Without a start it gets what happens from now on. `heartbeat` (milliseconds) is only told to it.
        """
        session = Session(
            next(self._ids), outlet, format, principal, channels, coverage, door, label, opted_in=opted_in, peer=peer
        )
        session.heard_at = asyncio.get_running_loop().time()
        self.sessions[session.id] = session
        self._begin(session, start, heartbeat)
        if not self.is_current(principal):
            session.close(CloseCode.RECONNECT, "the credential has changed")
        if self.stopping:
            session.close(CloseCode.SHUTDOWN, STOPPING)
        for tell in self.on_connect:
            tell(session)
        return session

    def _begin(self, session: Session, start: Start, heartbeat: int) -> None:
        session.past = self.tip
        session.cursor = self.tip if start.after is None else min(start.after, self.tip)
        if session.opted_in:
            session.outlet.write(session.format.hello(Position(self.log.epoch, session.cursor), self.tip, heartbeat))
            if start.gap is not None:
                session.outlet.write(session.format.gap(start.gap, self.position))
        if start.after is None:
            self.go_live(session)
        else:
            session.task = asyncio.create_task(catch_up(session, self, greet=session.opted_in), name="catch-up")

    def identify(self, session: Session, principal: Principal) -> None:
        """The client has renewed its credential: from now on it is `principal`."""
        session.principal = principal
        for tell in self.on_connect:
            tell(session)

    def leave(self, session: Session) -> None:
        """The client has gone."""
        known = self.sessions.pop(session.id, None) is not None
        if known:
            self.counts.end(session.close_code, session.peer_code)
        if session.task is not None:
            session.task.cancel()
            session.task = None
        self._silence(session)
        for tell in self.on_leave if known else ():
            tell(session)
        if self._empty is not None and not self.sessions:
            self._empty.set()

    def change(self, session: Session, channels: tuple[str, ...], coverage: Coverage) -> Position:
        """
        Change what `session` listens to. Up to the position returned it gets what it
        covered before, after it what `coverage` covers. Raises Problem `busy` when too
        many changes wait for a session that is behind.
        """
        if session.live:
            self._silence(session)
            session.channels, session.coverage = channels, coverage
            self.go_live(session)
        else:
            if len(session.changes) >= CHANGES_LIMIT:
                raise Problem("busy", f"{CHANGES_LIMIT} changes are waiting until this connection has caught up.")
            session.channels = channels
            session.changes.append((self.tip, coverage))
        for tell in self.on_change:
            tell(session, coverage)
        return self.position

    def go_live(self, session: Session) -> None:
        """From now on the hub writes to `session`, which has been written everything up to `tip`."""
        key = (session.coverage, session.format)
        if key in self._audiences:
            # What waits there is for those who were live before; this session has it already.
            self._flush_audience(self._audiences[key])
        if key not in self._audiences:
            self._audiences[key] = Audience(*key, self)
            self._listeners.clear()
        audience = self._audiences[key]
        audience.sessions.add(session)
        session.audience = audience
        if session.missed:
            signals.make_up(session)

    def fall_behind(self, session: Session) -> None:
        """Leave `session`, which has been written everything up to `tip`, to read the log by itself."""
        self._silence(session)
        if session.close_code is None:
            self.counts.fell_behind += 1
            session.task = asyncio.create_task(catch_up(session, self, greet=False), name="catch-up")

    def _silence(self, session: Session) -> None:
        audience = session.audience
        if audience is None:
            return
        session.audience = None
        session.cursor = self.tip
        audience.sessions.discard(session)
        if audience.waiting:
            # It is owed what waits: up to the tip everything has happened before it left.
            session.outlet.write(b"".join(audience.waiting))
        if not audience.sessions:
            self._audiences.pop((audience.coverage, audience.format), None)
            self._dirty.discard(audience)
            self._listeners.clear()

    def census(self) -> Counter[tuple[str, str]]:
        """How many sessions there are, by door and by state (`live`, `behind`)."""
        return Counter((session.door, "live" if session.live else "behind") for session in self.sessions.values())

    # -- ends -------------------------------------------------------------------------

    def close_credentials(self, ended: Mapping[str, tuple[CloseCode, str]]) -> None:
        """Close the sessions of these credentials (`token:7`), each with its code and reason."""
        for session in list(self.sessions.values()):
            if end := ended.get(session.principal.credential):
                session.close(*end)

    async def stop(self, spread: float) -> None:
        """Close everybody with 1001, spread over so many seconds, so that they do not all come back at once."""
        self.stopping = True
        for outlet in list(self.strangers):
            outlet.close(CloseCode.SHUTDOWN, STOPPING)
        sessions = list(self.sessions.values())
        pause = spread / len(sessions) if sessions else 0.0
        debt = 0.0
        for session in sessions:
            session.close(CloseCode.SHUTDOWN, STOPPING)
            debt += pause
            if debt >= 0.02:
                await asyncio.sleep(debt)
                debt = 0.0
        if self.sessions:
            self._empty = asyncio.Event()
            await self._empty.wait()
