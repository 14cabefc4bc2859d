"""What is no WebSocket of RFC 6455 is told what to come with."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import Client

REQUEST = (
    "GET {path} HTTP/{http}\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{version}\r\n"
)


async def head_of(client: Client, path: str, http: str, version: str) -> str:
    """The head of the answer to an upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    try:
        writer.write(REQUEST.format(path=path, http=http, version=version).encode())
        async with asyncio.timeout(10):
            return (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.close()


@pytest.mark.parametrize("path", ["/api/v1/ws", "/api/v1/ws/secure", "/ws/dashboard/"])
@pytest.mark.parametrize(
    ("http", "version", "status"),
    [
        ("1.1", "Sec-WebSocket-Version: 13\r\n", "101"),
        ("1.1", "Sec-WebSocket-Version: 8\r\n", "426"),
        ("1.1", "Sec-WebSocket-Version: 14\r\n", "426"),
        ("1.1", "", "426"),
        ("1.0", "Sec-WebSocket-Version: 13\r\n", "426"),
    ],
)
async def test_an_upgrade_of_another_version_learns_which_one_is_spoken(
    client: Client, path: str, http: str, version: str, status: str
) -> None:
    head = await head_of(client, path, http, version)

    assert head.split()[1] == status
    if status == "426":
        assert "\r\nSec-WebSocket-Version: 13\r\n" in head
        assert "\r\nUpgrade: websocket\r\n" in head


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("Connection: keep-alive\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Connection: Upgrade"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Connection: Upgrade"),
        ("Connection: keep-alive, upgrade\r\nSec-WebSocket-Key: short", "Sec-WebSocket-Key"),
        ("Connection: Upgrade", "Sec-WebSocket-Key"),
    ],
)
async def test_a_handshake_that_lacks_something_is_told_what(client: Client, wrong: str, said: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = "GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    try:
        writer.write(f"{head}{wrong}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            answer = (await reader.readuntil(b"}")).decode()
    finally:
        writer.close()

    assert answer.split()[1] == "400"
    assert said in answer
