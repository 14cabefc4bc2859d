"""How many sensors stand, in one answer."""

from __future__ import annotations

import pytest

from realtime import clock
from tests.conftest import Client, MakeClient
from tests.handlers.test_telemetry import fill, make, send

NOON = clock.parse("2025-07-20T12:00:00Z")


def reading(sensor: int, minute: int) -> dict[str, object]:
    return {"sensor_id": sensor, "valor": float(minute), "timestamp": clock.timestamp(NOON + minute * clock.MINUTE)}


async def test_each_sensor_is_told_with_its_newest_reading_trend_and_anomaly(client: Client) -> None:
    await fill(client)
    for _ in range(2):
        await make(client, "sensors", tipo="humedad", modelo="BME280")
    # What arrives late is not newest: the time of the reading counts.
    await send(client, "POST", "readings/", json=[reading(n, minute) for minute in (5, 30, 1) for n in (1, 2)])
    second = await make(client, "anomalies", sensor_id=1, tipo="hueco", severidad="baja")

    status, body, _ = await send(client, "GET", "sensors/latest?sensor_id=2,1,3,77&sensor_id=1&points=2")

    assert status == 200
    first, other, silent = body["results"]
    assert (first["sensor_id"], other["sensor_id"]) == (1, 2)
    assert (first["reading"]["valor"], first["reading"]["timestamp"]) == (30.0, "2025-07-20T12:30:00.000Z")
    assert first["points"] == [[NOON + 5 * clock.MINUTE, 5.0], [NOON + 30 * clock.MINUTE, 30.0]]
    assert first["anomaly"] == second
    assert other["reading"] == (await send(client, "GET", f"readings/{other['reading']['id']}/"))[1]
    assert other["anomaly"] is None
    assert silent == {"sensor_id": 3, "reading": None, "anomaly": None, "points": []}


async def test_a_trend_may_be_left_out_and_has_two_dozen_points_where_nothing_is_said(client: Client) -> None:
    await fill(client)
    await send(client, "POST", "readings/", json=[reading(1, minute) for minute in range(40)])

    _, without, _ = await send(client, "GET", "sensors/latest?sensor_id=1&points=0")
    _, usual, _ = await send(client, "GET", "sensors/latest?sensor_id=1")

    assert (without["results"][0]["points"], without["results"][0]["reading"]["valor"]) == ([], 39.0)
    assert [value for _, value in usual["results"][0]["points"]] == [float(n) for n in range(16, 40)]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "sensor_id"),
        ("?sensor_id=", "sensor_id"),
        ("?sensor_id=1,,2", "sensor_id"),
        ("?sensor_id=0", "sensor_id"),
        ("?sensor_id=all", "sensor_id"),
        (f"?sensor_id={','.join(map(str, range(1, 102)))}", "sensor_id"),
        ("?sensor_id=1&points=101", "points"),
        ("?sensor_id=1&points=-1", "points"),
    ],
)
async def test_what_cannot_be_asked_is_told_with_what_can(client: Client, query: str, name: str) -> None:
    status, problem, _ = await send(client, "GET", f"sensors/latest{query}")

    assert (status, problem["code"]) == (400, "invalid")
    assert problem["errors"].keys() == {name}


async def test_only_who_may_read_the_sensors_is_told_how_they_stand(make_client: MakeClient) -> None:
    closed = await make_client(access="closed")

    assert (await send(closed, "GET", "sensors/latest?sensor_id=1"))[0] == 401
