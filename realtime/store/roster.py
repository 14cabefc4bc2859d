"""The rows of connections: every statement that the roster needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, delete, func, literal_column, select, union_all, update
from sqlalchemy import Row as SQLRow
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.dialects.roster import ACTIVE, INACTIVE
from realtime.store.committer import Committer
from realtime.store.database import Database
from realtime.store.roster_tables import connections
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

Kind = tuple[str, str, str, str]
"""What rows are counted by: user, status, dialect, and the channels as they are stored."""

Moves = Mapping[Kind, int]
"""By how much the numbers of rows change."""

_COLUMNS: Final = tuple(map(str, connections.c.keys()))
# Written out: a bound value would not let SQLite see that the partial index answers it.
_IS_LIVE: Final = connections.c.status == literal_column(f"'{ACTIVE}'")
_KIND: Final = (connections.c.user, connections.c.status, connections.c.dialect, connections.c.channels)

MERGE_LIMIT: Final = 50
"""Up to so many ways of naming a channel are read each through the index and merged; more by a look at all rows."""

_NUMBER: Final = func.count().label("rows")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are meant: those with these values, and `channel` among the channels that they name."""

    user: str | None = None
    status: str | None = None
    dialect: str | None = None
    channel: str | None = None

    @property
    def by_channel(self) -> bool:
        """Whether nothing but the channel leads to few rows."""
        return self.channel is not None and self.user is None and self.dialect is None and self.status != ACTIVE


async def list_rows(
    connection: AsyncConnection, wanted: Wanted, stretch: Stretch, naming: Sequence[str] | None = None
) -> list[Row]:
    """
    The stretch of the rows that are meant. `naming` are all stored values of `channels` that
    name the channel that is wanted, where they are known.
    """
    if not wanted.by_channel or naming is None or len(naming) > MERGE_LIMIT:
        statement = select(connections).where(*_conditions(wanted), *_after(stretch))
        ids: ColumnElement[int] = connections.c.id
    elif not naming:
        return []
    else:
        status = () if wanted.status is None else (_without_index(connections.c.status) == wanted.status,)
        legs = [select(connections).where(connections.c.channels == text, *status, *_after(stretch)) for text in naming]
        merged = union_all(*legs).subquery()
        statement, ids = select(merged), merged.c.id
    statement = statement.order_by(ids.desc() if stretch.newest_first else ids).limit(stretch.limit)
    if stretch.offset:
        statement = statement.offset(stretch.offset)
    return [_row(found) for found in (await connection.execute(statement)).all()]


