"""
One unit of work's view of the transaction that it shares with others.

Inserts and events wait in memory and go to the database together, one statement a table
for the whole batch: per row and per statement cost is what limits a server that commits
every event (measured: benchmarks/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.sql.util import find_tables

from realtime.channels import AUDIT
from realtime.clock import timestamp
from realtime.events import Draft, Event
from realtime.jsonio import dumps
from realtime.store import roster_tables  # noqa: F401 - so that `metadata` knows all tables
from realtime.store.checksum import checksum, link
from realtime.store.database import fetch, send
from realtime.store.desk_tables import conversations_search, messages_search
from realtime.store.history import remember
from realtime.store.known_rows import TRACKED, RowsInHand
from realtime.store.state import State
from realtime.store.tables import ON_CONFLICT, events, metadata

Row = dict[str, Any]


class Transaction:
    """
    What a unit of work does its reading and writing with.

    A unit reads and checks first and writes afterwards; it raises a Problem to refuse, and
    then nothing of it is stored. It may be run again, so it changes nothing but through
    here. `at` is the time of the whole commit, in milliseconds.
    """

    def __init__(self, connection: Connection, state: State, at: int) -> None:
        self._connection = connection
        self.state = state
        self.at = at
        self.events: list[Event] = []
        self._rows: dict[Table, list[Row]] = {}
        self._in_hand = RowsInHand(state.rows)
        self._flushed_events = 0
        self._unit_events = 0
        self._unit_rows: dict[Table, int] = {}
        self._unit_state = state
        self.touched = False
        """Whether the unit that runs now has sent something to the database."""

    def next_id(self, table: Table) -> int:
        """The next id of `table`; ids of deleted rows do not come again."""
        if table.name not in self.state.ids:
            self.state.ids[table.name] = _last_id(self._connection, table)
        self.state.ids[table.name] += 1
        return self.state.ids[table.name]

    def next_ids(self, table: Table, count: int) -> int:
        """The first of `count` next ids of `table`; the others follow it."""
        first = self.next_id(table)
        self.state.ids[table.name] += count - 1
        return first

    def insert(self, table: Table, row: Row) -> None:
        """Store `row`, in which every column has a value. Its parents must exist."""
        self._rows.setdefault(table, []).append(row)
        if table in TRACKED:
            self._in_hand.put(table, row)

    def find(self, table: Table, column: str, value: Any) -> Row | None:
        """
        The conversation or message (`TRACKED`) whose `id` or `uuid` has this value, as the
        units so far have left it; not to be changed in place. What waits goes on waiting.
        """
        row = self._in_hand.get(table, column, value)
        if row is None:
            statement, names = _search(self._connection.dialect, table, column)
            for found in fetch(self._connection, statement, (value,)):
                row = dict(zip(names, found, strict=True))
                self._in_hand.put(table, row)
        return row

    def change(self, table: Table, row: Row, values: Row) -> Row:
        """
        Set columns of a row that `find` gave; returns it as it is then. The rows of these
        tables change in no other way.
        """
        return self._in_hand.change(table, row, values)

    def emit(self, draft: Draft) -> Event:
        """Make the draft an event, with the next `seq`."""
        return self._append(draft, chained=False)

    def audit(self, action: str, details: Mapping[str, Any], *, user_id: int | None, username: str) -> Event:
        """
        Record an entry of the audit log: an event on the channel `audit`, chained to the
        one before. Its data has the fields of seed 001's `audit_log`.
        """
        self.state.audits += 1
        data = {
            "id": self.state.audits,
            "action": action,
            "details": dict(details),
            "user": {"id": user_id, "username": username},
            "timestamp": timestamp(self.at - self.at % 1_000).replace(".000Z", "Z"),
        }
        draft = Draft(AUDIT, "audit.created", dumps(data), entity_id=self.state.audits, actor=username)
        return self._append(draft, chained=True)

    def read(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run a SELECT; it sees what units before this one have written."""
        tables = find_tables(statement, include_joins=True)  # type: ignore[arg-type]
        if (
            not self._rows.keys().isdisjoint(tables)
            or (events in tables and self._flushed_events < len(self.events))
            or any(self._in_hand.waits(table) for table in tables)
        ):
            self.flush()
        return self._connection.execute(statement, parameters)

    def write(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run an UPDATE or DELETE at once."""
        self.flush()
        self.touched = True
        return self._connection.execute(statement, parameters)

    def remember(self, key: str, value: str) -> None:
        """Set what the log knows about itself."""
        self.flush()
        self.touched = True
        remember(self._connection, key, value)

    def exists(self, table: Table, id: int) -> bool:
        """Whether `table` has a row `id`; known ids are remembered (up to a limit)."""
        known = self.state.known(table.name)
        if id in known:
            return True
        found = self.read(select(table.c.id).where(table.c.id == id)).first() is not None
        if found:
            known.add(id)
        return found

    def delete(self, table: Table, id: int) -> bool:
        """Delete the row `id`; tells whether there was one."""
        self.state.known(table.name).discard(id)
        return self.write(delete(table).where(table.c.id == id)).rowcount == 1

    def begin_unit(self) -> None:
        """A unit of work begins: remember what to go back to."""
        self.touched = False
        self._unit_events = len(self.events)
        self._unit_rows = {table: len(rows) for table, rows in self._rows.items()}
        self._unit_state = self.state.copy()
        self._in_hand.begin_unit()

    def abandon_unit(self) -> None:
        """
        Forget what the unit inserted and emitted.

        Only for a unit that has not `touched` the database.
        """
        del self.events[self._unit_events :]
        for table, waiting in self._rows.items():
            del waiting[self._unit_rows.get(table, 0) :]
        self._in_hand.abandon_unit()
        self.state = self._unit_state

    def settle(self) -> None:
        """The transaction is committed: remember what the next one need not read."""
        self._in_hand.settle()

    def flush(self) -> None:
        """Send what waits to the database: parents before children, one statement a table, then changes."""
        if (
            self._in_hand.changed
            or len(self.events) > self._unit_events
            or any(len(rows) > self._unit_rows.get(table, 0) for table, rows in self._rows.items())
        ):
            self.touched = True
        if fresh := self.events[self._flushed_events :]:
            statement, _ = _insertion(self._connection.dialect, events)
            send(self._connection, statement, [self._event_row(event) for event in fresh])
            self._flushed_events = len(self.events)
        waiting, self._rows, self._unit_rows = self._rows, {}, {}
        for table in _PARENTS_FIRST:
            if rows := waiting.get(table):
                statement, values = _insertion(self._connection.dialect, table)
                send(self._connection, statement, [values(row) for row in rows])
        for table, names, rows in self._in_hand.take():
            statement, values = _changing(self._connection.dialect, table, names)
            send(self._connection, statement, [values(row) for row in rows])

    def _append(self, draft: Draft, *, chained: bool) -> Event:
        self.state.seq += 1
        event = Event(
            self.state.seq,
            draft.channel,
            draft.type,
            draft.data,
            draft.entity_id,
            draft.actor,
            self.at,
            draft.metadata,
        )
        if chained:
            self.state.link = link(self.state.link, event)
            self.state.links[event.seq] = self.state.link
        self.events.append(event)
        return event

    def _event_row(self, event: Event) -> tuple[Any, ...]:
        """In the order of the table's columns."""
        return (
            event.seq,
            event.channel,
            event.type,
            event.entity_id,
            event.data.decode(),
            None if event.metadata is None else event.metadata.decode(),
            event.actor,
            event.at,
            checksum(event),
            self.state.links.pop(event.seq, None),
        )


_PARENTS_FIRST = (*metadata.sorted_tables, messages_search, conversations_search)


@cache
def _insertion(dialect: Dialect, table: Table) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
    """
    An INSERT as the driver takes it, and what makes its parameters of a row.

    Compiled once: going through the statement for every row was a third of the cost of a
    commit of 64 events. The tables hold no type that needs converting on its way in.
    """
    compiled = insert(table).compile(dialect=dialect)
    assert compiled.positiontup is not None
    return f"{compiled} {table.info.get(ON_CONFLICT, '')}", itemgetter(*compiled.positiontup)


@cache
def _changing(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
    """An UPDATE of these columns of the row `id`, as `_insertion` makes its statement."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    compiled = update(table).where(table.c.id == bindparam("row_id")).values(values).compile(dialect=dialect)
    assert compiled.positiontup is not None
    return str(compiled), itemgetter(*("id" if name == "row_id" else name for name in compiled.positiontup))


@cache
def _search(dialect: Dialect, table: Table, column: str) -> tuple[str, tuple[str, ...]]:
    """The SELECT of the row with one value of that column, and the names of what it gives."""
    statement = TRACKED[table].where(table.c[column] == bindparam("value"))
    names = tuple(each.key or "" for each in statement.selected_columns)
    return str(statement.compile(dialect=dialect)), names


def _last_id(connection: Connection, table: Table) -> int:
    last = connection.execute(select(table.c.id).order_by(table.c.id.desc()).limit(1)).scalar() or 0
    if connection.dialect.name == "sqlite":
        kept = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        last = max(last, kept.scalar() or 0)
    return int(last)
