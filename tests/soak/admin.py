"""What the soaks do as whoever runs the server, and what they read off it from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import aiohttp

from realtime.server.listening import socket_path
from tests.programs import Server

PAGE: Final = 1000
_MEMORY_PAGE: Final = 4096


def admin(server: Server) -> aiohttp.ClientSession:
    """An admin's client of the server, by its Unix socket."""
    connector = aiohttp.UnixConnector(str(socket_path(server.data)), limit=16)
    return aiohttp.ClientSession("http://localhost", connector=connector)


async def tell(session: aiohttp.ClientSession, method: str, path: str, body: Any = None, **query: Any) -> Any:
    """The answer to a request that must go well, below /api/v1/."""
    asked: dict[str, Any] = {"params": query} | ({} if body is None else {"json": body})
    async with session.request(method, f"/api/v1/{path}", **asked) as answer:
        assert answer.status < 300, f"{method} {path}: {await answer.text()}"
        return await answer.json() if answer.status != 204 else None


async def pages(session: aiohttp.ClientSession, path: str, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list, a page after the other."""
    rows: list[dict[str, Any]] = []
    after = 0
    while True:
        page = await tell(session, "GET", path, limit=PAGE, id_after=after, **query)
        rows += page["results"]
        if page["next"] is None:
            return rows
        after = rows[-1]["id"]


async def user_with_token(session: aiohttp.ClientSession, name: str, role: str = "agent") -> str:
    """The token of a new user."""
    made = await tell(session, "POST", "tokens/", {"name": "soak", "user": name, "role": role, "make_user": True})
    return str(made["token"])


def memory(server: Server) -> int:
    """Resident bytes of the server now (proc(5))."""
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * _MEMORY_PAGE


def descriptors(server: Server) -> int:
    """How many files and sockets it has open now."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
