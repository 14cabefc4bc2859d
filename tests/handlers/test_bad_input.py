"""Whatever comes in: a clear problem, never a 500, and nothing stored."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.conftest import Client, MakeClient

READING = b'{"sensor_id": 1, "valor": 2'
MALFORMED = {
    "empty": b"",
    "spaces": b"  \n",
    "cut off": READING,
    "not JSON": b"sensor_id=1&valor=2",
    "two values": READING + b"} {}",
    "trailing comma": READING + b",}",
    "NaN": b'{"sensor_id": 1, "valor": NaN}',
    "Infinity": b'{"sensor_id": 1, "valor": -Infinity}',
    "a number past the range": b'{"sensor_id": 1, "valor": 1e999}',
    "an integer past 64 bits": b'{"sensor_id": 1, "valor": 9223372036854775808}',
    "thousands of digits": b'{"sensor_id": 1, "valor": ' + b"9" * 5000 + b"}",
    "a key twice": READING + b', "valor": 3}',
    "half of a surrogate pair": READING + b', "unidad": "\\ud800"}',
    "half of a surrogate pair in a key": READING + b', "\\udfff": 1}',
    "NUL": READING + b', "unidad": "\\u0000"}',
    "not UTF-8": READING + b', "unidad": "\xff"}',
    "too deep": READING + b', "unidad": ' + b"[" * 40 + b"]" * 40 + b"}",
    "far too deep": b"[" * 100_000,
}
INVALID: dict[str, tuple[Any, set[str]]] = {
    "an unknown field": ({"sensor_id": 1, "valor": 2, "color": 1}, {"color"}),
    "what only the server sets": ({"sensor_id": 1, "valor": 2, "id": 7, "created_at": "x"}, {"id", "created_at"}),
    "nothing": ({}, {"sensor_id", "valor"}),
    "null": ({"sensor_id": None, "valor": None}, {"sensor_id", "valor"}),
    "a string for a number": ({"sensor_id": 1, "valor": "2"}, {"valor"}),
    "a truth value for a number": ({"sensor_id": True, "valor": False}, {"sensor_id", "valor"}),
    "a fraction for an id": ({"sensor_id": 1.5, "valor": 2}, {"sensor_id"}),
    "zero for an id": ({"sensor_id": 0, "valor": 2}, {"sensor_id"}),
    "an object for a number": ({"sensor_id": 1, "valor": {}}, {"valor"}),
    "a blank unit": ({"sensor_id": 1, "valor": 2, "unidad": "  "}, {"unidad"}),
    "an endless unit": ({"sensor_id": 1, "valor": 2, "unidad": "x" * 201}, {"unidad"}),
    "no time": ({"sensor_id": 1, "valor": 2, "timestamp": "soon"}, {"timestamp"}),
    "a date alone": ({"sensor_id": 1, "valor": 2, "timestamp": "2025-07-20"}, {"timestamp"}),
    "a time before 1970": ({"sensor_id": 1, "valor": 2, "timestamp": "1969-12-31T23:59:59Z"}, {"timestamp"}),
    "a time past 9999": ({"sensor_id": 1, "valor": 2, "timestamp": "9999-12-31T23:59:59-01:00"}, {"timestamp"}),
    "a number for a time": ({"sensor_id": 1, "valor": 2, "timestamp": 1752969937}, {"timestamp"}),
    "a sensor that is not": ({"sensor_id": 99, "valor": 2}, {"sensor_id"}),
    "a string": ("x", set()),
    "a number": (5, set()),
    "an empty array": ([], set()),
    "an array of anything": ([1, None], {"1", "2"}),
}
OTHERS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("sensors", {"tipo": "", "modelo": 5}, {"tipo", "modelo"}),
    ("sensors", {"tipo": "t", "modelo": "m", "activo": 1}, {"activo"}),
    ("sensors", {"tipo": "t", "modelo": "m", "activo": None}, {"activo"}),
    ("sensors", {"tipo": "t", "modelo": "m", "ubicacion_id": 5}, {"ubicacion_id"}),
    ("locations", {"nombre": "n", "latitud": 90.1, "longitud": -180.5}, {"latitud", "longitud"}),
    ("locations", {"nombre": "n", "latitud": "1"}, {"latitud"}),
    ("anomalies", {"sensor_id": 1, "tipo": "t", "severidad": "grave"}, {"severidad"}),
    ("anomalies", {"sensor_id": 1, "tipo": "t", "severidad": "baja", "descripcion": "x" * 2001}, {"descripcion"}),
    ("anomalies", {"sensor_id": 1, "tipo": "t", "severidad": "baja", "lectura_id": 99}, {"lectura_id"}),
    ("predictions", {"sensor_id": 1, "horizonte": 24, "estado": "lista"}, {"horizonte", "estado"}),
    ("predictions", {"sensor_id": 1, "horizonte": "1h", "estado": "fallida", "valores": "x" * 65_535}, {"valores"}),
]


@pytest.fixture
async def site(client: Client) -> Client:
    """A server with a sensor and a reading."""
    await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"})
    await client.post("/api/v1/readings/", json={"sensor_id": 1, "valor": 1})
    return client


async def state(client: Client) -> tuple[Any, ...]:
    """The end of the log, and the rows."""
    found = [(await (await client.get("/api/v1/events?limit=1")).json())["tip"]]
    for path in ("sensors", "readings", "locations", "anomalies", "predictions"):
        found.append(await (await client.get(f"/api/v1/{path}/")).json())
    return tuple(found)


async def refusal(client: Client, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Send what must be refused; the problem that says so."""
    before = await state(client)
    async with client.request(method, f"/api/v1/{path}", **more) as response:
        assert response.content_type == "application/problem+json"
        problem = await response.json()
        assert problem["status"] == response.status
        assert problem["detail"].endswith(".")
    assert await state(client) == before
    return response.status, problem


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_not_json_is_refused_with_the_reason(site: Client, body: bytes) -> None:
    for method, path in (("POST", "readings/"), ("PUT", "readings/1/"), ("PATCH", "readings/1/")):
        status, problem = await refusal(site, method, path, data=body, headers={"Content-Type": "application/json"})
        assert (status, problem["code"]) == (400, "malformed")


