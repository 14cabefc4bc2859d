"""The soaks of what goes wrong around the server, in small; and that they would notice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests import parts
from tests.programs import PATIENCE
from tests.soak import few_files, full, gaps, jumps, rot
from tests.soak.history import History, Reader
from tools.parts import must_be_here


async def test_what_cannot_be_replayed_is_said_at_every_door_and_nothing_that_is_hidden(tmp_path: Path) -> None:
    tally = await gaps.soak(gaps.Plan(tmp_path, cases=92, events=150, damaged=10), lambda _: None)

    assert tally.kept, str(tally)
    assert len(tally.cases) == 4 * 9
    assert tally.gaps > 92


async def test_a_disk_that_is_full_now_and_then_loses_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0 and not must_be_here():
        pytest.skip("a small file system can be mounted by root only")
    plan = full.Plan(tmp_path, mebibytes=16, rounds=2, listeners=8, refusals=20)

    tally = await full.soak(plan, lambda _: None)

    assert tally.kept, str(tally)
    assert tally.rounds == 2
    assert tally.answers.keys() == {full.REFUSED, (201, "")}


async def test_too_many_clients_are_refused_and_hurt_nobody_who_was_there(tmp_path: Path) -> None:
    plan = few_files.Plan(tmp_path, files=200, old=20, rounds=1, silent=300)

    tally = await few_files.soak(plan, lambda _: None)

    assert tally.kept, str(tally)
    assert tally.answers.keys() == {101, 503}
    assert tally.served == 20 * 4


async def test_a_clock_that_jumps_by_a_day_changes_nothing_for_those_who_are_connected(tmp_path: Path) -> None:
    parts.need("cc")
    plan = jumps.Plan(tmp_path, clients=48, turns=1, pace=25, seconds=PATIENCE)

    tally = await jumps.soak(plan, lambda _: None)

    assert tally.kept, str(tally)
    assert tally.jumps == len(tally.found) == 4


async def test_bits_that_flip_on_disk_are_found_at_every_door(tmp_path: Path) -> None:
    tally = await rot.soak(rot.Plan(tmp_path, events=60, damaged=20), lambda _: None)

    assert tally.kept, str(tally)
    assert tally.detected.keys() == {*rot.DOORS, "its number", "check"}


BROKEN: list[tuple[Any, dict[str, Any]]] = [
    *((gaps.Tally, {name: [1]}) for name in ("silent", "indiscreet", "deaf")),
    *((full.Tally, {name: [1]}) for name in ("lost", "unheard", "wrong")),
    *((few_files.Tally, {name: [1]}) for name in ("hurt", "stuck")),
    *((rot.Tally, {name: [1]}) for name in ("served", "missing")),
    (full.Tally, {"damage": "check: …"}),
    (few_files.Tally, {"answers": {101: 1, 500: 1}}),
    (jumps.Tally, {"wrong": ["times fall"]}),
    (jumps.Tally, {"found": [5.6]}),
    (rot.Tally, {"damaged": 2, "detected": {"sse": 2, "check": 1}}),
]


@pytest.mark.parametrize(("tally", "found"), BROKEN, ids=str)
def test_one_fault_breaks_a_promise(tally: Any, found: dict[str, Any]) -> None:
    assert tally().kept
    assert not tally(**found).kept


HISTORY = History("e", {seq: "soak-b" if seq % 2 else "soak-a" for seq in range(1, 21)}, 10, {14, 15})
GAP = {"type": "gap", "from": "e:3", "to": "e:10"}
LOST = {"type": "gap", "from": "e:13", "to": "e:14"}
HIDDEN = {"type": "gap", "from": "e:14", "to": "e:15"}


@pytest.mark.parametrize(
    ("kind", "position", "told", "fault"),
    [
        ("trimmed", "e:3", [GAP, LOST, {"type": "message", "seq": 16}], None),
        ("trimmed", "e:3", [LOST], "silent"),
        ("trimmed", "e:3", [GAP], "silent"),
        ("trimmed", "e:3", [GAP, LOST, HIDDEN], "indiscreet"),
        ("trimmed", "e:3", [GAP, LOST, {"type": "message", "seq": 17}], "indiscreet"),
        ("trimmed", "e:3", [GAP, LOST, {"type": "message", "seq": 14}], "indiscreet"),
        ("trimmed", "e:3", [{**GAP, "channel": "soak-b"}, LOST], "indiscreet"),
        ("damaged", "e:12", [LOST], None),
        ("damaged", "e:12", [], "silent"),
        ("the future", "e:99", [{"type": "gap", "from": "e:99", "to": "e:20"}], None),
        ("the future", "e:99", [], "silent"),
        ("another history", "f:5", [{"type": "gap", "from": "f:5", "to": "e:20"}], None),
        ("another history", "f:5", [LOST], "silent"),
    ],
)
def test_the_soak_of_gaps_would_notice(kind: str, position: str, told: list[Any], fault: str | None) -> None:
    tally = gaps.Tally()

    gaps.judge(gaps.Case(Reader("secure", ("soak-a",)), kind, position), told, HISTORY, tally)

    assert tally.kept is (fault is None)
    assert fault is None or getattr(tally, fault)
