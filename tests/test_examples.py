"""The examples of the documents: each body that is shown works as it stands there."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.handlers.openapi import encoded
from realtime.handlers.schemas.examples import BODIES
from realtime.jsonio import loads
from realtime.policy import Role
from tests.conftest import MakeClient
from tests.rest import done, send
from tests.signing import bearer, token_for

DOCUMENT: dict[str, Any] = loads(encoded())
UNTRIED = ("/preferences", "/login", "/login/{code}", "/socket.io/", "/api/v1/users/{user}/password/")
"""Those answer with cookies, speak another protocol, or are for whoever is signed in in a browser."""


def bodies() -> list[tuple[str, str, Any]]:
    """Method, path and example of everything that takes JSON: what creates first, what deletes by its body last."""
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema and path not in UNTRIED:
                found.append((method.upper(), path, example_of(schema)))
    order = ["POST", "PUT", "PATCH"]
    return sorted(found, key=lambda each: (order.index(each[0]), each[1].count("/")))


def example_of(schema: dict[str, Any]) -> Any:
    name = schema.get("oneOf", [schema])[0].get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"][name]["examples"][0] if name else {"hola": "mundo"}


def test_every_schema_of_a_body_has_an_example_and_no_example_is_for_nothing() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {name for name in schemas if "examples" in schemas[name]} == BODIES.keys()
    assert len(bodies()) > 25


async def test_every_example_is_taken_by_the_server(make_client: MakeClient) -> None:
    client = await make_client()
    boss = bearer(await token_for(client, Role.ADMIN, "boss"))
    sensor = await done(client, "POST", "sensors/", BODIES["Sensor"], **boss)
    assert sensor["id"] == BODIES["Reading"]["sensor_id"]
    for method, path, body in bodies():
        place = path.removeprefix("/api/v1/").replace("{name}", "plaza")
        for name in ("id", "conversation", "message"):
            place = place.replace(f"{{{name}}}", "1")
        place = place.replace("{user}", BODIES["NewUser"]["name"] if method == "POST" else "4")
        status, answer, _ = await send(client, method, place, body, **boss)
        # What is said to one connection needs one that is there.
        assert status in ((404, 409) if path.endswith("websockets/{id}/messages/") else (200, 201, 202, 204)), (
            method,
            place,
            answer,
        )


@pytest.mark.parametrize("name", ["Reading", "Anomaly", "Prediction"])
def test_what_is_of_a_sensor_is_of_the_first_one(name: str) -> None:
    assert BODIES[name]["sensor_id"] == 1
