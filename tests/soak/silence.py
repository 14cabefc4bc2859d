"""P10, dead peers are found: who vanishes, or says nothing any more, at whatever door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import Server
from tests.soak.admin import admin, pages, tell, user_with_token
from tests.soak.crowd import Crowd
from tests.soak.wires import DOORS

PRESENT: Final = ("dashboard", "chat", "polling", "channels")
"""Doors at which an account is present."""

STREAMS: Final = ("sse", "ndjson")
CHATS: Final = ("chat", "polling")
NO_PONG: Final = 4012
LOOK: Final = 0.25
"""Seconds between two looks at the roster."""

LEAST_PATIENCE: Final = 2_000
"""Milliseconds that an answer may take at any pace."""


@dataclass(frozen=True)
class Plan:
    """
    So many clients, of whom a third vanishes and a third (of those who answer pings) only falls
    silent, in `turns` that are spread over a heartbeat. `pace` is by how much faster than in
    its defaults the server looks for them.
    """

    folder: Path
    clients: int = 960
    users: int = 120
    turns: int = 10
    pace: int = 1
    seconds: float = 35.0
    chat_seconds: float = 45.0
    grace: float = 15.0
    patience: float = 120.0

    def settings(self) -> dict[str, str]:
        """What the server is told of its heartbeats, in milliseconds."""
        often = {
            "HEARTBEAT": 25_000,
            "SOCKETIO_HEARTBEAT": 25_000,
            "STREAM_HEARTBEAT": 15_000,
            "PRESENCE_GRACE": 15_000,
        }
        patient = {"HEARTBEAT_TIMEOUT": 10_000, "SOCKETIO_TIMEOUT": 20_000, "STREAM_TIMEOUT": 35_000}
        if self.pace == 1:
            return {}
        # On a busy machine who is well may take a while to answer.
        wanted = {name: value // self.pace for name, value in often.items()}
        wanted |= {name: max(LEAST_PATIENCE, value // self.pace) for name, value in patient.items()}
        return {f"REALTIME_{name}": str(value) for name, value in wanted.items()}


@dataclass
class Tally:
    """
    What was found: by door, how many seconds each of the lost was still shown as connected;
    how long those users were shown as online; who was not found, and who was taken for dead.
    """

    found: dict[str, list[float]] = field(default_factory=dict)
    offline: list[float] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    not_found: list[str] = field(default_factory=list)
    mistaken: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    well: int = 0

    @property
    def late(self) -> list[tuple[str, float]]:
        """Doors at which it took longer than promised, with the longest."""
        return [(door, max(seconds)) for door, seconds in self.found.items() if max(seconds) > self.limits[door]]

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.late or self.not_found or self.mistaken or self.stale)

    def __str__(self) -> str:
        longest = ", ".join(f"{door} {max(seconds):.1f} s ({len(seconds)})" for door, seconds in self.found.items())
        return (
            f"the longest that a lost client was shown as connected: {longest}; {len(self.not_found)} not found; "
            f"{len(self.offline)} users shown as online for at most {max(self.offline, default=0):.1f} s, "
            f"{len(self.stale)} for too long; of {self.well} who were well {len(self.mistaken)} taken for dead"
        )


@dataclass(frozen=True)
class _Client:
    name: str
    door: str
    user: str
    fate: str


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally(limits={door: plan.chat_seconds if door in CHATS else plan.seconds for door in DOORS})
    with await asyncio.to_thread(Server, plan.folder, **plan.settings()) as server:
        async with admin(server) as session, Crowd(server.port) as crowd:
            clients = list(_clients(plan))
            tokens = {one.user: await user_with_token(session, one.user) for one in clients if one.user}
            await crowd.connect((one.name, one.door, _query(one), tokens.get(one.user, "")) for one in clients)
            say(f"{len(clients)} clients at {len(DOORS)} doors")
            watch = _Watch(session, {one.name for one in clients})
            watching = asyncio.create_task(watch.run())
            lost = await _lose(plan, crowd, clients, say)
            await _all_found(plan, watch, lost)
            watching.cancel()
            rows = await pages(session, "websockets/")
            _judge_rows(clients, lost, watch, rows, tally)
            await _judge_presence(plan, session, clients, lost, tally)
            ended = (await crowd.tell())[0]
            tally.mistaken += [one.name for one in clients if not one.fate and ended[one.name]["ended"]]
    return tally


def _clients(plan: Plan) -> Iterator[_Client]:
    """Who there is: every third is well, vanishes, or falls silent; of streams, whose clients say nothing, vanishes."""
    users = iter(range(plan.users))
    for number in range(plan.clients):
        door = DOORS[number % len(DOORS)]
        fate = ("", "vanish", "vanish" if door in STREAMS else "mute")[number // len(DOORS) % 3]
        user = next(users, None) if door in PRESENT else None
        yield _Client(f"{number}-{door}", door, "" if user is None else f"user{user}", fate)


def _query(one: _Client) -> str:
    return "since=now" if one.door in ("secure", "realtime", *STREAMS) else ""


async def _lose(plan: Plan, crowd: Crowd, clients: list[_Client], say: Callable[[str], None]) -> dict[str, float]:
    """When (wall clock) each of the lost was: at moments spread over the time between two pings."""
    lost: dict[str, float] = {}
    doomed = [one for one in clients if one.fate]
    for turn in range(plan.turns):
        now = doomed[turn :: plan.turns]
        vanish = [one.name for one in now if one.fate == "vanish"]
        at = await crowd.lose(vanish, [one.name for one in now if one.fate == "mute"])
        lost |= dict.fromkeys((one.name for one in now), at)
        say(f"{len(lost)} of {len(doomed)} are lost")
        # Whoever was asked a moment ago is found last; so at every distance from the last ping.
        await asyncio.sleep(25.0 / plan.pace / plan.turns)
    return lost


class _Watch:
    """What the roster says, seen from outside: when each client was last shown as connected."""

    def __init__(self, session: aiohttp.ClientSession, names: set[str]) -> None:
        self._session = session
        self.shown = dict.fromkeys(names, 0.0)
        self.now = set(names)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            asked = time.time()
            self.now = {row["user_agent"] for row in await pages(self._session, "websockets/", status="Ativa")}
            self.shown |= dict.fromkeys(self.now & self.shown.keys(), asked)
            await asyncio.sleep(LOOK)


async def _all_found(plan: Plan, watch: _Watch, lost: dict[str, float]) -> None:
    """Until none of the lost is shown any more, and the grace of the last is over; at most for `patience`."""
    until = time.monotonic() + plan.patience
    while watch.now & lost.keys() and time.monotonic() < until:
        await asyncio.sleep(LOOK)
    await asyncio.sleep(plan.grace / plan.pace + 2)


def _judge_rows(
    clients: list[_Client], lost: dict[str, float], watch: _Watch, rows: list[dict[str, Any]], tally: Tally
) -> None:
    by_name = {row["user_agent"]: row for row in rows}
    for one in clients:
        row = by_name[one.name]
        if not one.fate:
            tally.well += 1
            tally.mistaken += [one.name] if row["status"] != "Ativa" else []
        elif row["close_code"] != NO_PONG:
            tally.not_found.append(one.name)
        else:
            ended = max(_seconds(row["disconnected_at"]), watch.shown[one.name])
            tally.found.setdefault(one.door, []).append(ended - lost[one.name])


async def _judge_presence(
    plan: Plan, session: aiohttp.ClientSession, clients: list[_Client], lost: dict[str, float], tally: Tally
) -> None:
    """Each of the lost users has gone offline when the grace after the end of their connection was over."""
    offline: dict[str, float] = {}
    for event in (await tell(session, "GET", "events", channel="users", limit=1000, type="user.offline"))["results"]:
        offline[event["data"]["username"]] = _seconds(event["at"])
    for one in clients:
        if one.user and not one.fate:
            tally.mistaken += [one.user] if one.user in offline else []
        elif one.user:
            seconds = offline.get(one.user, float("inf")) - lost[one.name]
            tally.offline.append(seconds)
            if seconds > tally.limits[one.door] + plan.grace / plan.pace + 1:
                tally.stale.append(one.user)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
