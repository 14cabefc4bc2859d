"""
The promise of the log, against a simple list: whatever is published, cut, paused, trimmed
and restarted, each reader gets what it covers, in order, once, or is told of a gap.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import keys
from realtime.store.retention import Retention
from tests.delivery.servers import Server, small_client

CHANNELS = ("a", "b", "c")
PATIENCE = 10


@dataclass
class Reader:
    """A client with a position, that comes back with it after every cut."""

    server: Server
    http: ClientSession
    door: str
    channels: tuple[str, ...]
    start: int | None = None
    position: str | None = None
    seen: list[int] = field(default_factory=list)
    data: dict[int, Any] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if self.task is None:
            self.reading.set()
            self.connected.clear()
            self.task = asyncio.create_task(self._read())
            await asyncio.wait_for(self.connected.wait(), PATIENCE)

    async def cut(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await self.task
            self.task = None

    async def _read(self) -> None:
        params = {"channel": ",".join(self.channels), "since": self.position or "now"}
        frames = self._socket(params) if self.door == "socket" else self._stream(params)
        async for frame in frames:
            self._take(frame)
            await self.reading.wait()

    async def _socket(self, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        url = self.server.url("/api/v1/ws/secure")
        async with self.http.ws_connect(url, params=params, max_msg_size=0, protocols=("realtime.v1",)) as ws:
            async for message in ws:
                yield json.loads(message.data)

    async def _stream(self, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        path = "/api/v1/events/stream" if self.door == "sse" else "/api/v1/events/ndjson"
        async with self.http.get(self.server.url(path), params=params, read_bufsize=2**12) as response:
            assert response.status == 200, await response.text()
            async for line in response.content:
                text = line.decode().removeprefix("data: ")
                if text.startswith("{"):
                    yield json.loads(text)

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "hello":
            if self.start is None:
                self.start = frame["tip"]
                self.position = frame["position"]
            self.connected.set()
        elif kind == "gap":
            self.gaps.append((int(frame["from"].split(":")[1]), int(frame["to"].split(":")[1])))
            self.position = frame["to"]
        elif kind == "publication.created":
            self.seen.append(frame["seq"])
            self.data[frame["seq"]] = frame["data"]["n"]
            self.position = str(frame["seq"])


ACTIONS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(CHANNELS), st.integers(1, 12)),
    st.tuples(st.just("flood"), st.sampled_from(CHANNELS), st.integers(20, 60)),
    st.tuples(st.just("burst"), st.sampled_from(CHANNELS), st.integers(20, 60)),
    st.tuples(st.just("cut"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("connect"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("pause"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("resume"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("trim"), st.just(0), st.integers(0, 100)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
)
READERS = st.lists(
    st.tuples(
        st.sampled_from(("socket", "sse", "ndjson")),
        st.sets(st.sampled_from(CHANNELS), min_size=1).map(lambda names: tuple(sorted(names))),
    ),
    min_size=1,
    max_size=4,
)


@given(readers=READERS, actions=st.lists(ACTIONS, min_size=3, max_size=25))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_reader_gets_what_it_covers_in_order_once_or_is_told_of_a_gap(
    readers: list[tuple[str, tuple[str, ...]]], actions: list[tuple[str, Any, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Play(Path(folder), readers).run(actions))


class Play:
    """One history: what was done, what was published, what was trimmed."""

    def __init__(self, folder: Path, readers: list[tuple[str, tuple[str, ...]]]) -> None:
        self.server = Server(folder, ring_events=8, outlet_limit=16_384, replay_page=5, join_window=50)
        self.wanted = readers
        self.published: dict[int, tuple[str, int]] = {}
        self.count = 0
        self.trimmed = 0
        self.flooding: list[asyncio.Task[None]] = []

    async def run(self, actions: list[tuple[str, Any, Any]]) -> None:
        await self.server.start()
        async with small_client() as http:
            self.http = http
            self.readers = [Reader(self.server, http, door, channels) for door, channels in self.wanted]
            try:
                for reader in self.readers:
                    await reader.connect()
                for name, which, count in actions:
                    await getattr(self, name)(which, count)
                await self.finish()
            finally:
                await self.calm()
                for reader in self.readers:
                    await reader.cut()
                await self.server.stop()

    async def publish(self, channel: str, count: int, padding: str = "") -> None:
        async def one() -> None:
            n = self.count = self.count + 1
            body = {"n": n, "padding": padding}
            async with self.http.post(self.server.url(f"/api/v1/channels/{channel}"), json=body) as response:
                answer = await response.json()
                assert response.status == 201, answer
                self.published[answer["seq"]] = (channel, n)

        for start in range(0, count, 4):
            await asyncio.gather(*(one() for _ in range(min(4, count - start))))

    async def burst(self, channel: str, count: int) -> None:
        await self.publish(channel, count, padding="x" * 5_000)

    async def flood(self, channel: str, count: int) -> None:
        """Publish while whatever comes next goes on."""
        self.flooding.append(asyncio.create_task(self.publish(channel, count)))

    async def cut(self, which: int, _: int) -> None:
        await self.readers[which % len(self.readers)].cut()

    async def connect(self, which: int, _: int) -> None:
        await self.readers[which % len(self.readers)].connect()

    async def pause(self, which: int, _: int) -> None:
        self.readers[which % len(self.readers)].reading.clear()

    async def resume(self, which: int, _: int) -> None:
        self.readers[which % len(self.readers)].reading.set()

    async def trim(self, _: int, percent: int) -> None:
        store = self.server.app[keys.STORE]
        through = store.log.tip * percent // 100
        await Retention(store.log, store.committer, self.server.app[keys.SETTINGS]).trim_events(through)
        self.trimmed = max(self.trimmed, through)

    async def restart(self, _: int, __: int) -> None:
        await self.calm()
        for reader in self.readers:
            await reader.cut()
        await self.server.stop()
        await self.server.start()

    async def calm(self) -> None:
        await asyncio.gather(*self.flooding)
        self.flooding.clear()

    async def finish(self) -> None:
        for reader in self.readers:
            reader.reading.set()
            await reader.connect()
        await self.calm()
        for channel in CHANNELS:
            await self.publish(channel, 1)
        for reader in self.readers:
            await self.check(reader)

    async def check(self, reader: Reader) -> None:
        assert reader.start is not None
        expected = [
            seq
            for seq, (channel, _) in sorted(self.published.items())
            if seq > reader.start and channel in reader.channels
        ]
        async with asyncio.timeout(PATIENCE):
            while not reader.seen or reader.seen[-1] < expected[-1]:
                assert reader.task is not None
                assert not reader.task.done(), reader
                await asyncio.sleep(0)
        assert reader.seen == sorted(set(reader.seen)), "out of order, or twice"
        missing = [seq for seq in expected if seq not in reader.data]
        untold = [seq for seq in missing if not any(after < seq <= to for after, to in reader.gaps)]
        assert not untold, f"{reader.door} {reader.channels} missed {untold} without a word; gaps {reader.gaps}"
        assert all(to <= self.trimmed for _, to in reader.gaps), "a gap where nothing was trimmed"
        assert {seq: self.published[seq][1] for seq in reader.seen} == reader.data
