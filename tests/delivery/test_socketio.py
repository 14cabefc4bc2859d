"""
Clients of Socket.IO at the hub: one that does not read costs its limit and misses nothing, and one that is cut at any
moment, by any transport, gets what follows its position, in order, once.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import keys
from realtime.delivery.outlet import HIGH_WATER
from realtime.delivery.session import Session
from realtime.handlers.links import LINKS
from realtime.services.messages import Place, Speaker
from tests.chatting import TRANSPORTS, Chat, Ended
from tests.delivery.servers import Server, small_client
from tests.ears import GUEST

LIMIT = 64 * 1024
BODY = 20_000
PATIENCE = 60

BOTH = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A client whose sockets hold little."""
    async with small_client() as session:
        yield session


async def say(server: Server, count: int, length: int = 0) -> list[int]:
    """So many messages in one conversation, stored; their places in the log."""
    messages = server.app[keys.MESSAGES]

    async def one(n: int) -> int:
        body = f"{n}{'x' * length}"
        return (await messages.send(Speaker(GUEST, "customer"), Place("c", open=True), body)).seq

    return [seq for n in range(0, count, 8) for seq in await asyncio.gather(*map(one, range(n, min(n + 8, count))))]


async def seqs(chat: Chat, count: int) -> list[int]:
    return [(await chat.event("message:send"))["seq"] for _ in range(count)]


def session_of(server: Server, chat: Chat) -> Session:
    outlet = server.app[LINKS].find(chat.opening["sid"]).outlet
    return next(session for session in server.app[keys.HUB].sessions.values() if session.outlet is outlet)


@BOTH
async def test_one_that_does_not_read_is_held_at_its_limit_and_then_gets_everything_once(
    tmp_path: Path, http: ClientSession, transport: str
) -> None:
    async with Server(tmp_path, outlet_limit=LIMIT, ring_events=10) as server:
        base = server.url("")
        async with Chat(http, transport, base=base) as slow, Chat(http, base=base) as quick:
            await slow.connect()
            await quick.connect()
            reading = asyncio.create_task(seqs(quick, 400))
            said = await say(server, 400, BODY)
            assert await reading == said, "the others do not feel it"

            stalled = session_of(server, slow)
            assert not stalled.live
            assert stalled.outlet.pending() <= LIMIT + HIGH_WATER + 2 * BODY
            assert server.app[keys.HUB].counts.fell_behind >= 1

            assert await seqs(slow, 400) == said
            last = await say(server, 8)
            assert await seqs(slow, 8) == last


@BOTH
async def test_one_that_takes_nothing_at_all_is_closed(tmp_path: Path, http: ClientSession, transport: str) -> None:
    async with Server(tmp_path, outlet_limit=LIMIT, stall_timeout=300) as server:
        chat = Chat(http, transport, base=server.url(""))
        await chat.connect()
        stalled = session_of(server, chat)
        await say(server, 200, BODY)
        while server.app[keys.HUB].sessions or len(server.app[LINKS]):
            await asyncio.sleep(0.01)
        assert stalled.close_code == 4008
        if chat.ws is not None:
            await chat.ws.close()


async def test_who_does_not_fetch_its_answers_is_not_read_from(tmp_path: Path, http: ClientSession) -> None:
    async with Server(tmp_path, outlet_limit=LIMIT, stall_timeout=300, guest_commands_per_second=100_000) as server:
        chat = Chat(http, "polling", base=server.url(""))
        await chat.connect()
        outlet = server.app[LINKS].find(chat.opening["sid"]).outlet
        with suppress(Ended):
            for n in range(100):
                await chat.send(*(f'42{n}["typing",{{"chat_id":"{"x" * 60}"}}]' for _ in range(100)))
        while not outlet.ended:
            assert outlet.pending() <= LIMIT + HIGH_WATER
            await asyncio.sleep(0.01)
        assert n < 99


