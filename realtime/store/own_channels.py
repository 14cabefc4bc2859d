"""The rows of the users' own channels."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.errors import Problem
from realtime.store.tables import own_channels
from realtime.store.transaction import Transaction


async def names(connection: AsyncConnection) -> set[str]:
    """All own channels that exist."""
    return set((await connection.execute(select(own_channels.c.name))).scalars())


def make(transaction: Transaction, name: str, limit: int) -> None:
    """See to it that `name` exists. Raises Problem `conflict` where `limit` channels exist already."""
    exists = select(own_channels.c.name).where(own_channels.c.name == name)
    if transaction.read(exists).first() is not None:
        return
    count = transaction.read(select(func.count()).select_from(own_channels)).scalar_one()
    if count >= limit:
        raise Problem("conflict", f"There are {count} channels already, which is the limit.")
    transaction.insert(own_channels, {"name": name, "created_at": transaction.at})
