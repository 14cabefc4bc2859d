"""The log: the ordered, durable truth, read a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, LargeBinary, Row, Select, cast, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.channels import AUDIT, Coverage
from realtime.events import Event, Position
from realtime.store.checksum import checksum
from realtime.store.committer import Committer
from realtime.store.database import Database
from realtime.store.history import AUDIT_TRIMMED, TRIMMED, read_history
from realtime.store.tables import events

log = structlog.get_logger(__name__)

MERGE_LIMIT: Final = 200
"""Up to so many channels are read each through the index and merged; more by a scan in order."""

PAGE_BYTES: Final = 256 * 1024
"""A page ends after about so many bytes of data, however few its events: readers wait with theirs in hand."""

SCAN_LIMIT: Final = 10_000
"""Events that are looked at for one page; it ends there, however few of them it holds."""

_PARTITION: Final = 16
"""Rows that are fetched at once: each may be as large as an event can be."""

_COLUMNS: Final = (
    events.c.seq,
    events.c.channel,
    events.c.type,
    # As bytes: they are spliced into frames as they are, and damaged ones may not be UTF-8.
    cast(events.c.data, LargeBinary).label("data"),
    events.c.entity_id,
    events.c.actor,
    events.c.at,
    cast(events.c.metadata, LargeBinary).label("metadata"),
    events.c.checksum,
)


@dataclass(slots=True)
class Page:
    """
    A stretch of the log: the covered events after `after`, up to and including `upto`.

    `trimmed` is the last position that retention has removed, as of this reading; when it
    is past `after`, the stretch begins there instead. `damaged` are the `seq` of events
    whose checksum does not agree: they are left out.
    """

    after: int
    upto: int
    trimmed: int
    events: list[Event]
    damaged: list[int] = field(default_factory=list)

    @property
    def gap(self) -> bool:
        """Whether something after `after` was removed."""
        return self.trimmed > self.after


class EventLog:
    """
    `since` and its kin read; writing is the committer's.

    `tip` is the `seq` of the last committed event, 0 before the first; `epoch` names this
    history, so that a `seq` of another one is never mistaken for one of this.
    """

    def __init__(self, database: Database, committer: Committer, epoch: str) -> None:
        self._database = database
        self._committer = committer
        self.epoch = epoch
        self.damaged = 0
        """Events met whose checksum did not agree, since the start."""

    @property
    def tip(self) -> int:
        """The `seq` of the last committed event."""
        return self._committer.state.seq

    @property
    def position(self) -> Position:
        """The tip as a position."""
        return Position(self.epoch, self.tip)

    async def since(self, after: int, coverage: Coverage, *, upto: int, limit: int, type: str | None = None) -> Page:
        """
        The first `limit` covered events after `after`, none past `upto`, in order.

        A page may hold fewer, and none at all, and still not reach `upto`: a large one ends
        early, and one for which much would have to be looked through (SCAN_LIMIT).
        """
        async with self._database.read() as connection:
            trimmed = await _trimmed(connection, coverage)
            start = max(after, trimmed)
            if start >= upto or not coverage:
                return Page(after, upto, trimmed, [])
            upto = await _reach(connection, start, upto, coverage, type)
            return await self._page(connection, Page(after, upto, trimmed, []), start, coverage, limit, type)

    async def _page(
        self, connection: AsyncConnection, page: Page, start: int, coverage: Coverage, limit: int, type: str | None
    ) -> Page:
        statement = _select(start, page.upto, coverage, limit, type).execution_options(yield_per=_PARTITION)
        read = size = 0
        async with connection.stream(statement) as result:
            # A partition at a time: asking SQLAlchemy for each row by itself costs as much as all the rest.
            async for rows in result.partitions():
                for row in rows:
                    self._check(row, page)
                    read, size = read + 1, size + len(row.data)
                    if size >= PAGE_BYTES or read == limit:
                        page.upto = row.seq
                        return page
        return page

    async def get(self, seq: int) -> Event | None:
        """The event at `seq`, or None where there is none (any more)."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(*_COLUMNS).where(events.c.seq == seq))).first()
        if row is None:
            return None
        page = Page(seq - 1, seq, 0, [])
        self._check(row, page)
        return page.events[0] if page.events else None

    async def oldest(self, coverage: Coverage) -> int:
        """The last `seq` before the oldest that is still kept for `coverage`: replay can begin after it."""
        async with self._database.read() as connection:
            return await _trimmed(connection, coverage)

    async def before(self, at: int) -> int:
        """
        The last `seq` whose event is older than `at` (milliseconds), 0 where none is.

        `at` never falls in the log, so this is a search by halving: some twenty look-ups
        in a log of a million events, and no index on time.
        """
        low, high = 0, self.tip
        async with self._database.read() as connection:
            while low < high:
                middle = (low + high + 1) // 2
                row = (
                    await connection.execute(
                        select(events.c.seq, events.c.at)
                        .where(events.c.seq <= middle, events.c.seq > low)
                        .order_by(events.c.seq.desc())
                        .limit(1)
                    )
                ).first()
                if row is None or row.at < at:
                    low = middle
                else:
                    high = row.seq - 1
        return low

    def _check(self, row: Row[Any], page: Page) -> None:
        said: tuple[Any, ...] = tuple(row)  # _COLUMNS: an event's fields in their order, and the checksum
        event = Event(*said[:-1])
        if checksum(event) == said[-1]:
            page.events.append(event)
        else:
            page.damaged.append(row.seq)
            self.damaged += 1
            log.error("event damaged on disk", seq=row.seq)


async def _trimmed(connection: AsyncConnection, coverage: Coverage) -> int:
    marks = await connection.run_sync(read_history)
    audit, rest = int(marks[AUDIT_TRIMMED]), int(marks[TRIMMED])
    if AUDIT not in coverage:
        return rest
    return audit if coverage.names == {AUDIT} and not coverage.all_but else max(audit, rest)


async def _reach(connection: AsyncConnection, after: int, upto: int, coverage: Coverage, type: str | None) -> int:
    """Up to where a page after `after` may look, so that it looks at no more than SCAN_LIMIT events."""
    if coverage.all_but or len(coverage.names) > MERGE_LIMIT:
        skips = type is not None or bool(coverage.names)
        return min(upto, after + SCAN_LIMIT) if skips else upto
    if type is None:
        return upto  # the index leads from one to the next
    seqs = _select(after, upto, coverage, 1, None, columns=(events.c.seq,)).offset(SCAN_LIMIT - 1)
    return (await connection.execute(seqs)).scalar() or upto


def _select(
    after: int,
    upto: int,
    coverage: Coverage,
    limit: int,
    type: str | None,
    *,
    columns: Sequence[ColumnElement[Any]] = _COLUMNS,
) -> Select[Any]:
    def stretch() -> Select[Any]:
        statement = select(*columns).where(events.c.seq > after, events.c.seq <= upto)
        return statement if type is None else statement.where(events.c.type == type)

    names: Sequence[str] = sorted(coverage.names)
    if coverage.all_but:
        statement = stretch().where(events.c.channel.not_in(names)) if names else stretch()
        return statement.order_by(events.c.seq).limit(limit)
    if len(names) == 1:
        return stretch().where(events.c.channel == names[0]).order_by(events.c.seq).limit(limit)
    if len(names) > MERGE_LIMIT:
        # Joined with nothing, the column is no use to the index: that would have to sort all there is.
        return stretch().where((events.c.channel + "").in_(names)).order_by(events.c.seq).limit(limit)
    merged = union_all(*(stretch().where(events.c.channel == name) for name in names)).subquery()
    return select(merged).order_by(merged.c.seq).limit(limit)
