"""
The promises of the log at the dashboard socket: one order for everybody, and nothing missed
or seen twice by whoever comes back with a position, though sockets are cut and the server is
killed while the desk works.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests import programs
from tests.delivery.servers import Server, small_client

DESK = "chat,csat,audit,users"
PATIENCE = 30
BUSY = 100_000
"""Commands a second that a guest may give here: these have nothing else to do."""

BUSY_GUESTS = ("--guest-commands-per-second", str(BUSY))
CONTROL = {"hello", "recovered", "gap", "dashboard_metrics", "result"}


@dataclass
class Watcher:
    """A dashboard that keeps its place, and comes back with it."""

    http: aiohttp.ClientSession
    url: Callable[[str], str]
    start: int | None = None
    epoch: str = ""
    last: int = 0
    seen: list[tuple[int, str]] = field(default_factory=list)
    replayed: int = 0
    said: dict[str, int] = field(default_factory=dict)
    """The contents of messages, and how often each came."""
    task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        greeted = asyncio.Event()
        self.task = asyncio.create_task(self._listen(greeted))
        async with asyncio.timeout(PATIENCE):
            await greeted.wait()

    async def cut(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def _listen(self, greeted: asyncio.Event) -> None:
        since = "now" if self.start is None else f"{self.epoch}:{self.last}"
        async with self.http.ws_connect(self.url(f"/ws/dashboard/?since={since}"), max_msg_size=0) as ws:
            async for message in ws:
                frame = json.loads(message.data)
                if frame["type"] == "hello":
                    self.epoch = frame["epoch"]
                    if self.start is None:
                        self.start = self.last = frame["tip"]
                    greeted.set()
                assert frame["type"] != "gap", frame
                if frame["type"] not in CONTROL:
                    self._take(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        self.last = frame["seq"]
        self.seen.append((frame["seq"], frame["type"]))
        self.replayed += frame.get("replayed", False)
        if frame["type"] == "chat_message":
            content = frame["data"]["message"]["content"]
            self.said[content] = self.said.get(content, 0) + 1

    async def reach(self, seq: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.last < seq:
                assert self.task is not None
                assert not self.task.done(), self.task
                await asyncio.sleep(0)


async def log_of(http: aiohttp.ClientSession, url: Callable[[str], str]) -> list[dict[str, Any]]:
    """All events of the desk."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"more": True, "next": "0"}
    while page["more"]:
        async with http.get(url(f"/api/v1/events?channel={DESK}&limit=1000&since={page['next']}")) as response:
            page = await response.json()
        found += page["results"]
    return found


async def opened(http: aiohttp.ClientSession, url: Callable[[str], str]) -> int:
    async with http.post(url("/api/v1/conversations/"), json={"contact_name": "João"}) as response:
        assert response.status == 201
        return int((await response.json())["id"])


async def work(http: aiohttp.ClientSession, url: Callable[[str], str], place: int, say: Callable[[], str]) -> None:
    """Send, edit, react, read and delete on a socket, as fast as it is answered."""
    async with http.ws_connect(url("/ws/dashboard/")) as ws:
        for number in count():
            said = {"conversation_id": place, "content": say()}
            message = (await result(ws, "send_message", said))["message_id"]
            match number % 5:
                case 0:
                    await result(ws, "react", {"message_id": message, "reaction": "👍"})
                case 1:
                    await result(ws, "edit_message", {"message_id": message, "content": f"{said['content']}!"})
                case 2:
                    await result(ws, "mark_read", {"message_id": message})
                case 3:
                    await result(ws, "delete_message", {"message_id": message})


async def result(ws: aiohttp.ClientWebSocketResponse, type: str, data: dict[str, Any]) -> dict[str, Any]:
    await ws.send_json({"type": type, "id": 1, "data": data})
    while (frame := await ws.receive_json())["type"] != "result":
        pass
    assert frame["success"], frame
    return dict(frame["data"])


async def recorded(http: aiohttp.ClientSession, url: Callable[[str], str], place: int) -> None:
    """Record what customers say, by REST, and rate it now and then."""
    for number in count():
        body = {"content": f"cliente {number}", "sender": "customer"}
        async with http.post(url(f"/api/v1/conversations/{place}/messages/"), json=body) as response:
            assert response.status == 201
        if number % 10 == 0:
            async with http.post(url(f"/api/v1/conversations/{place}/csat/"), json={"rating": 1 + number % 5}):
                pass