@dataclass
class Follower:
    """A client that follows by `since`, and what it has seen."""

    server: Server
    http: ClientSession
    way: str
    start: int | None = None
    position: str = "now"
    seen: list[int] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    chat: Chat | None = None
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self) -> None:
        if self.task is not None and not self.task.done():
            return
        self.reading.set()
        transport = "websocket" if self.way == "websocket" else "polling"
        self.chat = Chat(self.http, transport, base=self.server.url(""))
        await self.chat.connect({"since": self.position}, greeted=False)
        hello = await self.chat.event("hello")
        if self.start is None:
            self.start = hello["tip"]
        self.position = hello["position"]
        self.task = asyncio.create_task(self._read(self.chat))

    async def _read(self, chat: Chat) -> None:
        with suppress(Ended, ClientError, OSError):
            if self.way == "upgrade":
                await chat.upgrade()
            while True:
                [[name, payload]] = await chat.events(1)
                assert name != "gap", payload
                if name == "message:send":
                    self.seen.append(payload["seq"])
                    self.position = str(payload["seq"])
                await self.reading.wait()

    async def cut(self) -> None:
        """Its connections are gone from one moment to the next."""
        if self.task is None or self.chat is None:
            return
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        if self.chat.ws is not None:
            await self.chat.ws.close()
        self.task = None


WAYS = st.lists(st.sampled_from(("websocket", "polling", "upgrade")), min_size=1, max_size=4)
ACTIONS = st.one_of(
    st.tuples(st.just("say"), st.integers(1, 20)),
    st.tuples(st.just("shout"), st.integers(5, 20)),
    st.tuples(st.just("murmur"), st.integers(20, 60)),
    *(st.tuples(st.just(name), st.integers(0, 3)) for name in ("cut", "connect", "pause", "resume")),
    st.tuples(st.just("restart"), st.just(0)),
)


@given(ways=WAYS, actions=st.lists(ACTIONS, min_size=3, max_size=15))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_follower_gets_everything_in_one_order_once(ways: list[str], actions: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Play(Path(folder), ways).run(actions))


class Play:
    """One history: what was said, and who followed."""

    def __init__(self, folder: Path, ways: list[str]) -> None:
        self.server = Server(folder, ring_events=8, outlet_limit=16_384, replay_page=5, join_window=50)
        self.ways = ways
        self.said: list[int] = []
        self.murmuring: list[asyncio.Task[list[int]]] = []

    async def run(self, actions: list[tuple[str, int]]) -> None:
        async with self.server, small_client() as http, asyncio.timeout(PATIENCE):
            self.followers = [Follower(self.server, http, way) for way in self.ways]
            try:
                for follower in self.followers:
                    await follower.connect()
                for name, number in actions:
                    await getattr(self, name)(number)
                await self.finish()
            finally:
                await self.calm()
                for follower in self.followers:
                    await follower.cut()

    async def say(self, count: int) -> None:
        self.said += await say(self.server, count)

    async def shout(self, count: int) -> None:
        self.said += await say(self.server, count, 5_000)

    async def murmur(self, count: int) -> None:
        """While whatever comes next goes on."""
        self.murmuring.append(asyncio.create_task(say(self.server, count)))

    def _follower(self, number: int) -> Follower:
        return self.followers[number % len(self.followers)]

    async def cut(self, number: int) -> None:
        await self._follower(number).cut()

    async def connect(self, number: int) -> None:
        await self._follower(number).connect()

    async def pause(self, number: int) -> None:
        self._follower(number).reading.clear()

    async def resume(self, number: int) -> None:
        self._follower(number).reading.set()

    async def restart(self, _: int) -> None:
        await self.calm()
        for follower in self.followers:
            await follower.cut()
        await self.server.stop()
        await self.server.start()

    async def calm(self) -> None:
        for said in await asyncio.gather(*self.murmuring):
            self.said += said
        self.murmuring.clear()

    async def finish(self) -> None:
        for follower in self.followers:
            follower.reading.set()
            await follower.connect()
        await self.calm()
        await self.say(1)
        for follower in self.followers:
            expected = [seq for seq in sorted(self.said) if seq > (follower.start or 0)]
            while len(follower.seen) < len(expected):
                assert follower.task is not None
                assert not follower.task.done(), (follower.way, follower.seen, expected)
                await asyncio.sleep(0)
            assert follower.seen == expected, follower.way
