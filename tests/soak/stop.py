"""P8, graceful stop: everybody is told, nothing acknowledged is lost, and it is over in time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import PATIENCE
from tests.soak import doors
from tests.soak.mortal import Mortal

CHANNEL: Final = "soak"
GOODBYE: Final = {"socket": 1001, "realtime.v1": 1001, "sse": None, "ndjson": None}


@dataclass(frozen=True)
class Plan:
    """So many clients, and how long a stop may take."""

    folder: Path
    clients: int = 1000
    publishers: int = 8
    seconds: float = 10.0


@dataclass
class Tally:
    """What was found: `ends` counts how clients were ended, by door and code; `rude` those that were not told."""

    ends: Counter[tuple[str, Any]] = field(default_factory=Counter)
    rude: int = 0
    acknowledged: int = 0
    lost: list[int] = field(default_factory=list)
    code: int = -1
    seconds: float = 0.0
    limit: float = 10.0
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.rude or self.lost or self.code or self.damage) and self.seconds <= self.limit

    def __str__(self) -> str:
        ends = ", ".join(
            f"{number} by {door} ended with {code or 'its end'}"
            for (door, code), number in sorted(self.ends.items(), key=str)
        )
        return (
            f"{ends}; {self.rude} without a word; exit {self.code} after {self.seconds:.1f} s; "
            f"{self.acknowledged} acknowledged, {len(self.lost)} of them lost, {self.damage or 'database sound'}"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally(limit=plan.seconds)
    acks: dict[int, Any] = {}
    async with Mortal(plan.folder) as mortal:
        async with aiohttp.ClientSession(mortal.url, connector=aiohttp.TCPConnector(limit=0)) as session:
            greeted = [asyncio.Event() for _ in range(plan.clients)]
            clients = [
                asyncio.create_task(_listen(session, doors.DOORS[number % len(doors.DOORS)], here, tally))
                for number, here in enumerate(greeted)
            ]
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(here.wait() for here in greeted))
            publishers = [asyncio.create_task(_publish(session, name, acks)) for name in range(plan.publishers)]
            while len(acks) < plan.publishers * 20:
                await asyncio.sleep(0.01)
            say(f"{plan.clients} clients, {len(acks)} acknowledged: stopping")
            begun = time.monotonic()
            mortal.server.signal(signal.SIGTERM)
            tally.code = await asyncio.to_thread(mortal.server.wait)
            tally.seconds = time.monotonic() - begun
            await asyncio.gather(*clients, *publishers)
        tally.acknowledged = len(acks)
        await mortal.start()
        async with aiohttp.ClientSession() as session:
            stored = {event["seq"]: event["data"] async for event in mortal.log(session)}
        tally.lost += [seq for seq, data in acks.items() if stored.get(seq) != data]
        tally.damage = await mortal.check()
    return tally


async def _listen(session: aiohttp.ClientSession, door: str, here: asyncio.Event, tally: Tally) -> None:
    """Listen to the end, and note which one it was."""
    with suppress(aiohttp.ClientError, OSError):
        async with aclosing(doors.frames(session, door, [CHANNEL])) as frames:
            async for frame in frames:
                here.set()
                if frame["type"] == "closed":
                    tally.ends[door, frame["code"]] += 1
                    tally.rude += frame["code"] != GOODBYE[door]
                    return
    tally.rude += 1


async def _publish(session: aiohttp.ClientSession, name: int, acks: dict[int, Any]) -> None:
    """Publish until the server takes no more."""
    with suppress(aiohttp.ClientError, OSError):
        for number in count():
            data = {"from": name, "number": number}
            async with session.post(f"/api/v1/channels/{CHANNEL}", json=data) as answer:
                if answer.status != 201:
                    return
                acks[(await answer.json())["seq"]] = data
