"""How sensors stand: the last reading, the few before it, and the last anomaly of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from realtime.services.telemetry_rows import shown
from realtime.store import latest as rows
from realtime.store.opening import Store
from realtime.store.telemetry import ANOMALY, READING

SENSORS_LIMIT: Final = 100
"""Sensors that one answer may tell of."""

POINTS_LIMIT: Final = 100
"""Points that a sensor's trend may have."""


async def latest(store: Store, sensor_ids: Sequence[int], points: int) -> list[dict[str, Any]]:
    """
    For each sensor, ascending by id: `sensor_id`, `reading` (by `timestamp` the newest, null for none), `anomaly`
    (the newest, null for none), and `points`, (milliseconds, `valor`) of its last readings by time, at most `points`.

    Ids that are no sensors' are left out. All is of one state of the database.
    """
    async with store.database.read() as connection:
        ids = await rows.known(connection, sensor_ids)
        readings = await rows.last_readings(connection, ids, max(points, 1))
        anomalies = {row["sensor_id"]: row for row in await rows.last_anomalies(connection, ids)}
    trends: dict[int, list[dict[str, Any]]] = {sensor_id: [] for sensor_id in ids}
    for row in readings:
        trends[row["sensor_id"]].append(row)
    return [
        {
            "sensor_id": sensor_id,
            "reading": shown(READING, trend[-1]) if trend else None,
            "anomaly": shown(ANOMALY, anomalies[sensor_id]) if sensor_id in anomalies else None,
            "points": [(row["timestamp"], row["valor"]) for row in trend[len(trend) - min(points, len(trend)) :]],
        }
        for sensor_id, trend in trends.items()
    ]
