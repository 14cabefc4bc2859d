"""What the metrics are made of, in the database: samples, sums of each day, cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import ColumnElement, case, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime import clock
from realtime.store.desk_tables import conversations, cycles, metric_days, samples
from realtime.store.transaction import Transaction

CLOSED: Final = "closed"
"""The status of a conversation that counts as closed; all others are open."""


class Kind(StrEnum):
    """
    What is sampled, and what is summed up for each day. A sample of a rating is summed up
    by what it says (`rating_4`); CREATED and CREATED_CLOSED are sums without samples.
    """

    RESPONSE = "response"
    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    RATING = "rating"
    RATING_1 = "rating_1"
    RATING_2 = "rating_2"
    RATING_3 = "rating_3"
    RATING_4 = "rating_4"
    RATING_5 = "rating_5"
    CREATED = "created"
    """Conversations made that day."""
    CREATED_CLOSED = "created_closed"
    """Those of them that are closed now."""

    @classmethod
    def of_rating(cls, rating: int) -> Self:
        """The sum that a rating belongs to."""
        return cls(f"{cls.RATING}_{rating}")


SAMPLED: Final = (Kind.RESPONSE.value, Kind.FIRST_RESPONSE.value, Kind.RESOLUTION.value, Kind.RATING.value)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: `at` in milliseconds, `value` in seconds, or 1 to 5."""

    id: int
    at: int
    value: int


def day_of(at: int) -> int:
    """The UTC day of a time, counted from 1970-01-01."""
    return at // clock.DAY


def add(tx: Transaction, at: int, kind: Kind, *, count: int = 1, total: int = 0) -> None:
    """Add to the sums of the day of `at`; with the others of the batch, in one statement."""
    tx.insert(metric_days, {"day": day_of(at), "kind": kind.value, "count": count, "total": total})


def insert_sample(tx: Transaction, kind: Kind, conversation_id: int, cycle: int, at: int, value: int) -> None:
    """Store a sample; the sums are added to by `add`."""
    row = {"kind": kind.value, "conversation_id": conversation_id, "cycle": cycle, "at": at, "value": value}
    tx.insert(samples, {"id": tx.next_id(samples), **row})


def find_rating(tx: Transaction, conversation_id: int, cycle: int) -> Sample | None:
    """The sample of the rating of that cycle."""
    statement = select(samples.c.id, samples.c.at, samples.c.value).where(
        samples.c.conversation_id == conversation_id, samples.c.kind == Kind.RATING.value, samples.c.cycle == cycle
    )
    found = tx.read(statement).first()
    return None if found is None else Sample(found.id, found.at, found.value)


def move_rating(tx: Transaction, id: int, at: int, rating: int) -> None:
    """Put a later rating in the place of the one before."""
    tx.write(update(samples).where(samples.c.id == id).values(at=at, value=rating))


def open_cycle(tx: Transaction, conversation_id: int, cycle: int, at: int) -> None:
    """A cycle of a conversation begins."""
    tx.insert(cycles, {"conversation_id": conversation_id, "cycle": cycle, "opened_at": at, "closed_at": None})


def close_cycle(tx: Transaction, conversation_id: int, cycle: int, at: int) -> int:
    """A cycle ends; returns when it began, in milliseconds."""
    this = (cycles.c.conversation_id == conversation_id, cycles.c.cycle == cycle)
    opened_at = tx.read(select(cycles.c.opened_at).where(*this)).scalar_one()
    tx.write(update(cycles).where(*this).values(closed_at=at))
    return int(opened_at)


# -- reading ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """The time from `since` on and before `until`, in milliseconds."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Sum:
    """How many samples, and what they add up to."""

    count: int = 0
    total: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.count + other.count, self.total + other.total)


Sums = dict[Kind, Sum]

Ranks = tuple[int | None, int | None]
"""p50 and p90: the least values that half, and nine tenths, of the samples do not exceed; None without a sample."""


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """How many conversations were open when a window began, and by how many more or fewer each day of it ended."""

    before: int
    changes: dict[int, int]


async def ever(connection: AsyncConnection) -> tuple[int, int]:
    """How many conversations there are, and how many of them are closed."""
    statement = (
        select(metric_days.c.kind, func.sum(metric_days.c.count).label("made"))
        .where(metric_days.c.kind.in_((Kind.CREATED.value, Kind.CREATED_CLOSED.value)))
        .group_by(metric_days.c.kind)
    )
    found = {row.kind: row.made for row in await connection.execute(statement)}
    return found.get(Kind.CREATED, 0), found.get(Kind.CREATED_CLOSED, 0)


