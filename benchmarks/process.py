"""Servers that a measurement starts, waits for and ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

READY_SECONDS = 30.0
READY_PROBE_SECONDS = 0.02
STOP_SECONDS = 5.0
LOG_TAIL = 1500
COMPILED = Path(__file__).resolve().parent / ".build" / "pycache"


class ServerFailed(Exception):
    """A server did not start; the text holds the end of what it said."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def status_of(port: int, path: str) -> int | None:
    """The status that `GET path` answers, None while nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def clean_environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """
    This process's environment without our own settings and proxies, which would make runs differ.

    Python keeps its compiled modules in a place of the benchmarks', so that only the first start compiles.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("REALTIME_")
        and not name.lower().endswith("_proxy")
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | {"PYTHONPYCACHEPREFIX": str(COMPILED)} | dict(extra)


class Server:
    """
    One server in a process group of its own, from `with` to its end.

    Entering waits until `ready` answers 200 and raises ServerFailed when it does not within
    READY_SECONDS; `ready_after` is how many seconds it took. Leaving
    sends SIGTERM to the group, and SIGKILL to what still lives STOP_SECONDS later.
    """

    def __init__(
        self, argv: Sequence[str], folder: Path, *, port: int, ready: str, environment: Mapping[str, str] = {}
    ) -> None:
        self._argv = list(argv)
        self._folder = folder
        self._log = folder / "server.log"
        self._environment = clean_environment(environment)
        self._ready = ready
        self.port = port
        self.ready_after = 0.0

    def __enter__(self) -> Server:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._argv,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def end(self) -> None:
        """End it now, and return when it has ended: leaving does so too."""
        self._stop()

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        until = began + READY_SECONDS
        while status_of(self.port, self._ready) != 200:
            code = self._process.poll()
            if code is not None:
                raise ServerFailed(f"ended at once with status {code}: {self.said()}")
            if time.monotonic() > until:
                raise ServerFailed(f"not ready after {READY_SECONDS:.0f} s: {self.said()}")
            time.sleep(READY_PROBE_SECONDS)
        self.ready_after = time.monotonic() - began

    def said(self) -> str:
        """The end of its output."""
        return self._log.read_text(errors="replace")[-LOG_TAIL:].strip() or "(it said nothing)"

    def pids(self) -> list[int]:
        """All live processes of its group: a server may have workers."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _group_of(entry) == self._process.pid:
                found.append(int(entry.name))
        return found

    def _stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + STOP_SECONDS
            while self.pids() and time.monotonic() < until:
                try:
                    os.killpg(self._process.pid, number)
                except ProcessLookupError:
                    break
                self._wait_a_moment(until if number == signal.SIGTERM else time.monotonic() + 0.1)
        self._process.wait()

    def _wait_a_moment(self, until: float) -> None:
        while time.monotonic() < until:
            self._process.poll()
            if not self.pids():
                return
            time.sleep(0.02)


def _group_of(entry: Path) -> int | None:
    """The process group, the third field behind the name's last ')'; None for the dead and the undead."""
    try:
        state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return None if state == "Z" else int(group)
