"""Taking events away as a file: what is in it, who may, and that it is audited."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from realtime import keys
from realtime.policy import Role
from tests.conftest import Client
from tests.signing import bearer, problem, token_for

EXPORT = "/api/v1/events/export"


async def publish(client: Client, channel: str, *values: Any) -> list[int]:
    """Publish each value; the seqs."""
    seqs = []
    for value in values:
        async with client.post(f"/api/v1/channels/{channel}", json=value) as response:
            assert response.status == 201
            seqs.append((await response.json())["seq"])
    return seqs


async def exported(client: Client, query: str = "", **headers: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The first line, and the others."""
    async with client.post(EXPORT + query, headers=headers) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert lines[0]["type"] == "hello"
    return lines[0], lines[1:]


async def entries(client: Client) -> list[dict[str, Any]]:
    """What the audit log says of exports."""
    async with client.get("/api/v1/events?channel=audit&limit=1000") as response:
        found = [event["data"] for event in (await response.json())["results"]]
    return [entry for entry in found if entry["action"] == "events_exported"]


async def test_an_export_holds_all_that_there_is_and_ends(client: Client) -> None:
    seqs = await publish(client, "plaza", *range(1200))
    await publish(client, "elsewhere", "x")

    hello, events = await exported(client, "?channel=plaza")

    assert hello["tip"] == seqs[-1] + 1
    assert [event["seq"] for event in events] == seqs
    assert [event["data"] for event in events] == list(range(1200))
    assert set(events[0]) == {"seq", "channel", "type", "entity_id", "data", "actor", "at"}


async def test_an_export_begins_where_it_is_told_to(client: Client) -> None:
    seqs = await publish(client, "plaza", *range(5))
    hello, _ = await exported(client)

    for since in (str(seqs[2]), f"{hello['epoch']}:{seqs[2]}"):
        assert [event["data"] for event in (await exported(client, f"?channel=plaza&since={since}"))[1]] == [3, 4]
    assert (await exported(client, "?channel=plaza&since=now"))[1] == []
    assert len((await exported(client, "?channel=plaza&since=1h"))[1]) == 5


async def test_every_export_is_audited_with_what_was_asked(client: Client) -> None:
    last = (await publish(client, "plaza", 1, 2))[-1]
    hello, _ = await exported(client, "?channel=plaza&since=1")
    await exported(client, **bearer(await token_for(client, Role.AGENT)))

    first, second = await entries(client)

    assert first["details"]["channels"] == ["plaza"]
    assert (first["details"]["from"], first["details"]["to"]) == (f"{hello['epoch']}:1", f"{hello['epoch']}:{last}")
    assert (first["user"]["username"], first["details"]["credential"]) == ("guest", "guest:127.0.0.1")
    assert (second["user"]["username"], second["details"]["channels"]) == ("the-agent", "all")


async def test_what_cannot_be_told_is_said(client: Client) -> None:
    seqs = await publish(client, "plaza", *range(6))
    assert client.app is not None
    store = client.app[keys.STORE]
    await store.committer.submit(lambda tx: tx.write(text(f"UPDATE events SET data = '9' WHERE seq = {seqs[4]}")))

    hello, lines = await exported(client, "?channel=plaza")
    gap = {"type": "gap", "from": f"{hello['epoch']}:{seqs[4] - 1}", "to": f"{hello['epoch']}:{seqs[4]}"}

    assert [line["data"] for line in lines if "data" in line] == [0, 1, 2, 3, 5]
    assert [line for line in lines if "data" not in line] == [gap]


async def test_a_position_of_another_history_exports_nothing(client: Client) -> None:
    await publish(client, "plaza", 1)

    for since, refused in (("0badcafe:1", (410, "trimmed")), ("99", (410, "trimmed")), ("x", (400, "bad_position"))):
        async with client.post(f"{EXPORT}?since={since}") as response:
            assert await problem(response) == refused
    assert await entries(client) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVICE])
async def test_who_only_reads_or_reports_takes_nothing_away(client: Client, role: Role) -> None:
    headers = bearer(await token_for(client, role, channels=["plaza"]))

    async with client.post(EXPORT, headers=headers) as response:
        assert await problem(response) == (403, "not_permitted")
    assert await entries(client) == []


async def test_nobody_takes_away_what_they_may_not_read(client: Client) -> None:
    await publish(client, "plaza", 1)
    await publish(client, "patio", 2)
    limited = bearer(await token_for(client, Role.AGENT, channels=["plaza", "sensors"]))

    assert {event["channel"] for event in (await exported(client, **limited))[1]} == {"plaza"}
    async with client.post(f"{EXPORT}?channel=patio", headers=limited) as response:
        assert await problem(response) == (403, "not_permitted")
    async with client.post(f"{EXPORT}?channel=No", headers=limited) as response:
        assert await problem(response) == (404, "not_found")
