"""Ratings in the database: one row for each cycle of a conversation that was asked about or rated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.desk_tables import conversations, csat
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class CsatFilter:
    """
    Which ratings are meant; None is any. `conversation` is an id or a uuid; `answered`
    tells those with a rating from those that were only asked for; answered from `since`
    on and before `until` (milliseconds).
    """

    conversation: int | str | None = None
    rating: int | None = None
    answered: bool | None = None
    since: int | None = None
    until: int | None = None


def find(tx: Transaction, conversation_id: int, cycle: int) -> Row | None:
    """The row of that cycle, as a unit of work sees it."""
    statement = select(csat).where(csat.c.conversation_id == conversation_id, csat.c.cycle == cycle)
    found = tx.read(statement).mappings().first()
    return None if found is None else dict(found)


def change(tx: Transaction, id: int, values: Row) -> None:
    """Set columns of the row `id`."""
    tx.write(update(csat).where(csat.c.id == id).values(**values))


async def get(connection: AsyncConnection, id: int) -> Row | None:
    """The row `id` with its `chat_id` and `contact_name`."""
    found = (await connection.execute(_with_contact().where(csat.c.id == id))).mappings().first()
    return None if found is None else dict(found)


async def list_rows(connection: AsyncConnection, which: CsatFilter, stretch: Stretch) -> list[Row]:
    """The wanted stretch of the ratings, each with its `chat_id` and `contact_name`."""
    ids = csat.c.id
    statement = _with_contact().where(*_conditions(which))
    if stretch.id_after is not None:
        statement = statement.where(ids < stretch.id_after if stretch.newest_first else ids > stretch.id_after)
    statement = statement.order_by(ids.desc() if stretch.newest_first else ids).limit(stretch.limit)
    if stretch.offset:
        statement = statement.offset(stretch.offset)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def count_rows(connection: AsyncConnection, which: CsatFilter) -> int:
    """How many ratings are meant; reads an index or the table."""
    statement = select(func.count()).select_from(csat).where(*_conditions(which))
    return int((await connection.execute(statement)).scalar_one())


def _with_contact() -> Select[Any]:
    shown = conversations.c.uuid.label("chat_id"), conversations.c.contact_name
    return select(csat, *shown).join_from(csat, conversations)


def _conditions(which: CsatFilter) -> Iterator[ColumnElement[bool]]:
    if isinstance(which.conversation, int):
        yield csat.c.conversation_id == which.conversation
    elif which.conversation is not None:
        of_uuid = select(conversations.c.id).where(conversations.c.uuid == which.conversation)
        yield csat.c.conversation_id == of_uuid.scalar_subquery()
    if which.rating is not None:
        yield csat.c.rating == which.rating
    if which.answered is not None:
        yield csat.c.answered_at.is_not(None) if which.answered else csat.c.answered_at.is_(None)
    if which.since is not None:
        yield csat.c.answered_at >= which.since
    if which.until is not None:
        yield csat.c.answered_at < which.until
