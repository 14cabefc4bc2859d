"""The newest rows of many sensors at once, each found through an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.tables import anomalies, readings, sensors
from realtime.store.transaction import Row


async def known(connection: AsyncConnection, ids: Sequence[int]) -> list[int]:
    """Those of the ids that are sensors, ascending."""
    statement = select(sensors.c.id).where(sensors.c.id.in_(ids)).order_by(sensors.c.id)
    return [int(found) for found in (await connection.execute(statement)).scalars()]


async def last_readings(connection: AsyncConnection, ids: Sequence[int], most: int) -> list[Row]:
    """The `most` newest readings of each sensor, by sensor and time: oldest first."""
    inner = readings.alias("newest")
    newest = (
        select(inner.c.id)
        .where(inner.c.sensor_id == sensors.c.id)
        .order_by(inner.c.timestamp.desc(), inner.c.id.desc())
        .limit(most)
        .correlate(sensors)
    )
    statement = (
        select(readings)
        .select_from(sensors)
        .join(readings, readings.c.id.in_(newest))
        .where(sensors.c.id.in_(ids))
        .order_by(readings.c.sensor_id, readings.c.timestamp, readings.c.id)
    )
    return await _rows(connection, statement)


async def last_anomalies(connection: AsyncConnection, ids: Sequence[int]) -> list[Row]:
    """The newest anomaly of each sensor that has one."""
    inner = anomalies.alias("newest")
    newest = select(func.max(inner.c.id)).where(inner.c.sensor_id == sensors.c.id).correlate(sensors).scalar_subquery()
    statement = (
        select(anomalies).select_from(sensors).join(anomalies, anomalies.c.id == newest).where(sensors.c.id.in_(ids))
    )
    return await _rows(connection, statement)


async def _rows(connection: AsyncConnection, statement: Any) -> list[Row]:
    found = await connection.execute(statement)
    # orjson takes no subclass of str for a key, and columns are named by one.
    columns = [str(name) for name in found.keys()]  # noqa: SIM118 -- a result, not a mapping
    return [dict(zip(columns, row, strict=True)) for row in found.all()]
