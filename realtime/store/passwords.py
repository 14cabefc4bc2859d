"""The rows of passwords: a hash for each user who has one."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.tables import passwords, users
from realtime.store.transaction import Row, Transaction

_USER = select(users, passwords.c.hash).join_from(users, passwords, isouter=True)


async def find_folded(connection: AsyncConnection, folded: str) -> Row | None:
    """The user whose folded name this is, with `hash`, which is None without a password."""
    found = (await connection.execute(_USER.where(users.c.folded == folded))).mappings().first()
    return None if found is None else dict(found)


async def find_user(connection: AsyncConnection, key: int | str) -> Row | None:
    """The user with this id (an integer) or uuid, and `hash` as in `find_folded`."""
    condition = users.c.id == key if isinstance(key, int) else users.c.uuid == key
    found = (await connection.execute(_USER.where(condition))).mappings().first()
    return None if found is None else dict(found)


def user_in(tx: Transaction, id: int) -> Row:
    """The user `id`, who exists, as `find_folded` gives it and the unit of work sees it."""
    return dict(tx.read(_USER.where(users.c.id == id)).mappings().one())


def write(tx: Transaction, user_id: int, hash: str) -> None:
    """Give a user this password, instead of any other."""
    values = {"hash": hash, "set_at": tx.at}
    if tx.write(update(passwords).where(passwords.c.user_id == user_id).values(values)).rowcount == 0:
        tx.insert(passwords, {"user_id": user_id, **values})


def rewrite(tx: Transaction, user_id: int, hash: str) -> None:
    """The same password, hashed anew: it is as old as it was."""
    tx.write(update(passwords).where(passwords.c.user_id == user_id).values(hash=hash))


def remove(tx: Transaction, user_id: int) -> bool:
    """Take a user's password away; tells whether there was one."""
    return tx.write(delete(passwords).where(passwords.c.user_id == user_id)).rowcount == 1
