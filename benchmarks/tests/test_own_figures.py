"""The figures that bring their own measure, in small, on the real server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import bulk, filling, idling, listing, replaying, starting, watching
from benchmarks.asking import Line
from benchmarks.figure import Case, Figure
from benchmarks.figures_store import F6, F7, F8, F10, F12
from benchmarks.measure import Conditions
from benchmarks.own_server import serving
from benchmarks.peers import OURS, PEERS

SHORT = Conditions(warm=0.2, seconds=0.5)
ROWS = 10_000


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    # One for all tests: a log is filled once.
    monkeypatch.setattr(filling, "CACHE", tmp_path_factory.getbasetemp() / "cache")


def test_a_filled_log_is_what_the_server_itself_would_have_written() -> None:
    log = filling.filled(ROWS)
    with serving(PEERS[OURS], log) as server, Line(server.port) as line:
        page = line.get(f"/api/v1/events?channel=readings&after={log.first + ROWS - 1}", log.token)
        reading = line.get(f"/api/v1/readings/{ROWS}/", log.token)
        counted = {
            name: line.get(f"/api/v1/{name}/?limit=1", log.token)["count"] for name in ("readings", "websockets")
        }

    (event,) = page["results"]
    assert (event["seq"], event["entity_id"], event["data"]) == (log.first + ROWS, ROWS, reading)
    assert counted == {"readings": ROWS, "websockets": ROWS}
    root = Path(__file__).resolve().parent.parent.parent
    checked = subprocess.run(
        [sys.executable, str(root / "run.py"), "check", "--data", str(log.data)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_filled_log_is_kept_until_too_much_was_added() -> None:
    log = filling.filled(1000)
    assert filling.filled(1000) == log

    sixty = Case("60", "", publishers=1, size=60)
    with serving(PEERS[OURS], log) as server:
        poster = bulk._Poster(server.port, log.token, sixty.size)
        poster.start()
        while poster.is_alive() and not poster.answered:
            time.sleep(0.01)
        poster.stop()

    assert filling.filled(1000).token != log.token


def test_replays_are_measured_from_disk_and_from_the_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "EVENTS", 1000)
    monkeypatch.setattr(replaying, "TIMES", 2)
    result = replaying.measure(PEERS[OURS], Case("", "", size=ROWS), SHORT)

    complete(F8, result)
    assert result["ring_per_s"] > result["disk_per_s"]


def test_pages_are_measured_and_hold_what_they_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "TIMES", 2)
    monkeypatch.setattr(listing, "OPEN", 2)
    complete(F10, listing.measure(PEERS[OURS], Case("", "", size=ROWS), SHORT))


def test_a_start_is_measured() -> None:
    complete(F12, starting.measure(PEERS[OURS], Case("", "", size=ROWS), SHORT))


def test_idle_connections_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idling, "HOLD_SECONDS", 3.0)
    result = idling.measure(PEERS[OURS], Case("", "", size=200), SHORT)

    complete(F7, result)
    assert 5 < result["kb"] < 100


@pytest.mark.parametrize("peer", F6.peers)
def test_bulk_readings_are_counted_as_far_as_they_are_on_disk(peer: str) -> None:
    result = bulk.measure(PEERS[peer], Case("", "", publishers=2, size=50), SHORT)

    complete(F6, result)
    assert result["not_kept"] == 0
    assert result["rows"] <= result["published"]


def test_memory_processor_time_and_files_are_those_of_the_process_asked_for() -> None:
    program = "import os; held = bytes(range(256)) * 400_000; sum(range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert 100e6 < watching.resident_bytes([child.pid]) < 150e6
        assert watching.processor_seconds([child.pid]) > 0
        assert watching.open_files([child.pid]) == 3
        child.communicate(b"\n")


def test_the_load_keeps_off_the_core_of_the_server_only_while_it_lasts() -> None:
    before = os.sched_getaffinity(0)
    with watching.on_load_core():
        assert len(os.sched_getaffinity(0)) == 1 or len(before) == 1
    assert os.sched_getaffinity(0) == before


def complete(figure: Figure, result: dict[str, float]) -> None:
    """Whether the result has every number that the figure shows."""
    assert {metric.key for metric in figure.metrics} <= result.keys()
    assert all(result[metric.key] > 0 for metric in figure.metrics)
    assert "other_cpu" in result
