"""The tables of the roster, beside those of `tables.py`: connections, and the cursors that `session=` names."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from realtime.store.tables import ON_CONFLICT, metadata

_LIVE = text("status = 'Ativa'")


def _newest(key: str, *names: str) -> str:
    """A row that is there already takes what the new one says."""
    taken = ", ".join(f'"{name}" = excluded."{name}"' for name in names)
    return f"ON CONFLICT ({key}) DO UPDATE SET {taken}"


# A row is declared (`connected_at` is null), open, or closed. `subscriptions` is what was
# covered from which position on, `readable` what its user might have read; `last_seq`,
# `confirmed` and `closed_seq` are positions: everything covered up to there was written, has
# arrived, and how long the log was when it closed. Of an open row they are as old as the row's
# last change: the truth about it is in memory. `touched_at` is when its state last changed.
_OF_CONNECTIONS = (
    Column("user", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("channels", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("connected_at", BigInteger),
    Column("disconnected_at", BigInteger),
    Column("last_seen", BigInteger),
    Column("remote", Text),
    Column("user_agent", Text),
    Column("last_seq", BigInteger),
    Column("confirmed", BigInteger),
    Column("closed_seq", BigInteger),
    Column("subscriptions", Text),
    Column("readable", Text),
    Column("close_code", Integer),
    Column("close_reason", Text),
    Column("credential", Text, nullable=False),
    Column("user_id", Integer),
    Column("touched_at", BigInteger, nullable=False),
)
connections = Table(
    "connections",
    metadata,
    Column("id", Integer, primary_key=True),
    *_OF_CONNECTIONS,
    Index("connections_live", "status", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("connections_by_user", "user"),
    Index("connections_by_dialect", "dialect"),
    Index("connections_by_channels", "channels"),
    Index("connections_by_age", "touched_at"),
    sqlite_autoincrement=True,
    info={ON_CONFLICT: _newest("id", *(column.name for column in _OF_CONNECTIONS))},
)

# How far the client that calls itself `name` has confirmed; `credential` is that of a guest's
# address, too.
cursors = Table(
    "cursors",
    metadata,
    Column("credential", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("credential", "door", "name"),
    Index("cursors_by_age", "updated_at"),
    info={ON_CONFLICT: _newest("credential, door, name", "epoch", "seq", "updated_at")},
)
