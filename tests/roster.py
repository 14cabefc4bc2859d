"""For tests of the roster: its REST calls, and waiting for what they show."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient

from realtime import keys
from realtime.policy import Role
from tests.signing import bearer, token_for

Client = TestClient[web.Request, web.Application]

MANY = "/api/v1/websockets/"


def one(id: int) -> str:
    """The address of one connection."""
    return f"{MANY}{id}/"


async def admin(client: Client) -> dict[str, str]:
    """The headers of an admin."""
    return bearer(await token_for(client, Role.ADMIN))


async def call(client: Client, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """Status and JSON of a request; None for an answer without a body."""
    async with client.request(method, path, **options) as response:
        body = await response.read()
        return response.status, await response.json(content_type=None) if body else None


async def listed(client: Client, query: str = "", **options: Any) -> list[dict[str, Any]]:
    """The rows of the first page."""
    status, page = await call(client, "GET", MANY + query, **options)
    assert status == 200, page
    rows: list[dict[str, Any]] = page["results"]
    return rows


async def row_of(client: Client, id: int, **options: Any) -> dict[str, Any]:
    """One row."""
    status, row = await call(client, "GET", one(id), **options)
    assert status == 200, row
    found: dict[str, Any] = row
    return found


async def closing(ws: ClientWebSocketResponse) -> int | None:
    """The code with which the server closes the socket; what comes before is dropped."""
    while (message := await ws.receive(timeout=10)).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
        pass
    return message.data if message.type is WSMsgType.CLOSE else ws.close_code


async def nobody_left(client: Client) -> None:
    """Wait until every session has left the hub."""
    hub = client.app[keys.HUB]
    while hub.sessions:
        await asyncio.sleep(0.005)


def audited(client: Client) -> list[dict[str, Any]]:
    """The audit entries about connections, as far as the server remembers the newest events."""
    ring = client.app[keys.HUB].ring
    entries = [entry.event.value for entry in ring._entries if entry.event.channel == "audit"]
    return [entry for entry in entries if entry["action"].startswith("connection_")]
