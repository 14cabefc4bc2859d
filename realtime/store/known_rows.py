"""
Rows of conversations and messages that a unit of work need not ask the database for.

Every message reads and changes its conversation. Asked and told one by one, that would
cost more than the commit that the batch shares; so what a transaction has read, inserted
or changed stays in hand, changes go to the database together, and the conversations last
used are remembered past the commit: only this process writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, Table, Text, func, literal_column, select

from realtime.store.desk_tables import conversations, messages, texts

Row = dict[str, Any]
_Key = tuple[str, str, Any]

KNOWN_ROWS_LIMIT: Final = 10_000
"""Conversations that are remembered from one commit to the next."""

FOUND_BY: Final = ("id", "uuid")
# Written out, so that the only parameter of a look-up is what it looks for.
_NOTHING: Final = literal_column("''", Text)

TRACKED: Final[dict[Table, Select[Any]]] = {
    conversations: select(conversations),
    # With what it says, "" once it is deleted.
    messages: select(messages, func.coalesce(texts.c.content, _NOTHING).label("content")).outerjoin_from(
        messages, texts
    ),
}
"""These tables, and how their rows are read."""

# A message may be 64 KiB long, and is seldom looked at twice.
_REMEMBERED: Final = conversations.name


class KnownRows:
    """Conversations as they were last committed."""

    def __init__(self) -> None:
        self._rows: dict[_Key, Row] = {}

    def get(self, key: _Key) -> Row | None:
        """The row of that (table, column, value), or None where it is not known."""
        return self._rows.get(key)

    def keep(self, rows: dict[_Key, Row]) -> None:
        """Follow a commit."""
        if len(self._rows) > KNOWN_ROWS_LIMIT * len(FOUND_BY):
            self._rows.clear()
        self._rows.update((key, row) for key, row in rows.items() if key[0] == _REMEMBERED)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()


class RowsInHand:
    """The rows that one transaction has seen, as its units have left them so far, and their changes that wait."""

    def __init__(self, known: KnownRows) -> None:
        self._known = known
        self._rows: dict[_Key, Row] = {}
        self._changes: dict[Table, dict[int, Row]] = {table: {} for table in TRACKED}
        self._undo: list[tuple[dict[Any, Row], Any, Row | None]] = []
        self.changed = False
        """Whether the unit that runs now has changed a row."""

    def waits(self, table: Any) -> bool:
        """Whether changes of this table's rows wait to be sent."""
        return bool(self._changes.get(table))

    def get(self, table: Table, column: str, value: Any) -> Row | None:
        """The row as it is now, or None where it has to be read."""
        key = (table.name, column, value)
        row = self._rows.get(key)
        return self._known.get(key) if row is None else row

    def put(self, table: Table, row: Row) -> None:
        """Take a row that was read or inserted."""
        for column in FOUND_BY:
            self._set(self._rows, (table.name, column, row[column]), row)

    def change(self, table: Table, row: Row, values: Row) -> Row:
        """The row with these values, which wait to be sent, but for those that are of another table."""
        changed = {**row, **values}
        self.put(table, changed)
        own = {name: value for name, value in values.items() if name in table.c}
        waiting = self._changes[table]
        self._set(waiting, row["id"], {**waiting.get(row["id"], {}), **own})
        self.changed = True
        return changed

    def take(self) -> Iterator[tuple[Table, tuple[str, ...], list[Row]]]:
        """What waits to be sent: table, names of the columns, and the values of each row with its `id`."""
        for table, waiting in self._changes.items():
            alike: dict[tuple[str, ...], list[Row]] = {}
            for row_id, values in waiting.items():
                alike.setdefault(tuple(sorted(values)), []).append({**values, "id": row_id})
            waiting.clear()
            for names, rows in alike.items():
                yield table, names, rows

    def begin_unit(self) -> None:
        """A unit of work begins."""
        self._undo.clear()
        self.changed = False

    def abandon_unit(self) -> None:
        """Forget what the unit put and changed; nothing of it has been sent."""
        for rows, key, before in reversed(self._undo):
            if before is None:
                del rows[key]
            else:
                rows[key] = before

    def settle(self) -> None:
        """The transaction is committed."""
        self._known.keep(self._rows)

    def _set(self, rows: dict[Any, Row], key: Any, row: Row) -> None:
        self._undo.append((rows, key, rows.get(key)))
        rows[key] = row
