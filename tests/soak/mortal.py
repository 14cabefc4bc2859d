"""A server that is killed again and again, and those who come back to it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.programs import Server, command


class Mortal:
    """
    One server over one folder. Who finds it gone waits for `up` and asks for its `url`
    again: it comes back on another port, unless a `port` is given.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._port = port
        self._server: Server | None = None
        self.up = asyncio.Event()
        self.kills = 0
        self.slowest_start = 0.0

    @property
    def server(self) -> Server:
        """The one that runs now, or ran last."""
        assert self._server is not None
        return self._server

    @property
    def url(self) -> str:
        """Where it is now."""
        return self.server.url

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.server.data

    async def start(self, port: int = 0, **settings: str) -> None:
        """Listen (on that port, where one is named); what was stored before is there again."""
        begun = time.monotonic()
        self._server = await asyncio.to_thread(Server, self._folder, port=port or self._port, **settings)
        self.slowest_start = max(self.slowest_start, time.monotonic() - begun)
        self.up.set()

    async def die(self, by: signal.Signals = signal.SIGKILL) -> None:
        """The end by that signal, SIGKILL or SIGTERM, and a start."""
        self.up.clear()
        self.server.signal(by)
        ended = await asyncio.to_thread(self.server.wait)
        orderly = 0 if by is signal.SIGTERM else -by
        assert ended == orderly, f"the server ended with {ended}: {self.server.err}"
        self.kills += 1
        await self.start()

    async def restart(self, between: Callable[[], object] = lambda: None, **settings: str) -> None:
        """An orderly stop, and a start with these settings (environment variables); `between` when it has ended."""
        self.up.clear()
        ended = await asyncio.to_thread(self.server.stop)
        assert ended == 0, f"the server ended with {ended}: {self.server.err}"
        between()
        await self.start(**settings)

    async def check(self) -> str:
        """Stop it in an orderly way; what is wrong with what it left behind, empty when nothing is."""
        ended = await asyncio.to_thread(self.server.stop)
        if ended != 0:
            return f"the server ended with {ended}"
        arguments = ("check", "--full", "--data", "data", "--json")
        checked = await asyncio.to_thread(command, self._folder, *arguments, REALTIME_PORT="0")
        return "" if checked.returncode == 0 else f"check: {checked.stdout or checked.stderr}"

    async def log(self, session: aiohttp.ClientSession) -> AsyncIterator[dict[str, Any]]:
        """All events that are kept, in order."""
        position, more = "0", True
        while more:
            asked = {"after": position, "limit": "1000"}
            async with session.get(f"{self.url}/api/v1/events", params=asked) as answer:
                page = await answer.json()
                assert answer.status == 200, page
            for event in page["results"]:
                yield event
            position, more = page["next"], page["more"]

    async def __aenter__(self) -> Mortal:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.server.__exit__, None, None, None)