@pytest.mark.parametrize(("body", "fields"), INVALID.values(), ids=INVALID)
async def test_a_field_that_is_wrong_is_named(site: Client, body: Any, fields: set[str]) -> None:
    status, problem = await refusal(site, "POST", "readings/", json=body)

    assert (status, problem["code"]) == (400, "invalid")
    assert problem.get("errors", {}).keys() == fields


@pytest.mark.parametrize(
    ("path", "body", "fields"), OTHERS, ids=[f"{path} {sorted(names)}" for path, _, names in OTHERS]
)
async def test_a_wrong_field_of_another_kind_is_named(
    site: Client, path: str, body: dict[str, Any], fields: set[str]
) -> None:
    status, problem = await refusal(site, "POST", f"{path}/", json=body)

    assert (status, problem["code"]) == (400, "invalid")
    assert problem["errors"].keys() == fields


async def test_null_is_no_reading(site: Client) -> None:
    status, problem = await refusal(
        site, "POST", "readings/", data=b"null", headers={"Content-Type": "application/json"}
    )

    assert (status, problem["code"]) == (400, "invalid")


async def test_an_answer_names_only_so_many_of_a_thousand_wrong_fields(site: Client) -> None:
    _, problem = await refusal(site, "POST", "readings/", json={f"f{n}" * 40: n for n in range(1000)})

    assert len(problem["errors"]) == 20
    assert len(problem["detail"]) < 2_000


