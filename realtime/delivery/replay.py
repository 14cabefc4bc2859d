"""Bringing a session that is behind to the tip of the log, at its client's pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from realtime.channels import Coverage
from realtime.delivery.outlet import HIGH_WATER
from realtime.delivery.ring import Entry
from realtime.errors import CloseCode
from realtime.events import Event, Position

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from realtime.delivery.hub import Hub
    from realtime.delivery.session import Session

BURST: Final = HIGH_WATER
"""Bytes that are written to a client before it is asked whether it keeps up."""


class Stretch(Protocol):
    """A page of the log, as `LogReader.since` gives it (see store.log.Page)."""

    upto: int
    trimmed: int
    events: list[Event]
    damaged: list[int]


class LogReader(Protocol):
    """What the hub asks of the log."""

    epoch: str

    @property
    def tip(self) -> int:
        """The `seq` of the last committed event."""

    async def since(self, after: int, coverage: Coverage, *, upto: int, limit: int) -> Stretch:
        """The first `limit` covered events after `after`, none past `upto`, in order."""


async def catch_up(session: Session, hub: Hub, *, greet: bool) -> None:
    """
    Write to `session` what it covers after its cursor, until it is live.

    `greet` says "recovered" at the end. A client that takes nothing for `stall_timeout`
    is closed with 4008. Ends quietly when the client goes.
    """
    replayed = 0
    try:
        while True:
            # Also before going live: one that still has a full outlet would fall behind at once.
            await _room(session, hub)
            target = _next_target(session, hub)
            if session.cursor < target:
                replayed += await _stretch(session, hub, target)
            # The hub delivers only what is committed. If it has delivered nothing past
            # our cursor, there is nothing more to read, and nothing can slip in between:
            # there is no await from here to joining the audience.
            elif session.cursor >= hub.tip and not session.changes:
                session.task = None
                hub.go_live(session)
                if greet:
                    session.outlet.write(session.format.recovered(hub.position, replayed))
                return
    except ConnectionError:
        pass  # the handler notices by itself that its client has gone
    except TimeoutError:
        session.close(CloseCode.SLOW, "nothing was taken for too long")
    except Exception as error:
        log.error("a replay failed", session=session.id, exc_info=error)
        session.close(CloseCode.RECONNECT, "the replay failed; come back")


def _next_target(session: Session, hub: Hub) -> int:
    """Up to where the present coverage holds: the tip, or the next change of subscription."""
    while session.changes and session.changes[0][0] <= session.cursor:
        _, session.coverage = session.changes.pop(0)
    return min(hub.tip, session.changes[0][0]) if session.changes else hub.tip


async def _stretch(session: Session, hub: Hub, target: int) -> int:
    """Write the next stretch, none of it past `target`; returns how many events were written."""
    if hub.ring.covers(session.cursor, hub.tip):
        recent = hub.ring.since(session.cursor, session.coverage)
        page = list(islice((entry for entry in recent if entry.event.seq <= target), hub.replay_page))
        upto = page[-1].event.seq if len(page) == hub.replay_page else target
        return await _write(session, hub, iter(page), upto)
    async with hub.disk:
        deletions = hub.ring.deletions
        stretch = await hub.log.since(session.cursor, session.coverage, upto=target, limit=hub.replay_page)
    if hub.ring.spoilt(stretch.events, deletions):
        return 0  # a text that was deleted while we read is not to be told: read again
    if stretch.trimmed > session.cursor:
        _tell_gap(session, hub, session.cursor, stretch.trimmed)
        session.cursor = stretch.trimmed
    # Made one by one: what is kept of a page while its client is slow is what memory costs.
    entries = (Entry(event) for event in stretch.events)
    return await _write(session, hub, entries, max(stretch.upto, stretch.trimmed), stretch.damaged)


async def _write(session: Session, hub: Hub, entries: Iterator[Entry], upto: int, damaged: Sequence[int] = ()) -> int:
    """
    Write the entries in bursts, and say that everything up to `upto` is written; what is
    damaged is told as a gap of one, in its place. Returns how many were written.

    It ends early, with the cursor where it is, when the client does not keep up: nothing is
    held for one that is waited for. So it does when a message was deleted: what is in hand
    may still have its text.
    """
    waiting: list[bytes] = []
    size = written = 0
    gaps = deque(damaged)
    deletions = hub.ring.deletions
    for entry in entries:
        seq = entry.event.seq
        while gaps and gaps[0] < seq:
            _burst(session, waiting, seq - 1)
            _tell_gap(session, hub, gaps[0] - 1, gaps[0])
            session.cursor = max(session.cursor, gaps.popleft())
        if frame := entry.frame(session.format, replayed=seq <= session.past):
            waiting.append(frame)
            size += len(frame)
        written += 1
        if size >= BURST:
            _burst(session, waiting, seq)
            size = 0
            await asyncio.sleep(0)
            if session.outlet.pending() > BURST or hub.ring.deletions != deletions:
                hub.counts.replayed += written
                return written
    _burst(session, waiting, session.cursor)
    for seq in gaps:
        _tell_gap(session, hub, seq - 1, seq)
    session.cursor = max(session.cursor, upto)
    hub.counts.replayed += written
    return written


def _burst(session: Session, waiting: list[bytes], upto: int) -> None:
    if waiting:
        session.outlet.write(b"".join(waiting))
        waiting.clear()
        session.cursor = max(session.cursor, upto)


def _tell_gap(session: Session, hub: Hub, after: int, to: int) -> None:
    if session.opted_in:
        epoch = hub.log.epoch
        session.outlet.write(session.format.gap(Position(epoch, after), Position(epoch, to)))


async def _room(session: Session, hub: Hub) -> None:
    """
    Wait until the client has taken what it was sent; TimeoutError when it takes nothing
    at all for `stall_timeout`.
    """
    taken = session.outlet.acknowledged()
    while not await session.outlet.drained(hub.stall_timeout):
        before, taken = taken, session.outlet.acknowledged()
        if taken <= before:
            raise TimeoutError
    # Others must have their turn, also while this client takes everything at once.
    await asyncio.sleep(0)
