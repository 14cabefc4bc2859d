"""The sensor domain by REST, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from realtime import clock, keys
from realtime.policy import Principal, Role
from realtime.services.tokens import Wanted
from realtime.store.telemetry import KINDS
from tests.conftest import Client, MakeClient

BODIES: dict[str, dict[str, Any]] = {
    "locations": {"nombre": "norte", "latitud": 36.7, "longitud": -4.4},
    "sensors": {
        "tipo": "temperatura",
        "modelo": "DHT22",
        "nombre": "A",
        "ubicacion_id": 1,
        "unidad": "°C",
        "activo": False,
    },
    "readings": {"sensor_id": 1, "valor": -2.5, "unidad": "°C", "timestamp": "2025-07-20T00:05:37.123Z"},
    "anomalies": {
        "sensor_id": 1,
        "lectura_id": 1,
        "tipo": "pico",
        "severidad": "critica",
        "descripcion": "demasiado alto",
    },
    "predictions": {"sensor_id": 1, "horizonte": "24h", "estado": "pendiente", "valores": [{"t": 1, "v": None}]},
}
LEAST: dict[str, dict[str, Any]] = {
    "locations": {"nombre": "sur"},
    "sensors": {"tipo": "humedad", "modelo": "BME280"},
    "readings": {"sensor_id": 1, "valor": 7},
    "anomalies": {"sensor_id": 1, "tipo": "hueco", "severidad": "baja"},
    "predictions": {"sensor_id": 1, "horizonte": "1h", "estado": "fallida"},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "locations": {"latitud": None, "longitud": None},
    "sensors": {"nombre": None, "ubicacion_id": None, "unidad": None, "activo": True},
    "readings": {"unidad": None},
    "anomalies": {"lectura_id": None, "descripcion": None},
    "predictions": {"valores": None},
}
ALL = [kind.channel for kind in KINDS]


async def send(client: Client, method: str, path: str, **more: Any) -> tuple[int, Any, Any]:
    """Send a request; return status, body and headers."""
    async with client.request(method, f"/api/v1/{path}", **more) as response:
        body = await response.json(content_type=None) if await response.read() else None
        return response.status, body, response.headers


async def make(client: Client, path: str, **body: Any) -> dict[str, Any]:
    status, row, _ = await send(client, "POST", f"{path}/", json=body)
    assert status == 201, row
    return dict(row)


async def fill(client: Client) -> None:
    """One row of everything, each referring to the first of the others."""
    for path in ("locations", "sensors", "readings", "anomalies", "predictions"):
        await make(client, path, **BODIES[path])


async def tip(client: Client) -> int:
    _, page, _ = await send(client, "GET", "events?limit=1")
    return int(page["tip"])


async def admin(client: Client) -> dict[str, str]:
    """Headers of an admin's token."""
    assert client.app is not None
    made, secret = await client.app[keys.ACCOUNTS].tokens.create(
        Principal("socket", Role.ADMIN, "socket"), Wanted(user="root", role=Role.ADMIN, make_user=True)
    )
    assert made
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("path", ALL)
async def test_what_is_posted_comes_back_from_every_door(client: Client, path: str) -> None:
    await fill(client)
    status, row, headers = await send(client, "POST", f"{path}/", json=BODIES[path])

    assert status == 201
    assert row.items() >= BODIES[path].items()
    assert headers["Location"] == f"/api/v1/{path}/{row['id']}/"
    assert (await send(client, "GET", f"{path}/{row['id']}/"))[:2] == (200, row)
    assert (await send(client, "GET", f"{path}/{row['id']}"))[:2] == (200, row)
    assert (await send(client, "GET", f"{path}?ordering=-id"))[1]["results"][0] == row
    _, page, _ = await send(client, "GET", f"events?after={int(headers['Event-Seq']) - 1}&limit=1")
    (event,) = page["results"]
    assert (event["seq"], event["channel"], event["entity_id"]) == (int(headers["Event-Seq"]), path, row["id"])
    assert event["data"] == row


@pytest.mark.parametrize("path", ALL)
async def test_what_is_not_given_has_its_default_when_made_and_when_replaced(client: Client, path: str) -> None:
    await fill(client)
    row = await make(client, path, **LEAST[path])
    assert row.items() >= {**LEAST[path], **DEFAULTS[path]}.items()

    status, replaced, _ = await send(client, "PUT", f"{path}/1/", json=LEAST[path])
    assert status == 200
    assert replaced.items() >= {"id": 1, **LEAST[path], **DEFAULTS[path]}.items()
    assert (await send(client, "GET", f"{path}/1/"))[1] == replaced


