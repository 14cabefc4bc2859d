"""Frames that no handler sees: whoever floods with them is closed, and nobody else feels it."""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from realtime.delivery.admission import LARGE
from realtime.delivery.fragments import SMALL, SMALL_PER_SECOND, Breach, FrameCounter, Unfinished
from realtime.errors import CloseCode
from tests.programs import PATIENCE, Server
from tests.wire import CONTINUATION, LAST, PING, TEXT, frame, goodbye, upgraded

TAKEN = 64 * 2**20
"""Bytes of a flood that are certainly more than the buffers of two sockets hold."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as a program: its connections count frames."""
    folder: Path = tmp_path_factory.mktemp("flooded")
    with Server(folder) as started:
        yield started


async def closed_for_flooding(http: ClientSession) -> float:
    """How many clients the server counts as closed with 1008."""
    async with http.get("/metrics") as response:
        found = re.search(r'^realtime_sessions_closed_total\{code="1008"\} (.+)$', await response.text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and payload of the server's next short frame."""
    first, length = await reader.readexactly(2)
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    return first & 0x0F, await reader.readexactly(length)


async def close_code(reader: asyncio.StreamReader) -> int:
    """What the server closes with."""
    while True:
        opcode, payload = await answer(reader)
        if opcode == 0x8:
            return int.from_bytes(payload[:2], "big")


async def flood(server: Server, begin: bytes, frames: bytes) -> tuple[int, int]:
    """Send `frames` until the server says goodbye, or has taken TAKEN of them: its code, and the bytes sent."""
    async with upgraded(server) as (reader, writer):
        writer.write(begin)
        sent = 0

        async def send() -> None:
            nonlocal sent
            while sent < TAKEN:
                writer.write(frames)
                sent += len(frames)
                await writer.drain()

        sending = asyncio.create_task(send())
        async with asyncio.timeout(PATIENCE):
            code = await close_code(reader)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return code, sent


FLOODS = {
    "empty parts": (frame(TEXT), frame(CONTINUATION)),
    "parts of a byte": (frame(TEXT, b"x"), frame(CONTINUATION, b"x")),
    "parts that just count as small": (frame(TEXT), frame(CONTINUATION, b"x" * (SMALL - 1))),
    "pings": (b"", frame(LAST | PING)),
}


@pytest.mark.parametrize(("begin", "one"), FLOODS.values(), ids=FLOODS)
async def test_who_floods_with_frames_is_closed_while_the_others_go_on(
    server: Server, begin: bytes, one: bytes
) -> None:
    async with ClientSession(server.url) as http, http.ws_connect("/api/v1/ws?channel=predictions") as ws:
        before = await closed_for_flooding(http)
        flooding = asyncio.create_task(flood(server, begin, one * (2**16 // len(one))))
        answered = 0
        while not flooding.done() or answered < 10:
            await ws.send_json({"action": "ping", "id": answered})
            assert (await ws.receive_json(timeout=PATIENCE))["id"] == answered
            answered += 1
            await asyncio.sleep(0.01)  # a guest may send a hundred commands a second
        code, sent = await flooding
        while await closed_for_flooding(http) == before:
            await asyncio.sleep(0.01)

    assert code == CloseCode.FLOOD
    assert sent < TAKEN


async def test_a_frame_without_a_mask_ends_the_connection(server: Server) -> None:
    async with upgraded(server) as (reader, writer):
        writer.write(frame(LAST | TEXT, b'{"action":"ping"}', mask=None))

        assert await close_code(reader) == CloseCode.PROTOCOL_ERROR


async def test_a_message_in_parts_is_one_message_however_its_bytes_arrive(server: Server) -> None:
    command = json.dumps({"action": "ping", "id": "x" * 60}).encode()
    parts = [frame(TEXT), *(frame(CONTINUATION, bytes([byte])) for byte in command), frame(LAST | CONTINUATION)]
    async with upgraded(server) as (reader, writer):
        for byte in b"".join(parts):
            writer.write(bytes([byte]))
            await writer.drain()
        opcode, payload = await answer(reader)

    assert opcode == TEXT
    assert json.loads(payload)["id"] == "x" * 60


class Sink:
    """Takes what a parser takes."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """Nothing."""


SIZES = st.one_of(st.integers(0, 200), st.sampled_from([SMALL - 1, SMALL, 65_535, 65_536, 70_000]))
FRAMES = st.tuples(st.sampled_from([TEXT, CONTINUATION, LAST | TEXT, LAST | CONTINUATION, LAST | PING]), SIZES)


@given(frames=st.lists(FRAMES, max_size=30), cuts=st.lists(st.integers(0, 400_000), max_size=20), over=st.booleans())
def test_frames_are_counted_rightly_wherever_the_network_cuts_them(
    frames: list[tuple[int, int]], cuts: list[int], over: bool
) -> None:
    small = sum(size < SMALL and first not in (LAST | TEXT, LAST | PING) for first, size in frames)
    more = SMALL_PER_SECOND - small + over
    # Payloads that look like heads: whoever loses their place would count them.
    stream = b"".join(frame(first, b"\0\x80" * (size // 2) + b"\0" * (size % 2)) for first, size in frames)
    stream += frame(CONTINUATION) * more
    places = sorted({min(cut, len(stream)) for cut in cuts})

    async def feed() -> tuple[bytes, list[Breach]]:
        sink, breaches = Sink(), list[Breach]()
        counter = FrameCounter(sink, breaches.append, Unfinished(0))
        for start, end in zip([0, *places], [*places, len(stream)], strict=True):
            counter.feed_data(stream[start:end])
        return sink.data, breaches

    passed, breaches = asyncio.run(feed())

    assert [code for code, _ in breaches] == [CloseCode.FLOOD] * over
    assert stream.startswith(passed)
    assert over or passed == stream


PARTS = st.tuples(st.booleans(), st.sampled_from([0, 10, 30_000, 65_535, 70_000]))


@given(parts=st.lists(PARTS, max_size=12), cuts=st.lists(st.integers(0, 400_000), max_size=12))
def test_what_has_begun_and_not_ended_is_held_wherever_the_network_cuts_it(
    parts: list[tuple[bool, int]], cuts: list[int]
) -> None:
    stream, begun = b"", 0
    for last, size in parts:
        part = frame((LAST if last else 0) | (CONTINUATION if begun else TEXT), b"\0\x80" * (size // 2))
        stream += part + frame(LAST | PING, b"in between")
        begun = 0 if last else begun + len(part) + 16
    places = sorted({min(cut, len(stream)) for cut in cuts})

    async def feed() -> int:
        together = Unfinished(0)
        counter = FrameCounter(Sink(), lambda _: None, together)
        for start, end in zip([0, *places], [*places, len(stream)], strict=True):
            counter.feed_data(stream[start:end])
        held = together.held
        counter.release()
        assert together.held == 0
        return held

    held = asyncio.run(feed())

    # The beginning of a head that is cut is counted with both of its halves.
    slack = 14 * len(places)
    assert held == 0 if begun <= LARGE - slack else begun <= held <= begun + slack


async def test_what_many_begin_and_nobody_ends_is_held_up_to_a_limit(tmp_path: Path) -> None:
    begun = frame(TEXT, b"x" * 100_000)
    with Server(tmp_path, REALTIME_BODIES_LIMIT="350000") as server:
        async with upgraded(server) as (_, one), upgraded(server) as (_, two), upgraded(server) as (third, three):
            for writer in (one, two, three):
                writer.write(begun)
            async with ClientSession(server.url) as http, http.ws_connect("/api/v1/ws") as ws:
                await ws.send_json({"action": "ping", "id": 1})
                assert (await ws.receive_json(timeout=PATIENCE))["success"]
            async with upgraded(server) as (reader, writer):
                writer.write(begun)
                assert (await goodbye(reader))[0] == CloseCode.TOO_MANY_COMMANDS
            one.close()
            three.write(frame(LAST | CONTINUATION))
            assert (await answer(third))[0] == TEXT  # it was no command, and whole
        async with upgraded(server) as (reader, writer):
            writer.write(begun + frame(LAST | CONTINUATION))
            assert (await answer(reader))[0] == TEXT
