"""The rows of `presence`: who is online, and when everybody else was last seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.desk_tables import presence
from realtime.store.tables import users
from realtime.store.transaction import Row, Transaction

_LARGEST_ID: Final = 2**63 - 1


async def online_rows(connection: AsyncConnection) -> list[Row]:
    """Those of whom the log says that they are online."""
    found = await connection.execute(select(presence).where(presence.c.online).order_by(presence.c.key))
    return [dict(row) for row in found.mappings()]


async def rows_of(connection: AsyncConnection, keys: Collection[str]) -> list[Row]:
    """The rows with these keys; who was never online has none."""
    found = await connection.execute(select(presence).where(presence.c.key.in_(keys)))
    return [dict(row) for row in found.mappings()]


async def is_account(connection: AsyncConnection, word: str, folded: str) -> bool:
    """Whether an account's id or uuid is `word`, or its folded name `folded`."""
    conditions = [users.c.uuid == word.lower(), users.c.folded == folded]
    if word.isascii() and word.isdigit() and int(word) <= _LARGEST_ID:
        conditions.append(users.c.id == int(word))
    return (await connection.execute(select(users.c.id).where(or_(*conditions)).limit(1))).first() is not None


def accounts_of(tx: Transaction, ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """(uuid, name) of the accounts with these ids."""
    found = tx.read(select(users.c.id, users.c.uuid, users.c.name).where(users.c.id.in_(ids)))
    return {row.id: (row.uuid, row.name) for row in found}


def replace(tx: Transaction, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Put `rows` where the rows with these keys were."""
    tx.write(delete(presence).where(presence.c.key.in_(keys)))
    for row in rows:
        tx.insert(presence, row)


def note_seen(tx: Transaction, seen: Mapping[str, int]) -> None:
    """Set when these, who are online, were last seen (milliseconds)."""
    changed: list[dict[str, Any]] = [{"of": key, "at": at} for key, at in seen.items()]
    tx.write(
        update(presence).where(presence.c.key == bindparam("of"), presence.c.online).values(last_seen=bindparam("at")),
        changed,
    )
