"""Servers on Python, in a virtual environment of their own, so that they share no library with ours."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.base import BENCHMARKS, SOCKET_IO, Door, Missing, Peer, Start, Way

HERE = Path(__file__).with_name("python")
VENV = BENCHMARKS / ".venv-peers"
PYTHON = VENV / "bin" / "python"
DOORS = {Way.POST: Door(publish="/publish", subscribe="/subscribe")}


def install_requirements(name: str) -> None:
    """The pinned versions of one requirements file, in VENV. Raises Missing."""
    requirements = HERE / name
    mark, digest = VENV / f".{name}", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    if not PYTHON.exists():
        _run([sys.executable, "-m", "venv", str(VENV)], "a virtual environment cannot be made")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]
    _run(pip, f"pip cannot install {name}")
    mark.write_text(digest)


def _run(argv: list[str], failure: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{failure}: {(done.stderr or done.stdout).strip()[-300:]}")


def versions(*distributions: str) -> str:
    """`name version` of installed distributions, and the interpreter's."""
    script = "import sys; from importlib.metadata import version\nfor n in sys.argv[1:]: print(n, version(n))"
    done = subprocess.run([str(PYTHON), "-c", script, *distributions], capture_output=True, text=True, check=True)
    python = subprocess.run([str(PYTHON), "--version"], capture_output=True, text=True, check=True)
    return ", ".join([*done.stdout.split("\n")[:-1], python.stdout.strip()])


def uvicorn(application: str, port: int) -> tuple[str, ...]:
    """uvicorn with its fast loop and parser, one worker, no access log."""
    quiet = ("--log-level", "warning", "--no-access-log", "--backlog", "4096")
    where = ("--app-dir", str(HERE), "--host", "127.0.0.1", "--port", str(port))
    return (str(PYTHON), "-m", "uvicorn", application, "--loop", "uvloop", "--http", "httptools", *where, *quiet)


class FastapiBroadcast(Peer):
    name = "fastapi"
    title = "FastAPI + uvicorn"
    does = (
        "checks the JSON, serialises once, awaits `send_text` for each: no authentication, nothing on disk; one process"
    )

    def install(self) -> None:
        install_requirements("requirements.txt")

    def version(self) -> str:
        return versions("fastapi", "uvicorn", "websockets", "uvloop")

    def start(self, folder: Path, port: int) -> Start:
        return Start(argv=uvicorn("fanout_fastapi:app", port), ready="/ready", doors=DOORS)


class FastapiSqlite(Peer):
    name = "fastapi-sqlite"
    title = "FastAPI + SQLAlchemy"
    does = (
        "validates each body or command by pydantic, inserts and commits it by itself (SQLite, WAL, synchronous=FULL), "
        "those of one WebSocket one after the other: no authentication, no fan-out; one process"
    )

    def install(self) -> None:
        install_requirements("requirements.txt")

    def version(self) -> str:
        return versions("fastapi", "uvicorn", "sqlalchemy", "aiosqlite", "pydantic")

    def start(self, folder: Path, port: int) -> Start:
        database = {"BENCH_DATABASE": str(folder / "bench.db")}
        doors = DOORS | {Way.COMMANDS: Door(publish="/commands")}
        return Start(argv=uvicorn("publish_fastapi:app", port), ready="/ready", doors=doors, environment=database)

    def kept(self, folder: Path) -> int | None:
        database = sqlite3.connect(folder / "bench.db")
        try:
            (count,) = database.execute("SELECT count(*) FROM events").fetchone()
        finally:
            database.close()
        return int(count)


class Socketify(Peer):
    name = "uws"
    title = "uWebSockets (socketify)"
    does = "parses the JSON in Python, fans out in C++: no authentication, nothing on disk; one process"

    def install(self) -> None:
        install_requirements("requirements-uws.txt")
        _run([str(PYTHON), "-c", "import socketify"], "socketify does not load (it needs libuv1)")

    def version(self) -> str:
        return versions("socketify")

    def start(self, folder: Path, port: int) -> Start:
        argv = (str(PYTHON), str(HERE / "fanout_socketify.py"), str(port))
        return Start(argv=argv, ready="/ready", doors=DOORS)


class PythonSocketIO(Peer):
    name = "python-socketio"
    title = "python-socketio"
    does = "`await sio.emit` to all, then the acknowledgement: no authentication, nothing on disk; one process"

    def install(self) -> None:
        install_requirements("requirements-socketio.txt")

    def version(self) -> str:
        return versions("python-socketio", "python-engineio", "aiohttp", "uvloop")

    def start(self, folder: Path, port: int) -> Start:
        doors = {Way.SOCKET_IO: Door(publish=SOCKET_IO, subscribe=SOCKET_IO)}
        argv = (str(PYTHON), str(HERE / "fanout_socketio.py"), str(port))
        return Start(argv=argv, ready="/ready", doors=doors)
