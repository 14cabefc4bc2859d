"""What takes reading every sample and every cycle: seldom, and one at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Final

from realtime.services.metrics_figures import TIMED
from realtime.store.database import Database
from realtime.store.metrics import Kind, OpenCourse, Ranks, Window, day_ranks, open_course, ranks

AGE: Final = 1.0
"""Seconds for which what was read is good, at least."""

REST: Final = 9
"""It is good for so many times as long as reading it took, too: no window takes more than a tenth of a reader."""

WINDOWS: Final = 32
"""Windows of which it is kept; the one asked for longest ago makes room."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Of one window: p50 and p90 of each of TIMED, those of the time to answer by day, and how many were open."""

    ranks: dict[str, Ranks]
    days: dict[int, Ranks]
    open: OpenCourse


class Scans:
    """
    The scan of any window, at most AGE seconds old, or REST times as long as it took; one
    reader of the database at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[Window, tuple[float, Scan]] = OrderedDict()
        self._reading = asyncio.Lock()

    async def of(self, window: Window) -> Scan:
        """The scan of `window`."""
        async with self._reading:
            good_until, scan = self._kept.get(window, (0.0, None))
            if scan is None or monotonic() >= good_until:
                scan = await self._read(window)
            self._kept.move_to_end(window)
            return scan

    async def _read(self, window: Window) -> Scan:
        begun = monotonic()
        async with self._database.read() as connection:
            scan = Scan(
                {name: await ranks(connection, kind, window) for name, kind in TIMED.items()},
                await day_ranks(connection, Kind.RESPONSE, window),
                await open_course(connection, window),
            )
        ended = monotonic()
        self._kept[window] = (ended + max(AGE, REST * (ended - begun)), scan)
        if len(self._kept) > WINDOWS:
            self._kept.popitem(last=False)
        return scan
