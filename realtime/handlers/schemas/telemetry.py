"""The bodies of the sensor domain, with the field names of seed 002."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from realtime import clock
from realtime.handlers.schemas import fields
from realtime.handlers.schemas.checking import Body
from realtime.store.telemetry import ANOMALY, LOCATION, PREDICTION, READING, SENSOR, Kind

SEVERITIES: Final = ("baja", "media", "alta", "critica")
STATES: Final = ("pendiente", "en_proceso", "completada", "fallida")
TEXT: Final = 200
LONG_TEXT: Final = 2000
JSON_LIMIT: Final = 64 * 1024


def _optional() -> dict[str, Any]:
    return {"load_default": None, "allow_none": True}


class Row(Body):
    """What every row has beside its own fields: set by the server."""

    id = fields.identifier(dump_only=True)
    created_at = fields.moment(dump_only=True)
    updated_at = fields.moment(dump_only=True)


class Sensor(Row):
    """A sensor."""

    tipo = fields.text(TEXT, required=True)
    modelo = fields.text(TEXT, required=True)
    nombre = fields.text(TEXT, **_optional())
    ubicacion_id = fields.identifier(**_optional())
    unidad = fields.text(TEXT, **_optional())
    activo = fields.flag(load_default=True)


class Reading(Row):
    """A reading; `timestamp` is when it was taken, the time of its arrival where not given."""

    sensor_id = fields.identifier(required=True)
    valor = fields.number(required=True)
    unidad = fields.text(TEXT, **_optional())
    timestamp = fields.moment(**_optional())


class Location(Row):
    """A place where sensors are."""

    nombre = fields.text(TEXT, required=True)
    latitud = fields.number(-90, 90, **_optional())
    longitud = fields.number(-180, 180, **_optional())


class Anomaly(Row):
    """Something that is not as it should be with a sensor, or with one of its readings."""

    sensor_id = fields.identifier(required=True)
    lectura_id = fields.identifier(**_optional())
    tipo = fields.text(TEXT, required=True)
    severidad = fields.choice(*SEVERITIES, required=True)
    descripcion = fields.text(LONG_TEXT, **_optional())


class Prediction(Row):
    """A forecast for a sensor; `valores` is any JSON of at most 64 KiB."""

    sensor_id = fields.identifier(required=True)
    horizonte = fields.text(TEXT, required=True)
    estado = fields.choice(*STATES, required=True)
    valores = fields.anything(JSON_LIMIT, **_optional())


SCHEMAS: Final[dict[Kind, Body]] = {
    SENSOR: Sensor(),
    READING: Reading(),
    LOCATION: Location(),
    ANOMALY: Anomaly(),
    PREDICTION: Prediction(),
}


def quick_reading(value: Any) -> dict[str, Any] | None:
    """
    What the schema makes of a reading that is in order, or None for one that the schema
    shall judge. Ten times as fast: bulk readings are checked by this first.

    Whatever this takes, the schema takes with the same result; a test holds them together.
    """
    if type(value) is not dict:
        return None
    sensor_id, valor = value.get("sensor_id"), value.get("valor")
    if type(sensor_id) is not int or not 1 <= sensor_id <= fields.LARGEST_ID:
        return None
    if (type(valor) is not float and type(valor) is not int) or not isfinite(valor):
        return None
    unidad, moment = value.get("unidad"), value.get("timestamp")
    if unidad is not None and (type(unidad) is not str or len(unidad) > TEXT or not unidad.strip()):
        return None
    if len(value) != 2 + ("unidad" in value) + ("timestamp" in value):
        return None
    if moment is not None:
        try:
            moment = clock.parse(moment)
        except (ValueError, OverflowError, AttributeError):
            return None
    return {"sensor_id": sensor_id, "valor": float(valor), "unidad": unidad, "timestamp": moment}
