"""Conversations in the database: which are meant, a stretch of them, how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store import search
from realtime.store.desk_tables import conversations
from realtime.store.tables import users
from realtime.store.telemetry import Kind, Stretch
from realtime.store.transaction import Row, Transaction

CONVERSATION: Final = Kind("conversation", conversations, counted_by="status")
"""For the counts that are kept in memory: of all, and of each status."""

_WITH_ASSIGNEE: Final = select(conversations, users.c.name.label("assignee_name")).outerjoin_from(conversations, users)

_ACTIVITY: Final = func.coalesce(conversations.c.last_message_at, conversations.c.created_at)


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """
    Which conversations are meant; None is any.

    `assignee` is a user's id or uuid; `contact` the contact's uuid, or beginnings of words
    of the name; `assigned` whether anybody has it; `search` words of the name or of a
    message (see `search.matching`).
    Conversations made from `since` on and before `until` (milliseconds).
    """

    status: str | None = None
    assignee: int | str | None = None
    assigned: bool | None = None
    contact: str | None = None
    search: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def only_status(self) -> bool:
        """Whether nothing but a status is asked for, if that."""
        return all(getattr(self, field.name) is None for field in fields(self) if field.name != "status")


def find(tx: Transaction, key: int | str) -> Row | None:
    """The conversation with this id (an integer) or uuid, as a unit of work sees it."""
    return tx.find(conversations, "id" if isinstance(key, int) else "uuid", key)


async def get(connection: AsyncConnection, key: int | str) -> Row | None:
    """The conversation with this id or uuid, and its `assignee_name`."""
    column = conversations.c.id if isinstance(key, int) else conversations.c.uuid
    found = (await connection.execute(_WITH_ASSIGNEE.where(column == key))).mappings().first()
    return None if found is None else dict(found)


async def list_rows(
    connection: AsyncConnection, which: ConversationFilter, stretch: Stretch, *, by_activity: bool = False
) -> list[Row]:
    """
    The wanted stretch of the conversations, each with its `assignee_name`; `by_activity`
    that with the newest message first (without one, it counts as of when it was made).
    """
    ids = conversations.c.id
    statement = _WITH_ASSIGNEE.where(*await _conditions(connection, which))
    if stretch.id_after is not None:
        statement = statement.where(ids < stretch.id_after if stretch.newest_first else ids > stretch.id_after)
    order = (_ACTIVITY.desc(), ids.desc()) if by_activity else (ids.desc() if stretch.newest_first else ids,)
    statement = statement.order_by(*order).limit(stretch.limit)
    if stretch.offset:
        statement = statement.offset(stretch.offset)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def count_rows(connection: AsyncConnection, which: ConversationFilter) -> int:
    """How many conversations are meant; reads an index or the table."""
    statement = select(func.count()).select_from(conversations).where(*await _conditions(connection, which))
    return int((await connection.execute(statement)).scalar_one())


async def _conditions(connection: AsyncConnection, which: ConversationFilter) -> list[ColumnElement[bool]]:
    chosen = list(_chosen(which))
    # Ids ascend with `created_at`: two look-ups in its index stand for sorting what it finds.
    if which.since is not None:
        first = await _first_since(connection, which.since)
        chosen.append(conversations.c.id >= first if first is not None else conversations.c.id < 0)
    if which.until is not None and (first := await _first_since(connection, which.until)) is not None:
        chosen.append(conversations.c.id < first)
    return chosen


def _chosen(which: ConversationFilter) -> Iterator[ColumnElement[bool]]:
    if which.status is not None:
        yield conversations.c.status == which.status
    if isinstance(which.assignee, int):
        yield conversations.c.assignee_id == which.assignee
    elif which.assignee is not None:
        yield conversations.c.assignee_id == _user_id(which.assignee)
    if which.assigned is not None:
        column = conversations.c.assignee_id
        yield column.is_not(None) if which.assigned else column.is_(None)
    if which.contact is not None:
        named = conversations.c.id.in_(search.contacts(which.contact))
        yield or_(conversations.c.contact_uuid == which.contact, named)
    if which.search is not None:
        yield conversations.c.id.in_(search.conversations(which.search))


def _user_id(uuid: str) -> Any:
    statement: Select[Any] = select(users.c.id).where(users.c.uuid == uuid)
    return statement.scalar_subquery()


async def _first_since(connection: AsyncConnection, at: int) -> int | None:
    """The first conversation that was made at `at` or later."""
    created = conversations.c.created_at
    statement = select(conversations.c.id).where(created >= at).order_by(created, conversations.c.id).limit(1)
    found = (await connection.execute(statement)).scalar()
    return None if found is None else int(found)