def _after(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    if stretch.id_after is None:
        return ()
    ids = connections.c.id
    return (ids < stretch.id_after if stretch.newest_first else ids > stretch.id_after,)


async def count_rows(connection: AsyncConnection, wanted: Wanted) -> int:
    """How many rows are meant; reads an index or the table."""
    statement = select(func.count()).select_from(connections).where(*_conditions(wanted))
    return int((await connection.execute(statement)).scalar_one())


async def get_row(connection: AsyncConnection, id: int) -> Row | None:
    """The row `id`, or None."""
    found = (await connection.execute(select(connections).where(connections.c.id == id))).first()
    return None if found is None else _row(found)


def row_in(tx: Transaction, id: int) -> Row | None:
    """The row `id`, as a unit of work sees it."""
    found = tx.read(select(connections).where(connections.c.id == id)).first()
    return None if found is None else _row(found)


def kind_of(row: Mapping[str, Any]) -> Kind:
    """What a row is counted as."""
    return _kind(row["user"], row["status"], row["dialect"], row["channels"])


def store(tx: Transaction, row: Row) -> None:
    """Store a whole row, in place of the one that has its id."""
    tx.insert(connections, row)


def remove(tx: Transaction, id: int) -> None:
    """Delete the row `id`."""
    tx.write(delete(connections).where(connections.c.id == id))


def next_id(tx: Transaction) -> int:
    """The first id that no row has had."""
    return tx.next_id(connections)


async def tally(database: Database, committer: Committer, begin: Callable[[], None]) -> dict[Kind, int]:
    """
    How many rows there are of each kind; reads the table. They are those of a moment between
    two commits, at which `begin` is called: what is committed later is not among them.
    """
    async with database.read() as reader:

        async def look(_: AsyncConnection) -> None:
            # What a reader sees is settled when it first reads.
            await reader.execute(select(connections.c.id).limit(1))
            begin()

        await committer.apart(look)
        return await _kinds(reader)


async def _kinds(reader: AsyncConnection) -> dict[Kind, int]:
    found = await reader.execute(select(*_KIND, _NUMBER).group_by(*_KIND))
    return {(row.user, row.status, row.dialect, row.channels): row.rows for row in found.all()}


def end_all(tx: Transaction, reason: str, seq: int) -> None:
    """
    The rows of another run of the server are `Inativa`: open ones have closed, somehow, when
    the log was `seq` long; declared ones are never going to open.
    """
    ended = {"status": INACTIVE, "touched_at": tx.at}
    was_open = connections.c.connected_at.is_not(None)
    closed = {**ended, "disconnected_at": tx.at, "closed_seq": seq, "close_reason": reason}
    tx.write(update(connections).where(_IS_LIVE, was_open).values(**closed))
    tx.write(update(connections).where(_IS_LIVE).values(**ended))


def end_others(tx: Transaction, open_ids: Collection[int], reason: str, seq: int) -> Moves:
    """The rows of connections that are not among the open ones have closed, nobody knows how."""
    statement = select(connections.c.id, *_KIND).where(_IS_LIVE, connections.c.connected_at.is_not(None))
    closed = {"status": INACTIVE, "disconnected_at": tx.at, "closed_seq": seq, "close_reason": reason}
    moves: Counter[Kind] = Counter()
    for row in tx.read(statement).all():
        if row.id not in open_ids:
            tx.write(update(connections).where(connections.c.id == row.id).values(**closed, touched_at=tx.at))
            moves[row.user, row.status, row.dialect, row.channels] -= 1
            moves[row.user, INACTIVE, row.dialect, row.channels] += 1
    return moves


def expire(tx: Transaction, before: int) -> tuple[Moves, int | None]:
    """
    Rows that were declared `Ativa` before that time and never opened are `Inativa`. Returns
    what changed, and when the oldest of those that are left was declared.
    """
    chosen = (_IS_LIVE, connections.c.connected_at.is_(None), connections.c.touched_at < before)
    found = _counted(tx, select(*_KIND, _NUMBER).where(*chosen).group_by(*_KIND))
    if found:
        tx.write(update(connections).where(*chosen).values(status=INACTIVE, touched_at=tx.at))
    moves = {kind: -number for kind, number in found.items()}
    moves |= {(user, INACTIVE, dialect, names): number for (user, _, dialect, names), number in found.items()}
    oldest = select(func.min(connections.c.touched_at)).where(_IS_LIVE, connections.c.connected_at.is_(None))
    return moves, tx.read(oldest).scalar()


def trim(tx: Transaction, before: int, limit: int) -> tuple[Moves, bool]:
    """
    Forget `limit` (or as many more as share their last moment) of the rows that are `Inativa`
    since before that time. Returns what changed, and whether there may be more.
    """
    age, ended = connections.c.touched_at, connections.c.status == INACTIVE
    last = select(age).where(age < before, ended).order_by(age).offset(limit - 1).limit(1)
    upto = tx.read(last).scalar()
    rows = (age < before if upto is None else age <= upto, ended)
    found = _counted(tx, select(*_KIND, _NUMBER).where(*rows).group_by(*_KIND))
    if found:
        tx.write(delete(connections).where(*rows))
    return {kind: -number for kind, number in found.items()}, upto is not None


@lru_cache(maxsize=1_024)
def _kind(user: str, status: str, dialect: str, channels: str) -> Kind:
    # Each open connection remembers its own; most are of the same few.
    return user, status, dialect, channels


def _counted(tx: Transaction, statement: Select[Any]) -> dict[Kind, int]:
    return {(row.user, row.status, row.dialect, row.channels): row.rows for row in tx.read(statement).all()}


def _row(found: SQLRow[Any]) -> Row:
    return dict(zip(_COLUMNS, found, strict=True))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """
    One of the conditions may use its index, the others may not: SQLite, which knows nothing
    of the values, would as soon read a million rows of one user as the few that are open.
    """
    equal = {
        column: value
        for column, value in (
            (connections.c.status, wanted.status),
            (connections.c.user, wanted.user),
            (connections.c.dialect, wanted.dialect),
        )
        if value is not None
    }
    if wanted.status == ACTIVE:
        del equal[connections.c.status]
        yield _IS_LIVE
    elif (driving := next((column for column in equal if column is not connections.c.status), None)) is not None:
        yield driving == equal.pop(driving)
    for column, value in equal.items():
        yield _without_index(column) == value
    if wanted.channel is not None:
        # The names are stored as JSON; no channel's name holds a character that JSON escapes.
        yield func.instr(connections.c.channels, named(wanted.channel)) > 0


def named(channel: str) -> str:
    """What stands in the stored `channels` that name it, and in no others."""
    return f'"{channel}"'


def _without_index(column: Column[str]) -> ColumnElement[str]:
    return column + ""
