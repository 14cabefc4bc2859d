"""The server and its commands as programs, started the way a user starts them."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import pytest
import structlog

from realtime import cli
from tests import house

PATIENCE = 60.0
"""Seconds after which something that should have happened counts as failed; nothing is that slow."""

LISTENING = "Listening on "
RUN = (sys.executable, str(house.ROOT / "run.py"))


def environment(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """This process's environment without our own settings; compiled modules are kept even where that is off."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REALTIME_")}
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"realtime-tests-pycache-{os.getuid()}")
    return kept | dict(extra)


def command(folder: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in `folder`, with `extra` environment variables."""
    return subprocess.run(
        [*RUN, *arguments],
        cwd=folder,
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def commands_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Yield a function that runs a command in this process, in `folder`; logging is put back at the end."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("REALTIME_")]:
        monkeypatch.delenv(name)
    # What else runs on this machine must not matter to `check`, which looks at the ports.
    monkeypatch.setenv("REALTIME_PORT", "0")
    handlers, level = logging.root.handlers[:], logging.root.level

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = cli.main(arguments)
        return Ended(code, *capfd.readouterr())

    yield run
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Output:
    """What a program says on one stream, gathered while it runs."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def __str__(self) -> str:
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match of `pattern` in all that was said, now or later; fails when the stream ends without one."""
        match: list[re.Match[str]] = []

        def look() -> bool:
            match[:] = filter(None, [re.search(pattern, "".join(self._lines), re.MULTILINE)])
            return bool(match) or self._ended

        with self._changed:
            self._changed.wait_for(look, PATIENCE)
        assert match, f"never said {pattern!r}, but: {self}"
        return match[0]

    def close(self) -> str:
        """All of it, once the program has ended."""
        self._thread.join(PATIENCE)
        return str(self)

    def _read(self, stream: IO[bytes]) -> None:
        # A pseudo-terminal ends with an error when the program at its other end does.
        with suppress(OSError):
            for line in stream:
                self._add(line.decode("utf-8", "replace"))
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        stream.close()

    def _add(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()


class Program:
    """
    A program that runs until it is told otherwise; leaving the context kills what still runs.

    `terminal`: it finds itself on a terminal. `prefix`: another program in front of it.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        terminal: bool = False,
        prefix: tuple[str, ...] = (),
        prepare: Callable[[], None] | None = None,
        **extra: str,
    ) -> None:
        pair = os.openpty() if terminal else None
        self.process = subprocess.Popen(
            [*prefix, *RUN, *arguments],
            cwd=folder,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=pair[1] if pair else subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=prepare,
        )
        if pair:
            os.close(pair[1])
        stdout = os.fdopen(pair[0], "rb", buffering=0) if pair else self.process.stdout
        assert stdout is not None
        assert self.process.stderr is not None
        self.out = Output(stdout)
        self.err = Output(self.process.stderr)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, and do not wait."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code, negative for the signal that ended it."""
        code = self.process.wait(PATIENCE)
        self.out.close()
        self.err.close()
        return code

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


class Server(Program):
    """`serve` on a free port of loopback, ready when made; `folder / "data"` is its data folder."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0, **options: object) -> None:
        self.data = folder / "data"
        super().__init__(
            folder,
            "serve",
            "--port",
            str(port),
            "--data",
            str(self.data),
            *arguments,
            **options,  # type: ignore[arg-type]
        )
        try:
            self.urls = self.out.wait_for(f"^{LISTENING}(.+)$")[1].split()
        except AssertionError:
            self.process.kill()
            raise AssertionError(f"the server did not start: {self.err.close()}") from None
        self.url = self.urls[0]
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Server:
        return self


def starting_in(folder: Path) -> Iterator[Callable[..., Server]]:
    """Yield a function that starts a server in `folder`; all of them are gone at the end."""
    started: list[Server] = []

    def start(*arguments: str, **options: object) -> Server:
        started.append(Server(folder, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None, None, None)


@asynccontextmanager
async def dial(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the server: its reader and its writer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def ends(reader: asyncio.StreamReader) -> bytes:
    """What a connection still brings until it is closed, or reset."""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            return await reader.read()
        return b""
