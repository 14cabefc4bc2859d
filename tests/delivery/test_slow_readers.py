"""A reader that does not read: it costs its limit, nobody else anything, and misses nothing."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from realtime import keys
from realtime.delivery.outlet import HIGH_WATER
from realtime.delivery.session import Session
from realtime.events import Event
from tests.delivery.servers import Server, small_client

LIMIT = 64 * 1024
EVENT = 20_000


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A client whose sockets hold little."""
    async with small_client() as session:
        yield session


async def publish(server: Server, http: ClientSession, count: int) -> list[int]:
    async def one(n: int) -> int:
        body = {"n": n, "padding": "x" * EVENT}
        async with http.post(server.url("/api/v1/channels/plaza"), json=body) as response:
            assert response.status == 201
            return int((await response.json())["seq"])

    return sorted([seq for n in range(0, count, 8) for seq in await asyncio.gather(*map(one, range(n, n + 8)))])


async def read(ws: ClientWebSocketResponse, count: int) -> list[int]:
    return [(await ws.receive_json(timeout=20))["seq"] for _ in range(count)]


def only(server: Server, label: str) -> Session:
    return next(session for session in server.app[keys.HUB].sessions.values() if session.label == label)


async def test_a_stalled_reader_is_held_at_its_limit_and_then_gets_everything_once(
    tmp_path: Path, http: ClientSession
) -> None:
    async with Server(tmp_path, outlet_limit=LIMIT, ring_events=10) as server:
        url = server.url("/api/v1/ws/secure?channel=plaza&user_id=")
        async with http.ws_connect(url + "slow") as slow, http.ws_connect(url + "quick") as quick:
            reading = asyncio.create_task(read(quick, 400))
            published = await publish(server, http, 400)
            assert await reading == published, "the others do not feel it"

            stalled = only(server, "slow")
            assert not stalled.live
            assert stalled.outlet.pending() <= LIMIT + HIGH_WATER + 2 * EVENT
            assert server.app[keys.HUB].counts.fell_behind >= 1

            assert await read(slow, 400) == published
            last = await publish(server, http, 8)
            assert await read(slow, 8) == last
            while not stalled.live:
                await asyncio.sleep(0)


async def test_one_that_takes_nothing_at_all_is_closed(tmp_path: Path, http: ClientSession) -> None:
    async with (
        Server(tmp_path, outlet_limit=LIMIT, stall_timeout=300) as server,
        http.ws_connect(server.url("/api/v1/ws/secure?channel=plaza&user_id=slow")),
    ):
        stalled = only(server, "slow")
        await publish(server, http, 200)
        while stalled.id in server.app[keys.HUB].sessions:
            await asyncio.sleep(0.01)
    assert stalled.close_code == 4008


async def test_all_outlets_together_have_a_limit(tmp_path: Path, http: ClientSession) -> None:
    """Each is within its own limit, but the fullest must stop filling."""
    async with (
        Server(tmp_path, outlet_limit=4 * 2**20, outlets_limit=4 * 2**20) as server,
        http.ws_connect(server.url("/api/v1/ws/secure?channel=plaza&user_id=one")),
        http.ws_connect(server.url("/api/v1/ws/secure?channel=plaza&user_id=two")),
    ):
        await publish(server, http, 160)
        hub = server.app[keys.HUB]
        while all(session.live for session in hub.sessions.values()):
            await asyncio.sleep(0.01)


async def test_subscribing_during_a_flood_leaves_no_hole_and_makes_no_double(
    tmp_path: Path, http: ClientSession
) -> None:
    async with Server(tmp_path, ring_events=50) as server:
        stop = asyncio.Event()

        async def flood() -> None:
            n = 0
            while not stop.is_set():
                n += 1
                async with http.post(server.url("/api/v1/channels/plaza"), data=str(n)) as response:
                    assert response.status == 201

        async def subscribe(after: int) -> list[int]:
            url = server.url(f"/api/v1/ws/secure?channel=plaza&since={after}")
            async with http.ws_connect(url) as ws:
                seqs: list[int] = []
                recovered = 0
                while recovered < 20:
                    message = await ws.receive(timeout=20)
                    assert message.type is WSMsgType.TEXT
                    frame = message.json()
                    if "seq" in frame:
                        seqs.append(frame["seq"])
                        recovered += not frame.get("replayed", False)
                return seqs

        publishers = [asyncio.create_task(flood()) for _ in range(8)]
        for _ in range(4):
            after = max(1, server.app[keys.HUB].tip - 40)
            for seqs in await asyncio.gather(*(subscribe(after) for _ in range(15))):
                # Nothing else is published, so the channel has every number after the start.
                assert seqs == list(range(after + 1, after + 1 + len(seqs)))
        stop.set()
        await asyncio.gather(*publishers)


async def test_nothing_of_the_log_is_held_for_readers_that_take_none_of_it(tmp_path: Path, http: ClientSession) -> None:
    """Each of them asks for all of the log, larger than the ring, and reads nothing."""
    async with Server(tmp_path, ring_events=1, outlet_limit=LIMIT) as server:
        await publish(server, http, 400)
        hub = server.app[keys.HUB]
        before = events_in_memory()
        streams = [await http.get(server.url("/api/v1/events/stream?channel=plaza&since=0")) for _ in range(10)]
        while len(hub.sessions) < 10 or any(session.outlet.pending() == 0 for session in hub.sessions.values()):
            await asyncio.sleep(0.01)
        held = events_in_memory() - before
        for stream in streams:
            stream.close()
    # Together they have asked for four thousand.
    assert held < 10 * 5


def events_in_memory() -> int:
    gc.collect()
    return sum(isinstance(thing, Event) for thing in gc.get_objects())