@pytest.mark.parametrize("path", ALL)
async def test_a_change_leaves_alone_what_it_does_not_name(client: Client, path: str) -> None:
    await fill(client)
    _, before, _ = await send(client, "GET", f"{path}/1/")
    for name, value in LEAST[path].items():
        status, after, headers = await send(client, "PATCH", f"{path}/1/", json={name: value})
        assert status == 200
        before = {**before, name: value, "updated_at": after["updated_at"]}
        assert after == before
        assert "Event-Seq" in headers


@pytest.mark.parametrize("path", ["locations", "sensors", "anomalies", "predictions"])
async def test_what_is_deleted_is_gone_and_told(client: Client, path: str) -> None:
    await fill(client)
    row = await make(client, path, **LEAST[path])
    status, body, headers = await send(client, "DELETE", f"{path}/{row['id']}/")

    assert (status, body) == (204, None)
    for method in ("GET", "DELETE"):
        assert (await send(client, method, f"{path}/{row['id']}/"))[0] == 404
    _, page, _ = await send(client, "GET", f"events?after={int(headers['Event-Seq']) - 1}&limit=1")
    assert page["results"][0]["type"].endswith(".deleted")
    assert page["results"][0]["data"] == row
    assert (await make(client, path, **LEAST[path]))["id"] == row["id"] + 1


async def test_a_reading_is_deleted_by_admins_only(client: Client) -> None:
    await fill(client)
    row = await make(client, "readings", sensor_id=1, valor=1)
    assert (await send(client, "DELETE", f"readings/{row['id']}/"))[0] == 403
    status, _, headers = await send(client, "DELETE", f"readings/{row['id']}/", headers=await admin(client))

    assert status == 204
    _, page, _ = await send(client, "GET", f"events?after={int(headers['Event-Seq']) - 1}&limit=1")
    assert (page["results"][0]["type"], page["results"][0]["channel"]) == ("system.warning", "readings")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("locations/1/", ["sensors"]),
        ("sensors/1/", ["readings", "anomalies", "predictions"]),
        ("readings/1/", ["anomalies"]),
    ],
)
async def test_what_is_referred_to_stays(client: Client, path: str, names: list[str]) -> None:
    await fill(client)
    before = await tip(client)
    status, problem, _ = await send(client, "DELETE", path, headers=await admin(client))

    assert (status, problem["code"], problem["referred_to_by"]) == (409, "conflict", names)
    assert all(name in problem["detail"] for name in names)
    assert (await send(client, "GET", path))[0] == 200
    _, page, _ = await send(client, "GET", f"events?after={before}&channel=general")
    assert page["results"] == []


FILTERS = [
    ("sensors", "tipo=temperatura", {1}),
    ("sensors", "ubicacion_id=1", {1}),
    ("sensors", "activo=true", {2, 3}),
    ("sensors", "activo=False", {1}),
    ("sensors", "activo=0&tipo=humedad", set()),
    ("readings", "sensor_id=2", {2, 3}),
    ("readings", "sensor_id=3", set()),
    ("readings", "since=2025-07-20T00:05:37.123Z&until=2025-07-20T00:05:37.124Z", {1}),
    ("readings", "until=2025-07-20T00:05:37.123Z", set()),
    ("readings", "since=2025-07-20T02:05:37.123%2B02:00&until=2026-01-01T00:00:00Z", {1}),
    ("readings", "since=2025-07-20T02:05:37.123+02:00&until=2026-01-01T00:00:00Z", {1}),
    ("readings", "since=10m&sensor_id=2", {2, 3}),
    ("anomalies", "severidad=critica", {1}),
    ("anomalies", "lectura_id=1", {1}),
    ("anomalies", "tipo=hueco", {2}),
    ("anomalies", "sensor_id=1", {1, 2}),
    ("predictions", "estado=fallida", {2}),
    ("predictions", "sensor_id=2", set()),
    ("locations", "since=2h", {1, 2}),
    ("locations", "until=1h", set()),
    ("locations", "since=7d&until=2999-01-01T00:00:00Z", {1, 2}),
    ("locations", "colour=red&since=", {1, 2}),
    ("sensors", "tipo=x&tipo=temperatura", {1}),
]


