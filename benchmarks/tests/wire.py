"""What the tests of the load share: frames, and a run of the load against a server of theirs."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from benchmarks import load
from benchmarks.measure import body


def frame(payload: bytes, opcode: int = 1, *, final: bool = True) -> bytes:
    """A server's frame with the shortest header that holds its length."""
    head = bytes([opcode | (0x80 if final else 0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 65536:
        return head + b"\x7e" + len(payload).to_bytes(2, "big") + payload
    return head + b"\x7f" + len(payload).to_bytes(8, "big") + payload


class Served(Protocol):
    """A server, as asyncio's `start_server` calls it."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


def measured(server: Served, **options: Any) -> dict[str, Any]:
    """What the load says about this server."""

    async def run() -> dict[str, Any]:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        asked = {"port": port, "subscribers": 5, "publishers": 2, "warm": 0.1, "seconds": 0.3, "drain": 0.5}
        more = {name.replace("_", "-"): value for name, value in options.items()}
        async with listening:
            return await asyncio.to_thread(load.run, asked | {"body": body(), "witnesses": 5} | more)

    return asyncio.run(run())


def flaws(result: dict[str, Any]) -> dict[str, int]:
    names = ("lost", "extra", "wrong_witnesses", "other_order", "errors", "closed", "unanswered")
    return {name: result[name] for name in names if result[name]}
