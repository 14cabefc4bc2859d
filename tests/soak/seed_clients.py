"""The classes of seed 001 that reconnect by themselves, in Node, and what each of them has seen."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.dashboard_seed import clients
from tests.parts import need
from tests.programs import PATIENCE

DRIVERS = Path(__file__).parents[1] / "dashboard_clients"
CLIENTS = ("class", "reconnecting")


class Seen:
    """What one client of the seed has told, line by line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start: int | None = None
        self.connections = 0
        self.frames: list[tuple[int, dict[str, Any]]] = []
        """The number of the connection, and what came by it, of all that has a `seq`."""
        self.emitted: Counter[str] = Counter()
        self.gaps: list[Any] = []
        self.gave_up = False
        self.last = 0

    def take(self, what: str, told: Any) -> None:
        """One line of the driver."""
        if what == "connected":
            self.connections += 1
        elif what == "reconnect_failed":
            self.gave_up = True
        elif what != "frame":
            self.emitted[what] += 1
        elif told["type"] == "hello" and self.start is None:
            self.start = told["tip"]
        elif told["type"] == "gap":
            self.gaps.append((self.name, told))
        elif "seq" in told:
            self.frames.append((self.connections, told))
            self.last = max(self.last, told["seq"])


class Client:
    """
    One of the seed's classes, in a Node of its own; only its URL is another. `interval` is the
    milliseconds that it waits between two of its five tries.
    """

    def __init__(self, folder: Path, name: str, token: str, *, interval: int, port: int) -> None:
        self.seen = Seen(name)
        self.folder = folder / name
        self._changed = asyncio.Condition()
        self._arguments = (f"{name}.mjs", token, str(interval), f"&session={name}")
        code = clients()[name].replace("seu_token_aqui", token)
        code = code.replace("?token=${this.token}", f"?token=${{this.token}}&session={name}")
        self.folder.mkdir()
        (self.folder / "seed.mjs").write_text(_at(port, code), "utf-8")
        for file in ("harness.mjs", "frames.mjs", f"{name}.mjs"):
            (self.folder / file).write_text(_at(port, (DRIVERS / file).read_text("utf-8")), "utf-8")

    async def until(self, fact: Callable[[Seen], bool]) -> None:
        """Wait until that is so, or the client has given up."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.seen.gave_up or fact(self.seen))

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._changed:
                self.seen.take(*json.loads(line))
                self._changed.notify_all()

    async def __aenter__(self) -> Client:
        self._process = await asyncio.create_subprocess_exec(
            *(need("node"), "--import", "./frames.mjs", *self._arguments),
            cwd=self.folder,
            env={**os.environ, "MODULES": need("socket.io-client")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**21,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reading
        self._process._transport.close()  # type: ignore[attr-defined]


def _at(port: int, code: str) -> str:
    return code.replace("localhost:8010/", f"localhost:{port}/")
