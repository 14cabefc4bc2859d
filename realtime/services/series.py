"""The readings of one sensor over time, thinned out to what a plot can show."""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import dataclass
from typing import Any, Final

from realtime.errors import Problem
from realtime.store import telemetry as rows
from realtime.store.opening import Store
from realtime.store.telemetry import SENSOR, Selection

READINGS_LIMIT: Final = 2_000_000
"""Readings that one series may be made from: 32 MB while it is made."""

LEAST_POINTS: Final = 3
"""The first, the last, and one between: less cannot show a course."""


@dataclass(frozen=True, slots=True)
class Series:
    """`points` are (milliseconds, `valor`) by time, chosen from `count` readings."""

    sensor_id: int
    points: list[tuple[int, float]]
    count: int


async def series(store: Store, sensor_id: int, selection: Selection, points: int) -> Series:
    """
    At most `points` of the sensor's readings of the time selected, chosen so that the
    course looks the same (Largest Triangle Three Buckets); all where they are no more.

    Raises Problem `not_found` for an unknown sensor, `too_large` past `READINGS_LIMIT`.
    """
    moments, values = array("q"), array("d")
    async with store.database.read() as connection:
        if await rows.get_row(connection, SENSOR, sensor_id) is None:
            raise Problem("not_found", f"There is no sensor {sensor_id}.")
        after: tuple[int, int] | None = None
        while chunk := await rows.next_values(connection, sensor_id, selection, after):
            moments.extend(row[0] for row in chunk)
            values.extend(row[2] for row in chunk)
            after = chunk[-1][0], chunk[-1][1]
            if len(moments) > READINGS_LIMIT:
                raise Problem("too_large", f"More than {READINGS_LIMIT} readings; narrow since and until.")
            if len(chunk) < rows.SERIES_CHUNK:
                break
    if len(moments) <= points:
        return Series(sensor_id, list(zip(moments, values, strict=True)), len(moments))
    chosen = await asyncio.to_thread(_thin_out, moments, values, points)
    return Series(sensor_id, [(moments[place], values[place]) for place in chosen], len(moments))


def _thin_out(moments: array[int], values: array[float], points: int) -> list[int]:
    # Imported only when needed, and not on the loop: numpy takes a tenth of a second and 25 MB.
    import numpy
    from tsdownsample import LTTBDownsampler

    downsampler: Any = LTTBDownsampler
    times = numpy.frombuffer(moments, dtype=numpy.int64)
    return [int(place) for place in downsampler().downsample(times, numpy.frombuffer(values), n_out=points)]
