"""
Forgetting what is old: events after `log_retention_days` or beyond `log_retention_events`,
audit entries after `audit_retention_days`, idempotency keys after `idempotency_hours`.

A reader whose position lies before what is left is told of a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy import delete, select

from realtime import clock
from realtime.channels import AUDIT
from realtime.config import Settings
from realtime.store.committer import Committer
from realtime.store.history import AUDIT_ANCHOR, AUDIT_TRIMMED, TRIMMED
from realtime.store.log import EventLog
from realtime.store.tables import events, history, idempotency_keys
from realtime.store.transaction import Transaction

log = structlog.get_logger(__name__)

STEP: Final = 5_000
"""Places in the log that one unit of work clears, so that others do not wait long for it."""


COUNTED: Final = "retention_at"
"""In `history`: the latest time from which age was counted, in milliseconds."""

EARLIEST: Final = clock.parse("2025-01-01T00:00:00Z")
"""No clock that shows less is right: this program is younger."""


class Retention:
    """Trims the log now and then. Rows and the mark of how far it went change together."""

    def __init__(self, events: EventLog, committer: Committer, settings: Settings) -> None:
        self._log = events
        self._committer = committer
        self._days = settings.log_retention_days
        self._events = settings.log_retention_events
        self._audit_days = settings.audit_retention_days
        self._key_hours = settings.idempotency_hours
        self._interval = settings.retention_interval / 1_000
        self._stride = clock.DAY + 2 * settings.retention_interval
        self._task: asyncio.Task[None] | None = None
        self.chores: list[Callable[[int], Awaitable[None]]] = []
        """Others with something to forget: called in each pass, with the time from which age is counted."""

    def start(self) -> None:
        """Trim now and every `retention_interval`; 0 is never. Ended by `stop`."""
        if self._interval:
            self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        """End; a unit of work that is under way is finished by the committer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def trim(self) -> None:
        """
        Forget all that is due. Age is counted by the wall clock, of which a pass believes a
        day (and two intervals) more than the pass before: a clock that has jumped ahead
        costs some old days at a time, with a warning each, and not the whole log.
        """
        clock_says, newest = clock.now(), self._committer.state.at
        now = await self._committer.submit(lambda tx: _believed(tx, clock_says, newest, self._stride))
        if now < clock_says:
            log.warning(
                "the clock is far ahead of the log: old events are removed a little at a time",
                clock=clock.timestamp(clock_says),
                counted_from=clock.timestamp(now),
            )
        await self.trim_events(max(await self._log.before(now - self._days * clock.DAY), self._log.tip - self._events))
        await self.trim_audit(await self._log.before(now - self._audit_days * clock.DAY))
        await self._committer.submit(lambda transaction: _drop_keys(transaction, now - self._key_hours * clock.HOUR))
        for chore in self.chores:
            await chore(now)

    async def trim_events(self, through: int) -> None:
        """Forget the events up to `through`, all but audit entries."""
        while await self._committer.submit(lambda transaction: _trim_step(transaction, through)):
            pass

    async def trim_audit(self, through: int) -> None:
        """Forget the audit entries up to `through`; the chain goes on from a kept anchor."""
        await self._committer.submit(lambda transaction: _trim_audit(transaction, through))

    async def _run(self) -> None:
        while True:
            try:
                await self.trim()
            except Exception as error:  # noqa: BLE001 - a full disk today must not end trimming for ever
                log.warning("could not trim the log", reason=str(error))
            await asyncio.sleep(self._interval)


def _believed(transaction: Transaction, now: int, newest: int, stride: int) -> int:
    """The time from which age is counted; the next pass goes on from it."""
    seen = max(_mark(transaction, COUNTED) or newest or now, EARLIEST)
    # Never back: a clock that starts at 1970 and is set right later would begin all over.
    transaction.remember(COUNTED, str(max(seen, min(now, seen + stride))))
    return min(now, seen + stride)


def _mark(transaction: Transaction, key: str) -> int:
    # Read like anything else, so that several steps in one batch see each other.
    found = transaction.read(select(history.c.value).where(history.c.key == key)).scalar()
    return int(found or 0)


def _trim_step(transaction: Transaction, through: int) -> bool:
    trimmed = _mark(transaction, TRIMMED)
    if trimmed >= through:
        return False
    upto = min(through, trimmed + STEP)
    transaction.write(delete(events).where(events.c.seq <= upto, events.c.seq > trimmed, events.c.channel != AUDIT))
    transaction.remember(TRIMMED, str(upto))
    return upto < through


def _trim_audit(transaction: Transaction, through: int) -> None:
    last = transaction.read(
        select(events.c.chain)
        .where(events.c.channel == AUDIT, events.c.seq <= through)
        .order_by(events.c.seq.desc())
        .limit(1)
    ).scalar()
    if last is None or _mark(transaction, AUDIT_TRIMMED) >= through:
        return
    transaction.write(delete(events).where(events.c.channel == AUDIT, events.c.seq <= through))
    transaction.remember(AUDIT_TRIMMED, str(through))
    transaction.remember(AUDIT_ANCHOR, last)


def _drop_keys(transaction: Transaction, before: int) -> None:
    transaction.write(delete(idempotency_keys).where(idempotency_keys.c.created_at < before))
