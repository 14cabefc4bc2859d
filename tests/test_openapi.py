"""The OpenAPI document: valid, complete, and the same as what the server does."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import hdrs
from openapi_spec_validator import OpenAPIV31SpecValidator

from realtime.errors import ERRORS
from realtime.handlers import routes
from realtime.handlers.openapi import operations
from realtime.openapi import plain_path
from tests.conftest import Client, MakeClient


@pytest.fixture
async def document(client: Client) -> dict[str, Any]:
    async with client.get("/openapi.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        return dict(await response.json())


def served() -> set[str]:
    """`METHOD /path` of every route, without its final slash."""
    return {f"{route.method} {plain_path(route.path).rstrip('/')}" for route in routes()}


async def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    documented = {place.rstrip("/") for place in operations()}

    assert sorted(served() - documented) == []
    assert sorted(documented - served()) == []


async def test_every_route_of_the_running_server_is_in_the_table_of_routes(client: Client) -> None:
    assert client.app is not None
    running = {
        f"{route.method} {plain_path(route.resource.canonical).rstrip('/')}"
        for route in client.app.router.routes()
        if route.resource is not None and route.method not in (hdrs.METH_HEAD, hdrs.METH_OPTIONS)
    }
    assert sorted(running - served()) == []


async def test_what_validates_is_what_is_documented(document: dict[str, Any]) -> None:
    reading = document["components"]["schemas"]["Reading"]

    assert reading["required"] == ["sensor_id", "valor"]
    assert reading["additionalProperties"] is False
    assert reading["properties"]["id"]["readOnly"] is True
    assert reading["properties"]["unidad"]["type"] == ["string", "null"]
    anomaly = document["components"]["schemas"]["Anomaly"]["properties"]["severidad"]
    assert anomaly["enum"] == ["baja", "media", "alta", "critica"]
    changes = document["components"]["schemas"]["SensorChanges"]
    assert "required" not in changes
    assert not any("default" in member for member in changes["properties"].values())


async def test_every_operation_says_that_errors_are_problems(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, place
            for status, answer in operation["responses"].items():
                if status != "default" and int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], place
    assert document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(ERRORS)


async def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


async def test_a_closed_server_shows_the_document_to_nobody(make_client: MakeClient) -> None:
    closed = await make_client(access="closed")
    async with closed.get("/openapi.json") as response:
        assert response.status == 401