async def day_sums(connection: AsyncConnection, window: Window) -> dict[int, Sums]:
    """
    The sums of each day of the window on which something was; of a day that lies only
    partly in it, of that part.
    """
    first, last = -(-window.since // clock.DAY), window.until // clock.DAY
    days: dict[int, Sums] = {}
    for part in _parts_of_days(window):
        if sums := await _sums_of(connection, part):
            days[day_of(part.since)] = sums
    whole = select(metric_days).where(metric_days.c.day >= first, metric_days.c.day < last)
    for day, kind, count, total in await connection.execute(whole):
        days.setdefault(day, {})[Kind(kind)] = Sum(count, total)
    return days


async def ranks(connection: AsyncConnection, kind: Kind, window: Window) -> Ranks:
    """p50 and p90 of the samples in the window. Reads them all: a third of a second for a million."""
    return (await _ranks(connection, kind, window, literal(0))).get(0, (None, None))


async def day_ranks(connection: AsyncConnection, kind: Kind, window: Window) -> dict[int, Ranks]:
    """The same of each day of the window that has a sample."""
    return await _ranks(connection, kind, window, samples.c.at // clock.DAY)


async def _ranks(connection: AsyncConnection, kind: Kind, window: Window, part: ColumnElement[int]) -> dict[int, Ranks]:
    values = (
        select(part.label("part"), samples.c.value, func.count().label("here"))
        .where(samples.c.kind == kind.value, samples.c.at >= window.since, samples.c.at < window.until)
        .group_by(part, samples.c.value)
        .subquery()
    )
    upto = func.sum(values.c.here).over(partition_by=values.c.part, order_by=values.c.value).label("upto")
    every = func.sum(values.c.here).over(partition_by=values.c.part).label("all")
    ranked = select(values.c.part, values.c.value, upto, every).subquery()

    def least(share: int) -> ColumnElement[int | None]:
        return func.min(case((ranked.c.upto * 100 >= ranked.c.all * share, ranked.c.value)))

    found = await connection.execute(select(ranked.c.part, least(50), least(90)).group_by(ranked.c.part))
    return {part: (p50, p90) for part, p50, p90 in found}


async def open_course(connection: AsyncConnection, window: Window) -> OpenCourse:
    """How many conversations were open, through the window. Reads all cycles."""
    since, until = window.since, window.until
    before = select(func.count()).where(
        cycles.c.opened_at < since, or_(cycles.c.closed_at.is_(None), cycles.c.closed_at >= since)
    )
    changes: dict[int, int] = {}
    for column, step in ((cycles.c.opened_at, 1), (cycles.c.closed_at, -1)):
        day = (column // clock.DAY).label("day")
        counted = select(day, func.count()).where(column >= since, column < until).group_by(day)
        for at, count in await connection.execute(counted):
            changes[at] = changes.get(at, 0) + step * count
    return OpenCourse((await connection.execute(before)).scalar_one(), changes)


def _parts_of_days(window: Window) -> Iterator[Window]:
    """What the window has of its first and its last day, where it does not have all of it."""
    start = window.since
    if start % clock.DAY:
        midnight = (day_of(start) + 1) * clock.DAY
        yield Window(start, min(midnight, window.until))
        start = midnight
    if window.until % clock.DAY and start < window.until:
        yield Window(day_of(window.until) * clock.DAY, window.until)


async def _sums_of(connection: AsyncConnection, part: Window) -> Sums:
    rating = case((samples.c.kind == Kind.RATING.value, samples.c.value))
    sampled = (
        select(samples.c.kind, rating, func.count(), func.sum(samples.c.value))
        .where(samples.c.kind.in_(SAMPLED), samples.c.at >= part.since, samples.c.at < part.until)
        .group_by(samples.c.kind, rating)
    )
    sums = {
        Kind(kind) if value is None else Kind.of_rating(value): Sum(count, total)
        for kind, value, count, total in await connection.execute(sampled)
    }
    made = select(func.count(), func.count(case((conversations.c.status == CLOSED, 1)))).where(
        conversations.c.created_at >= part.since, conversations.c.created_at < part.until
    )
    created, closed = (await connection.execute(made)).one()
    if created:
        sums |= {Kind.CREATED: Sum(created), Kind.CREATED_CLOSED: Sum(closed)}
    return sums
