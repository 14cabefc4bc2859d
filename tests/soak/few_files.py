"""P13, descriptors run out: those past the limit get an answer, old clients are unhurt, and it recovers."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.programs import PATIENCE, Server
from tests.soak.admin import descriptors
from tests.soak.crowd import Crowd

CHANNEL: Final = "soak"
DOORS: Final = ("secure", "realtime", "sse", "ndjson")


@dataclass(frozen=True)
class Plan:
    """A server that may open so many files; clients that were there before; and so many rounds of too many others."""

    folder: Path
    files: int = 1000
    old: int = 200
    rounds: int = 5
    silent: int = 2000


@dataclass
class Tally:
    """What was found: how those past the limit were answered, who was hurt, and what did not recover."""

    rounds: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    served: int = 0
    most: int = 0
    hurt: list[Any] = field(default_factory=list)
    stuck: list[Any] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.hurt or self.stuck) and self.answers.keys() <= {101, 503}

    def __str__(self) -> str:
        answers = ", ".join(f"{number} × {status}" for status, number in self.answers.items())
        return (
            f"{self.rounds} rounds: upgrades past the limit were answered {answers}; {self.most} files open at most; "
            f"{self.served} events to those who were there before, {len(self.hurt)} missing or closed {self.hurt[:3]}; "
            f"{len(self.stuck)} times it did not recover {self.stuck[:3]}"
        )


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally = Tally()

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (plan.files, plan.files))

    with await asyncio.to_thread(Server, plan.folder, prepare=few) as server:
        async with Crowd(server.port, 1) as crowd, aiohttp.ClientSession(server.url) as session:
            query = f"channel={CHANNEL}&since=now"
            await crowd.connect((f"{n}", DOORS[n % len(DOORS)], query, "") for n in range(plan.old))
            usual, seqs = descriptors(server), [await _publish(session)]
            for _ in range(plan.rounds):
                await _too_many_sockets(plan, server, session, seqs, tally)
                await _too_many_connections(plan, server, session, seqs, tally)
                await _recover(server, session, usual, tally)
                tally.rounds += 1
                say(f"round {tally.rounds}: {dict(tally.answers)}")
            seqs.append(await _publish(session))
            await crowd.reach(seqs[-1])
            for name, client in (await crowd.tell())[0].items():
                tally.served += len(client["seqs"])
                tally.hurt += [name] if client["ended"] or client["seqs"] != seqs else []
    return tally


async def _too_many_sockets(
    plan: Plan, server: Server, session: aiohttp.ClientSession, seqs: list[int], tally: Tally
) -> None:
    """More WebSockets than there is room for: each is let in, or answered."""
    opened: list[aiohttp.ClientWebSocketResponse] = []
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(server.url, connector=connector) as others:
        for _ in range(plan.files - plan.old):
            try:
                opened.append(await others.ws_connect("/api/v1/ws"))
                tally.answers[101] += 1
            except aiohttp.WSServerHandshakeError as refused:
                tally.answers[refused.status] += 1
        tally.most = max(tally.most, descriptors(server))
        seqs.append(await _publish(session))
        for one in opened:
            await one.close()


async def _too_many_connections(
    plan: Plan, server: Server, session: aiohttp.ClientSession, seqs: list[int], tally: Tally
) -> None:
    """Connections that say nothing take what is left; who is there already is served nevertheless."""
    silent = []
    for _ in range(plan.silent):
        one = socket.socket()
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect(("127.0.0.1", server.port))
        silent.append(one)
    async with asyncio.timeout(PATIENCE):
        # The request's own connection was there before: it is kept alive.
        seqs.append(await _publish(session))
    tally.most = max(tally.most, descriptors(server))
    for one in silent:
        one.close()


async def _recover(server: Server, session: aiohttp.ClientSession, usual: int, tally: Tally) -> None:
    """When they have gone there is room again, for a new client too."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while descriptors(server) > usual + 8:
                await asyncio.sleep(0.05)
            async with aiohttp.ClientSession(server.url) as new, new.ws_connect("/api/v1/ws") as one:
                await one.send_json({"action": "ping"})
                await one.receive_json()
            return
    tally.stuck.append(descriptors(server))


async def _publish(session: aiohttp.ClientSession) -> int:
    async with session.post(f"/api/v1/channels/{CHANNEL}", json={"some": "thing"}) as answer:
        told = await answer.json()
        assert answer.status == 201, told
        return int(told["seq"])
