"""
P2, one order: everybody, by whatever door, gets all events in the order of their `seq`, without
a hole. P5: and so do those who come in the midst of a flood, from the past into the present.
"""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import PATIENCE, Server, command
from tests.soak import doors

CHANNEL: Final = "soak"
WINDOW: Final = 32
"""Publications of one publisher that wait for their result."""


@dataclass(frozen=True)
class Plan:
    """
    So many publishers; P2: so many events, to `readers` clients at each door; P5: so many
    subscriptions, `at_once` at a time.
    """

    folder: Path
    events: int = 100_000
    publishers: int = 8
    readers: int = 2
    subscriptions: int = 1000
    at_once: int = 50
    live: int = 20
    seed: int | None = None


@dataclass
class Tally:
    """What was found. Inversions, holes and doubles must stay empty."""

    subscribers: int = 0
    events: int = 0
    received: int = 0
    replayed: int = 0
    inversions: list[Any] = field(default_factory=list)
    holes: list[Any] = field(default_factory=list)
    doubles: list[Any] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.inversions or self.holes or self.doubles)

    def __str__(self) -> str:
        return (
            f"{self.subscribers} subscribers, {self.events} events, {self.received} received, {self.replayed} of them "
            f"replayed; {len(self.inversions)} inversions, {len(self.holes)} holes, {len(self.doubles)} doubles"
        )

    def judge(self, who: Any, seqs: array[int], first: int, last: int) -> None:
        """Hold what somebody got against the numbers from `first` to `last`, all of which it should have."""
        self.subscribers += 1
        self.received += len(seqs)
        self.inversions += [(who, after) for before, after in pairwise(seqs) if after < before]
        self.doubles += [(who, after) for before, after in pairwise(sorted(seqs)) if after == before]
        self.holes += [(who, seq) for seq in sorted(set(range(first, last + 1)) - set(seqs))]


async def one_order(plan: Plan, say: Callable[[str], None]) -> Tally:
    """P2. The data folder is `plan.folder / "data"`."""
    tally = Tally()
    async with _served(plan) as session:
        readers = [
            asyncio.create_task(_read(session, door, plan.events)) for door in doors.DOORS for _ in range(plan.readers)
        ]
        await _listening(session, len(readers))
        shares = [plan.events // plan.publishers + (n < plan.events % plan.publishers) for n in range(plan.publishers)]
        publishing = asyncio.gather(*(_publish(session, share) for share in shares))
        while not publishing.done():
            await asyncio.wait([publishing], timeout=5)
            say(f"published up to {await _tip(session)}")
        await publishing
        async with asyncio.timeout(max(PATIENCE, plan.events / 200)):
            got = await asyncio.gather(*readers)
        async with session.get("/api/v1/events", params={"channel": CHANNEL, "limit": "1"}) as answer:
            first = (await answer.json())["results"][0]["seq"]
    tally.events = plan.events
    for door, seqs in got:
        # Nothing else happened since the first: the channel has every number.
        tally.judge(door, seqs, first, first + plan.events - 1)
    return tally


async def into_the_flood(plan: Plan, say: Callable[[str], None]) -> Tally:
    """P5. The data folder is `plan.folder / "data"`."""
    chance = random.Random(plan.seed)
    tally = Tally()
    async with _served(plan) as session:
        await _publish(session, 2000)
        ended = asyncio.Event()
        flood = [asyncio.create_task(_publish(session, None, ended)) for _ in range(plan.publishers)]
        begun = await _tip(session)
        while tally.subscribers < plan.subscriptions:
            tip = await _tip(session)
            size = min(plan.at_once, plan.subscriptions - tally.subscribers)
            # Some from the ring of recent events, some from the disk, some from this very moment.
            starts = [max(tip - chance.choice((0, 1, 50, 1000)), begun - 1000) for _ in range(size)]
            async with asyncio.timeout(PATIENCE * 2):
                visits = (_visit(session, chance.choice(doors.DOORS), start, plan.live) for start in starts)
                for (door, seqs, replayed), start in zip(await asyncio.gather(*visits), starts, strict=True):
                    tally.replayed += replayed
                    tally.judge((door, start), seqs, start + 1, seqs[-1])
            say(f"{tally.subscribers} subscriptions, published up to {tip}")
        ended.set()
        await asyncio.gather(*flood)
        tally.events = await _tip(session)
    return tally


@asynccontextmanager
async def _served(plan: Plan) -> AsyncIterator[aiohttp.ClientSession]:
    """A server whose ring is smaller than what is asked of it, and a client with a token: guests may send less."""
    with await asyncio.to_thread(Server, plan.folder, "--ring-events", "500") as server:
        made = await asyncio.to_thread(
            command, plan.folder, "token", "create", "--user", "soak", "--role", "agent", "--data", "data"
        )
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(server.url, headers=headers, connector=connector) as session:
            yield session


async def _publish(session: aiohttp.ClientSession, count: int | None, ended: asyncio.Event | None = None) -> None:
    """Publish by socket, so many or until it is ended, some of them before the first is answered."""
    sent = waiting = 0
    async with session.ws_connect("/api/v1/ws/secure?channel=quiet") as socket:
        while (count is None or sent < count) and not (ended and ended.is_set()):
            await socket.send_json({"action": "publish", "channel": CHANNEL, "data": sent, "id": sent})
            sent, waiting = sent + 1, waiting + 1
            while waiting >= WINDOW:
                waiting -= _result(await socket.receive_json())
        while waiting:
            waiting -= _result(await socket.receive_json())


def _result(frame: dict[str, Any]) -> int:
    assert frame["type"] == "result", frame
    assert frame["success"], frame
    return 1


async def _read(session: aiohttp.ClientSession, door: str, count: int) -> tuple[str, array[int]]:
    seqs = array("q")
    async with aclosing(doors.frames(session, door, [CHANNEL])) as frames:
        async for frame in frames:
            if "seq" in frame:
                seqs.append(frame["seq"])
                if len(seqs) >= count:
                    break
    return door, seqs


async def _visit(session: aiohttp.ClientSession, door: str, start: int, live: int) -> tuple[str, array[int], int]:
    """Come in after `start`, and stay for so many events that were not there before."""
    seqs, replayed = array("q"), 0
    async with aclosing(doors.frames(session, door, [CHANNEL], first=str(start))) as frames:
        async for frame in frames:
            assert frame["type"] not in ("gap", "closed"), frame
            if "seq" in frame:
                seqs.append(frame["seq"])
                replayed += frame.get("replayed", False)
                if len(seqs) - replayed >= live:
                    break
    return door, seqs, replayed


async def _listening(session: aiohttp.ClientSession, clients: int) -> None:
    """Wait until all have come in."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get("/metrics") as answer:
                lines = (await answer.text()).splitlines()
            if sum(float(line.split()[-1]) for line in lines if line.startswith("realtime_sessions{")) >= clients:
                return


async def _tip(session: aiohttp.ClientSession) -> int:
    async with session.get("/api/v1/events", params={"limit": "1", "since": "now"}) as answer:
        return int((await answer.json())["tip"])
