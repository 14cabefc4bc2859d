"""
P1, acknowledged = durable: the server is killed (SIGKILL) in the midst of writing clients,
started again, and everything it had acknowledged must be there, in its place.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.programs import Server, command

CHANNEL = "soak"
PIPELINE = 8
"""Publications of one socket that wait for their result."""


@dataclass(frozen=True)
class Plan:
    """What is to be done: so many kills, with at least so many acknowledgements between them in all."""

    folder: Path
    kills: int
    acks: int
    publishers: int = 16
    seed: int | None = None


@dataclass
class Tally:
    """What was found. Lost, wrong, holes and damage must stay empty."""

    kills: int = 0
    acknowledged: int = 0
    stored: int = 0
    lost: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    damage: str = ""
    starts: list[float] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.lost or self.wrong or self.holes or self.damage)

    def __str__(self) -> str:
        slowest = max(self.starts, default=0.0)
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged, {self.stored} stored; {len(self.lost)} lost, "
            f"{len(self.wrong)} with other data, {len(self.holes)} holes in seq, "
            f"{self.damage or 'database sound'}; the slowest start took {slowest:.1f} s"
        )


Acks = dict[int, Any]
"""What was acknowledged: `seq` of the event → what it must hold."""


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    # Moments to kill at, which nobody should be able to guess, and nobody needs to keep secret.
    chance = random.Random(plan.seed)
    tally = Tally()
    acks: Acks = {}
    position = 0
    while tally.kills < plan.kills:
        async with _started(plan, tally) as (server, session):
            position = await _verify(session, acks, position, tally)
            left = plan.kills - tally.kills
            owed = (plan.acks - tally.acknowledged) / left
            quota = max(1, round(owed * (chance.uniform(0.6, 1.5) if left > 1 else 1)))
            acks = await _write_until_killed(plan, server, session, quota, chance.uniform(0, 0.02))
        tally.kills += 1
        tally.acknowledged += len(acks)
        say(f"kill {tally.kills}/{plan.kills}: {len(acks)} acknowledged, {tally.acknowledged} in all")
    async with _started(plan, tally) as (server, session):
        await _verify(session, acks, position, tally)
        assert await asyncio.to_thread(server.stop) == 0, server.err
    arguments = ("check", "--full", "--data", "data", "--json")
    checked = await asyncio.to_thread(command, plan.folder, *arguments, REALTIME_PORT="0")
    tally.damage = "" if checked.returncode == 0 else f"check: {checked.stdout or checked.stderr}"
    return tally


@asynccontextmanager
async def _started(plan: Plan, tally: Tally) -> AsyncIterator[tuple[Server, aiohttp.ClientSession]]:
    begun = time.monotonic()
    with await asyncio.to_thread(Server, plan.folder) as server:
        tally.starts.append(time.monotonic() - begun)
        async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session:
            yield server, session


async def _write_until_killed(
    plan: Plan, server: Server, session: aiohttp.ClientSession, quota: int, longer: float
) -> Acks:
    """Let everybody write until `quota` acknowledgements are there, and a moment longer; then kill."""
    acks: Acks = {}
    enough = asyncio.Event()
    noted = _Noted(acks, quota, enough)
    sensor = await _sensor(session)
    writers = [
        asyncio.create_task(_ended_by_the_kill(_writer(session, noted, name, sensor)))
        for name in range(plan.publishers)
    ]
    reached = asyncio.create_task(enough.wait())
    await asyncio.wait([reached, *writers], return_when=asyncio.FIRST_COMPLETED)
    assert reached.done(), f"a writer ended before the kill: {server.err}"
    await asyncio.sleep(longer)
    server.process.kill()
    await asyncio.gather(*writers)
    ended = await asyncio.to_thread(server.wait)
    assert ended == -signal.SIGKILL, f"the server ended by itself: {server.err}"
    return acks


class _Noted:
    """Takes acknowledgements, and tells when there are enough."""

    def __init__(self, acks: Acks, quota: int, enough: asyncio.Event) -> None:
        self._acks = acks
        self._quota = quota
        self._enough = enough

    def note(self, seq: int, data: Any) -> None:
        assert seq not in self._acks, f"seq {seq} was acknowledged twice"
        self._acks[seq] = data
        if len(self._acks) >= self._quota:
            self._enough.set()


async def _ended_by_the_kill(writing: Coroutine[Any, Any, None]) -> None:
    # The server is gone: what was under way was not acknowledged.
    with suppress(aiohttp.ClientError, OSError):
        await writing


def _writer(session: aiohttp.ClientSession, noted: _Noted, name: int, sensor: int) -> Coroutine[Any, Any, None]:
    """Of eight writers one reports readings, one publishes by socket, and six publish by REST."""
    match name % 8:
        case 0:
            return _report(session, noted, name, sensor)
        case 1:
            return _publish_by_socket(session, noted, name)
        case _:
            return _publish(session, noted, name)


async def _publish(session: aiohttp.ClientSession, noted: _Noted, name: int) -> None:
    for number in count():
        data = {"from": name, "number": number}
        async with session.post(f"/api/v1/channels/{CHANNEL}", json=data) as answer:
            body = await answer.json()
            assert answer.status == 201, body
            noted.note(body["seq"], data)


async def _report(session: aiohttp.ClientSession, noted: _Noted, name: int, sensor: int) -> None:
    for number in count():
        data = {"sensor_id": sensor, "valor": float(name * 1_000_000 + number)}
        async with session.post("/api/v1/readings/", json=data) as answer:
            body = await answer.json()
            assert answer.status == 201, body
            noted.note(int(answer.headers["Event-Seq"]), {**data, "id": body["id"]})


async def _publish_by_socket(session: aiohttp.ClientSession, noted: _Noted, name: int) -> None:
    waiting: dict[int, Any] = {}
    # It subscribes to a channel on which nothing happens: only results come.
    async with session.ws_connect("/api/v1/ws/secure?channel=quiet") as socket:
        for number in count():
            waiting[number] = {"from": name, "number": number}
            # A guest may send so many a second, and no more.
            await asyncio.sleep(0.012)
            await socket.send_json({"action": "publish", "channel": CHANNEL, "data": waiting[number], "id": number})
            while len(waiting) >= PIPELINE:
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                result = message.json()
                assert result["success"], result
                noted.note(result["data"]["seq"], waiting.pop(result["id"]))


async def _sensor(session: aiohttp.ClientSession) -> int:
    async with session.get("/api/v1/sensors/?limit=1") as answer:
        return int((await answer.json())["results"][0]["id"])


async def _verify(session: aiohttp.ClientSession, acks: Acks, position: int, tally: Tally) -> int:
    """Read the log from `position` on, and hold it against `acks`; returns where it ends."""
    missing = dict(acks)
    more = True
    while more:
        page = await _page(session, position)
        for event in page["results"]:
            if event["seq"] != position + 1:
                tally.holes.append(event["seq"])
            position = event["seq"]
            tally.stored += 1
            if position in missing and not _same(event, missing.pop(position)):
                tally.wrong.append(position)
        more = page["more"]
    if position != page["tip"]:
        tally.holes.append(page["tip"])
    tally.lost += missing
    await _verify_rows(session, acks, tally)
    return position


async def _page(session: aiohttp.ClientSession, position: int) -> Any:
    async with session.get("/api/v1/events", params={"after": str(position), "limit": "1000"}) as answer:
        page = await answer.json()
        assert answer.status == 200, page
        return page


async def _verify_rows(session: aiohttp.ClientSession, acks: Acks, tally: Tally) -> None:
    """The rows of acknowledged readings: a row and its event are one."""
    for seq, data in acks.items():
        if "id" in data:
            async with session.get(f"/api/v1/readings/{data['id']}/") as answer:
                row = await answer.json()
            if answer.status != 200 or row["valor"] != data["valor"]:
                tally.lost.append(seq)


def _same(event: dict[str, Any], data: dict[str, Any]) -> bool:
    return event["channel"] in (CHANNEL, "readings") and {key: event["data"][key] for key in data} == data
