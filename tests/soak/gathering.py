"""
The roster at full size: ten thousand connections opened, listed, filtered, and hundreds of
them closed, all by REST; what that takes of time and memory.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import Server
from tests.soak.admin import admin, memory, pages, tell, user_with_token
from tests.soak.crowd import Crowd

CHANNEL: Final = "soak"
DOORS: Final = ("secure", "realtime", "dashboard", "chat", "sse", "ndjson")
DIALECTS: Final = {"secure": "channels"}
KICKED: Final = 4503
AT_ONCE: Final = 16
"""Requests on their way while connections are closed."""


@dataclass(frozen=True)
class Plan:
    """So many connections of so many users, of which so many are closed by an admin."""

    folder: Path
    connections: int = 10_000
    users: int = 100
    kicks: int = 500
    patience: float = 300.0


@dataclass
class Tally:
    """What was found: milliseconds of each request, and what was `wrong`, in sentences."""

    connections: int = 0
    kicks: int = 0
    opened: float = 0.0
    closed: float = 0.0
    bytes_each: float = 0.0
    milliseconds: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every answer was right."""
        return not self.wrong

    def __str__(self) -> str:
        took = ", ".join(f"{what} {milliseconds:.0f} ms" for what, milliseconds in self.milliseconds.items())
        return (
            f"{self.connections} connections opened in {self.opened:.1f} s, {self.bytes_each / 1024:.1f} KiB each; "
            f"{took}; {self.kicks} kicked in {self.closed:.1f} s; {'; '.join(self.wrong) or 'every answer right'}"
        )

    def check(self, what: str, *, found: Any, expected: Any) -> None:
        """Note what is not as it should be."""
        if found != expected:
            self.wrong.append(f"{what}: {found} instead of {expected}")


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally(plan.connections, plan.kicks)
    with await asyncio.to_thread(Server, plan.folder) as server:
        async with asyncio.timeout(plan.patience), admin(server) as session, Crowd(server.port) as crowd:
            tokens = {name: await user_with_token(session, name) for name in map("user{}".format, range(plan.users))}
            clients = {f"{n}": (DOORS[n % len(DOORS)], f"user{n % plan.users}") for n in range(plan.connections)}
            before, begun = memory(server), time.monotonic()
            everybody = ((name, door, _query(door), tokens[user]) for name, (door, user) in clients.items())
            tally.opened = await crowd.connect(everybody) - begun
            await _all_there(session, plan.connections)
            tally.bytes_each = (memory(server) - before) / plan.connections
            say(f"{plan.connections} connected after {tally.opened:.1f} s, {tally.bytes_each / 1024:.1f} KiB each")
            await _list(plan, session, clients, tally)
            say("listed and filtered")
            await _kick(plan, session, crowd, clients, tally)
    return tally


def _query(door: str) -> str:
    return "" if door in ("dashboard", "chat") else f"channel={CHANNEL}&since=now"


async def _all_there(session: aiohttp.ClientSession, number: int) -> None:
    """Wait until the log and the roster are quiet: everybody is in, and presence has been told."""
    while (await tell(session, "GET", "websockets/", status="Ativa", limit=1))["count"] != number:
        await asyncio.sleep(0.1)


async def _list(plan: Plan, session: aiohttp.ClientSession, clients: dict[str, tuple[str, str]], tally: Tally) -> None:
    """Every filter and both ends of the list, against what is known of who is connected."""
    by_dialect = Counter(DIALECTS.get(door, door) for door, _ in clients.values())
    by_user = Counter(user for _, user in clients.values())
    listening = sum(door not in ("dashboard", "chat") for door, _ in clients.values())
    last = {"limit": 100, "offset": plan.connections - 100}
    for what, query, count in (
        ("first page", {}, plan.connections),
        ("last page", last, plan.connections),
        ("newest first", {"ordering": "-id"}, plan.connections),
        ("status", {"status": "Ativa"}, plan.connections),
        ("user", {"user": "user0"}, by_user["user0"]),
        ("dialect", {"dialect": "sse"}, by_dialect["sse"]),
        ("channel", {"channel": CHANNEL}, listening),
        ("all three", {"status": "Ativa", "user": "user0", "dialect": "sse", "limit": 10, "offset": 0}, None),
        ("nothing", {"status": "Inativa"}, 0),
    ):
        page = await _timed(tally, what, tell(session, "GET", "websockets/", **query))
        if count is not None:
            tally.check(what, found=(page["count"], len(page["results"])), expected=(count, min(count, 100)))
    rows = await _timed(tally, "all pages of 1000", pages(session, "websockets/"))
    shown = Counter((row["user_agent"], row["dialect"], row["user"], row["status"]) for row in rows)
    known = Counter((name, DIALECTS.get(door, door), user, "Ativa") for name, (door, user) in clients.items())
    tally.check("rows that are not as they should be", found=len(shown - known) + len(known - shown), expected=0)


async def _timed(tally: Tally, what: str, asked: Awaitable[Any]) -> Any:
    begun = time.monotonic()
    found = await asked
    tally.milliseconds[what] = (time.monotonic() - begun) * 1_000
    return found


async def _kick(
    plan: Plan, session: aiohttp.ClientSession, crowd: Crowd, clients: dict[str, tuple[str, str]], tally: Tally
) -> None:
    """Close some, half by PATCH, half by DELETE: those and no others, and who is left hears what happens."""
    rows = await pages(session, "websockets/")
    chosen = rows[:: max(1, len(rows) // plan.kicks)][: plan.kicks]
    begun = time.monotonic()
    turns = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_close(session, turns, row["id"], patching=n % 2 == 0) for n, row in enumerate(chosen)))
    tally.closed = time.monotonic() - begun
    left = plan.connections - len(chosen)
    await _all_there(session, left)
    async with session.post(f"/api/v1/channels/{CHANNEL}", json={"the": "last"}) as answer:
        seq = (await answer.json())["seq"]
    gone = {row["user_agent"] for row in chosen}
    told = await _until_heard(
        crowd, gone, seq, {name for name, (door, _) in clients.items() if "since" in _query(door)}
    )
    tally.check("ended", found={name for name, one in told.items() if one["ended"]} ^ gone, expected=set())
    sockets = [name for name in gone if clients[name][0] not in ("sse", "ndjson")]
    codes = Counter(told[name]["code"] for name in sockets if clients[name][0] != "chat")
    tally.check("codes", found=set(codes), expected={KICKED})
    closed = await tell(session, "GET", "websockets/", status="Inativa", limit=1)
    tally.check("closed rows", found=closed["count"], expected=(len(chosen) + 1) // 2)
    audit = await pages(session, "audit-logs/")
    kicks = [entry for entry in audit if "connection_kicked" in str(entry)]
    tally.check("audited", found=len(kicks), expected=len(chosen))


async def _close(session: aiohttp.ClientSession, turns: asyncio.Semaphore, id: int, *, patching: bool) -> None:
    async with turns:
        if patching:
            await tell(session, "PATCH", f"websockets/{id}/", {"status": "Inativa"}, block=0)
        else:
            await tell(session, "DELETE", f"websockets/{id}/", block=0)


async def _until_heard(crowd: Crowd, gone: set[str], seq: int, listening: set[str]) -> dict[str, Any]:
    """What the clients tell, once all who are left and listen have the event, and all others have ended."""
    while True:
        told, _ = await crowd.tell()
        late = [name for name in listening - gone if seq not in told[name]["seqs"]]
        if not late and all(told[name]["ended"] for name in gone):
            return told
        await asyncio.sleep(0.1)
