"""Many readings in one request: all or nothing, in order, each with its event."""

from __future__ import annotations

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from realtime.errors import Problem
from realtime.handlers import bulk
from realtime.handlers.bodies import INLINE_LIMIT
from realtime.jsonio import loads
from tests.conftest import Client, MakeClient

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
async def site(client: Client) -> Client:
    """A server with two sensors."""
    for modelo in ("a", "b"):
        await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": modelo})
    return client


def lines(rows: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def post(client: Client, body: bytes, kind: str = "application/json") -> tuple[int, dict[str, Any]]:
    async with client.post("/api/v1/readings/", data=body, headers={"Content-Type": kind}) as response:
        if response.status == 201:
            assert response.headers["Event-Seq"] == str((await response.json())["last_seq"])
        return response.status, await response.json()


async def count(client: Client, query: str = "") -> int:
    async with client.get(f"/api/v1/readings/?limit=1&{query}") as response:
        return int((await response.json())["count"])


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "application/jsonl"])
async def test_many_readings_are_stored_and_told_in_the_order_of_the_body(site: Client, kind: str) -> None:
    rows = [{"sensor_id": 1 + n % 2, "valor": n / 2, "unidad": "°C" if n % 3 else None} for n in range(1200)]
    body = json.dumps(rows).encode() if kind == "application/json" else lines(rows)
    status, stored = await post(site, body, kind)

    assert status == 201
    assert stored["count"] == 1200 == stored["last_id"] - stored["first_id"] + 1
    assert stored["last_seq"] - stored["first_seq"] == 1199
    async with site.get(f"/api/v1/events?after={stored['first_seq'] - 1}&limit=1000") as response:
        told = (await response.json())["results"]
    assert [event["entity_id"] for event in told] == list(range(stored["first_id"], stored["first_id"] + 1000))
    assert [event["data"]["valor"] for event in told] == [row["valor"] for row in rows[:1000]]
    assert {event["type"] for event in told} == {"reading.created"}
    async with site.get(f"/api/v1/readings/{stored['first_id'] + 4}/") as response:
        assert await response.json() == told[4]["data"]
    assert (await count(site), await count(site, "sensor_id=1")) == (1200, 600)


async def test_a_socket_sees_every_reading_of_a_bulk_request_in_order(site: Client) -> None:
    async with site.ws_connect("/api/v1/ws?channel=readings") as socket:
        await post(site, lines([{"sensor_id": 1, "valor": n} for n in range(700)]), "application/x-ndjson")
        seen = [(await socket.receive_json(timeout=5))["data"]["valor"] for _ in range(700)]

    assert seen == [float(n) for n in range(700)]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'{"sensor_id": 1}', "valor"),
        (b'{"sensor_id": 9, "valor": 1}', "sensor_id"),
        (b'{"sensor_id": 1, "valor": 1, "x": 1}', "x"),
        (b'{"sensor_id": 1, "valor": NaN}', "NaN"),
        (b'{"sensor_id": 1, "valor": 1', "not JSON"),
        (b"[1]", "object"),
        (b"\xff", "UTF-8"),
    ],
)
async def test_one_bad_line_stops_all_and_is_named(site: Client, bad: bytes, said: str) -> None:
    good = b'{"sensor_id": 1, "valor": 1}\n'
    status, problem = await post(site, good * 2 + b"\r\n" + good + bad + b"\n" + good, "application/x-ndjson")

    assert (status, problem["code"]) == (400, "invalid")
    assert problem["errors"].keys() == {"5"}
    assert problem["detail"].startswith("Line 5: ")
    assert said in json.dumps(problem["errors"])
    assert await count(site) == 0


async def test_one_bad_row_of_an_array_is_named_by_its_place(site: Client) -> None:
    rows = [{"sensor_id": 1, "valor": 1}] * 3
    status, problem = await post(site, json.dumps([*rows, {"sensor_id": 1, "valor": None}]).encode())

    assert (status, problem["errors"].keys()) == (400, {"4"})
    assert await count(site) == 0


