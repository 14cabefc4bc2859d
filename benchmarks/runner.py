"""Rounds: all peers in turn, case by case, so that a slow moment of the machine meets everyone alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine, measure
from benchmarks.figure import Case, Figure
from benchmarks.load import LoadFailed
from benchmarks.peers import PEERS
from benchmarks.peers.base import BENCHMARKS, DATA, Missing, Peer
from benchmarks.process import ServerFailed

RESULTS = BENCHMARKS / "results"
# Others on the machine used more than this (in processors): measured again, so often at most.
DISTURBED_CPU = 0.3
REPEATS = 2


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Runner:
    """Measures figures under fixed conditions; the results of one figure are one JSON file in RESULTS."""

    def __init__(self, conditions: measure.Conditions, *, rounds: int, wait: float, peers: Sequence[str] = ()) -> None:
        self._conditions = conditions
        self._rounds = rounds
        self._wait = wait
        self._wanted = tuple(peers)
        self._ready: dict[str, Peer] = {}
        self._missing: dict[str, str] = {}

    def run(self, figure: Figure) -> dict[str, Any]:
        """All rounds of one figure; returns what was also written to its JSON file."""
        names = [name for name in figure.peers if not self._wanted or name in self._wanted]
        for name in names:
            self._install(name)
        results: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for turn in range(self._rounds):
            for case in figure.all_cases():
                for name in self._order(figure, case, names, turn):
                    say(f"{figure.name} round {turn + 1}/{self._rounds} · {case.title} · {name}")
                    one = self._measure(figure, case, self._ready[name])
                    results.setdefault(case.name, {}).setdefault(name, []).append(one)
        return self._store(figure, names, results)

    def _install(self, name: str) -> None:
        if name in self._ready or name in self._missing:
            return
        try:
            PEERS[name].install()
            self._ready[name] = PEERS[name]
        except Missing as why:
            self._missing[name] = str(why)
            say(f"{name} is missing: {why}")

    def _order(self, figure: Figure, case: Case, names: list[str], turn: int) -> list[str]:
        """Who takes part, each round beginning with another: nobody always runs first."""
        present = [name for name in names if name in self._ready and figure.takes(name, case)]
        first = turn % len(present) if present else 0
        return present[first:] + present[:first]

    def _measure(self, figure: Figure, case: Case, peer: Peer) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for _ in range(1 + REPEATS if self._wait else 1):
            if not machine.wait_until_quiet(self._wait):
                say("  the machine is not quiet; measuring all the same")
            try:
                result = figure.measure(peer, case, self._conditions)
            except (LoadFailed, ServerFailed, Missing) as why:
                reason = str(why).replace(f"{BENCHMARKS.parent}/", "")
                say(f"  failed: {reason}")
                return {"failed": reason}
            key = figure.metrics[0].key
            others = f"others used {result['other_cpu']:.2f} cores"
            value = f"{result[key]:,.1f}" if key in result else "no"
            say(f"  {value} {key}, lost {result.get('lost', 0)}, {others}")
            if result["other_cpu"] < DISTURBED_CPU:
                break
            say("  disturbed by others")
        return result

    def _store(self, figure: Figure, names: list[str], results: dict[str, Any]) -> dict[str, Any]:
        present = [name for name in names if name in self._ready]
        absent = [name for name in figure.peers if name not in present]
        record = {
            "figure": figure.name,
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "rounds": self._rounds,
            "warm_seconds": self._conditions.warm,
            "seconds": self._conditions.seconds,
            "read_every_ms": self._conditions.read_every_ms,
            "machine": machine.describe(DATA),
            "versions": {name: self._ready[name].version() for name in present},
            "missing": {name: self._missing.get(name, "left out of this run") for name in absent},
            "results": results,
        }
        RESULTS.mkdir(exist_ok=True)
        path(figure.name).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        return record


def path(name: str) -> Path:
    """Where the results of one figure are kept."""
    return RESULTS / f"{name}.json"


def stored(name: str) -> dict[str, Any] | None:
    """The last results of one figure, None when it was never measured."""
    if not path(name).exists():
        return None
    record: dict[str, Any] = json.loads(path(name).read_text())
    return record
