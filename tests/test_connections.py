"""Connections that dawdle, and what is not HTTP."""

import asyncio
import gc
import json

import pytest
from aiohttp import ClientSession, web
from aiohttp.http import HttpRequestParser, RawRequestMessage

from realtime.app import create_app
from realtime.delivery.fragments import Unfinished
from realtime.server.connections import Connection, HeadDeadline
from tests.programs import Server, dial, ends

WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = b"POST /api/v1/channels/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server that waits 300 ms for the head of a request."""
    with Server(tmp_path_factory.mktemp("patient"), "--handshake-timeout", "300") as started:
        yield started


@pytest.mark.parametrize("sent", ["", "GET", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow:"])
async def test_a_connection_that_does_not_say_what_it_wants_is_cut(server, sent):
    async with dial(server) as (reader, writer):
        writer.write(sent.encode())

        assert await ends(reader) == b""


async def test_on_a_connection_kept_alive_half_a_request_is_cut_and_silence_is_not(server):
    async with dial(server) as (half_reader, half), dial(server) as (kept_reader, kept):
        for reader, writer in ((half_reader, half), (kept_reader, kept)):
            writer.write(WHOLE)
            await reader.readuntil(b'{"status":"ok"}\n')

        half.write(WHOLE[:20])
        assert await ends(half_reader) == b""

        # The other one was silent all the while, and is served still.
        kept.write(WHOLE)
        assert (await kept_reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200")


async def test_a_body_is_not_a_head_and_has_a_patience_of_its_own(server):
    async with dial(server) as (body_reader, body), dial(server) as (silent_reader, _):
        body.write(SLOW + b"ab")

        # By the time the silent one is cut, the body has been waited for as long.
        assert await ends(silent_reader) == b""
        body.write(b"cd")

        assert (await body_reader.readline()).startswith(b"HTTP/1.1 201")


async def test_what_is_not_http_is_answered_with_a_problem(server):
    async with dial(server) as (reader, writer):
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")

        head, _, body = (await reader.read()).partition(b"\r\n\r\n")

    assert head.split()[1] == b"400"
    assert b"application/problem+json" in head
    assert b"aiohttp" not in head
    assert json.loads(body)["code"] == "malformed"
    assert "Traceback" not in str(server.err)


async def test_a_compressed_body_is_refused_and_never_unpacked(server):
    async with dial(server) as (reader, writer):
        writer.write(
            b"POST /api/v1/channels/packed HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: 3\r\nConnection: close\r\n\r\nabc"
        )

        head, _, body = (await ends(reader)).partition(b"\r\n\r\n")

    assert head.split()[1] == b"415"
    assert json.loads(body)["code"] == "unsupported_media_type"
    assert "exception" not in str(server.err)
    assert "Traceback" not in str(server.err)


async def test_an_open_websocket_keeps_nothing_that_reads_requests(settings):
    runner = web.AppRunner(create_app(settings))
    await runner.setup()
    loop, deadline = asyncio.get_running_loop(), HeadDeadline(10)
    listening = await loop.create_server(
        lambda: Connection(runner.server, deadline=deadline, unfinished=Unfinished(0)), "127.0.0.1", 0
    )
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/api/v1/ws?since=now"
    try:
        async with ClientSession() as session:
            sockets = [await session.ws_connect(address) for _ in range(10)]
            assert all([(await socket.receive_json())["type"] == "hello" for socket in sockets])

            alive = gc.get_objects()
            assert sum(isinstance(thing, HttpRequestParser) for thing in alive) == 0
            heads = [thing for thing in alive if isinstance(thing, RawRequestMessage)]
            assert len(heads) >= 10
            assert not any(head.raw_headers for head in heads)
            await asyncio.gather(*(socket.close() for socket in sockets))
    finally:
        listening.close()
        await runner.cleanup()
