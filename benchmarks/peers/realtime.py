"""This server, as an operator starts it: authentication, the synced log, roster and metrics are on."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.peers.base import BENCH_CHANNEL, BENCHMARKS, SOCKET_IO, Door, Missing, Peer, Start, Way
from benchmarks.process import ServerFailed, clean_environment

ROOT = BENCHMARKS.parent
TOKEN_SECONDS = 60.0
PUBLISHED = ("publication.created", "message.created")  # what the load's events are in the log


def python() -> str:
    """The project's interpreter, else the one that runs the benchmarks."""
    own = ROOT / ".venv" / "bin" / "python"
    return str(own if own.exists() else sys.executable)


class Realtime(Peer):
    name = "realtime"
    title = "realtime (ours)"
    does = (
        "authenticates each request and socket, commits and syncs each event before it answers and delivers, "
        "keeps a replayable log and metrics; one process"
    )

    def install(self) -> None:
        if not (ROOT / "run.py").exists():
            raise Missing("run.py is not there")
        probe = subprocess.run(
            [python(), str(ROOT / "run.py"), "--help"], capture_output=True, text=True, env=clean_environment()
        )
        if probe.returncode:
            last = (probe.stderr.strip().splitlines() or ["no message"])[-1]
            raise Missing(f"run.py does not start ({last}); `make install` first")

    def version(self) -> str:
        script = (
            "import sys, aiohttp, sqlite3; print(aiohttp.__version__, sqlite3.sqlite_version, sys.version.split()[0])"
        )
        done = subprocess.run([python(), "-c", script], capture_output=True, text=True, check=True)
        aiohttp, sqlite, interpreter = done.stdout.split()
        return f"working tree, aiohttp {aiohttp}, SQLite {sqlite}, Python {interpreter}"

    def start(self, folder: Path, port: int) -> Start:
        data = folder / "data"
        return self.serving(data, port, self.token(data))

    def serving(self, data: Path, port: int, token: str) -> Start:
        """How it is started over data that is there already, for the owner of that token."""
        return Start(
            argv=(python(), str(ROOT / "run.py"), *self._serve(data, port)),
            ready="/readyz",
            doors={
                Way.POST: Door(
                    publish=f"/api/v1/channels/{BENCH_CHANNEL}",
                    publish_headers=("Content-Type: application/json", f"Authorization: Bearer {token}"),
                    subscribe=f"/api/v1/ws/secure?channel={BENCH_CHANNEL}&token={token}",
                ),
                Way.COMMANDS: Door(publish=f"/api/v1/ws/secure?token={token}"),
                Way.SOCKET_IO: Door(publish=SOCKET_IO, subscribe=SOCKET_IO, auth=json.dumps({"token": token})),
            },
        )

    def _serve(self, data: Path, port: int) -> tuple[str, ...]:
        return ("serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(data), "--durability", "full")

    def token(self, data: Path, role: str = "agent") -> str:
        """A token of a user with that role, made before the server starts; makes the database too."""
        argv = [python(), str(ROOT / "run.py"), "token", "create", "--user", "bench", "--role", role]
        done = subprocess.run(
            [*argv, "--data", str(data)], capture_output=True, text=True, timeout=TOKEN_SECONDS, env=clean_environment()
        )
        token = done.stdout.strip()
        if done.returncode or not token or " " in token:
            raise ServerFailed(f"`token create` gave no token: {(done.stderr or done.stdout).strip()[-500:]}")
        return token

    def kept(self, folder: Path, types: tuple[str, ...] = PUBLISHED) -> int | None:
        database = sqlite3.connect(f"file:{folder}/data/realtime.db?mode=ro", uri=True)
        marks = ",".join("?" * len(types))
        try:
            (count,) = database.execute(f"SELECT count(*) FROM events WHERE type IN ({marks})", types).fetchone()
        finally:
            database.close()
        return int(count)


class RealtimeByRest(Realtime):
    """The same server, told by requests what others tell it by commands: F4's work, for F5 to be compared with."""

    name = "realtime-rest"
    title = "realtime by REST (F4)"
    does = "the same server, published to by REST, one event a request as in F4"

    def start(self, folder: Path, port: int) -> Start:
        start = super().start(folder, port)
        return replace(start, doors={Way.POST: start.doors[Way.POST]})