def verify(watcher: Watcher, log: list[dict[str, Any]]) -> None:
    """What was seen is the log, in its order, but for what was deleted before it came."""
    assert watcher.start is not None
    seqs = [seq for seq, _ in watcher.seen]
    assert seqs == sorted(set(seqs)), "out of order, or twice"
    expected = {event["seq"]: event for event in log if watcher.start < event["seq"] <= watcher.last}
    assert set(seqs) <= expected.keys()
    for seq in expected.keys() - set(seqs):
        assert expected[seq]["data"].get("deleted") is True, f"missed {expected[seq]}"


async def test_cut_again_and_again_all_see_each_event_once_in_one_order(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with (
        Server(tmp_path, ring_events=50, replay_page=20, guest_commands_per_second=BUSY) as server,
        small_client() as http,
    ):
        place = await opened(http, server.url)
        numbers = count()
        watchers = [Watcher(http, server.url) for _ in range(4)]
        for watcher in watchers:
            await watcher.connect()
        workers = [
            asyncio.create_task(work(http, server.url, place, lambda: f"agente {next(numbers)}")) for _ in range(3)
        ]
        workers.append(asyncio.create_task(recorded(http, server.url, place)))
        # The first is never cut: what it sees is what there is to see.
        for _ in range(15):
            watcher = chance.choice(watchers[1:])
            await watchers[0].reach(watchers[0].last + chance.randint(1, 40))
            await watcher.cut()
            await watchers[0].reach(watchers[0].last + chance.randint(0, 80))
            await watcher.connect()
        assert not any(worker.done() for worker in workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        last = (await log_of(http, server.url))[-1]["seq"]
        for watcher in watchers:
            await watcher.reach(last)
            await watcher.cut()
        log = await log_of(http, server.url)

    assert len(log) > 300
    for watcher in watchers:
        verify(watcher, log)
    assert sum(watcher.replayed for watcher in watchers) > 100
    uncut = dict(watchers[0].seen)
    assert all(uncut.get(seq, kind) == kind for watcher in watchers for seq, kind in watcher.seen), "the same for all"


async def test_killed_in_between_the_server_has_all_that_it_acknowledged_and_tells_it_once(tmp_path: Path) -> None:
    chance = random.Random(11)
    acknowledged: list[str] = []
    async with aiohttp.ClientSession() as first, aiohttp.ClientSession() as last:
        watcher = Watcher(first, str)
        for start in range(3):
            with await asyncio.to_thread(programs.Server, tmp_path, *BUSY_GUESTS) as server:
                watcher.url = server.url.__add__
                await watcher.connect()
                async with aclosing(answered(first, watcher.url, f"{start}")) as answers:
                    async for content in answers:
                        acknowledged.append(content)
                        if len(acknowledged) == 60 * start + 30:
                            await watcher.cut()
                        elif len(acknowledged) >= 60 * (start + 1) and chance.random() < 0.1:
                            server.signal(signal.SIGKILL)
                            break
                await asyncio.to_thread(server.wait)
        with await asyncio.to_thread(programs.Server, tmp_path, *BUSY_GUESTS) as server:
            watcher.http, watcher.url = last, server.url.__add__
            log = await log_of(last, watcher.url)
            await watcher.connect()
            await watcher.reach(log[-1]["seq"])
            await watcher.cut()

    verify(watcher, log)
    assert watcher.replayed >= 3 * 30, "what happened while it was away"
    assert {content: watcher.said.get(content) for content in acknowledged} == dict.fromkeys(acknowledged, 1)


async def answered(http: aiohttp.ClientSession, url: Callable[[str], str], prefix: str) -> AsyncGenerator[str, None]:
    """The contents of messages as their sending is acknowledged; eight are always under way."""
    place = await opened(http, url)
    async with http.ws_connect(url("/ws/dashboard/")) as ws:

        async def send(number: int) -> None:
            said = {"conversation_id": place, "content": f"{prefix}.{number}"}
            await ws.send_json({"type": "send_message", "id": number, "data": said})

        for number in range(8):
            await send(number)
        sent = 8
        async for message in ws:
            frame = json.loads(message.data)
            if frame["type"] == "result":
                assert frame["success"], frame
                yield f"{prefix}.{frame['id']}"
                await send(sent)
                sent += 1
