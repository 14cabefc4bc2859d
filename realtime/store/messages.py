"""Messages and reactions in the database: which are meant, a stretch of them, how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store import search
from realtime.store.desk_tables import conversations, messages, messages_search, reactions, texts
from realtime.store.known_rows import TRACKED
from realtime.store.tables import users
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

READ_AT_ONCE: Final = 500
"""Messages that one unit of work marks as read."""

_WITH_CHAT: Final = TRACKED[messages].join(conversations).add_columns(conversations.c.uuid.label("chat_id"))


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """
    Which messages are meant; None is any. `search` is words of the text (see
    `search.matching`); sent from `since` on and before `until` (milliseconds).
    """

    sender: str | None = None
    status: str | None = None
    message_type: str | None = None
    search: str | None = None
    since: int | None = None
    until: int | None = None


def find(tx: Transaction, key: int | str) -> Row | None:
    """The message with this id (an integer) or uuid, as a unit of work sees it."""
    return tx.find(messages, "id" if isinstance(key, int) else "uuid", key)


def insert(tx: Transaction, row: Row) -> None:
    """Store a new message, with its `content`; `text_id` is given here."""
    text_id = tx.next_id(texts)
    tx.insert(texts, {"id": text_id, "content": row["content"]})
    tx.insert(messages, {**row, "text_id": text_id})
    search.add(tx, messages_search, row["id"], row["content"])


def change(tx: Transaction, row: Row, values: Row) -> Row:
    """Set columns of a message, all but `content`; returns the row as it is then."""
    return tx.change(messages, row, values)


def rewrite(tx: Transaction, row: Row, content: str, values: Row) -> Row:
    """Replace what a message says, nothing of which stays in the tables and the index; and set columns, as `change`."""
    _empty(tx, row)
    text_id = tx.next_id(texts)
    tx.insert(texts, {"id": text_id, "content": content})
    search.add(tx, messages_search, row["id"], content)
    return tx.change(messages, row, {**values, "text_id": text_id, "content": content})


def erase(tx: Transaction, row: Row, values: Row) -> Row:
    """Take away what a message says, as `rewrite`."""
    _empty(tx, row)
    return tx.change(messages, row, {**values, "text_id": None, "content": ""})


def _empty(tx: Transaction, row: Row) -> None:
    search.remove(tx, messages_search, row["id"], row["content"])
    # The row stays: to remove it may make SQLite move others.
    tx.write(update(texts).where(texts.c.id == row["text_id"]).values(content=""))


def unread(tx: Transaction, conversation_id: int, upto: int, senders: Sequence[str]) -> list[int]:
    """The ids of the first messages up to the id `upto` that these senders sent and nobody has read, ascending."""
    statement = select(messages.c.id).where(
        messages.c.conversation_id == conversation_id,
        messages.c.id <= upto,
        messages.c.status != "read",
        messages.c.deleted_at.is_(None),
        messages.c.sender.in_(senders),
    )
    return list(tx.read(statement.order_by(messages.c.id).limit(READ_AT_ONCE)).scalars())


def reaction_of(tx: Transaction, message_id: int, user_id: int) -> str | None:
    """What that user's reaction to the message is."""
    statement = select(reactions.c.reaction).where(reactions.c.message_id == message_id, reactions.c.user_id == user_id)
    found = tx.read(statement).scalar()
    return None if found is None else str(found)


def remove_reaction(tx: Transaction, message_id: int, user_id: int) -> None:
    """Forget that user's reaction to the message."""
    tx.write(delete(reactions).where(reactions.c.message_id == message_id, reactions.c.user_id == user_id))


def remove_reactions(tx: Transaction, message_id: int) -> None:
    """Forget all reactions to the message."""
    tx.write(delete(reactions).where(reactions.c.message_id == message_id))


async def get(connection: AsyncConnection, key: int | str) -> Row | None:
    """The message with this id or uuid, its `chat_id` and its `reactions`."""
    column = messages.c.id if isinstance(key, int) else messages.c.uuid
    found = (await connection.execute(_WITH_CHAT.where(column == key))).mappings().first()
    if found is None:
        return None
    row = dict(found)
    await _add_reactions(connection, [row])
    return row


async def list_rows(
    connection: AsyncConnection, conversation_id: int | None, which: MessageFilter, stretch: Stretch
) -> list[Row]:
    """The wanted stretch of the messages of a conversation, or of all, with `chat_id` and `reactions`."""
    ids = messages.c.id
    statement = _WITH_CHAT.where(*_conditions(conversation_id, which))
    if stretch.id_after is not None:
        statement = statement.where(ids < stretch.id_after if stretch.newest_first else ids > stretch.id_after)
    statement = statement.order_by(ids.desc() if stretch.newest_first else ids).limit(stretch.limit)
    if stretch.offset:
        statement = statement.offset(stretch.offset)
    found = [dict(row) for row in (await connection.execute(statement)).mappings()]
    await _add_reactions(connection, found)
    return found


async def count_rows(connection: AsyncConnection, conversation_id: int | None, which: MessageFilter) -> int:
    """How many messages are meant; reads an index or the table."""
    statement = select(func.count()).select_from(messages).where(*_conditions(conversation_id, which))
    return int((await connection.execute(statement)).scalar_one())


async def _add_reactions(connection: AsyncConnection, rows: list[Row]) -> None:
    statement = (
        select(reactions.c.message_id, reactions.c.user_id, users.c.name.label("username"), reactions.c.reaction)
        .join_from(reactions, users)
        .where(reactions.c.message_id.in_([row["id"] for row in rows]))
        .order_by(reactions.c.message_id, reactions.c.user_id)
    )
    by_message: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    for message_id, user_id, username, reaction in (await connection.execute(statement)).all():
        by_message[message_id].append({"user_id": user_id, "username": username, "reaction": reaction})
    for row in rows:
        row["reactions"] = by_message[row["id"]]


def _conditions(conversation_id: int | None, which: MessageFilter) -> Iterator[ColumnElement[bool]]:
    equals: dict[str, Any] = {
        "conversation_id": conversation_id,
        "sender": which.sender,
        "status": which.status,
        "message_type": which.message_type,
    }
    for name, value in equals.items():
        if value is not None:
            yield messages.c[name] == value
    if which.search is not None:
        if conversation_id is None:
            yield search.found_messages(which.search)
        else:
            yield search.messages_of(conversation_id, which.search)
    if which.since is not None:
        yield messages.c.created_at >= which.since
    if which.until is not None:
        yield messages.c.created_at < which.until
