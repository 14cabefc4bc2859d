"""P9, crash-only start: however long the log and however it ended, the server is there at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.soak.mortal import Mortal

ROWS = 25_000
"""Readings of one request."""


@dataclass(frozen=True)
class Plan:
    """So many events in the log, and so many starts after a kill."""

    folder: Path
    events: int = 1_000_000
    kills: int = 5
    seconds: float = 2.0


@dataclass
class Tally:
    """How many seconds each start took, from the command to the answer of /healthz, and what was found then."""

    events: int = 0
    starts: list[float] = field(default_factory=list)
    limit: float = 2.0
    lost: int = 0
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.lost or self.damage) and max(self.starts, default=0.0) <= self.limit

    def __str__(self) -> str:
        starts = ", ".join(f"{seconds:.2f}" for seconds in self.starts)
        return (
            f"{self.events} events; healthy after {starts} s, each time after kill -9; {self.lost} of the acknowledged "
            f"lost, {self.damage or 'database sound'}"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally(limit=plan.seconds)
    async with Mortal(plan.folder) as mortal, aiohttp.ClientSession() as session:
        last = await _fill(mortal, session, plan.events, say)
        for number in range(1, plan.kills + 1):
            # In the midst of a commit: it is not acknowledged, and may be there or not.
            writing = asyncio.create_task(_write(mortal, session, min(ROWS, plan.events)))
            await asyncio.wait([writing], timeout=0.05)
            mortal.server.process.kill()
            await asyncio.to_thread(mortal.server.wait)
            await asyncio.gather(writing, return_exceptions=True)
            tally.starts.append(await _start(mortal, session))
            async with session.get(f"{mortal.url}/api/v1/events", params={"limit": "1", "since": "now"}) as answer:
                tally.events = (await answer.json())["tip"]
            tally.lost += max(0, last - tally.events)
            last = max(last, tally.events)
            say(f"start {number}/{plan.kills}: healthy after {tally.starts[-1]:.2f} s")
        tally.damage = await mortal.check()
    return tally


async def _fill(mortal: Mortal, session: aiohttp.ClientSession, events: int, say: Callable[[str], None]) -> int:
    last = 0
    while last < events:
        last = await _write(mortal, session, min(ROWS, events - last))
        say(f"{last} events")
    return last


async def _write(mortal: Mortal, session: aiohttp.ClientSession, rows: int) -> int:
    """Many readings in one request; the `seq` of the last."""
    body = b"".join(b'{"sensor_id":1,"valor":%d}\n' % number for number in range(rows))
    headers = {"Content-Type": "application/x-ndjson"}
    async with session.post(f"{mortal.url}/api/v1/readings/", data=body, headers=headers) as answer:
        stored = await answer.json()
        assert answer.status == 201, stored
        return int(stored["last_seq"])


async def _start(mortal: Mortal, session: aiohttp.ClientSession) -> float:
    """Start it again; seconds until it says that it is well."""
    begun = time.monotonic()
    await mortal.start()
    async with session.get(f"{mortal.url}/healthz") as answer:
        assert answer.status == 200
    return time.monotonic() - begun
