"""The way to the end: what a signal starts, in which order things stop, and how long that may take."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web

from realtime.config import Settings
from realtime.server.connections import Connection
from realtime.server.exit_codes import ExitCode

log = structlog.get_logger(__name__)

IDLE_SWEEP: Final = 0.05
"""Seconds between two looks for connections that have become idle while the server stops."""

STORE_TIME: Final = 1.0
"""Seconds of `shutdown_timeout` that are kept for the last commits."""


class StopSignal:
    """
    Waits for SIGTERM or SIGINT. A second one ends the process at once, with 128 + its
    number: the log keeps what was acknowledged, however a process ends.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._heard, number)

    async def wait(self) -> None:
        """Return when the server is to stop."""
        await self._came.wait()

    def _heard(self, number: signal.Signals) -> None:
        if self._came.is_set():
            end_at_once(128 + number)
        log.info("stopping", signal=number.name)
        self._came.set()


def end_at_once(code: int) -> None:
    """End the process without another thought; what stands in the standard streams is written."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


class Runner(web.AppRunner):
    """aiohttp's runner; ended by `stop`."""

    async def shutdown(self) -> None:
        """Nothing: `stop` has told the application already, while its sockets still could answer."""


async def stop(runner: web.AppRunner, servers: Iterable[asyncio.AbstractServer], settings: Settings) -> None:
    """
    Accept nobody any more, say goodbye to everybody, finish what was begun, close the store.

    Whatever has not ended within `shutdown_timeout` is cut off: then the process ends here,
    with `ExitCode.FAILED`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.shutdown_timeout / 1_000
    cut = loop.call_at(deadline, _cut_off, settings.shutdown_timeout)
    for server in servers:
        server.close()
    # Before the runner's own clean-up, which begins by making every connection deaf: an
    # answer to a close frame would not be heard, and each socket would wait in vain.
    idle = asyncio.create_task(_close_idle(runner), name="close-idle")
    await runner.app.shutdown()
    if runner.server is not None:
        left = deadline - STORE_TIME - loop.time()
        # Once for handlers to end, and once more for those that are cancelled then. aiohttp
        # would wait as long for a connection on which nothing is asked: `idle` goes on.
        await runner.server.shutdown(max(0.1, left / 2))
    idle.cancel()
    await runner.cleanup()
    cut.cancel()


async def _close_idle(runner: web.AppRunner) -> None:
    """Connections that are kept alive end as soon as no request is on them."""
    while runner.server is not None:
        for connection in runner.server.connections:
            if isinstance(connection, Connection) and connection.idle:
                connection.force_close()
        await asyncio.sleep(IDLE_SWEEP)


def _cut_off(milliseconds: int) -> None:
    log.error("not everything ended in time; the rest is cut off", shutdown_timeout=milliseconds)
    end_at_once(ExitCode.FAILED)
