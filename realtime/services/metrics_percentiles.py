"""Percentiles, which take reading every sample: seldom, and one at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import Final

from realtime.services.metrics_figures import TIMED
from realtime.store.database import Database
from realtime.store.metrics import Window, percentiles

AGE: Final = 1.0
"""Seconds for which percentiles that were read are good."""

WINDOWS: Final = 32
"""Windows whose percentiles are kept; the one asked for longest ago makes room."""

Ranks = dict[str, tuple[int | None, int | None]]
"""p50 and p90 of each of TIMED, in seconds."""


class Percentiles:
    """p50 and p90 of any window, at most AGE seconds old; one reader of the database at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[Window, tuple[float, Ranks]] = OrderedDict()
        self._reading = asyncio.Lock()

    async def of(self, window: Window) -> Ranks:
        """The percentiles of `window`."""
        async with self._reading:
            read_at, ranks = self._kept.get(window, (0.0, None))
            if ranks is None or monotonic() - read_at >= AGE:
                ranks = await self._read(window)
            self._kept.move_to_end(window)
            return ranks

    async def _read(self, window: Window) -> Ranks:
        async with self._database.read() as connection:
            ranks = {name: await percentiles(connection, kind, window) for name, kind in TIMED.items()}
        self._kept[window] = (monotonic(), ranks)
        if len(self._kept) > WINDOWS:
            self._kept.popitem(last=False)
        return ranks
