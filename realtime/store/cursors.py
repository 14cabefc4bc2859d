"""The rows of cursors: how far the clients that use `session=` have confirmed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.delivery.session import CursorKey
from realtime.errors import Problem
from realtime.store.roster_tables import cursors
from realtime.store.transaction import Transaction


class Place(NamedTuple):
    """Where a cursor stands: a `seq` of the history `epoch`."""

    epoch: str
    seq: int


async def find(connection: AsyncConnection, key: CursorKey) -> Place | None:
    """Where the cursor stands, None for one that is not known."""
    statement = select(cursors.c.epoch, cursors.c.seq).where(
        cursors.c.credential == key.credential, cursors.c.door == key.door, cursors.c.name == key.name
    )
    found = (await connection.execute(statement)).first()
    return None if found is None else Place(found.epoch, found.seq)


def create(
    tx: Transaction, key: CursorKey, place: Place, *, limit: int, in_use: Callable[[], Collection[str]]
) -> Place:
    """
    Make the cursor at `place`, or leave the one that is there; returns where it stands.

    Where its credential has `limit` of them at this door, the one unused for longest makes
    room; those `in_use` do not. Raises Problem `too_many_requests` when all of them are.
    """
    mine = (cursors.c.credential == key.credential, cursors.c.door == key.door)
    found = tx.read(select(cursors.c.epoch, cursors.c.seq).where(*mine, cursors.c.name == key.name)).first()
    if found is not None:
        return Place(found.epoch, found.seq)
    if int(tx.read(select(func.count()).select_from(cursors).where(*mine)).scalar_one()) >= limit:
        unused = (*mine, cursors.c.name.not_in(list(in_use())))
        oldest = tx.read(select(cursors.c.name).where(*unused).order_by(cursors.c.updated_at).limit(1)).scalar()
        if oldest is None:
            raise Problem("too_many_requests", f"{limit} cursors are in use here already, which is the limit.")
        tx.write(delete(cursors).where(*mine, cursors.c.name == oldest))
    store(tx, key, place)
    return place


def store(tx: Transaction, key: CursorKey, place: Place) -> None:
    """Note where a cursor stands now."""
    tx.insert(cursors, {**key._asdict(), **place._asdict(), "updated_at": tx.at})


def trim(tx: Transaction, before: int) -> None:
    """Forget the cursors that nobody has used since before that time."""
    tx.write(delete(cursors).where(cursors.c.updated_at < before))
