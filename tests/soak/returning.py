"""
P3 for clients that know no position: those of seed 001 that reconnect by themselves, with
`session=` in their URL, while the server is killed (SIGKILL) and stopped (SIGTERM) by turns.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.dashboard_seed import frames
from tests.programs import command
from tests.soak.mortal import Mortal
from tests.soak.seed_clients import CLIENTS, Client, Seen

WORDS = {
    "message.created": "chat_message",
    "message.updated": "message_updated",
    "message.deleted": "message_deleted",
    "reaction.updated": "message_reaction",
    "csat.created": "csat_update",
    "audit.created": "audit_log",
    "user.online": "user_status",
    "user.offline": "user_status",
    **{f"conversation.{what}": "conversation_updated" for what in ("created", "updated", "assigned", "closed")},
}
"""What the dashboard calls the events that are made here."""

SEEN_BETWEEN = 10
"""Events that each client must have got between two restarts, so that none is a restart of nothing."""


@dataclass(frozen=True)
class Plan:
    """
    So many restarts. `interval` is the milliseconds that a client waits between two of its
    five tries; the seed has 5000. On another `port` than the seed's, that changes in its URL too.
    """

    folder: Path
    restarts: int
    interval: int = 1_500
    port: int = 8010
    publishers: int = 2
    seed: int | None = None


@dataclass
class Tally:
    """What was found. Missed, unmarked, disordered, strange, unheard, gaps, gave_up and lost must stay empty."""

    kills: int = 0
    stops: int = 0
    stored: int = 0
    received: int = 0
    replayed: int = 0
    repeated: int = 0
    withdrawn: int = 0
    """Those not sent because their message was deleted before its client came back."""
    missed: list[Any] = field(default_factory=list)
    unmarked: list[Any] = field(default_factory=list)
    disordered: list[Any] = field(default_factory=list)
    strange: list[Any] = field(default_factory=list)
    unheard: list[Any] = field(default_factory=list)
    gaps: list[Any] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    damage: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        wrong = self.missed or self.unmarked or self.disordered or self.strange or self.unheard
        return not (wrong or self.gaps or self.gave_up or self.lost or self.damage)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills and {self.stops} stops; {self.stored} events stored, {self.received} frames received, "
            f"{self.replayed} of them replayed, {self.repeated} again, "
            f"{self.withdrawn} withdrawn with their message; {len(self.missed)} missed, "
            f"{len(self.unmarked)} repeated without a mark, {len(self.disordered)} out of order, "
            f"{len(self.strange)} that nobody made, {len(self.unheard)} that the client did not hand on, "
            f"{len(self.gaps)} gaps told, {len(self.gave_up)} clients gave up, "
            f"{len(self.lost)} acknowledged and lost, {self.damage or 'database sound'}"
        )


class Desk:
    """Who writes meanwhile, and what the server has acknowledged."""

    def __init__(self, mortal: Mortal, session: aiohttp.ClientSession) -> None:
        self.mortal = mortal
        self.session = session
        self.acks: list[int] = []
        self.ended = asyncio.Event()

    async def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One write."""
        async with self.session.request(method, f"{self.mortal.url}/api/v1/{path}", json=body) as answer:
            text = await answer.text()
            assert answer.status in (200, 201, 204), text
            if "Event-Seq" in answer.headers:
                self.acks.append(int(answer.headers["Event-Seq"]))
            return dict(json.loads(text)) if text else {}

    async def converse(self, contact: str) -> None:
        """Write of all kinds until the end; what a kill cuts off is left as it is."""
        place = ""
        for number in count():
            if self.ended.is_set():
                return
            await self.mortal.up.wait()
            with suppress(aiohttp.ClientError, OSError):
                if not place:
                    made = await self.ask("POST", "conversations/", contact_name=contact)
                    place = f"conversations/{made['id']}/"
                await self._write(place, number)
                # Some dozens a second, as at a busy desk: the clients are to be interrupted, not swamped.
                await asyncio.sleep(0.03)

    async def _write(self, place: str, number: int) -> None:
        message = f"messages/{(await self.ask('POST', f'{place}messages/', content=f'Olá {number}'))['id']}/"
        if number % 3 == 0:
            await self.ask("POST", f"{message}reactions/", reaction="👍")
        if number % 5 == 0:
            await self.ask("POST", f"{place}csat/", rating=5)
        if number % 7 == 0:
            await self.ask("PATCH", message, content="Até logo")
        if number % 11 == 0:
            await self.ask("DELETE", message)


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    async with Mortal(plan.folder, plan.port) as mortal:
        token = await asyncio.to_thread(_token, plan.folder)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            desk = Desk(mortal, session)
            one, other = (Client(plan.folder, name, token, interval=plan.interval, port=plan.port) for name in CLIENTS)
            async with one, other:
                tally = await _restart_under(plan, desk, (one, other), say)
            log = {event["seq"]: event async for event in mortal.log(session)}
        tally.stored = len(log)
        tally.lost += [seq for seq in desk.acks if seq not in log]
        for client in (one, other):
            judge(client.seen, log, tally, until=desk.acks[-1])
        tally.damage = await mortal.check()
        return tally