async def test_a_large_body_is_refused(make_client: MakeClient) -> None:
    client = await make_client(body_limit=2048, bulk_body_limit=4096)
    await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"})
    large = b'{"sensor_id": 1, "valor": 2' + b" " * 3000 + b"}"

    async def pieces():
        for start in range(0, len(large), 500):
            yield large[start : start + 500]

    for path, data in (("readings/", large), ("readings/", pieces()), ("sensors/", pieces()), ("sensors/", large)):
        status, problem = await refusal(client, "POST", path, data=data, headers={"Content-Type": "application/json"})
        assert (status, problem["code"]) == (413, "too_large")
    rows = b'[{"sensor_id": 1, "valor": 2}' + b" " * 3000 + b"]"
    async with client.post("/api/v1/readings/", data=rows, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 201
    status, _ = await refusal(
        client, "POST", "readings/", data=rows + b" " * 3000, headers={"Content-Type": "application/json"}
    )
    assert status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
    ],
    ids=str,
)
async def test_another_type_or_encoding_of_body_is_refused(site: Client, headers: dict[str, str]) -> None:
    for path in ("readings/", "sensors/"):
        status, problem = await refusal(site, "POST", path, data=b'{"sensor_id": 1, "valor": 2}', headers=headers)
        assert (status, problem["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("type", ["application/json", "application/json; charset=UTF-8", "application/ld+json", None])
async def test_json_by_any_of_its_names_is_taken(site: Client, type: str | None) -> None:
    more: dict[str, Any] = (
        {"skip_auto_headers": ["Content-Type"]} if type is None else {"headers": {"Content-Type": type}}
    )
    async with site.post("/api/v1/readings/", data=b'{"sensor_id": 1, "valor": 2}', **more) as response:
        assert response.status == 201


@asynccontextmanager
async def connection(client: Client, head: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the beginning of a POST has been sent, as it is."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST /api/v1/readings/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + head)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def answer_to(client: Client, head: bytes) -> tuple[bytes, bytes]:
    """Status line and body of the answer to what was sent."""
    async with connection(client, head) as (reader, _):
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            assert length, answer
            return answer.partition(b"\r\n")[0], await reader.readexactly(int(length[1]))


async def test_a_body_that_stops_coming_is_answered_408_and_stores_nothing(make_client: MakeClient) -> None:
    client = await make_client(body_timeout=100)
    await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"})
    before = await state(client)
    status, body = await answer_to(client, b'Content-Length: 40\r\n\r\n{"sensor_id"')

    assert status.startswith(b"HTTP/1.1 408 ")
    assert b"stalled_body" in body
    assert await state(client) == before


async def test_a_body_that_drips_below_the_least_rate_is_answered_408(make_client: MakeClient) -> None:
    client = await make_client(body_timeout=200, body_minimum_rate=1_000_000)
    async with connection(client, b"Content-Length: 1000\r\n\r\n") as (reader, writer):
        answer = asyncio.create_task(reader.readuntil(b"\r\n"))
        while not answer.done():
            writer.write(b" ")
            await asyncio.wait([answer], timeout=0.02)

    assert (await answer).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_came_fast_and_then_drips_is_not_waited_for_on_credit(make_client: MakeClient) -> None:
    client = await make_client(body_timeout=1_500, body_minimum_rate=1_000)
    async with connection(client, b"Content-Length: 260000\r\n\r\n") as (reader, writer):
        answer = asyncio.create_task(reader.readuntil(b"\r\n"))
        writer.write(b" " * 200_000)
        async with asyncio.timeout(20):  # of what came at once a slow one would have lived for 200 s
            while not answer.done():
                writer.write(b" ")
                await asyncio.wait([answer], timeout=0.02)

    assert (await answer).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n0\r\n\r\n",
        b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"sen\r\nxyz\r\n\r\n',
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    ],
    ids=["bad chunk size", "bad chunk", "bad second chunk", "negative length", "two lengths"],
)
async def test_a_body_that_is_broken_as_http_is_a_400(site: Client, body: bytes) -> None:
    before = await state(site)
    status, _ = await answer_to(site, body)

    assert status.split(b" ")[1] == b"400"
    assert await state(site) == before


async def test_a_client_that_hangs_up_in_its_body_hurts_nobody(site: Client) -> None:
    before = await state(site)
    async with connection(site, b'Content-Length: 40\r\n\r\n{"sensor_id"') as (_, writer):
        await writer.drain()

    assert await state(site) == before
