"""A goodbye reaches a client that is in the midst of a sentence."""

import asyncio
import signal
import struct
from pathlib import Path

from tests.programs import PATIENCE, Server
from tests.wire import CLOSE, LAST, TEXT, frame, goodbye, upgraded

SENTENCE = frame(LAST | TEXT, b"x" * 60_000)
SENTENCES = 200
"""More than the buffers of two sockets hold."""

GOING_AWAY = frame(LAST | CLOSE, struct.pack("!H", 1001))


async def test_who_still_sends_when_it_is_closed_is_told_why_and_not_cut_off(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        async with asyncio.timeout(PATIENCE), upgraded(server) as (reader, writer):
            server.signal(signal.SIGTERM)

            assert await goodbye(reader) == (1001, "the server is stopping")
            for _ in range(SENTENCES):
                writer.write(SENTENCE)
                await writer.drain()  # nobody would take it at a connection that is closed
            writer.write(GOING_AWAY)
            assert await reader.read() == b""  # a reset would be an error
        assert server.wait() == 0


async def test_who_does_not_answer_the_goodbye_is_cut_off_after_its_grace(tmp_path: Path) -> None:
    with Server(tmp_path, "--close-timeout", "100") as server:
        async with asyncio.timeout(PATIENCE), upgraded(server) as (reader, _):
            server.signal(signal.SIGTERM)

            assert await goodbye(reader) == (1001, "the server is stopping")
            assert await reader.read() == b""
        assert server.wait() == 0


async def test_a_client_that_leaves_gets_its_answer(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        async with asyncio.timeout(PATIENCE), upgraded(server) as (reader, writer):
            writer.write(frame(LAST | CLOSE, struct.pack("!H", 1000)))

            assert (await goodbye(reader))[0] == 1000
            assert await reader.read() == b""
