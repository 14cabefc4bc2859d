"""What a list shows of a conversation beside its row: the last message, and how many of the customer's are unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.desk_tables import messages, texts
from realtime.store.transaction import Row

UNREAD_WITHIN: Final = 100
"""Messages of a conversation, from the newest, among which unread ones are counted: so it is the most that is told."""

EXCERPT: Final = 160
"""Characters of the last message that are shown."""

_HEADS: Final = text(
    "SELECT c.id, (SELECT max(id) FROM messages WHERE conversation_id = c.id) AS last_id,"
    " (SELECT count(*) FROM (SELECT sender, status, deleted_at FROM messages WHERE conversation_id = c.id"
    " ORDER BY id DESC LIMIT :within) AS newest"
    " WHERE sender = 'customer' AND status <> 'read' AND deleted_at IS NULL) AS unread"
    " FROM conversations c WHERE c.id IN :ids"
).bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Summary:
    """`last` is the row of the last message, its `content` cut to `EXCERPT`; None where nothing was said."""

    last: Row | None
    unread: int


async def summaries(connection: AsyncConnection, ids: Sequence[int]) -> Mapping[int, Summary]:
    """The summary of each of these conversations."""
    if not ids:
        return {}
    heads = (await connection.execute(_HEADS, {"ids": list(ids), "within": UNREAD_WITHIN})).all()
    last = await _messages(connection, [head.last_id for head in heads if head.last_id is not None])
    return {head.id: Summary(last.get(head.last_id), head.unread) for head in heads}


async def _messages(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Row]:
    excerpt = func.substr(func.coalesce(texts.c.content, ""), 1, EXCERPT).label("content")
    statement = select(messages, excerpt).outerjoin_from(messages, texts).where(messages.c.id.in_(ids))
    return {row["id"]: dict(row) for row in (await connection.execute(statement)).mappings()}
