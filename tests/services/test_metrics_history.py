"""Whatever happens, in whatever order: the metrics are what their definitions say, and a recount agrees."""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from realtime import clock
from realtime.config import Settings
from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.metrics import Metrics
from realtime.store.opening import Store, open_store
from tests.desk import Desk

ADMIN = Principal("system", Role.ADMIN, "socket")
NOON = clock.parse("2025-03-01T12:00:00Z")
SENDERS = ("customer", "agent", "bot", "system")

# -- what may happen ----------------------------------------------------------------------

PLACE = st.integers(0, 3)
OPERATION = st.one_of(
    st.just(("create",)),
    st.just(("create",)),
    st.tuples(st.just("say"), PLACE, st.sampled_from(SENDERS)),
    st.tuples(st.just("say"), PLACE, st.sampled_from(SENDERS[:2])),
    st.tuples(st.just("edit"), PLACE, st.integers(0, 9)),
    st.tuples(st.just("delete"), PLACE, st.integers(0, 9)),
    st.tuples(st.sampled_from(["close", "reopen", "pend"]), PLACE),
    st.tuples(st.just("rate"), PLACE, st.integers(1, 5)),
)
# Some of it shares a commit; the clock goes on, or back, between.
PAUSE = st.one_of(
    st.integers(0, 3_000),
    st.integers(0, 2 * clock.HOUR),
    st.integers(0, 3 * clock.DAY),
    st.sampled_from([12 * clock.HOUR - 1, 12 * clock.HOUR, 20 * clock.DAY, 40 * clock.DAY, -clock.HOUR]),
)
HISTORY = st.lists(st.tuples(PAUSE, st.lists(OPERATION, min_size=1, max_size=4)), min_size=1, max_size=20)
EDGE = st.one_of(
    st.none(), st.integers(-50 * clock.DAY, 50 * clock.DAY), st.integers(-50, 50).map(lambda n: n * clock.DAY)
)

MEANS = (
    *("response_time", "first_response_time", "resolution_time"),
    *("average_satisfaction", "resolution_rate", "csat_score"),
)


# -- what it means ------------------------------------------------------------------------


@dataclass
class Conversation:
    """What is remembered of a conversation: everything, and nothing that is derived."""

    made: int
    messages: list[tuple[int, str]] = field(default_factory=list)
    spans: list[list[int | None]] = field(default_factory=list)
    ratings: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        return self.spans[-1][1] is not None


class Model:
    """The definitions of the metrics, as they are written down, over all that is remembered."""

    def __init__(self) -> None:
        self.conversations: list[Conversation] = []

    def do(self, at: int, name: str, *given: Any) -> None:
        if name == "create":
            self.conversations.append(Conversation(at, spans=[[at, None]]))
            return
        one = self.conversations[given[0]]
        if name == "say":
            one.messages.append((at, given[1]))
            if given[1] == "customer" and one.closed:
                one.spans.append([at, None])
        elif name == "close" and not one.closed:
            one.spans[-1][1] = at
        elif name in ("reopen", "pend") and one.closed:
            one.spans.append([at, None])
        elif name == "rate":
            one.ratings[len(one.spans)] = (at, given[1])

    def responses(self, one: Conversation) -> list[tuple[int, int]]:
        """(when, milliseconds) from the first customer message since the last human one to the next human one."""
        found = []
        humans = [number for number, (_, sender) in enumerate(one.messages) if sender == "agent"]
        for before, human in zip([-1, *humans], humans, strict=False):
            asked = [at for at, sender in one.messages[before + 1 : human] if sender == "customer"]
            if asked:
                found.append((one.messages[human][0], one.messages[human][0] - asked[0]))
        return found

    def figures(self, since: int, until: int) -> dict[str, Any]:
        def within(found: list[tuple[int, int]]) -> list[int]:
            return [value for at, value in found if since <= at < until]

        every = [self.responses(one) for one in self.conversations]
        responses = within([(at, seconds(ms)) for found in every for at, ms in found])
        firsts = within([(at, seconds(ms)) for found in every for at, ms in found[:1]])
        spans = [
            (end, seconds(end - begin)) for one in self.conversations for begin, end in one.spans if end is not None
        ]
        resolutions = within(spans)
        ratings = within([rating for one in self.conversations for rating in one.ratings.values()])
        made = [one.closed for one in self.conversations if since <= one.made < until]
        closed = sum(one.closed for one in self.conversations)
        return {
            "total_conversations": len(self.conversations),
            "open_conversations": len(self.conversations) - closed,
            "closed_conversations": closed,
            "average_satisfaction": mean(ratings, 1),
            "resolution_rate": mean(made, 2),
            "response_time": mean(responses, 0),
            "first_response_time": mean(firsts, 0),
            "resolution_time": mean(resolutions, 0),
            "csat_score": mean([rating >= 4 for rating in ratings], 2),
            "distribution": {str(n): ratings.count(n) for n in range(1, 6)},
            "percentiles": {
                "response_time": ranks(responses),
                "first_response_time": ranks(firsts),
                "resolution_time": ranks(resolutions),
            },
            "counts": {
                "created": len(made),
                "created_closed": sum(made),
                "closed": len(resolutions),
                "responses": len(responses),
                "first_responses": len(firsts),
                "ratings": len(ratings),
            },
        }

    def day(self, day: int, since: int, until: int) -> dict[str, Any]:
        figures = self.figures(max(since, day * clock.DAY), min(until, (day + 1) * clock.DAY))
        counts = figures["counts"]
        return {
            "day": clock.timestamp(day * clock.DAY)[:10],
            **{name: counts[name] for name in ("created", "closed", "responses", "ratings")},
            **{name: figures[name] for name in MEANS},
            **{f"response_time_{rank}": value for rank, value in figures["percentiles"]["response_time"].items()},
            "open": sum(self.open(one, min(until, (day + 1) * clock.DAY)) for one in self.conversations),
        }

    def open(self, one: Conversation, at: int) -> bool:
        """Whether it was made, and was not closed, before `at`."""
        return any(begin < at and (end is None or end >= at) for begin, end in one.spans)


