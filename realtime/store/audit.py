"""Checking the audit chain: every entry against the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from realtime.channels import AUDIT, covering
from realtime.store.checksum import link
from realtime.store.database import Database
from realtime.store.history import AUDIT_ANCHOR, AUDIT_TRIMMED, read_history
from realtime.store.log import EventLog
from realtime.store.tables import events

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class AuditReport:
    """
    What a check found. `head` is the chain's last link: whoever notes it elsewhere can
    tell later that nothing was cut off the end. `broken` is the first `seq` that does not
    follow from the entry before it, None when all do.
    """

    entries: int
    first: int | None
    last: int | None
    head: str
    broken: int | None

    @property
    def ok(self) -> bool:
        """Whether the chain holds."""
        return self.broken is None


async def verify(database: Database, log: EventLog) -> AuditReport:
    """Read the whole audit log, a page at a time, and follow its chain from the kept anchor."""
    async with database.read() as connection:
        marks = await connection.run_sync(read_history)
    head, after = marks[AUDIT_ANCHOR], int(marks[AUDIT_TRIMMED])
    entries, first, last = 0, None, None
    tip = log.tip
    while after < tip:
        page = await log.since(after, covering([AUDIT]), upto=tip, limit=PAGE)
        if page.damaged:
            return AuditReport(entries, first, last, head, page.damaged[0])
        chains = await _chains(database, after, page.upto)
        for event in page.events:
            head = link(head, event)
            if chains.get(event.seq) != head:
                return AuditReport(entries, first, last, head, event.seq)
            entries, first, last = entries + 1, first or event.seq, event.seq
        after = page.upto
    return AuditReport(entries, first, last, head, None)


async def _chains(database: Database, after: int, upto: int) -> dict[int, str]:
    statement = select(events.c.seq, events.c.chain).where(
        events.c.channel == AUDIT, events.c.seq > after, events.c.seq <= upto
    )
    async with database.read() as connection:
        return {row.seq: row.chain for row in await connection.execute(statement)}
