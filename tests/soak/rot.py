"""P15, bit rot: every byte of a payload that flips on disk is found, told at every door, and never served."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import PATIENCE, command
from tests.soak.admin import admin, tell, user_with_token
from tests.soak.history import Reader, damage
from tests.soak.mortal import Mortal

CHANNEL: Final = "soak"
DOORS: Final = ("secure", "realtime", "sse", "ndjson", "poll", "rest")


@dataclass(frozen=True)
class Plan:
    """So many events, in so many of which a bit flips."""

    folder: Path
    events: int = 1000
    damaged: int = 200
    seed: int | None = None


@dataclass
class Tally:
    """What was found, by way of looking: how many of the damaged were told; and what went wrong."""

    damaged: int = 0
    detected: dict[str, int] = field(default_factory=dict)
    served: list[Any] = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.served or self.missing) and set(self.detected.values()) <= {self.damaged}

    def __str__(self) -> str:
        detected = ", ".join(f"{number} by {way}" for way, number in self.detected.items())
        return (
            f"{self.damaged} events damaged; found: {detected}; {len(self.served)} of them served, "
            f"{len(self.missing)} sound ones missing"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    chance, tally = random.Random(plan.seed), Tally(plan.damaged)
    async with Mortal(plan.folder) as mortal:
        async with admin(mortal.server) as session:
            token = await user_with_token(session, "reader", "viewer")
            seqs = [await _publish(session, number) for number in range(plan.events)]
        chosen = set(chance.sample(seqs, plan.damaged))
        await mortal.restart(between=lambda: damage(mortal.data, chosen, chance))
        say(f"{len(chosen)} of {len(seqs)} events damaged")
        async with aiohttp.ClientSession(mortal.url) as session:
            for door in DOORS:
                await _read(session, Reader(door, (CHANNEL,), token), seqs, chosen, tally)
                say(f"{door}: {tally.detected[door]} found")
            await _one_by_one(session, token, chosen, tally)
        checked = await asyncio.to_thread(command, plan.folder, "check", "--full", "--data", "data", REALTIME_PORT="0")
        found = re.search(r"(\d+) do not agree", checked.stdout)
        tally.detected["check"] = int(found[1]) if found and checked.returncode else 0
    return tally


async def _publish(session: aiohttp.ClientSession, number: int) -> int:
    made = await tell(session, "POST", f"channels/{CHANNEL}", {"number": number, "text": "x" * 50})
    return int(made["seq"])


async def _read(
    session: aiohttp.ClientSession, reader: Reader, seqs: list[int], chosen: set[int], tally: Tally
) -> None:
    """All of it by one door."""
    frames: list[dict[str, Any]] = []
    reading = asyncio.create_task(reader.read(session, str(seqs[0] - 1), frames, asyncio.Event()))
    async with asyncio.timeout(PATIENCE):
        while not _complete(frames, seqs, chosen) and not reading.done():
            await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    gaps = [(int(f["from"].split(":")[1]), int(f["to"].split(":")[1])) for f in frames if f["type"] == "gap"]
    served = {frame["seq"] for frame in frames if frame["type"] != "gap" and "seq" in frame}
    tally.detected[reader.door] = len({to for after, to in gaps if to in chosen and after == to - 1})
    tally.served += [(reader.door, seq) for seq in served & chosen]
    tally.missing += [(reader.door, seq) for seq in set(seqs) - chosen - served]


def _complete(frames: list[dict[str, Any]], seqs: list[int], chosen: set[int]) -> bool:
    events = sum("seq" in frame and frame["type"] != "gap" for frame in frames)
    return events >= len(seqs) - len(chosen) and sum(frame["type"] == "gap" for frame in frames) >= len(chosen)


async def _one_by_one(session: aiohttp.ClientSession, token: str, chosen: set[int], tally: Tally) -> None:
    """Each of the damaged, asked for by its number."""
    refused = 0
    for seq in chosen:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"/api/v1/events/{seq}/", headers=headers) as answer:
            tally.served += [("one", seq)] if answer.status == 200 else []
            refused += answer.status == 404
    tally.detected["its number"] = refused
