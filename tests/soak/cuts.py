"""
P3, no gap and no double: clients are cut at random, at any place in a frame or a replay, the
server is killed between, and with the position that each had it gets what followed, once.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

import aiohttp

from tests.programs import PATIENCE
from tests.soak import doors
from tests.soak.mortal import Mortal

CHANNELS = ("soak-a", "soak-b", "soak-c")
DOORS = {"socket": "WebSocket", "realtime.v1": "WebSocket", "sse": "SSE"}
"""How a reader comes in, and the transport that its cuts count for."""


@dataclass(frozen=True)
class Plan:
    """So many cuts for each transport, and so many kills of the server between them."""

    folder: Path
    cuts: int
    kills: int = 20
    readers: int = 8
    publishers: int = 4
    seed: int | None = None


@dataclass
class Tally:
    """What was found. Missed, twice, disordered, strange, gaps and lost must stay empty."""

    cuts: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    stored: int = 0
    received: int = 0
    replayed: int = 0
    missed: list[Any] = field(default_factory=list)
    twice: list[Any] = field(default_factory=list)
    disordered: list[Any] = field(default_factory=list)
    strange: list[Any] = field(default_factory=list)
    gaps: list[Any] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        wrong = self.missed or self.twice or self.disordered or self.strange or self.gaps or self.lost
        return not (wrong or self.damage)

    def __str__(self) -> str:
        cuts = ", ".join(f"{number} cuts by {name}" for name, number in self.cuts.items())
        return (
            f"{cuts}, {self.kills} kills; {self.stored} events stored, {self.received} received, "
            f"{self.replayed} of them replayed; {len(self.missed)} missed, {len(self.twice)} twice, "
            f"{len(self.disordered)} out of order, {len(self.strange)} with other data, {len(self.gaps)} gaps told, "
            f"{len(self.lost)} acknowledged and lost, {self.damage or 'database sound'}"
        )


class Play:
    """What all who take part know: the server, how many cuts are still to come, who was acknowledged."""

    def __init__(self, plan: Plan, mortal: Mortal, session: aiohttp.ClientSession) -> None:
        self.plan = plan
        self.mortal = mortal
        self.session = session
        # Moments that nobody should be able to guess, and nobody needs to keep secret.
        self.chance = random.Random(plan.seed)
        self.cuts = dict.fromkeys(DOORS.values(), 0)
        self.acks: dict[int, Any] = {}
        self.ended = asyncio.Event()

    def due(self, transport: str) -> bool:
        """Whether this transport is to be cut more often."""
        return self.cuts[transport] < self.plan.cuts

    async def publish(self, name: int) -> None:
        """Publish until the end, by turns on each channel."""
        for number in count():
            if self.ended.is_set():
                return
            await self.mortal.up.wait()
            with suppress(aiohttp.ClientError, OSError):
                await self.publish_one(CHANNELS[number % len(CHANNELS)], {"from": name, "number": number})

    async def publish_one(self, channel: str, data: Any) -> int:
        """One event; returns its `seq`."""
        async with self.session.post(f"{self.mortal.url}/api/v1/channels/{channel}", json=data) as answer:
            body = await answer.json()
            assert answer.status == 201, body
            self.acks[body["seq"]] = data
            return int(body["seq"])

    async def kill_now_and_then(self) -> None:
        """Kill the server each time that another part of the cuts is done."""
        while self.mortal.kills < self.plan.kills:
            part = (self.mortal.kills + self.chance.random()) / self.plan.kills
            while min(self.cuts.values()) < part * self.plan.cuts:
                await asyncio.sleep(0.01)
            await self.mortal.die()


class Reader:
    """A client that is cut again and again, and comes back with the position that it had."""

    def __init__(self, play: Play, door: str) -> None:
        self.play = play
        self.door = door
        self.transport = DOORS[door]
        self.channels = tuple(play.chance.sample(CHANNELS, play.chance.randint(1, len(CHANNELS))))
        self.start = 0
        self.position = ""
        self.seen: list[int] = []
        self.data: dict[int, Any] = {}
        self.gaps: list[Any] = []
        self.replayed = 0
        self.last: int | None = None
        """The end of it: the `seq` of the last event that there is for it."""

    async def run(self) -> None:
        """Be cut as often as it takes, then read to the end."""
        while self.play.due(self.transport):
            cut = await self._visit(self.play.chance.choice((0, 1, 5, 50, 200)))
            self.play.cuts[self.transport] += cut and bool(self.position)
            await asyncio.sleep(self.play.chance.choice((0, 0, 0.02, 0.1)))

    async def read_to_the_end(self, last: int) -> None:
        """Come back for the last time, for everything up to `last`."""
        self.last = last
        while not self.seen or self.seen[-1] < last:
            await self._visit(None)

    async def _visit(self, most: int | None) -> bool:
        """
        Take so many frames (None: up to the last), and be gone without a word, wherever that
        is in the stream. Returns whether it went by itself; the server may go first.
        """
        await self.play.mortal.up.wait()
        connector = aiohttp.TCPConnector()
        async with aiohttp.ClientSession(self.play.mortal.url, connector=connector) as session:
            frames = doors.frames(session, self.door, self.channels, self.position)
            try:
                async with asyncio.timeout(PATIENCE):
                    cut = await self._read(frames, most)
            except TimeoutError:
                raise AssertionError(f"a reader by {self.door} got nothing after {self.position}") from None
            except (aiohttp.ClientError, OSError):
                cut = False
            # Before the generator's own, orderly end.
            await connector.close()
            with suppress(aiohttp.ClientError, OSError):
                await frames.aclose()
            return cut

    async def _read(self, frames: AsyncIterator[dict[str, Any]], most: int | None) -> bool:
        taken = 0
        async for frame in frames:
            if frame["type"] == "closed":
                return False
            self._take(frame)
            taken += 1
            if (most is not None and taken > most) or (self.last is not None and self.seen[-1:] == [self.last]):
                # What arrives meanwhile is lost with the connection.
                await asyncio.sleep(self.play.chance.choice((0, 0.01)))
                return True
        return False

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            self.epoch = frame["epoch"]
            if not self.position:
                self.start, self.position = frame["tip"], frame["position"]
        elif frame["type"] == "gap":
            self.gaps.append((self.door, frame))
        elif "seq" in frame:
            self.seen.append(frame["seq"])
            self.data[frame["seq"]] = frame["data"]
            self.replayed += frame.get("replayed", False)
            self.position = f"{self.epoch}:{frame['seq']}"


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    async with Mortal(plan.folder) as mortal, aiohttp.ClientSession() as session:
        play = Play(plan, mortal, session)
        readers = [Reader(play, door) for door in islice(_doors(), plan.readers)]
        publishers = [asyncio.create_task(play.publish(name)) for name in range(plan.publishers)]
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.run())
            group.create_task(play.kill_now_and_then())
            group.create_task(_tell(play, say))
        play.ended.set()
        await asyncio.gather(*publishers)
        last = {channel: await play.publish_one(channel, "the end") for channel in CHANNELS}
        for reader in readers:
            await reader.read_to_the_end(max(last[name] for name in reader.channels))
        tally = Tally(dict(play.cuts), mortal.kills)
        await _verify(play, readers, tally)
        tally.damage = await mortal.check()
        return tally


def _doors() -> Iterator[str]:
    while True:
        yield from ("socket", "sse", "realtime.v1", "sse")


async def _tell(play: Play, say: Callable[[str], None]) -> None:
    told = 0
    while any(play.due(transport) for transport in play.cuts):
        await asyncio.sleep(0.05)
        if play.mortal.kills > told:
            told = play.mortal.kills
            cuts = ", ".join(f"{number} by {name}" for name, number in play.cuts.items())
            say(f"kill {told}/{play.plan.kills}; cuts so far: {cuts}; {len(play.acks)} acknowledged")


async def _verify(play: Play, readers: list[Reader], tally: Tally) -> None:
    """Hold what each reader got against the log."""
    log = {event["seq"]: event async for event in play.mortal.log(play.session)}
    tally.stored = len(log)
    tally.lost += [seq for seq, data in play.acks.items() if seq not in log or log[seq]["data"] != data]
    for reader in readers:
        assert reader.last is not None
        judge(reader, {seq: event for seq, event in log.items() if event["channel"] in reader.channels}, tally)


def judge(reader: Reader, covered: dict[int, Any], tally: Tally) -> None:
    """Hold what a reader got against the events of its channels."""
    assert reader.last is not None
    expected = {seq for seq in covered if reader.start < seq <= reader.last}
    got = Counter(reader.seen)
    tally.received += len(reader.seen)
    tally.replayed += reader.replayed
    tally.missed += [(reader.door, seq) for seq in expected - got.keys()]
    tally.twice += [(reader.door, seq) for seq, times in got.items() if times > 1]
    tally.disordered += [(reader.door, after) for before, after in pairwise(reader.seen) if after < before]
    tally.strange += [
        (reader.door, seq) for seq in got if seq not in expected or reader.data[seq] != covered[seq]["data"]
    ]
    tally.gaps += reader.gaps
