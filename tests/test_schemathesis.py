"""The document is taken at its word: whatever it allows or forbids is tried on a running server."""

from __future__ import annotations

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.conftest import Client

TAGS = {
    *("sensors", "readings", "locations", "anomalies", "predictions", "channels"),
    *("conversations", "messages", "csat", "audit"),
}
FIRST: list[tuple[str, dict[str, Any]]] = [
    ("locations", {"nombre": "n"}),
    ("sensors", {"tipo": "t", "modelo": "m"}),
    ("conversations", {"contact_name": "c"}),
    ("conversations/1/messages", {"content": "m"}),
]
"""What there is before the rest is tried."""
EXAMPLES = 6
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def explore(document: dict[str, Any], url: str) -> int:
    """Try every operation of these tags; tells how many requests were made."""
    schema = schemathesis.openapi.from_dict(document)
    made = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if not TAGS & set(operation.tags or ()):
            continue
        takes = {"parameters", "requestBody"} & operation.definition.raw.keys()
        # What takes nothing cannot be asked for wrongly.
        for mode in schemathesis.GenerationMode if takes else (schemathesis.GenerationMode.POSITIVE,):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            def attempt(case: Any) -> None:
                nonlocal made
                made += 1
                case.call_and_validate(base_url=url, checks=CHECKS)

            attempt()
    return made


async def test_the_server_does_what_its_document_says(client: Client) -> None:
    for path, body in FIRST:
        async with client.post(f"/api/v1/{path}/", json=body) as response:
            assert response.status == 201
    async with client.get("/openapi.json") as response:
        document = await response.json()

    made = await asyncio.to_thread(explore, document, str(client.make_url("")).rstrip("/"))

    assert made > 150
