"""
The metrics counted again from what happened, and compared with what was noted then.

Conversations, cycles, ratings and messages (a deleted one keeps its sender and its time)
are all that the recount goes by.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from realtime import clock
from realtime.services.metrics_figures import CUSTOMER, HUMAN, RATINGS, whole_seconds
from realtime.store import metrics_history as history
from realtime.store.database import Database
from realtime.store.metrics import CLOSED, Kind, Sum, day_of

SHOWN: Final = 100
"""Disagreements that a report names; the others are only counted."""

_OF_CYCLE: Final = frozenset({Kind.RESOLUTION, Kind.RATING})


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that is stored otherwise than it was counted; None where there is none of it."""

    what: str
    recounted: Any
    stored: Any


@dataclass(slots=True)
class Recount:
    """What was looked at, and what disagrees: the first SHOWN of `disagreed`."""

    conversations: int = 0
    messages: int = 0
    samples: int = 0
    days: int = 0
    disagreed: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return self.disagreed == 0

    def compare(self, what: str, recounted: Any, stored: Any) -> None:
        """Note where the two are not the same."""
        if recounted != stored:
            self.disagreed += 1
            if len(self.disagreements) < SHOWN:
                self.disagreements.append(Disagreement(what, recounted, stored))


class _Conversation:
    """What one conversation should have left behind; told its messages in the order in which they came."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.waiting_since: int | None = None
        self.answered = False
        self.cycles: list[Any] = []
        self.expected: Counter[tuple[str, int | None, int, int]] = Counter()
        self.stored: Counter[tuple[str, int | None, int, int]] = Counter()

    def hear(self, sender: str, at: int) -> None:
        if sender == CUSTOMER and self.waiting_since is None:
            self.waiting_since = at
        elif sender == HUMAN and self.waiting_since is not None:
            seconds = whole_seconds(at - self.waiting_since)
            self.expect(Kind.RESPONSE, None, at, seconds)
            if not self.answered:
                self.expect(Kind.FIRST_RESPONSE, None, at, seconds)
            self.waiting_since, self.answered = None, True

    def expect(self, kind: str, cycle: int | None, at: int, value: int) -> None:
        self.expected[kind, cycle, at, value] += 1

    def compare(self, report: Recount) -> None:
        row, name = self.row, f"conversation {self.row.id}"
        report.compare(f"{name}, waiting_since", self.waiting_since, row.waiting_since)
        report.compare(f"{name}, answered", self.answered, row.answered)
        numbers = [cycle.cycle for cycle in self.cycles]
        report.compare(f"{name}, its cycles", numbers, list(range(1, row.cycle + 1)))
        ended = [cycle.cycle for cycle in self.cycles if cycle.closed_at is not None]
        report.compare(f"{name}, cycles that ended", ended, numbers if row.status == CLOSED else numbers[:-1])
        for sample in sorted(self.expected.keys() | self.stored.keys(), key=str):
            kind, cycle, at, value = sample
            of = "" if cycle is None else f" of cycle {cycle}"
            what = f"{name}, samples {kind}{of} at {clock.timestamp(at)} of {value}"
            report.compare(what, self.expected[sample], self.stored[sample])


class _Days:
    """What the sums of the days should be."""

    def __init__(self) -> None:
        self.sums: dict[tuple[int, str], Sum] = {}

    def add(self, at: int, kind: str, count: int, total: int = 0) -> None:
        place = day_of(at), kind
        self.sums[place] = self.sums.get(place, Sum()) + Sum(count, total)

    def add_all_of(self, told: _Conversation) -> None:
        made = told.row.created_at
        self.add(made, Kind.CREATED, 1)
        if told.row.status == CLOSED:
            self.add(made, Kind.CREATED_CLOSED, 1)
        for (kind, _, at, value), count in told.expected.items():
            # A rating that no one can give is in no sum; it shows as a sample that is missing.
            if kind != Kind.RATING:
                self.add(at, kind, count, count * value)
            elif value in RATINGS:
                self.add(at, RATINGS[value], count, count * value)

    def compare(self, stored: dict[tuple[int, str], Sum], report: Recount) -> None:
        for day, kind in sorted(self.sums.keys() | stored.keys()):
            name = f"{clock.timestamp(day * clock.DAY)[:10]}, {kind}"
            counted, noted = self.sums.get((day, kind), Sum()), stored.get((day, kind), Sum())
            report.compare(f"{name}, count", counted.count, noted.count)
            report.compare(f"{name}, total", counted.total, noted.total)


async def recount(database: Database) -> Recount:
    """Count everything again, in one unchanging state of the database, a page at a time."""
    report, days = Recount(), _Days()
    async with database.read() as connection:
        async for page in history.pages(connection):
            told = _prepared(page)
            async for message in history.messages_of(connection, page):
                told[message.conversation_id].hear(message.sender, message.created_at)
                report.messages += 1
            for conversation in told.values():
                conversation.compare(report)
                days.add_all_of(conversation)
            report.conversations += len(told)
            report.samples += len(page.samples)
        stored = await history.stored_days(connection)
        days.compare(stored, report)
        report.days = len({day for day, _ in stored})
        report.compare("samples in all", report.samples, await history.count_samples(connection))
    return report


def _prepared(page: history.Page) -> dict[int, _Conversation]:
    """The conversations of the page, told all but their messages."""
    told = {row.id: _Conversation(row) for row in page.conversations}
    for cycle in page.cycles:
        conversation = told[cycle.conversation_id]
        conversation.cycles.append(cycle)
        if cycle.closed_at is not None:
            seconds = whole_seconds(cycle.closed_at - cycle.opened_at)
            conversation.expect(Kind.RESOLUTION, cycle.cycle, cycle.closed_at, seconds)
    for csat in page.ratings:
        told[csat.conversation_id].expect(Kind.RATING, csat.cycle, csat.answered_at, csat.rating)
    for sample in page.samples:
        if (found := told.get(sample.conversation_id)) is not None:
            cycle = sample.cycle if sample.kind in _OF_CYCLE else None
            found.stored[sample.kind, cycle, sample.at, sample.value] += 1
    return told
