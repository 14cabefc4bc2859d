"""How the server ends: with a goodbye to everybody, in time, and with nothing lost that it had acknowledged."""

import asyncio
import json
import re
import signal
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest

from realtime import keys
from tests.programs import Program, dial, ends, starting_in

WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = b"POST /api/v1/channels/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
UPGRADE = (
    b"GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a server in the test's folder."""
    yield from starting_in(tmp_path)


async def get(url, path):
    async with aiohttp.ClientSession() as session, session.get(url + path) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_says_goodbye_to_everybody_and_loses_nothing_that_was_acknowledged(start, number):
    server = start("--shutdown-spread", "300")
    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        sockets = [await session.ws_connect("/api/v1/ws/secure?channel=busy") for _ in range(50)]
        streams = [await session.get(f"/api/v1/events/{kind}?channel=busy") for kind in ("stream", "ndjson")]
        acknowledged = []
        publishers = [asyncio.create_task(publish(session, acknowledged)) for _ in range(4)]
        await heard(sockets[0], 20)

        server.signal(number)
        codes = await asyncio.gather(*(close_code(each) for each in sockets))
        texts = [await stream.read() for stream in streams]
        await asyncio.gather(*publishers)

    assert await asyncio.to_thread(server.wait) == 0
    assert codes == [1001] * 50
    assert all(b"publication.created" in text for text in texts)
    assert len(acknowledged) >= 20
    again = start()
    status, body = await get(again.url, "/api/v1/events?channel=busy&limit=1000")
    kept = {event["seq"]: event["data"] for event in json.loads(body)["results"]}
    assert status == 200
    assert [kept.get(seq) for seq, _ in acknowledged[:1000]] == [data for _, data in acknowledged[:1000]]


async def publish(session, acknowledged):
    """Publish until the server takes no more, and note what it acknowledged."""
    try:
        while len(acknowledged) < 900:
            data = {"number": len(acknowledged)}
            async with session.post("/api/v1/channels/busy", json=data) as answer:
                if answer.status != 201:
                    return
                acknowledged.append(((await answer.json())["seq"], data))
    except aiohttp.ClientError:
        pass


async def heard(socket, count):
    for _ in range(count):
        assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT


async def close_code(socket):
    async for message in socket:
        assert message.type is aiohttp.WSMsgType.TEXT
    return socket.close_code


async def test_whoever_comes_while_the_server_stops_is_sent_away_like_the_others(client):
    await client.app[keys.HUB].stop(0)

    async with client.ws_connect("/api/v1/ws") as socket:
        message = await socket.receive()

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_a_second_signal_ends_it_at_once(start):
    server = start("--shutdown-spread", "9000")
    async with aiohttp.ClientSession(server.url) as session:
        sockets = [await session.ws_connect("/api/v1/ws") for _ in range(3)]
        server.signal(signal.SIGTERM)
        server.err.wait_for("stopping")
        assert server.process.poll() is None

        server.signal(signal.SIGTERM)

        # 143 is 128 and the signal; a stop that took its time would have ended with 0.
        assert await asyncio.to_thread(server.wait) == 143
        for each in sockets:
            await each.close()


async def test_whoever_takes_nothing_does_not_hold_up_the_stop(start):
    server = start("--shutdown-timeout", "3000", "--shutdown-spread", "0")
    async with dial(server) as (reader, writer), dial(server) as (_, slow):
        writer.write(UPGRADE)
        assert b"101" in await reader.readline()
        slow.write(SLOW + b"a")
        assert (await get(server.url, "/healthz"))[0] == 200

        # The one never answers a close frame, the other never ends its body.
        assert await asyncio.to_thread(server.stop) == 0


async def test_whoever_reads_late_still_gets_all_that_waited_and_the_goodbye_after_it(start):
    server = start("--outlet-limit", "64MiB", "--shutdown-spread", "0")
    async with aiohttp.ClientSession(server.url, connector=little_room()) as late, aiohttp.ClientSession() as session:
        listener = await late.ws_connect("/api/v1/ws/secure?channel=busy", max_msg_size=0)
        stream = await late.get("/api/v1/events/stream?channel=busy")
        for number in range(80):
            data = {"number": number, "padding": "x" * 200_000}
            async with session.post(f"{server.url}/api/v1/channels/busy", json=data) as answer:
                assert answer.status == 201
        async with session.get(f"{server.url}/metrics") as answer:
            figures = await answer.text()
        # More than the system holds for them waits in the server.
        assert float(re.search(r"^realtime_outlets_bytes (.+)$", figures, re.MULTILINE)[1]) > 2**20

        server.signal(signal.SIGTERM)
        server.err.wait_for("stopping")
        numbers = []
        while (message := await listener.receive()).type is aiohttp.WSMsgType.TEXT:
            numbers.append(message.json()["data"]["number"])
        streamed = [json.loads(line[6:]) for line in (await stream.read()).splitlines() if line.startswith(b"data: ")]

    assert numbers == list(range(80)) == [event["data"]["number"] for event in streamed]
    assert listener.close_code == 1001
    assert await asyncio.to_thread(server.wait) == 0


def little_room():
    """Connections for which the client's system holds little."""

    def make(info):
        made = socket.socket(*info[:3])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        made.setblocking(False)
        return made

    return aiohttp.TCPConnector(socket_factory=make)


async def test_whoever_takes_too_long_over_its_goodbye_is_cut_off(start):
    server = start("--outlet-limit", "64MiB", "--close-timeout", "1", "--shutdown-spread", "0")
    async with aiohttp.ClientSession(server.url, connector=little_room()) as late, aiohttp.ClientSession() as session:
        listener = await late.ws_connect("/api/v1/ws/secure?channel=busy", max_msg_size=0)
        for _ in range(80):
            async with session.post(f"{server.url}/api/v1/channels/busy", json="x" * 200_000) as answer:
                assert answer.status == 201

        assert await asyncio.to_thread(server.stop) == 0
        taken = 0
        while (await listener.receive()).type is aiohttp.WSMsgType.TEXT:
            taken += 1

    assert taken < 80
    assert listener.close_code == 1006


async def test_a_connection_kept_alive_is_not_waited_for(start):
    server = start("--shutdown-timeout", "86400000")
    async with aiohttp.ClientSession(server.url) as session, dial(server) as (_, kept):
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        kept.write(WHOLE)
        stream = await session.get("/api/v1/events/stream?since=now")

        # It would be for half a day.
        assert await asyncio.to_thread(server.stop) == 0
        assert (await stream.read()).startswith(b"event: hello")


async def test_a_connection_kept_alive_is_closed_when_the_server_stops(start):
    server = start("--shutdown-spread", "9000")
    async with aiohttp.ClientSession(server.url) as session, AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(session.ws_connect("/api/v1/ws"))
        kept_reader, kept = await stack.enter_async_context(dial(server))
        kept.write(WHOLE)
        await kept_reader.readuntil(b'{"status":"ok"}\n')

        server.signal(signal.SIGTERM)

        # It ends while the sockets are still being said goodbye to.
        assert await ends(kept_reader) == b""
        assert server.process.poll() is None
        server.process.kill()


def test_a_start_that_is_interrupted_ends_cleanly(tmp_path):
    with Program(tmp_path, "serve", "--port", "0", "--data", "data") as program:
        program.out.wait_for("^Listening on ")
        program.signal(signal.SIGINT)

        assert program.wait() == 0
        assert "Traceback" not in str(program.err)
