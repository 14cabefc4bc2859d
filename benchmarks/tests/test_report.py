"""Goals without a peer are judged by what ours reached, and by how its cost rises with the size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks import report
from benchmarks.figure import Case, Figure, Level, Limit, Metric
from benchmarks.figures import FIGURES
from benchmarks.peers import OURS, PEERS

RATE = Metric("rate", "events/s")
TIME = Metric("time", "ms", 1, more_is_better=False)
FIGURE = Figure(
    name="F0",
    title="Test",
    about="",
    peers=(OURS,),
    cases=(Case("small", "10 rows"), Case("middle", "100 rows"), Case("large", "1,000 rows")),
    metrics=(RATE, TIME),
    goals=(Limit("large", RATE, 1000), Limit("large", TIME, 5), Level("any cost", (RATE, TIME))),
)


def record(**rounds: list[tuple[float, float]]) -> dict[str, Any]:
    """Rounds of (rate, time), by case."""
    results = {
        case: {OURS: [{"rate": rate, "time": time, "other_cpu": 0.0} for rate, time in found]}
        for case, found in rounds.items()
    }
    return {"results": results, "missing": {}}


def verdicts(stored: dict[str, Any]) -> list[str]:
    return [row[-1] for row in report.goals(FIGURE, stored)]


def test_a_bound_is_kept_by_the_median_of_the_rounds() -> None:
    good = record(small=[(1000, 2)], large=[(900, 9), (1000, 5), (5000, 1)])
    bad = record(small=[(1000, 2)], large=[(999, 5.1)])

    assert verdicts(good)[:2] == ["reached", "reached"]
    assert verdicts(bad)[:2] == ["**missed**", "**missed**"]


@pytest.mark.parametrize(("rate", "time", "worst"), [(1000, 3.2, "1.60 × (ms)"), (500, 2, "2.00 × (events/s)")])
def test_a_cost_that_rises_misses_and_the_worst_is_named(rate: float, time: float, worst: str) -> None:
    *_, measured, verdict = report.goals(FIGURE, record(small=[(1000, 2)], large=[(rate, time)]))[2]

    assert (measured, verdict) == (worst, "**missed**")


def test_a_cost_that_stays_is_level_also_when_it_falls() -> None:
    assert verdicts(record(small=[(1000, 2)], large=[(4000, 2.9)]))[2] == "reached"


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts(record(small=[(1000, 2)])) == ["not measured"] * 3


def test_without_peers_one_table_shows_every_number_at_every_size() -> None:
    shown = report.sizes_table(FIGURE, record(small=[(1000, 2)], middle=[(900, 2)], large=[(500, 3)]))

    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()]
    assert cells[0] == ["", "10 rows", "100 rows", "1,000 rows", "cost, last ÷ first"]
    assert cells[2:] == [["events/s", "1,000", "900", "500", "2.00 ×"], ["ms", "2.0", "2.0", "3.0", "1.50 ×"]]


def test_every_goal_is_about_a_case_a_number_and_a_peer_of_its_figure() -> None:
    for figure in FIGURES.values():
        cases = {case.name for case in figure.cases}
        for goal in figure.goals:
            metrics = goal.metrics if isinstance(goal, Level) else (goal.metric,)
            assert set(metrics) <= set(figure.metrics), figure.name
            assert isinstance(goal, Level) or goal.case in cases, figure.name
        assert set(figure.peers) <= PEERS.keys(), figure.name
        assert len(figure.cases if figure.alone else figure.growth) == 3, figure.name


def test_a_page_says_how_a_figure_of_its_own_was_measured() -> None:
    told = {"date": "today", "rounds": 3, "seconds": 5, "warm_seconds": 2, "read_every_ms": None}
    stored = told | {"machine": {}, "versions": {}, "missing": {}}

    assert "today; medians of 3 rounds: so and so; server" in report.conditions(
        replace(FIGURE, how="so and so"), stored
    )
    assert "today; medians of 3 rounds of 5 s after 2 s" in report.conditions(FIGURE, stored)
