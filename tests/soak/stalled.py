"""
P7, who does not read costs its limit and nobody else anything: the same publications to the
same number of clients, with and without some that read nothing.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.house import ROOT
from tests.programs import Server
from tests.soak.admin import memory

CHANNEL: Final = "soak"
SAMPLE: Final = 0.02
"""Seconds between two looks at the server's memory."""


@dataclass(frozen=True)
class Plan:
    """Clients, how many of them read nothing, how much is published, and how fast."""

    folder: Path
    clients: int
    stalled: int
    published: int
    event: int = 10_000
    per_second: float = 40.0
    rounds: int = 1
    memory_limit: int = 120 * 2**20
    ratio_limit: float = 2.0


@dataclass
class Tally:
    """
    What was found: of each round the 99th percentile (seconds) of those who read, without and
    with the others; bytes by which the server's memory grew, in its own worst round.
    """

    plan: Plan
    events: int = 0
    without: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    grown_without: int = 0
    grown: int = 0
    fell_behind: int = 0
    missing: int = 0
    closed: int = 0

    @property
    def ratio(self) -> float:
        """How much later the others get it, in the median of the rounds."""
        return statistics.median(self.beside) / statistics.median(self.without)

    @property
    def complete(self) -> bool:
        """Whether each of those who read got every event, and none was closed."""
        return not (self.missing or self.closed)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return self.complete and self.grown <= self.plan.memory_limit and self.ratio <= self.plan.ratio_limit

    def __str__(self) -> str:
        plan = self.plan
        return (
            f"{plan.clients} clients, {plan.stalled} of them stalled, {self.events} events of {plan.event} bytes, "
            f"{plan.rounds} rounds: memory + {self.grown / 2**20:.1f} MiB (none stalled: + "
            f"{self.grown_without / 2**20:.1f}); p99 of the others {_ms(self.beside)} (none stalled: "
            f"{_ms(self.without)}), ratio {self.ratio:.2f}; {self.fell_behind} times a client fell behind, "
            f"{self.missing} deliveries missing, {self.closed} closed"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out, each round over folders of its own below `plan.folder`."""
    tally = Tally(plan, events=plan.published // plan.event)
    for number in range(1, plan.rounds + 1):
        for stalled in (0, plan.stalled):
            folder = plan.folder / f"round{number}-{stalled}"
            folder.mkdir()
            late, grown = await _round(plan, tally, folder, stalled)
            if stalled:
                tally.beside.append(late)
                tally.grown = max(tally.grown, grown)
            else:
                tally.without.append(late)
                tally.grown_without = max(tally.grown_without, grown)
            say(f"round {number}, {stalled} stalled: p99 {late * 1_000:.1f} ms, memory + {grown / 2**20:.1f} MiB")
    return tally


async def _round(plan: Plan, tally: Tally, folder: Path, stalled: int) -> tuple[float, int]:
    """One server, one publisher; the others' 99th percentile in seconds, and by how much memory grew."""
    with await asyncio.to_thread(Server, folder) as server:
        listeners = await _listeners(server, plan, stalled)
        before = memory(server)
        watched = asyncio.create_task(_highest(server))
        sent = await _publish(server, plan, tally.events)
        heard = await listeners.done(tally.events)
        watched.cancel()
        grown = max(await watched, memory(server)) - before
        tally.fell_behind += await _fell_behind(server) if stalled else 0
    # The rest of the clients, or those in their place, are looked at: the same number in both cases.
    others = heard["arrivals"][: plan.clients - plan.stalled]
    tally.closed += heard["closed"]
    tally.missing += sum(tally.events - len(arrivals) for arrivals in heard["arrivals"])
    late = sorted(arrived - begun for arrivals in others for arrived, begun in zip(arrivals, sent, strict=False))
    return late[int(len(late) * 0.99)], grown


async def _publish(server: Server, plan: Plan, events: int) -> list[float]:
    """Publish at an even pace, one after the other; returns when each was sent."""
    sent = []
    padding = "x" * (plan.event - len('{"pad":""}'))
    begun = time.monotonic()
    async with aiohttp.ClientSession(server.url) as session:
        for number in range(events):
            await asyncio.sleep(begun + number / plan.per_second - time.monotonic())
            sent.append(time.monotonic())
            async with session.post(f"/api/v1/channels/{CHANNEL}", json={"pad": padding}) as answer:
                assert answer.status == 201, await answer.text()
    return sent


class _Listeners:
    """The process of those who listen."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> Any:
        assert self._process.stdout is not None
        said = await self._process.stdout.readline()
        assert said, "the listeners ended"
        return json.loads(said)

    async def done(self, expected: int) -> Any:
        """Let them read to the end; what they have noted."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"expected": expected}).encode() + b"\n")
        heard = await self.line()
        assert await self._process.wait() == 0
        return heard


async def _listeners(server: Server, plan: Plan, stalled: int) -> _Listeners:
    path = f"/api/v1/ws/secure?channel={CHANNEL}"
    arguments = (str(server.port), path, str(plan.clients - stalled), str(stalled))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.soak.listeners",
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**30,
    )
    listeners = _Listeners(process)
    assert (await listeners.line())["connected"] == plan.clients
    return listeners


async def _highest(server: Server) -> int:
    """The most memory that the server has had, until cancelled."""
    most = 0
    try:
        while True:
            most = max(most, memory(server))
            await asyncio.sleep(SAMPLE)
    except asyncio.CancelledError:
        return most


async def _fell_behind(server: Server) -> int:
    async with aiohttp.ClientSession(server.url) as session, session.get("/metrics") as answer:
        figures = await answer.text()
    return int(float(figures.split("\nrealtime_fell_behind_total ")[1].split()[0]))


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1_000:.1f} ms"
