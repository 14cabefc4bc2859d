"""Signs of life: what is kept of a closed socket, and what a failure costs."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType

from realtime import keys
from tests.conftest import Client, MakeClient


async def until(true: Callable[[], bool]) -> None:
    """Wait for the fact."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_closed_socket_is_not_kept_until_its_next_heartbeat(client: Client) -> None:
    sessions = client.app[keys.HUB].sessions

    async with client.ws_connect("/api/v1/ws"):
        await until(lambda: len(sessions) == 1)
        outlet = weakref.ref(next(iter(sessions.values())).outlet)
    await until(lambda: not sessions)

    def gone() -> bool:
        gc.collect()
        return outlet() is None

    await until(gone)


async def test_a_session_whose_heartbeat_fails_does_not_end_those_of_the_others(
    make_client: MakeClient, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client = await make_client(heartbeat=1_500, heartbeat_timeout=5_000)
    hub = client.app[keys.HUB]
    async with (
        client.ws_connect("/api/v1/ws?user_id=bad", autoping=False) as bad,
        client.ws_connect("/api/v1/ws", autoping=False) as good,
    ):
        await until(lambda: len(hub.sessions) == 2)
        first = next(session for session in hub.sessions.values() if session.label == "bad")

        class Broken:
            heartbeat = property(lambda self: 1 / 0)

        first.format = Broken()  # type: ignore[assignment]
        for _ in range(2):
            ping = await good.receive(timeout=10)
            assert ping.type is WSMsgType.PING
            await good.pong(ping.data)

        assert any("heartbeat failed" in line["event"] for line in log_lines())
        assert not bad.closed