def _token(folder: Path) -> str:
    made = command(folder, "token", "create", "--user", "agente1", "--role", "agent", "--data", "data")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


async def _restart_under(plan: Plan, desk: Desk, clients: tuple[Client, ...], say: Callable[[str], None]) -> Tally:
    """Restart the server under its clients and writers; what is heard then is in the clients."""
    chance = random.Random(plan.seed)
    tally = Tally()
    for client in clients:
        await client.until(lambda seen: seen.start is not None)
    writing = [asyncio.create_task(desk.converse(f"Contact {number}")) for number in range(plan.publishers)]
    for turn in range(plan.restarts):
        for client in clients:
            await client.until(_has_got(turn + 1, len(client.seen.frames) + chance.randint(0, SEEN_BETWEEN)))
        # Anywhere between two pings, which are a second apart: sometimes all is confirmed, sometimes nothing.
        await asyncio.sleep(chance.random())
        by = signal.SIGTERM if turn % 2 else signal.SIGKILL
        await desk.mortal.die(by)
        tally.kills, tally.stops = tally.kills + (by is signal.SIGKILL), tally.stops + (by is signal.SIGTERM)
        say(f"restart {turn + 1}/{plan.restarts}; {len(desk.acks)} acknowledged")
    desk.ended.set()
    await asyncio.gather(*writing)
    await desk.ask("POST", "conversations/", contact_name="The last")
    for client in clients:
        await client.until(lambda seen: seen.last >= desk.acks[-1])
    return tally


def _has_got(connections: int, frames: int) -> Callable[[Seen], bool]:
    return lambda seen: seen.connections >= connections and len(seen.frames) >= frames


def judge(seen: Seen, log: dict[int, Any], tally: Tally, *, until: int) -> None:
    """Hold what a client got, from its first hello `until` the last event, against the log."""
    assert seen.start is not None
    expected = {(seq, WORDS[event["type"]]) for seq, event in log.items() if event["type"] in WORDS}
    due = {mark for mark in expected if seen.start < mark[0] <= until}
    got: set[tuple[int, str]] = set()
    connection, after = 0, 0
    for number, frame in seen.frames:
        mark = frame["seq"], frame["type"]
        if mark in got:
            tally.repeated += 1
            tally.unmarked += [] if frame.get("replayed") is True else [(seen.name, *mark)]
        if number == connection and frame["seq"] <= after:
            tally.disordered.append((seen.name, *mark))
        got.add(mark)
        connection, after = number, frame["seq"]
    tally.received += len(seen.frames)
    tally.replayed += sum(frame.get("replayed") is True for _, frame in seen.frames)
    absent = sorted(due - got)
    withdrawn = {mark for mark in absent if _is_withdrawn(log[mark[0]])}
    tally.withdrawn += len(withdrawn)
    tally.missed += [(seen.name, *mark) for mark in absent if mark not in withdrawn]
    tally.strange += [(seen.name, *mark) for mark in sorted(got - expected) if mark[0] <= until]
    # The seed's classes hand on what they have a word for, whatever else the frame says.
    told = Counter(frame["type"] for _, frame in seen.frames if frame["type"] in frames())
    tally.unheard += [(seen.name, word, told[word]) for word in told if seen.emitted[word] < told[word]]
    tally.gaps += seen.gaps
    tally.gave_up += [seen.name] if seen.gave_up else []


def _is_withdrawn(event: dict[str, Any]) -> bool:
    """Whether a message and what was told of it were deleted afterwards; the deletion itself is told to all."""
    return event["type"] != "message.deleted" and event["data"].get("deleted") is True
