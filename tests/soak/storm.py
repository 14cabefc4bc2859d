"""P11, a reconnection storm: ten thousand come back at once after a restart, each with its position."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.soak.admin import memory
from tests.soak.crowd import Crowd
from tests.soak.mortal import Mortal

CHANNEL: Final = "soak"
DOORS: Final = ("secure", "realtime", "sse", "ndjson")
LIVE: Final = 0.1
"""Seconds between two events that are published while they come back."""


@dataclass(frozen=True)
class Plan:
    """So many clients, what each has missed, and how long it may take until all have it."""

    folder: Path
    clients: int = 10_000
    missed: int = 50
    seconds: float = 25.0
    patience: float = 300.0
    processes: int = 2


@dataclass
class Tally:
    """What was found. Seconds are counted from the start of the new server's program."""

    clients: int = 0
    delivered: int = 0
    start: float = 0.0
    all_in: float = 0.0
    caught_up: float = 0.0
    limit: float = 25.0
    missed: list[Any] = field(default_factory=list)
    twice: list[Any] = field(default_factory=list)
    disordered: list[Any] = field(default_factory=list)
    grown: int = 0
    tries: int = 0
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        faults = self.missed or self.twice or self.disordered or self.damage
        return not faults and self.caught_up <= self.limit

    def __str__(self) -> str:
        return (
            f"{self.clients} clients killed off and back at once, {self.tries} tries: the server listened after "
            f"{self.start:.1f} s, all were in after {self.all_in:.1f} s and had everything after "
            f"{self.caught_up:.1f} s; {self.delivered} deliveries, {len(self.missed)} missing, "
            f"{len(self.twice)} twice, {len(self.disordered)} out of order; "
            f"the server holds {self.grown / 2**20:.0f} MiB, {self.damage or 'database sound'}"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally(limit=plan.seconds, clients=plan.clients)
    async with asyncio.timeout(plan.patience), Mortal(plan.folder) as mortal:
        async with Crowd(mortal.server.port, plan.processes) as crowd, aiohttp.ClientSession() as session:
            begun = time.monotonic()
            first = f"channel={CHANNEL}&since=now"
            doors = (DOORS[number % len(DOORS)] for number in range(plan.clients))
            took = await crowd.connect((f"{n}", door, first, "") for n, door in enumerate(doors)) - begun
            say(f"{plan.clients} clients are in, after {took:.1f} s")
            published = [await _publish(mortal, session) for _ in range(2)]
            await crowd.reach(published[-1])
            tries = (await crowd.tell())[1]
            await _storm(plan, mortal, session, crowd, published, tally)
            told, tally.tries = await crowd.tell()
            tally.tries -= tries
            tally.grown = memory(mortal.server)
            for name, client in told.items():
                judge(name, client["seqs"], published, tally)
        tally.damage = await mortal.check()
    return tally


async def _storm(
    plan: Plan, mortal: Mortal, session: aiohttp.ClientSession, crowd: Crowd, published: list[int], tally: Tally
) -> None:
    """Kill it, start it, publish what they have missed, and let them all come back while more happens."""
    port = mortal.server.port
    mortal.server.process.kill()
    await asyncio.to_thread(mortal.server.wait)
    await crowd.end()
    begun = time.monotonic()
    await mortal.start(port)
    tally.start = time.monotonic() - begun
    published += [await _publish(mortal, session) for _ in range(plan.missed)]
    coming = asyncio.create_task(crowd.come_back(f"channel={CHANNEL}&since={{position}}"))
    while not coming.done():
        published.append(await _publish(mortal, session))
        await asyncio.wait([coming], timeout=LIVE)
    tally.all_in = await coming - begun
    tally.caught_up = await crowd.reach(published[-1]) - begun


async def _publish(mortal: Mortal, session: aiohttp.ClientSession) -> int:
    data = {"text": "x" * 100}
    async with session.post(f"{mortal.url}/api/v1/channels/{CHANNEL}", json=data) as answer:
        stored = await answer.json()
        assert answer.status == 201, stored
        return int(stored["seq"])


def judge(name: str, seqs: list[int], published: list[int], tally: Tally) -> None:
    """Hold what a client got, before and after it came back, against what was published."""
    tally.delivered += len(seqs)
    if seqs == published:
        return
    got = array("q", seqs)
    tally.missed += [(name, seq) for seq in published if seq not in got]
    tally.twice += [(name, seq) for seq in set(got) if got.count(seq) > 1]
    tally.disordered += [(name, later) for before, later in pairwise(got) if later < before]
