"""The soaks with many clients on bare sockets, in small; and that they would notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.programs import PATIENCE
from tests.soak import gathering, silence, storm
from tests.soak.wires import DOORS


async def test_who_vanishes_or_falls_silent_is_found_at_every_door_and_nobody_else_is(tmp_path: Path) -> None:
    plan = silence.Plan(tmp_path, 48, users=12, turns=3, pace=25, seconds=PATIENCE, chat_seconds=PATIENCE)

    tally = await silence.soak(plan, lambda _: None)

    assert tally.kept, str(tally)
    assert {door: len(found) for door, found in tally.found.items()} == dict.fromkeys(DOORS, 4)
    assert (tally.well, len(tally.offline)) == (16, 8)


async def test_all_who_come_back_at_once_after_a_kill_get_what_they_missed(tmp_path: Path) -> None:
    tally = await storm.soak(storm.Plan(tmp_path, clients=200, seconds=PATIENCE), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.delivered >= 200 * 52


async def test_a_crowd_is_listed_filtered_and_closed_by_rest(tmp_path: Path) -> None:
    tally = await gathering.soak(gathering.Plan(tmp_path, 120, users=5, kicks=21), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.bytes_each > 0


@pytest.mark.parametrize(
    "found", [{"missed": [1]}, {"twice": [1]}, {"disordered": [1]}, {"damage": "check: …"}], ids=str
)
def test_one_fault_breaks_the_promise_of_the_storm(found: dict[str, Any]) -> None:
    assert storm.Tally().kept
    assert not storm.Tally(**found).kept
    assert not storm.Tally(caught_up=25.1).kept


def test_one_who_is_found_late_or_mistaken_breaks_the_promise_of_silence() -> None:
    limits = {"sse": 35.0}
    assert silence.Tally({"sse": [34.9]}, limits=limits).kept
    assert not silence.Tally({"sse": [34.9, 35.1]}, limits=limits).kept
    for name in ("not_found", "mistaken", "stale"):
        assert not silence.Tally(**{name: ["x"]}).kept


@pytest.mark.parametrize(
    ("seqs", "found"),
    [
        ([3, 5, 8], {}),
        ([3, 8], {"missed": [("x", 5)]}),
        ([3, 5, 5, 8], {"twice": [("x", 5)]}),
        ([3, 8, 5], {"disordered": [("x", 5)]}),
    ],
)
def test_the_soak_of_the_storm_would_notice(seqs: list[int], found: dict[str, Any]) -> None:
    tally = storm.Tally()

    storm.judge("x", seqs, [3, 5, 8], tally)

    assert tally == storm.Tally(delivered=len(seqs), **found)
