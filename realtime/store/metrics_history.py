"""What the metrics can be counted again from, and what they are compared with; a part at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.desk_tables import conversations, csat, cycles, messages, metric_days, samples
from realtime.store.metrics import Sum

CONVERSATIONS: Final = 200
"""Conversations that are looked at together."""

MESSAGES: Final = 1_000
"""Messages that are fetched at a time."""

Rows = Sequence[Any]


class Page(NamedTuple):
    """Some conversations in the order of their ids, and all that belongs to them but the messages."""

    conversations: Rows
    cycles: Rows
    ratings: Rows
    samples: Rows


async def pages(connection: AsyncConnection) -> AsyncIterator[Page]:
    """All conversations, a page at a time."""
    table, after = conversations.c, 0
    columns = (table.id, table.status, table.cycle, table.waiting_since, table.answered, table.created_at)
    while True:
        some = select(*columns).where(table.id > after).order_by(table.id).limit(CONVERSATIONS)
        found = (await connection.execute(some)).all()
        if not found:
            return
        first, after = found[0].id, found[-1].id
        rated = select(csat.c.conversation_id, csat.c.cycle, csat.c.answered_at, csat.c.rating).where(
            csat.c.rating.is_not(None), csat.c.answered_at.is_not(None)
        )
        yield Page(
            found,
            await _of(connection, select(cycles).order_by(cycles.c.cycle), cycles, first, after),
            await _of(connection, rated, csat, first, after),
            await _of(connection, select(samples), samples, first, after),
        )


async def messages_of(connection: AsyncConnection, page: Page) -> AsyncIterator[Any]:
    """Sender and time of every message of the page, those deleted too, by conversation and in the order they came."""
    table, last = messages.c, page.conversations[-1].id
    place = (page.conversations[0].id, 0)
    columns = (table.conversation_id, table.id, table.sender, table.created_at)
    order = tuple_(table.conversation_id, table.id)
    while True:
        some = select(*columns).where(order > tuple_(*place), table.conversation_id <= last).order_by(*order.clauses)
        found = (await connection.execute(some.limit(MESSAGES))).all()
        for message in found:
            yield message
        if len(found) < MESSAGES:
            return
        place = (found[-1].conversation_id, found[-1].id)


async def stored_days(connection: AsyncConnection) -> dict[tuple[int, str], Sum]:
    """All sums of days, by day and kind."""
    found = await connection.execute(select(metric_days))
    return {(day, kind): Sum(count, total) for day, kind, count, total in found}


async def count_samples(connection: AsyncConnection) -> int:
    """How many samples there are."""
    return int((await connection.execute(select(func.count()).select_from(samples))).scalar_one())


async def _of(connection: AsyncConnection, statement: Select[Any], table: Table, first: int, last: int) -> Rows:
    conversation = table.c.conversation_id
    found: Rows = (await connection.execute(statement.where(conversation >= first, conversation <= last))).all()
    return found
