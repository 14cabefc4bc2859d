"""The ways in which events come out, each as the frames of a client."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

import aiohttp

DOORS: Final = ("socket", "realtime.v1", "sse", "ndjson")
SOCKETS: Final = ("socket", "realtime.v1")


async def frames(
    session: aiohttp.ClientSession, door: str, channels: Iterable[str], position: str = "", first: str = "now"
) -> AsyncGenerator[dict[str, Any]]:
    """
    What a client by `door` gets, until the server ends it. It begins at `first`, or comes
    back to `position`: an SSE client as browsers do it, with the address that it had.
    """
    asked = {"channel": ",".join(channels), "since": position or first}
    if door in SOCKETS:
        protocols = ("realtime.v1",) if door == "realtime.v1" else ()
        async with session.ws_connect("/api/v1/ws/secure", params=asked, protocols=protocols, max_msg_size=0) as socket:
            async for message in socket:
                yield json.loads(message.data)
            yield {"type": "closed", "code": socket.close_code}
        return
    headers = {}
    if door == "sse" and position:
        headers["Last-Event-ID"], asked["since"] = position, first
    path, beginning = ("stream", b"data: ") if door == "sse" else ("ndjson", b"")
    async with session.get(f"/api/v1/events/{path}", params=asked, headers=headers) as response:
        assert response.status == 200, await response.text()
        async for line in response.content:
            if line.startswith(beginning + b"{") and line.endswith(b"\n"):
                yield json.loads(line[len(beginning) :])
    # Only whoever got the end of the last chunk comes here (RFC 9112 §8).
    yield {"type": "closed", "code": None}