@pytest.mark.parametrize(("path", "query", "ids"), FILTERS, ids=[f"{path}?{query}" for path, query, _ in FILTERS])
async def test_a_filter_selects(client: Client, path: str, query: str, ids: set[int]) -> None:
    await fill(client)
    for other in ("locations", "sensors", "anomalies", "predictions"):
        await make(client, other, **LEAST[other])
    await make(client, "sensors", **LEAST["sensors"])
    for valor in (1, 2):
        await make(client, "readings", sensor_id=2, valor=valor)

    status, page, _ = await send(client, "GET", f"{path}/?{query}")

    assert status == 200
    assert {row["id"] for row in page["results"]} == ids
    assert page["count"] == len(ids)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("readings/?sensor_id=x", "sensor_id"),
        ("readings/?sensor_id=-1", "sensor_id"),
        ("readings/?sensor_id=99999999999999999999", "sensor_id"),
        ("readings/?since=yesterday", "since"),
        ("readings/?until=2025-13-01T00:00:00Z", "until"),
        ("readings/?id_after=x", "id_after"),
        ("sensors/?activo=maybe", "activo"),
        ("anomalies/?severidad=grave", "severidad"),
        ("predictions/?estado=Completada", "estado"),
        ("readings/series?sensor_id=", "sensor_id"),
        ("readings/series?sensor_id=1&points=0", "points"),
    ],
)
async def test_a_bad_filter_is_named_with_what_is_allowed(client: Client, query: str, name: str) -> None:
    status, problem, _ = await send(client, "GET", query)

    assert (status, problem["code"]) == (400, "invalid")
    assert problem["errors"].keys() == {name}
    assert problem["errors"][name][0].endswith(".")


async def test_pages_after_an_id_visit_every_row_once_in_both_orders(client: Client) -> None:
    await fill(client)
    await send(client, "POST", "readings/", json=[{"sensor_id": 1, "valor": n} for n in range(24)])
    for ordering, ids in (("id", list(range(1, 26))), ("-id", list(range(25, 0, -1)))):
        begin = 0 if ordering == "id" else 26
        link = f"readings/?limit=5&sensor_id=1&ordering={ordering}&id_after={begin}"
        seen: list[int] = []
        while link:
            _, page, _ = await send(client, "GET", link)
            assert (page["count"], page["previous"]) == (25, None)
            seen += [row["id"] for row in page["results"]]
            link = (page["next"] or "").rpartition("/api/v1/")[2]
        assert seen == ids


async def test_a_series_has_the_ends_and_no_more_points_than_asked_for(client: Client) -> None:
    await fill(client)
    start = clock.parse("2025-07-21T00:00:00Z")
    rows = [
        {"sensor_id": 1, "valor": float(n % 97), "timestamp": clock.timestamp(start + n * 1000)} for n in range(12_000)
    ]
    await send(client, "POST", "readings/", json=rows[::-1])

    query = "readings/series?sensor_id=1&since=2025-07-21T00:00:00Z"
    _, thinned, _ = await send(client, "GET", f"{query}&points=100")
    _, some, _ = await send(client, "GET", f"{query}&until=2025-07-21T00:00:10Z")

    assert (thinned["sensor_id"], thinned["count"], len(thinned["points"])) == (1, 12_000, 100)
    assert (thinned["points"][0], thinned["points"][-1]) == ([start, 0.0], [start + 11_999_000, float(11_999 % 97)])
    assert thinned["points"] == sorted(thinned["points"])
    assert some == {"sensor_id": 1, "points": [[start + n * 1000, float(n)] for n in range(10)], "count": 10}
    assert (await send(client, "GET", "readings/series?sensor_id=2"))[0] == 404


async def test_who_may_not_read_or_write_is_told_so(make_client: MakeClient) -> None:
    closed = await make_client(access="closed")
    for method, path in (
        ("GET", "sensors/"),
        ("POST", "readings/"),
        ("DELETE", "sensors/1/"),
        ("GET", "readings/series"),
    ):
        status, problem, headers = await send(closed, method, path, json={} if method == "POST" else None)
        assert (status, problem["code"]) == (401, "unauthenticated")
        assert "WWW-Authenticate" in headers


@pytest.mark.parametrize("id", ["0", "9223372036854775808", "9999999999999999999", "x", "1.5", "-1"])
async def test_an_id_that_cannot_be_is_not_found(client: Client, id: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        status, problem, _ = await send(client, method, f"sensors/{id}/", json={} if method == "PATCH" else None)
        assert (status, problem["code"]) == (404, "not_found")
