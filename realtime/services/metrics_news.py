"""Telling whoever reads `csat` how the figures are: the signal `dashboard_metrics`."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from realtime import clock
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.events import Signal
from realtime.services.metrics import Metrics

log = structlog.get_logger(__name__)

INTERVAL: Final = 1.0
"""Seconds from one signal to the next, at least."""

LOOK: Final = 60.0
"""Seconds after which the figures are looked at though nothing has happened: at midnight the window moves on."""


class MetricsNews:
    """
    Sends `dashboard_metrics` when the figures are others than those that were told last,
    at most once a second. The last change of a busy time is told, too.

    The signal follows the frames of the events that it comes from.
    """

    def __init__(self, metrics: Metrics, hub: Hub, settings: Settings, *, interval: float = INTERVAL) -> None:
        self._metrics = metrics
        self._hub = hub
        self._interval = interval
        # The hub holds events back for so long at most, and signals not at all.
        self._patience = settings.join_window / 1_000
        self._stirred = asyncio.Event()
        self._told: Signal | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, with the figures as they are now as known to all; ended by `stop`."""
        self._told = await self._metrics.signal()
        self._metrics.on_change.append(self._stirred.set)
        self._task = asyncio.create_task(self._run(), name="metrics-news")

    async def stop(self) -> None:
        """End; what has not been told yet is told by nobody."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._wait()
                # Cleared before the figures are read: what changes from here on asks for another look.
                self._stirred.clear()
                await asyncio.sleep(self._patience)
                await self._tell()
            except Exception as error:  # noqa: BLE001 - a database that is busy now must not end the news for ever
                log.warning("could not tell the metrics", reason=str(error))
                self._stirred.set()
            await asyncio.sleep(self._interval)

    async def _wait(self) -> None:
        to_midnight = (clock.DAY - self._metrics.now() % clock.DAY) / 1_000
        try:
            async with asyncio.timeout(min(to_midnight, LOOK)):
                await self._stirred.wait()
        except TimeoutError:
            pass

    async def _tell(self) -> None:
        signal = await self._metrics.signal()
        if signal != self._told:
            self._told = signal
            self._hub.signal(signal)
