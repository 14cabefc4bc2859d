"""The promises whose full size is a soak (`make soak`), in small; and that the soaks would notice."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ports import ports_of_the_seeds
from tests.programs import PATIENCE
from tests.soak import cuts, order, retries, returning, seed_clients, stalled, start, stop


async def test_who_is_cut_at_random_misses_nothing_and_sees_nothing_twice_though_the_server_is_killed(
    tmp_path: Path,
) -> None:
    said: list[str] = []

    tally = await cuts.soak(cuts.Plan(tmp_path, cuts=12, kills=2, readers=4), said.append)

    assert tally.kept, str(tally)
    assert all(number >= 12 for number in tally.cuts.values())
    assert tally.kills == 2 == len(said)
    assert tally.replayed > 0


async def test_the_seeds_own_clients_miss_nothing_over_kills_and_stops_with_only_session_in_their_url(
    tmp_path: Path,
) -> None:
    said: list[str] = []

    with ports_of_the_seeds():
        tally = await returning.soak(returning.Plan(tmp_path, restarts=3), said.append)

    assert tally.kept, str(tally)
    assert (tally.kills, tally.stops, len(said)) == (2, 1, 3)
    assert tally.replayed > 0


async def test_a_retry_happens_once_though_clients_give_up_and_the_server_is_killed(tmp_path: Path) -> None:
    said: list[str] = []

    tally = await retries.soak(retries.Plan(tmp_path, retries=120, kills=2, clients=8), said.append)

    assert tally.kept, str(tally)
    assert tally.retries >= 120
    assert tally.kills == 2 == len(said)


async def test_who_reads_nothing_costs_its_limit_and_the_others_miss_nothing(tmp_path: Path) -> None:
    plan = stalled.Plan(tmp_path, clients=30, stalled=5, published=1_000_000, per_second=200)

    tally = await stalled.soak(plan, lambda _: None)

    assert tally.complete, str(tally)
    assert tally.events == 100
    assert 0 <= tally.grown <= plan.memory_limit
    assert len(tally.without) == len(tally.beside) == 1


async def test_everybody_gets_one_order_by_whatever_door(tmp_path: Path) -> None:
    tally = await order.one_order(order.Plan(tmp_path, events=1500, publishers=4, readers=1), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.received == 4 * 1500


async def test_who_comes_in_the_midst_of_a_flood_finds_no_hole_between_past_and_present(tmp_path: Path) -> None:
    tally = await order.into_the_flood(order.Plan(tmp_path, publishers=4, subscriptions=24, at_once=12), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.subscribers == 24
    assert tally.replayed > 0


async def test_everybody_is_told_of_a_stop_at_every_door(tmp_path: Path) -> None:
    tally = await stop.soak(stop.Plan(tmp_path, clients=24, publishers=2, seconds=PATIENCE), lambda _: None)

    assert tally.kept, str(tally)
    assert set(tally.ends) == {("socket", 1001), ("realtime.v1", 1001), ("sse", None), ("ndjson", None)}
    assert tally.acknowledged >= 40


async def test_a_start_after_a_kill_finds_everything_that_was_acknowledged(tmp_path: Path) -> None:
    tally = await start.soak(start.Plan(tmp_path, events=3000, kills=2, seconds=PATIENCE), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.events >= 3000
    assert len(tally.starts) == 2


def stopped(**found: Any) -> stop.Tally:
    """A stop that went well, but for what is given."""
    return stop.Tally(**{"code": 0, **found})


STOPS: list[dict[str, Any]] = [{"rude": 1}, {"lost": [1]}, {"code": 1}, {"damage": "check: …"}, {"seconds": 10.1}]
BROKEN: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    *((cuts.Tally, {name: [1]}) for name in ("missed", "twice", "disordered", "strange", "gaps", "lost")),
    *((retries.Tally, {name: [1]}) for name in ("doubles", "lost", "halves", "changed")),
    *(
        (returning.Tally, {name: [1]})
        for name in ("missed", "unmarked", "disordered", "strange", "unheard", "gaps", "gave_up", "lost")
    ),
    (returning.Tally, {"damage": "check: …"}),
    (cuts.Tally, {"damage": "check: …"}),
    (retries.Tally, {"damage": "check: …"}),
    *((order.Tally, {name: [1]}) for name in ("inversions", "holes", "doubles")),
    *((stopped, found) for found in STOPS),
    *((start.Tally, found) for found in ({"lost": 1}, {"damage": "check: …"}, {"starts": [1.0, 2.1]})),
]


@pytest.mark.parametrize(("tally", "found"), BROKEN, ids=lambda given: getattr(given, "__module__", str(given)))
def test_one_fault_breaks_a_promise(tally: Callable[..., Any], found: dict[str, Any]) -> None:
    assert tally().kept
    assert not tally(**found).kept


def reader(*seen: int, channels: tuple[str, ...] = ("soak-a",)) -> cuts.Reader:
    made = cuts.Reader.__new__(cuts.Reader)
    made.door, made.channels, made.start, made.last = "sse", channels, 2, 8
    made.seen, made.data, made.gaps, made.replayed = list(seen), dict.fromkeys(seen, "x"), [], 0
    return made


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ((3, 5, 6, 8), {}),
        ((3, 5, 8), {"missed": [("sse", 6)]}),
        ((3, 5, 6), {"missed": [("sse", 8)]}),
        ((3, 5, 5, 6, 8), {"twice": [("sse", 5)]}),
        ((3, 6, 5, 8), {"disordered": [("sse", 5)]}),
        ((2, 3, 5, 6, 8), {"strange": [("sse", 2)]}),
        ((3, 4, 5, 6, 8), {"strange": [("sse", 4)]}),
    ],
)
def test_the_soak_of_cuts_would_notice(seen: tuple[int, ...], found: dict[str, Any]) -> None:
    covered = {seq: {"data": "x"} for seq in (1, 2, 3, 5, 6, 8, 9)}  # 4 and 7 are of other channels
    tally = cuts.Tally()

    cuts.judge(reader(*seen), covered, tally)

    assert tally == cuts.Tally(received=len(seen), **found)


async def test_the_soak_of_cuts_would_notice_other_data() -> None:
    tally = cuts.Tally()

    cuts.judge(reader(3, 5), {3: {"data": "x"}, 5: {"data": "y"}}, tally)

    assert tally.strange == [("sse", 5)]


def frame(seq: int, type: str = "chat_message", **more: Any) -> tuple[str, dict[str, Any]]:
    return "frame", {"type": type, "seq": seq, "data": {}, **more}


HELLO = ("frame", {"type": "hello", "tip": 2})
COME: tuple[str, Any] = ("connected", None)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([frame(3), frame(5), frame(8)], {}),
        ([frame(3), frame(4), frame(5), frame(8)], {"withdrawn": 0}),
        ([frame(3), frame(8)], {"missed": [("class", 5, "chat_message")]}),
        ([frame(3), frame(5), COME, frame(5), frame(8)], {"repeated": 1, "unmarked": [("class", 5, "chat_message")]}),
        ([frame(3), frame(5), COME, frame(5, replayed=True), frame(8)], {"repeated": 1, "replayed": 1}),
        ([frame(5), frame(3), frame(8)], {"disordered": [("class", 3, "chat_message")]}),
        ([frame(3), frame(5), frame(6), frame(8)], {"strange": [("class", 6, "chat_message")]}),
        ([frame(3), frame(5), frame(7), frame(8)], {"strange": [("class", 7, "chat_message")]}),
    ],
)
def test_the_soak_of_returning_clients_would_notice(told: list[tuple[str, Any]], found: dict[str, Any]) -> None:
    log = {seq: {"type": "message.created", "data": {}} for seq in (1, 2, 3, 4, 5, 8)}
    log |= {4: {"type": "message.created", "data": {"deleted": True}}, 7: {"type": "sensor.created", "data": {}}}
    seen, tally = seed_clients.Seen("class"), returning.Tally()
    for line in (COME, HELLO, *told):
        seen.take(*line)
    seen.emitted["chat_message"] = len(seen.frames)

    returning.judge(seen, log, tally, until=8)

    got_withdrawn = any(given == frame(4) for given in told)
    assert tally == returning.Tally(received=len(seen.frames), **{"withdrawn": int(not got_withdrawn), **found})


def test_the_soak_of_returning_clients_would_notice_what_a_client_does_not_hand_on_and_what_it_says_of_itself() -> None:
    seen, tally = seed_clients.Seen("class"), returning.Tally()
    for line in (COME, HELLO, frame(3), ("frame", {"type": "gap"}), ("reconnect_failed", None)):
        seen.take(*line)

    returning.judge(seen, {3: {"type": "message.created", "data": {}}}, tally, until=3)

    assert tally.unheard == [("class", "chat_message", 1)]
    assert (len(tally.gaps), tally.gave_up) == (1, ["class"])


@pytest.mark.parametrize(
    ("seqs", "found"),
    [
        ([3, 4, 5], {}),
        ([3, 5], {"holes": [("x", 4)]}),
        ([3, 4], {"holes": [("x", 5)]}),
        ([4, 5], {"holes": [("x", 3)]}),
        ([3, 4, 4, 5], {"doubles": [("x", 4)]}),
        ([3, 5, 4], {"inversions": [("x", 4)]}),
    ],
)
def test_the_soak_of_one_order_would_notice(seqs: list[int], found: dict[str, Any]) -> None:
    tally = order.Tally()

    tally.judge("x", array("q", seqs), 3, 5)

    assert tally == order.Tally(subscribers=1, received=len(seqs), **found)


def test_the_soak_of_stalled_readers_would_notice() -> None:
    plan = stalled.Plan(Path(), clients=10, stalled=1, published=100)
    good: dict[str, Any] = {"without": [0.01], "beside": [0.02], "grown": 120 * 2**20}

    assert stalled.Tally(plan, **good).kept
    for worse in ({"beside": [0.021]}, {"grown": 121 * 2**20}, {"missing": 1}, {"closed": 1}):
        assert not stalled.Tally(plan, **{**good, **worse}).kept
