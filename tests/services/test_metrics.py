"""The figures of the support desk: what they count, how they are rounded, what a recount finds."""

from __future__ import annotations

from itertools import count

import pytest

from realtime import clock
from realtime.delivery.relay import LocalRelay
from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.metrics import Metrics
from realtime.services.metrics_figures import SERIES_DAYS, rounded
from realtime.services.metrics_recount import SHOWN, Disagreement
from realtime.store.metrics import Kind, add, insert_sample
from realtime.store.opening import open_store
from tests.desk import Desk

NOON = clock.parse("2025-03-01T12:00:00Z")
ADMIN = Principal("system", Role.ADMIN, "socket")


@pytest.fixture
def pause(monkeypatch):
    """Return a function that moves the clock, which stands still by itself, on by so many seconds."""
    now = [NOON]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += int(seconds * 1_000)

    return move


@pytest.fixture
def relay():
    return LocalRelay()


@pytest.fixture
async def store(settings, relay, pause):
    opened = await open_store(settings, relay.announce)
    yield opened
    await opened.close()


@pytest.fixture
def metrics(store, relay):
    metrics = Metrics(store)
    relay.heard(metrics.heard)
    return metrics


@pytest.fixture
def desk(store, metrics):
    return Desk(store, ADMIN)


async def opened(desk) -> int:
    """A new conversation."""
    return (await desk.create("Zoë")).row["id"]


