"""
P6, a retry happens once: clients give up on requests at any moment and send them again with
the same idempotency key, also after they were answered, while the server is killed between.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from tests.programs import PATIENCE
from tests.soak.mortal import Mortal

BULK = 3
"""Readings of one bulk request."""


@dataclass(frozen=True)
class Plan:
    """So many retries, and so many kills of the server between them."""

    folder: Path
    retries: int
    kills: int = 20
    clients: int = 16
    seed: int | None = None


@dataclass
class Tally:
    """What was found. Doubles, lost, halves and changed must stay empty."""

    keys: int = 0
    sent: int = 0
    unanswered: int = 0
    kills: int = 0
    doubles: list[Any] = field(default_factory=list)
    lost: list[Any] = field(default_factory=list)
    halves: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    damage: str = ""

    @property
    def retries(self) -> int:
        """How often a key was sent again."""
        return self.sent - self.keys

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.doubles or self.lost or self.halves or self.changed or self.damage)

    def __str__(self) -> str:
        return (
            f"{self.keys} keys, {self.retries} retries, {self.unanswered} requests given up or cut off, "
            f"{self.kills} kills; {len(self.doubles)} doubles, {len(self.lost)} acknowledged and lost, "
            f"{len(self.halves)} rows without their event or events without their row, "
            f"{len(self.changed)} retries answered otherwise than the first time, {self.damage or 'database sound'}"
        )


@dataclass
class Order:
    """
    One thing to be done once: where it is posted, what stands in it, and how often that must
    be found. `marks` are values that stand nowhere else.
    """

    key: str
    path: str
    body: Any
    marks: list[Any]
    answer: Any = None


class Clients:
    """Send orders, give up, and send them again."""

    def __init__(self, plan: Plan, mortal: Mortal, tally: Tally, sensor: int) -> None:
        self._plan = plan
        self._mortal = mortal
        self._tally = tally
        self._sensor = sensor
        self._chance = random.Random(plan.seed)
        self.orders: list[Order] = []

    @property
    def done(self) -> bool:
        """Whether there were retries enough."""
        return self._tally.retries >= self._plan.retries

    async def run(self) -> None:
        """Make an order, send it some times, and go on to the next."""
        while not self.done:
            order = self._order(len(self.orders) + 1)
            self.orders.append(order)
            self._tally.keys += 1
            for _ in range(self._chance.randint(2, 6)):
                # Some give up before the request is there, some before the commit, some before the answer.
                await self.send(order, self._chance.choice((0.003, 0.01, 0.03, 0.1, 10, 10)))

    async def send(self, order: Order, patience: float) -> bool:
        """Send it, and wait so many seconds at most; whether an answer came."""
        await self._mortal.up.wait()
        self._tally.sent += 1
        headers = {"Idempotency-Key": order.key, "Content-Type": "application/json"}
        # A connection of its own: giving up means to hang up.
        connector = aiohttp.TCPConnector(force_close=True)
        with suppress(aiohttp.ClientError, OSError):
            async with aiohttp.ClientSession(self._mortal.url, connector=connector) as session:
                async with asyncio.timeout(patience):
                    async with session.post(order.path, data=json.dumps(order.body), headers=headers) as answer:
                        return self._note(order, answer, await answer.json())
        self._tally.unanswered += 1
        return False

    def _note(self, order: Order, answer: aiohttp.ClientResponse, body: Any) -> bool:
        if answer.status == HTTPStatus.CONFLICT and body["code"] == "in_progress":
            return False
        assert answer.status == HTTPStatus.CREATED, body
        said = (answer.headers["Event-Seq"], body)
        if order.answer is None:
            order.answer = said
        elif order.answer != said:
            self._tally.changed.append((order.key, order.answer, said))
        return True

    def _order(self, number: int) -> Order:
        mark, sensor = f"order {number}", self._sensor
        match number % 4:
            case 0:
                return Order(mark, "/api/v1/channels/soak", {"mark": mark}, [mark])
            case 1:
                return Order(mark, "/api/v1/readings/", {"sensor_id": sensor, "valor": float(number)}, [float(number)])
            case 2:
                return Order(mark, "/api/v1/locations/", {"nombre": mark}, [mark])
            case _:
                values = [number + (n + 1) / 10 for n in range(BULK)]
                return Order(mark, "/api/v1/readings/", [{"sensor_id": sensor, "valor": v} for v in values], values)


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally()
    async with Mortal(plan.folder) as mortal, aiohttp.ClientSession() as session:
        async with session.post(f"{mortal.url}/api/v1/sensors/", json={"tipo": "soak", "modelo": "soak"}) as answer:
            sensor = (await answer.json())["id"]
        clients = Clients(plan, mortal, tally, sensor)
        async with asyncio.TaskGroup() as group:
            for _ in range(plan.clients):
                group.create_task(clients.run())
            group.create_task(_kill_now_and_then(plan, mortal, tally, say))
        tally.kills = mortal.kills
        # Each once more, now with patience: what was done is told again, what was not is done.
        for order in clients.orders:
            async with asyncio.timeout(PATIENCE):
                while not await clients.send(order, PATIENCE):
                    await asyncio.sleep(0.01)  # given up, it still is under way
        await _verify(clients.orders, mortal, session, tally)
        tally.damage = await mortal.check()
    return tally


async def _kill_now_and_then(plan: Plan, mortal: Mortal, tally: Tally, say: Callable[[str], None]) -> None:
    chance = random.Random(plan.seed)
    for number in range(plan.kills):
        part = (number + chance.random()) / plan.kills
        while tally.retries < part * plan.retries:
            await asyncio.sleep(0.001)
        await mortal.die()
        say(f"kill {mortal.kills}/{plan.kills}: {tally.keys} keys, {tally.retries} retries so far")


async def _verify(orders: list[Order], mortal: Mortal, session: aiohttp.ClientSession, tally: Tally) -> None:
    """Look for each mark in the log and in the tables."""
    told = Counter([_mark(event["data"]) async for event in mortal.log(session) if event["channel"] != "audit"])
    stored = Counter()
    for kind in ("readings", "locations"):
        stored.update([_mark(row) async for row in _rows(mortal, session, kind)])
    for order in orders:
        for mark in order.marks:
            events, rows = told[mark], stored[mark]
            if events > 1 or rows > 1:
                tally.doubles.append((order.key, mark, events, rows))
            if not events:
                tally.lost.append((order.key, mark))
            if rows != events and not order.path.startswith("/api/v1/channels/"):
                tally.halves.append((order.key, mark, events, rows))


async def _rows(mortal: Mortal, session: aiohttp.ClientSession, kind: str) -> Any:
    url: str | None = f"{mortal.url}/api/v1/{kind}/?limit=1000"
    while url:
        async with session.get(url) as answer:
            page = await answer.json()
        for row in page["results"]:
            yield row
        url = page["next"]


def _mark(data: dict[str, Any]) -> Any:
    return data.get("mark") or data.get("valor") or data.get("nombre")