def seconds(milliseconds: int) -> int:
    return floor(Fraction(milliseconds, 1_000) + Fraction(1, 2))


def mean(values: list[Any], decimals: int) -> float | int | None:
    if not values:
        return None
    scaled = floor(Fraction(sum(values), len(values)) * 10**decimals + Fraction(1, 2))
    return float(Fraction(scaled, 10**decimals)) if decimals else scaled


def ranks(values: list[int]) -> dict[str, int | None]:
    ordered = sorted(values)
    return {
        f"p{share}": ordered[ceil(Fraction(share * len(ordered), 100)) - 1] if ordered else None for share in (50, 90)
    }


# -- the two together ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the first start leaves it."""
    folder = tmp_path_factory.mktemp("empty") / "data"

    async def make() -> None:
        await (await open_store(Settings(data=folder), lambda events: None)).close()

    asyncio.run(make())
    return folder


class Story:
    """A history that happens to a real store and to the model."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.desk = Desk(store, ADMIN)
        self.metrics = Metrics(store)
        self.model = Model()
        self.made: list[int] = []
        self.messages: dict[int, list[int]] = defaultdict(list)

    async def happen(self, operations: list[tuple[Any, ...]]) -> None:
        """All of it at one time, submitted together."""
        known = len(self.made)
        possible = [each for each in operations if each[0] == "create" or known]
        placed = [(name, given[0] % known, *given[1:]) if given else (name,) for name, *given in possible]
        done = await asyncio.gather(*(self.do(*each) for each in placed))
        for (name, *given), outcome in zip(placed, done, strict=True):
            if name == "create":
                self.made.append(outcome.row["id"])
            elif name == "say":
                self.messages[given[0]].append(outcome.row["id"])
            self.model.do(self.at, name, *given)

    @property
    def at(self) -> int:
        """The time of the last commit; the clock may have gone back since."""
        return self.store.committer.state.at

    @property
    def now(self) -> int:
        """The time by the log."""
        return max(self.at, clock.now())

    async def do(self, name: str, *given: Any) -> Any:
        if name == "create":
            return await self.desk.create("Zoë")
        place = self.made[given[0]]
        if name in ("edit", "delete"):
            if said := self.messages[given[0]]:
                with suppress(Problem):
                    await getattr(self.desk, name)(said[given[1] % len(said)])
            return None
        return await getattr(self.desk, name)(place, *given[1:])

    async def check(self) -> None:
        """What is told at every change, and the recount."""
        usual = self.model.figures(*self.usual())
        current = await self.metrics.current()
        assert current == {name: usual[name] for name in current}
        assert (await self.metrics.verify()).disagreements == []

    async def check_report(self, since: int | None, until: int | None) -> None:
        """All figures of a window, and its days."""
        metrics = Metrics(self.store)
        report = await metrics.report(since, until)
        last = self.usual()[1] if until is None else until
        first = (last - 1) // clock.DAY * clock.DAY - 29 * clock.DAY if since is None else since
        model = self.model.figures(first, last)
        assert {name: report[name] for name in model} == model
        days = range(first // clock.DAY, min(last - 1, self.now) // clock.DAY + 1)
        assert report["days"] == [self.model.day(day, first, last) for day in days]

    def usual(self) -> tuple[int, int]:
        """The last 30 UTC days, today included."""
        midnight = (self.now // clock.DAY + 1) * clock.DAY
        return midnight - 30 * clock.DAY, midnight


@hypothesis.settings(max_examples=40, deadline=None, phases=set(hypothesis.Phase) - {hypothesis.Phase.explain})
@hypothesis.given(history=HISTORY, edges=st.tuples(EDGE, EDGE))
def test_the_metrics_are_what_their_definitions_say_after_any_history(empty, history, edges):
    async def play() -> None:
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: now)
            now = NOON
            shutil.copytree(empty, Path(folder) / "data")
            store = await open_store(Settings(data=Path(folder) / "data"), lambda events: story.metrics.heard(events))
            story = Story(store)
            try:
                for pause, operations in history:
                    now += pause
                    await story.happen(operations)
                    await story.check()
                await story.check_report(None, None)
                since, until = (None if edge is None else NOON + edge for edge in edges)
                if since is None or since < (story.usual()[1] if until is None else until):
                    await story.check_report(since, until)
            finally:
                await store.close()

    asyncio.run(play())
