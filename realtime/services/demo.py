"""
A small simulated site, for those who want to see something move before they have sensors
(`--demo`). All its rows carry the mark `(demo)` in their name, all its events the actor
`demo`.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import structlog

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.telemetry import Telemetry
from realtime.store.telemetry import ANOMALY, LOCATION, PREDICTION, READING, SENSOR, Kind, Selection, Stretch

log = structlog.get_logger(__name__)

MARK: Final = "(demo)"
DEMO: Final = Principal("demo", Role.ADMIN, "demo")

DAY: Final = 600
"""Ticks that a simulated day takes, so that a quarter of an hour shows one."""

ANOMALY_EVERY: Final = 90
PREDICTION_EVERY: Final = 60
PREDICTION_TAKES: Final = 10


@dataclass(frozen=True, slots=True)
class _Simulated:
    """A sensor: what it is called, and the course of its values over a day."""

    tipo: str
    modelo: str
    nombre: str
    unidad: str
    mean: float
    swing: float
    noise: float

    def valor(self, tick: int, chance: random.Random) -> float:
        course = self.mean + self.swing * math.sin(2 * math.pi * tick / DAY)
        return round(course + chance.gauss(0, self.noise), 2)


_SITE: Final[dict[str, tuple[dict[str, float], tuple[_Simulated, ...]]]] = {
    f"Invernadero {MARK}": (
        {"latitud": 36.7213, "longitud": -4.4214},
        (
            _Simulated("temperatura", "DHT22", f"Temperatura {MARK}", "°C", 22.0, 6.0, 0.15),
            _Simulated("humedad", "DHT22", f"Humedad {MARK}", "%", 60.0, -15.0, 0.6),
        ),
    ),
    f"Azotea {MARK}": (
        {"latitud": 36.7219, "longitud": -4.4201},
        (
            _Simulated("presion", "BMP280", f"Presión {MARK}", "hPa", 1013.0, 4.0, 0.2),
            _Simulated("co2", "MH-Z19", f"CO₂ {MARK}", "ppm", 480.0, 60.0, 4.0),
        ),
    ),
}


class Demo:
    """
    Makes the site's rows where they are missing, and then a reading every `interval`
    seconds; now and then an anomaly, and a prediction that is completed a little later.
    """

    def __init__(self, telemetry: Telemetry, *, interval: float = 1.0) -> None:
        self._telemetry = telemetry
        self._interval = interval
        self._chance = random.Random()
        self._sensors: list[tuple[int, _Simulated]] = []
        self._open_prediction: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; ended by `stop`."""
        self._task = asyncio.create_task(self._run(), name="demo")

    async def stop(self) -> None:
        """End; what is being written is finished by the committer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        for tick in count():
            try:
                if not self._sensors:
                    self._sensors = await self._settle()
                await self.step(tick)
            except Problem as problem:
                # A full disk, a busy server, a row that somebody deleted: look again in a moment.
                self._sensors = []
                log.info("the demo waits", reason=problem.detail)
            await asyncio.sleep(self._interval)

    async def step(self, tick: int) -> None:
        """One reading, of each sensor in its turn, and what falls due with it."""
        sensor_id, sensor = self._sensors[tick % len(self._sensors)]
        strange = tick % ANOMALY_EVERY == ANOMALY_EVERY - 1
        valor = sensor.valor(tick, self._chance) + (sensor.swing * 4 if strange else 0)
        values = {"sensor_id": sensor_id, "valor": valor, "unidad": sensor.unidad, "timestamp": None}
        reading = await self._telemetry.create(READING, values, DEMO)
        if strange:
            await self._report(sensor_id, sensor, reading.row)
        if tick % PREDICTION_EVERY == PREDICTION_EVERY - 1:
            await self._begin_prediction(sensor_id, sensor, tick)
        elif self._open_prediction is not None and tick % PREDICTION_EVERY == PREDICTION_TAKES:
            await self._telemetry.update(PREDICTION, self._open_prediction, {"estado": "completada"}, DEMO)
            self._open_prediction = None

    async def _report(self, id: int, sensor: _Simulated, reading: dict[str, Any]) -> None:
        values = {
            "sensor_id": id,
            "lectura_id": reading["id"],
            "tipo": "fuera_de_rango",
            "severidad": self._chance.choice(("media", "alta")),
            "descripcion": f"{sensor.nombre}: {reading['valor']} {sensor.unidad}",
        }
        await self._telemetry.create(ANOMALY, values, DEMO)

    async def _begin_prediction(self, id: int, sensor: _Simulated, tick: int) -> None:
        ahead = [round(sensor.valor(tick + step, self._chance), 2) for step in range(0, DAY, DAY // 6)]
        values = {"sensor_id": id, "horizonte": "10m", "estado": "en_proceso", "valores": ahead}
        self._open_prediction = (await self._telemetry.create(PREDICTION, values, DEMO)).row["id"]

    async def _settle(self) -> list[tuple[int, _Simulated]]:
        """The site's sensors, found again by their names or made."""
        sensors = []
        for nombre, (place, simulated) in _SITE.items():
            location_id = await self._have(LOCATION, {"nombre": nombre, **place})
            for sensor in simulated:
                values = {
                    "tipo": sensor.tipo,
                    "modelo": sensor.modelo,
                    "nombre": sensor.nombre,
                    "ubicacion_id": location_id,
                    "unidad": sensor.unidad,
                    "activo": True,
                }
                sensors.append((await self._have(SENSOR, values), sensor))
        return sensors

    async def _have(self, kind: Kind, values: dict[str, Any]) -> int:
        _, rows = await self._telemetry.list(kind, Selection({"nombre": values["nombre"]}), Stretch(1))
        row = rows[0] if rows else (await self._telemetry.create(kind, values, DEMO)).row
        return int(row["id"])
