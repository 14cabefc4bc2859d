"""`GET /api/v1/sensors/latest`: how sensors stand, many in one answer."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.errors import invalid
from realtime.handlers import filters
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.schemas.telemetry import SCHEMAS
from realtime.openapi import INTEGER, Operation, Parameter
from realtime.policy import Action
from realtime.services.latest import POINTS_LIMIT, SENSORS_LIMIT, latest
from realtime.store.telemetry import ANOMALY, READING, SENSOR

POINTS: Final = 24
"""Points of each trend where the query names no number."""

_IDS: Final = f"1 to {SENSORS_LIMIT} ids of sensors, by comma or repeated."
_POINTS: Final = filters.whole(0, POINTS_LIMIT)


async def sensors_latest(request: web.Request) -> web.Response:
    """The last reading, the trend before it and the last anomaly of each sensor named."""
    for kind in (SENSOR, READING, ANOMALY):
        require(request, Action.READ, kind.channel)
    points = filters.value(request, "points", _POINTS)
    found = await latest(request.app[keys.STORE], _ids(request), POINTS if points is None else points)
    return answer({"results": found})


def _ids(request: web.Request) -> list[int]:
    texts = ",".join(request.query.getall("sensor_id", ())).split(",", SENSORS_LIMIT)
    found = [filters.IDENTIFIER.read(text.strip()) for text in texts]
    if len(found) > SENSORS_LIMIT or None in found:
        raise invalid(sensor_id=_IDS)
    return found


ROUTES = [web.get("/api/v1/sensors/latest", sensors_latest)]

_POINT: Final = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_ROW: Final = {
    "sensor_id": INTEGER,
    "reading": {"anyOf": [SCHEMAS[READING], {"type": "null"}]},
    "anomaly": {"anyOf": [SCHEMAS[ANOMALY], {"type": "null"}]},
    "points": {"type": "array", "items": _POINT, "description": "Milliseconds since 1970, and `valor`; by time."},
}
DOCS: Final = {
    "GET /api/v1/sensors/latest": Operation(
        "How sensors stand: last reading, trend, last anomaly",
        SENSOR.channel,
        "Ids that are no sensors' are left out.",
        answer={
            "type": "object",
            "required": ["results"],
            "properties": {
                "results": {
                    "type": "array",
                    "items": {"type": "object", "required": list(_ROW), "properties": _ROW},
                }
            },
        },
        parameters=(
            Parameter(
                "sensor_id",
                _IDS,
                {"type": "string", "pattern": rf"^[1-9][0-9]{{0,17}}(,[1-9][0-9]{{0,17}}){{0,{SENSORS_LIMIT - 1}}}$"},
                required=True,
            ),
            Parameter("points", f"Points of each trend, {POINTS} where not given. {_POINTS.allowed}", _POINTS.schema),
        ),
        errors=("invalid", "unauthenticated", "not_permitted"),
    )
}