@pytest.mark.parametrize("row", [{"sensor_id": 1}, {"sensor_id": 77, "valor": 1}])
async def test_of_many_bad_rows_the_first_twenty_are_named(site: Client, row: dict[str, Any]) -> None:
    for body, kind in (
        (json.dumps([row] * 500).encode(), "application/json"),
        (lines([row] * 500), NDJSON["Content-Type"]),
    ):
        _, problem = await post(site, body, kind)
        assert list(problem["errors"]) == [str(number) for number in range(1, 21)]


async def test_a_large_body_is_taken_whole_or_not_at_all(site: Client) -> None:
    rows = [{"sensor_id": 1, "valor": n, "timestamp": "2025-07-20T00:05:37.123Z"} for n in range(6000)]
    assert len(lines(rows)) > INLINE_LIMIT
    for body, kind in ((json.dumps(rows).encode(), "application/json"), (lines(rows), "application/x-ndjson")):
        bad = body.replace(b'"valor": 5999,', b'"valor": "5999",')
        status, problem = await post(site, bad, kind)
        assert (status, problem["errors"].keys()) == (400, {"6000"})
        status, stored = await post(site, body, kind)
        assert (status, stored["count"]) == (201, 6000)
    assert await count(site) == 12_000


@pytest.mark.parametrize("body", [b"", b"\n\n", b"[]"])
async def test_a_body_without_readings_is_refused(site: Client, body: bytes) -> None:
    kind = "application/json" if body == b"[]" else "application/x-ndjson"
    status, problem = await post(site, body, kind)

    assert (status, problem["code"]) == (400, "invalid")


async def test_many_at_once_are_for_readings_alone(site: Client) -> None:
    async with site.post("/api/v1/sensors/", json=[{"tipo": "t", "modelo": "m"}]) as response:
        assert response.status == 400
    async with site.post("/api/v1/sensors/", data=b'{"tipo": "t", "modelo": "m"}', headers=NDJSON) as response:
        assert response.status == 415


async def test_more_rows_than_allowed_are_refused_whole(make_client: MakeClient) -> None:
    client = await make_client(bulk_rows_limit=3)
    async with client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"}) as response:
        sensor_id = (await response.json())["id"]
    rows = [{"sensor_id": sensor_id, "valor": n} for n in range(4)]

    async with client.post("/api/v1/readings/", json=rows) as response:
        assert response.status == 413
        assert "at most 3 readings" in (await response.json())["detail"]
    async with client.post("/api/v1/readings/", json=rows[:3]) as response:
        assert response.status == 201
    async with client.get("/api/v1/readings/") as response:
        assert (await response.json())["count"] == 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b",".join([b"{}"] * 200_000) + b"]", id="array"),
        pytest.param(b"{}\n" * 200_000, id="lines"),
    ],
)
async def test_a_body_of_too_many_rows_is_refused_before_its_values_are_made(body: bytes) -> None:
    read = bulk.read_array if body.startswith(b"[") else bulk.read_lines
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as refused:
            await read(body, 50_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.code == "too_large"
    # As values they would take more than thirty times this.
    assert peak < 2 * len(body)


async def test_a_brace_in_a_text_is_no_row_and_an_empty_line_is_none_either(make_client: MakeClient) -> None:
    client = await make_client(bulk_rows_limit=3)
    async with client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"}) as response:
        assert response.status == 201
    rows = [{"sensor_id": 1, "valor": n, "unidad": '{"{\\'} for n in range(3)]

    for body, kind in ((json.dumps(rows).encode(), "application/json"), (lines(rows), "application/x-ndjson")):
        status, stored = await post(client, body.replace(b"}\n", b"}\n\n\n"), kind)
        assert (status, stored.get("count")) == (201, 3), stored


async def test_large_bodies_are_taken_apart_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps([{"sensor_id": 1, "valor": n} for n in range(12_000)]).encode()
    assert len(body) > INLINE_LIMIT
    guard, together, most = threading.Lock(), 0, 0

    def watched(body: bytes) -> Any:
        nonlocal together, most
        with guard:
            together += 1
            most = max(most, together)
        value = loads(body)
        with guard:
            together -= 1
        return value

    monkeypatch.setattr(bulk, "parse_json", watched)
    batches = await asyncio.gather(*(bulk.read_array(body, 50_000) for _ in range(6)))

    assert [len(values) for values, _ in batches] == [12_000] * 6
    assert most == 1