async def test_without_a_sample_a_figure_is_null_and_not_zero(metrics):
    assert await metrics.current() == {
        "total_conversations": 0,
        "open_conversations": 0,
        "closed_conversations": 0,
        "average_satisfaction": None,
        "resolution_rate": None,
        "response_time": None,
    }
    report = await metrics.report()
    assert [report[name] for name in ("first_response_time", "resolution_time", "csat_score")] == [None] * 3
    assert report["percentiles"]["response_time"] == {"p50": None, "p90": None}
    assert report["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}


async def test_a_customer_waits_from_the_first_message_on_until_a_human_answers(desk, metrics, pause):
    one = await opened(desk)
    await desk.say(one, "customer")
    pause(30)
    await desk.say(one, "customer")
    await desk.say(one, "bot")
    pause(30)
    await desk.say(one, "system")
    assert (await metrics.current())["response_time"] is None

    await desk.say(one, "agent")
    await desk.say(one, "agent")
    assert (await metrics.current())["response_time"] == 60

    await desk.say(one, "customer")
    pause(120.5)
    await desk.say(one, "agent")
    report = await metrics.report()
    # 120.5 s are a sample of 121, so the mean is 90.5.
    assert report["response_time"] == 91
    assert report["first_response_time"] == 60
    assert report["counts"]["responses"] == 2
    assert report["counts"]["first_responses"] == 1


async def test_a_deleted_question_has_been_answered_all_the_same(desk, metrics, pause):
    one = await opened(desk)
    question = (await desk.say(one, "customer")).row["id"]
    pause(10)
    await desk.delete(question)
    await desk.say(one, "agent")

    assert (await metrics.current())["response_time"] == 10
    assert (await metrics.verify()).ok


async def test_a_sample_belongs_to_the_day_of_the_answer(desk, metrics, pause):
    one = await opened(desk)
    await desk.say(one, "customer")
    pause(86_400)
    await desk.say(one, "agent")

    days = {each["day"]: each for each in (await metrics.report())["days"]}

    assert days["2025-03-01"]["created"] == 1
    assert days["2025-03-01"]["response_time"] is None
    assert days["2025-03-02"]["response_time"] == 86_400


async def test_only_the_latest_rating_of_a_cycle_counts_and_each_cycle_has_its_own(desk, metrics, pause):
    one = await opened(desk)
    await desk.rate(one, 1)
    pause(86_400)
    await desk.rate(one, 4)
    await desk.close(one)
    await desk.reopen(one)
    await desk.rate(one, 5)

    report = await metrics.report()

    assert report["average_satisfaction"] == 4.5
    assert report["csat_score"] == 1.0
    assert report["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1}
    assert [each["ratings"] for each in report["days"][-2:]] == [0, 2]
    # Of the day before nothing is left.
    first = await metrics.report(None, clock.parse("2025-03-02T00:00:00Z"))
    assert (first["average_satisfaction"], first["counts"]["ratings"]) == (None, 0)


async def test_total_is_open_and_closed_and_a_reopened_one_is_not_resolved(desk, metrics, pause):
    first, second, third = [await opened(desk) for _ in range(3)]
    pause(60)
    await desk.close(first)
    await desk.close(second)
    await desk.pend(third)
    await desk.reopen(second)

    current = await metrics.current()

    assert current["total_conversations"] == 3
    assert current["open_conversations"] == 2
    assert current["closed_conversations"] == 1
    assert current["resolution_rate"] == 0.33
    report = await metrics.report()
    assert report["counts"]["closed"] == 2
    assert report["resolution_time"] == 60


async def test_after_thirty_days_a_day_leaves_the_window_and_the_totals_stay(desk, metrics, pause):
    one = await opened(desk)
    await desk.rate(one, 5)
    await desk.close(one)
    pause(29 * 86_400)
    assert (await metrics.current())["average_satisfaction"] == 5.0

    pause(86_400)
    current = await metrics.current()

    assert current["average_satisfaction"] is None
    assert current["resolution_rate"] is None
    assert current["closed_conversations"] == 1


async def test_a_window_may_begin_and_end_within_a_day(desk, metrics, pause):
    for _ in range(4):
        one = await opened(desk)
        await desk.rate(one, 3)
        pause(3_600)

    report = await metrics.report(NOON + 1, NOON + 2 * clock.HOUR + 1)

    assert (report["since"], report["until"]) == ("2025-03-01T12:00:00.001Z", "2025-03-01T14:00:00.001Z")
    assert report["counts"]["created"] == 2
    assert report["distribution"]["3"] == 2
    assert [each["day"] for each in report["days"]] == ["2025-03-01"]


async def test_a_window_that_ends_before_it_begins_is_refused(metrics):
    with pytest.raises(Problem) as refused:
        await metrics.report(NOON, NOON)

    assert refused.value.code == "invalid"


async def test_a_series_holds_a_year_and_no_day_of_the_future(metrics):
    report = await metrics.report(0, NOON + 90 * clock.DAY)

    assert len(report["days"]) == SERIES_DAYS
    assert report["days"][-1]["day"] == "2025-03-01"


async def test_percentiles_are_read_again_only_when_a_second_has_passed(desk, metrics, monkeypatch):
    seconds = [100.0]
    monkeypatch.setattr("realtime.services.metrics_scans.monotonic", lambda: seconds[0])
    assert (await metrics.report())["percentiles"]["resolution_time"]["p50"] is None

    await desk.close(await opened(desk))
    early = await metrics.report()
    seconds[0] += 1
    late = await metrics.report()

    assert early["counts"]["closed"] == 1
    assert early["percentiles"]["resolution_time"]["p50"] is None
    assert late["percentiles"]["resolution_time"] == {"p50": 0, "p90": 0}


async def test_percentiles_that_took_long_to_read_are_good_for_longer(desk, metrics, monkeypatch):
    ticks = count(100.0, 2.0)  # each look at the clock is two seconds later, and so each reading takes two
    monkeypatch.setattr("realtime.services.metrics_scans.monotonic", lambda: next(ticks))
    await metrics.report()
    await desk.close(await opened(desk))

    found = [(await metrics.report())["percentiles"]["resolution_time"]["p50"] for _ in range(10)]

    assert found == [None] * 8 + [0, 0]


async def test_what_is_refused_leaves_no_sample_behind(store, desk, metrics, pause):
    one = await opened(desk)

    def spoil(tx):
        insert_sample(tx, Kind.RESPONSE, one, 1, tx.at, 5)
        add(tx, tx.at, Kind.RESPONSE, total=5)
        raise Problem("conflict", "Not this time.")

    refused = store.committer.submit(spoil)
    closed = desk.close(one)
    await closed
    with pytest.raises(Problem):
        await refused

    assert (await metrics.verify()).disagreements == []
    assert (await metrics.report())["counts"]["responses"] == 0


async def test_a_recount_names_what_disagrees(store, desk, metrics, pause):
    one = await opened(desk)
    await desk.say(one, "customer")
    pause(10)
    await desk.say(one, "agent")
    await desk.rate(one, 2)
    assert (await metrics.verify()).ok

    def meddle(tx):
        insert_sample(tx, Kind.RATING, one, 7, NOON, 5)
        add(tx, NOON, Kind.RESPONSE, count=2, total=1)

    await store.committer.submit(meddle)
    recount = await metrics.verify()

    assert not recount.ok
    assert recount.disagreements == [
        Disagreement(f"conversation {one}, samples rating of cycle 7 at 2025-03-01T12:00:00.000Z of 5", 0, 1),
        Disagreement("2025-03-01, response, count", 1, 3),
        Disagreement("2025-03-01, response, total", 10, 11),
    ]


async def test_a_recount_names_only_the_first_of_many(store, metrics):
    def meddle(tx):
        for day in range(SHOWN + 1):
            add(tx, day * clock.DAY, Kind.CREATED)

    await store.committer.submit(meddle)
    recount = await metrics.verify()

    assert recount.disagreed == SHOWN + 1
    assert len(recount.disagreements) == SHOWN


@pytest.mark.parametrize(
    ("part", "whole", "decimals", "found"),
    [(17, 4, 1, 4.3), (9, 20, 1, 0.5), (1, 3, 2, 0.33), (1, 8, 2, 0.13), (5, 2, 0, 3), (4, 4, 2, 1.0), (1, 0, 2, None)],
)
def test_a_half_is_rounded_up(part, whole, decimals, found):
    assert rounded(part, whole, decimals) == found
