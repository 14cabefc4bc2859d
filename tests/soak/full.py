"""P12, disk full: refused clearly, reads and live delivery go on, it heals by itself, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.soak import doors
from tests.soak.admin import admin
from tests.soak.mortal import Mortal

CHANNEL: Final = "soak"
REFUSED: Final = (507, "disk_full")


@dataclass(frozen=True)
class Plan:
    """A file system of so many MiB, filled so often, while so many clients write and listen."""

    folder: Path
    mebibytes: int = 48
    rounds: int = 5
    publishers: int = 8
    listeners: int = 40
    refusals: int = 200
    patience: float = 300.0


@dataclass
class Tally:
    """What was found. `answers` counts what writers were told, by status and code."""

    rounds: int = 0
    answers: Counter[tuple[int, str]] = field(default_factory=Counter)
    reads: int = 0
    acknowledged: int = 0
    lost: list[int] = field(default_factory=list)
    unheard: list[Any] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.lost or self.unheard or self.wrong or self.damage)

    def __str__(self) -> str:
        answers = ", ".join(f"{number} × {status} {code}".strip() for (status, code), number in self.answers.items())
        return (
            f"the disk was full {self.rounds} times; {answers}; {self.reads} reads meanwhile, "
            f"{len(self.wrong)} answers wrong {self.wrong[:3]}; "
            f"of {self.acknowledged} acknowledged {len(self.lost)} lost after kill -9, "
            f"{len(self.unheard)} not delivered, {self.damage or 'database sound'}"
        )


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A file system of that size at `folder`; raises RuntimeError where none can be mounted."""
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        raise RuntimeError("a small file system can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out, on a file system mounted below `plan.folder`; it is gone afterwards."""
    disk, tally, acks = plan.folder / "disk", Tally(), list[int]()
    disk.mkdir()
    with small_disk(disk, plan.mebibytes):
        async with asyncio.timeout(plan.patience), Mortal(disk) as mortal:
            async with aiohttp.ClientSession(mortal.url, connector=aiohttp.TCPConnector(limit=0)) as session:
                heard: list[set[int]] = [set() for _ in range(plan.listeners)]
                listening = [asyncio.create_task(_listen(session, n, seqs)) for n, seqs in enumerate(heard)]
                while not all(heard):
                    await asyncio.sleep(0.01)
                writing = [asyncio.create_task(_write(session, acks, tally)) for _ in range(plan.publishers)]
                for _ in range(plan.rounds):
                    await _fill_and_heal(plan, disk, session, acks, tally)
                    say(f"full and healed {tally.rounds} times; {len(acks)} acknowledged")
                for task in writing:
                    task.cancel()
                await asyncio.gather(*writing, return_exceptions=True)
                tally.unheard += [n for n, seqs in enumerate(heard) if not await _has_all(seqs, acks)]
                for task in listening:
                    task.cancel()
                await asyncio.gather(*listening, return_exceptions=True)
            await mortal.die(signal.SIGKILL)
            async with admin(mortal.server) as session:
                stored = {event["seq"] async for event in mortal.log(session)}
            tally.acknowledged, tally.lost = len(acks), [seq for seq in acks if seq not in stored]
            tally.damage = await mortal.check()
    return tally


async def _fill_and_heal(plan: Plan, disk: Path, session: aiohttp.ClientSession, acks: list[int], tally: Tally) -> None:
    """Take all the room that is left; once enough was refused, and all could be read, give it back."""
    ballast, before = disk / "ballast", tally.answers[REFUSED]
    taken = await asyncio.to_thread(_take_all, ballast)
    assert taken, "the disk was full before"
    while tally.answers[REFUSED] < before + plan.refusals:
        await _read(session, tally)
    stored = len(acks)
    ballast.unlink()
    tally.rounds += 1
    while len(acks) < stored + 50 * plan.publishers:
        await asyncio.sleep(0.01)


def _take_all(ballast: Path) -> int:
    """Write until there is no room; what is freed later is not taken again. Returns the bytes taken."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (2**20, 2**12):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    return ballast.stat().st_size


async def _read(session: aiohttp.ClientSession, tally: Tally) -> None:
    for path in ("/api/v1/events?limit=10", "/api/v1/websockets/?limit=10", "/healthz", "/metrics"):
        async with session.get(path) as answer:
            tally.reads += 1
            if answer.status != 200:
                tally.wrong.append((path, answer.status))
    await asyncio.sleep(0.02)


async def _write(session: aiohttp.ClientSession, acks: list[int], tally: Tally) -> None:
    for number in count():
        async with session.post(f"/api/v1/channels/{CHANNEL}", json={"n": number, "pad": "x" * 500}) as answer:
            told = await answer.json()
            if answer.status == 201:
                acks.append(told["seq"])
            elif (answer.status, told["code"]) != REFUSED:
                tally.wrong.append((answer.status, told))
            tally.answers[answer.status, told.get("code", "")] += 1
        # So that the disk is filled by the ballast, and not by what is written here.
        await asyncio.sleep(0.005)


async def _listen(session: aiohttp.ClientSession, number: int, seqs: set[int]) -> None:
    door = doors.DOORS[number % len(doors.DOORS)]
    async for frame in doors.frames(session, door, [CHANNEL]):
        seqs.add(frame.get("seq", 0))  # the first is the hello


async def _has_all(seqs: set[int], acks: list[int]) -> bool:
    """Whether all that was acknowledged arrives."""
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while not seqs.issuperset(acks):
                await asyncio.sleep(0.01)
    return seqs.issuperset(acks)
