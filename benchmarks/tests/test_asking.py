"""Replays are counted right, however their frames are cut, and none may be missing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from benchmarks.asking import Followed, Line, follow, request
from benchmarks.load import LoadFailed
from benchmarks.tests.wire import frame

AFTER, EVENTS = 40, 200


class Replaying:
    """Upgrades, then tells `events` events after AFTER, but for `skipped`, in pieces of ever other sizes."""

    def __init__(self, skipped: int | None = None) -> None:
        self._skipped = skipped

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/refused" in head:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        elif b"/json" in head:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a":')
            await asyncio.sleep(0.01)
            writer.write(b"[1]}")
        else:
            await self._tell(writer)
        await writer.drain()
        await reader.read()
        writer.close()

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        seqs = (seq for seq in range(AFTER + 1, AFTER + EVENTS + 2) if seq != self._skipped)
        frames = (frame(b'{"type":"x","seq":%d,"replayed":true}' % seq) for seq in itertools.islice(seqs, EVENTS))
        data = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + frame(b'{"type":"hello"}') + b"".join(frames)
        sizes = itertools.cycle([1, 2, 3, 7, 1000, 5])
        while data:
            size = next(sizes)
            writer.write(data[:size])
            await writer.drain()
            await asyncio.sleep(0)
            data = data[size:]


def with_server(server: Replaying, do: Callable[[int], Followed]) -> Followed:
    async def run() -> Followed:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            return await asyncio.to_thread(do, port)

    return asyncio.run(run())


def test_a_replay_is_counted_to_its_last_event_however_it_is_cut() -> None:
    found = with_server(Replaying(), lambda port: follow(port, "/?channel=x", "t", AFTER, EVENTS))

    assert 0 < found.first < found.last


def test_a_replay_that_leaves_an_event_out_fails() -> None:
    with pytest.raises(LoadFailed, match=f"after {AFTER} came {EVENTS} events"):
        with_server(Replaying(skipped=AFTER + 9), lambda port: follow(port, "/?channel=x", "t", AFTER, EVENTS))


def test_a_refused_replay_fails_with_what_the_server_said() -> None:
    with pytest.raises(LoadFailed, match="403"):
        with_server(Replaying(), lambda port: follow(port, "/refused?channel=x", "t", AFTER, EVENTS))


def test_an_answer_is_read_to_its_end_and_a_refusal_fails() -> None:
    def ask(port: int) -> Followed:
        with Line(port) as line:
            assert line.get("/json", "t") == {"a": [1]}
        with Line(port) as line, pytest.raises(LoadFailed, match="403"):
            line.ask(request("POST", "/refused", port, "t", body=b"{}"))
        return Followed(0, 0)

    with_server(Replaying(), ask)
