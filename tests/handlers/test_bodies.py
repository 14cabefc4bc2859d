"""What the bodies of all requests together may hold, and who waits for a large one to be taken apart."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realtime import keys
from realtime.delivery.admission import LARGE
from realtime.handlers.bodies import INLINE_LIMIT, aside
from tests.conftest import Client, MakeClient

KIB = 1024
SETTINGS = {"bodies_limit": 400 * KIB, "body_limit": 256 * KIB, "bulk_body_limit": 256 * KIB}
"""Large bodies share 300 KiB."""


def held(client: Client) -> int:
    assert client.app is not None
    return client.app[keys.ADMISSION].bodies.held


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


@asynccontextmanager
async def begun(client: Client, size: int, *, declared: str = "") -> AsyncIterator[tuple[Any, Any]]:
    """A connection on which `size` bytes of a body have been sent, of which more is to come."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = "POST /api/v1/channels/plaza HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}{declared or f'Content-Length: {size + 1}'}\r\n\r\n".encode() + b"x" * size)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def publish(client: Client, size: int) -> tuple[int, dict[str, str]]:
    async with client.post("/api/v1/channels/plaza", data="x" * size, skip_auto_headers=["Expect"]) as response:
        await response.read()
        return response.status, dict(response.headers)


async def test_large_bodies_have_a_limit_together_and_leave_room_for_small_ones(make_client: MakeClient) -> None:
    client = await make_client(**SETTINGS)
    async with begun(client, 150 * KIB) as (reader, writer), begun(client, 100 * KIB):
        await until(lambda: held(client) == 250 * KIB)

        status, headers = await publish(client, 100 * KIB)
        assert (status, headers["Retry-After"], headers["Connection"]) == (503, "1", "close")
        assert (await publish(client, LARGE))[0] == 201
        # What was let in is let to its end.
        writer.write(b"x")
        assert b" 201 " in await reader.readline()
        await until(lambda: held(client) == 100 * KIB)
        assert (await publish(client, 150 * KIB))[0] == 201
    await until(lambda: held(client) == 0)


async def test_a_body_for_which_there_is_no_room_is_refused_before_it_comes(make_client: MakeClient) -> None:
    client = await make_client(**SETTINGS)
    async with begun(client, 250 * KIB):
        await until(lambda: held(client) == 250 * KIB)
        async with begun(client, 0, declared=f"Content-Length: {200 * KIB}") as (reader, _):
            answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"busy"' in answer


async def test_a_body_that_grows_past_the_limit_on_its_way_is_refused_then(make_client: MakeClient) -> None:
    client = await make_client(**SETTINGS)
    async with begun(client, 250 * KIB):
        await until(lambda: held(client) == 250 * KIB)
        async with begun(client, 0, declared="Transfer-Encoding: chunked") as (reader, writer):
            writer.write(b"%x\r\n%b\r\n" % (200 * KIB, b"x" * (200 * KIB)))
            status = await reader.readline()

    assert b" 503 " in status


async def test_a_body_that_is_the_only_one_may_take_all_there_is(make_client: MakeClient) -> None:
    client = await make_client(bodies_limit=200 * KIB, body_limit=200 * KIB, bulk_body_limit=200 * KIB)

    assert (await publish(client, 200 * KIB))[0] == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"sensor_id": 9, "valor": 1}', 400),
        (b"{", 400),
        (b"[" + b" " * 300_000 + b"]", 400),
        (b" " * (2**19 + 1), 413),
    ],
    ids=["refused", "malformed", "large and refused", "too large"],
)
async def test_what_a_request_held_is_given_back_however_it_ends(
    make_client: MakeClient, body: bytes, status: int
) -> None:
    client = await make_client(body_limit=2**19, bulk_body_limit=2**19)
    async with client.post("/api/v1/readings/", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == status
    await until(lambda: held(client) == 0)
    async with begun(client, 100 * KIB):
        await until(lambda: held(client) == 100 * KIB)
    await until(lambda: held(client) == 0)


LARGE_BODIES = {
    "sensors/": {"tipo": "t", "modelo": "m" * INLINE_LIMIT},
    "predictions/": {"sensor_id": 1, "horizonte": "1h", "estado": "pendiente", "valores": ["x" * INLINE_LIMIT]},
    "readings/": {"sensor_id": 1, "valor": 1, "unidad": "x" * INLINE_LIMIT},
    "channels/plaza": {"text": "x" * INLINE_LIMIT},
}


@pytest.mark.parametrize(("path", "body"), LARGE_BODIES.items(), ids=LARGE_BODIES)
async def test_a_large_body_is_taken_apart_aside_while_others_are_answered(
    client: Client, path: str, body: dict[str, Any]
) -> None:
    let_go = threading.Event()
    occupied = asyncio.create_task(aside(INLINE_LIMIT + 1, lambda: let_go.wait(20)))
    try:
        large = asyncio.create_task(client.post(f"/api/v1/{path}", json=body))
        await until(lambda: held(client) >= len(json.dumps(body)))
        for _ in range(3):
            async with client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"}) as response:
                assert response.status == 201
        assert not large.done(), "it was taken apart on the loop: the one place aside is occupied"
    finally:
        let_go.set()
    assert await occupied
    async with await large as response:
        assert response.status in (201, 400)
        if response.status == 400:
            assert (await response.json())["errors"], "it was read, and held against its schema"


async def test_a_long_command_is_taken_apart_aside_while_other_sockets_are_answered(client: Client) -> None:
    let_go = threading.Event()
    occupied = asyncio.create_task(aside(INLINE_LIMIT + 1, lambda: let_go.wait(20)))
    url = "/api/v1/ws/secure?channel=quiet"
    async with client.ws_connect(url) as long, client.ws_connect(url) as short:
        try:
            await long.send_json({"action": "publish", "channel": "plaza", "data": "x" * INLINE_LIMIT, "id": 1})
            answer = asyncio.create_task(long.receive_json(timeout=20))
            for number in range(5):
                await short.send_json({"action": "ping", "id": number})
                assert (await short.receive_json(timeout=5))["id"] == number
            assert not answer.done()
        finally:
            let_go.set()
        assert (await answer)["success"]
    assert await occupied
