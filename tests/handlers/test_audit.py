"""The audit log by REST: who did what, as seed 001 shows it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from realtime import keys
from realtime.policy import Role
from tests.accounts import ALL
from tests.conftest import Client, MakeClient
from tests.signing import bearer, token_for

AUDIT = "/api/v1/audit-logs/"


async def fetch(client: Client, path: str = AUDIT, **headers: str) -> tuple[int, Any]:
    async with client.get(path, headers=headers) as response:
        return response.status, await response.json()


async def locations(client: Client, many: int, **headers: str) -> None:
    """So many audited actions."""
    for number in range(many):
        async with client.post("/api/v1/locations/", json={"nombre": f"n{number}"}, headers=headers) as response:
            assert response.status == 201


async def ids(client: Client, query: str) -> list[int]:
    status, page = await fetch(client, AUDIT + query)
    assert status == 200, page
    assert page["count"] == len(page["results"])
    return [entry["id"] for entry in page["results"]]


async def test_an_entry_has_the_shape_of_the_seed(client: Client) -> None:
    await locations(client, 1)
    status, page = await fetch(client)
    (entry,) = page["results"]

    assert (status, page["count"], page["next"], page["previous"]) == (200, 1, None, None)
    assert list(entry) == ["id", "action", "details", "user", "timestamp"]
    assert (entry["id"], entry["action"]) == (1, "location_created")
    assert entry["details"]["after"]["nombre"] == "n0"
    assert entry["user"] == {"id": 2, "username": "guest"}
    assert len(entry["timestamp"]) == len("2024-01-01T10:00:00Z")


async def test_the_filters_choose(client: Client) -> None:
    ana, bob = [bearer(await token_for(client, Role.AGENT, name)) for name in ("ana", "Bob")]
    await locations(client, 2, **ana)
    await locations(client, 1, **bob)
    async with client.delete("/api/v1/locations/2/", headers=bob) as response:
        assert response.status == 204
    users = {row["name"]: row for row in (await client.app[keys.ACCOUNTS].users.list({}, ALL))[1]}
    before = (await fetch(client))[1]["count"] - 4
    made = [before + n for n in (1, 2, 3, 4)]

    assert await ids(client, "?action=location_created") == made[:3]
    assert await ids(client, "?action=location_deleted") == made[3:]
    assert await ids(client, "?action=location") == []
    assert await ids(client, '?action=x",%20"y') == []
    for bobs in ("Bob", "bob", users["Bob"]["id"], users["Bob"]["uuid"], users["Bob"]["uuid"].upper()):
        assert await ids(client, f"?user={bobs}") == made[2:]
    assert await ids(client, "?user=bob&action=location_deleted") == made[3:]
    assert await ids(client, "?user=nobody") == []
    assert await ids(client, "?user=99999999999999999999") == []
    assert await ids(client, "?user=guest&since=10m&until=") == []
    assert await ids(client, "?user=ana&since=10m&until=2999-01-01T00:00:00Z") == made[:2]
    assert await ids(client, "?since=2999-01-01T00:00:00Z") == []
    assert await ids(client, "?until=2025-01-01T00:00:00Z") == []


@pytest.mark.parametrize("query", ["since=yesterday", "until=1", "id_after=-1"])
async def test_a_bad_filter_is_named(client: Client, query: str) -> None:
    status, problem = await fetch(client, f"{AUDIT}?{query}")
    assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", [query.partition("=")[0]])


async def test_pages_visit_every_entry_once_in_both_orders(client: Client) -> None:
    await locations(client, 6)
    # Other events lie between the entries: ids are not places in the log.
    await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"})
    await client.post("/api/v1/readings/", json=[{"sensor_id": 1, "valor": 1}] * 9)
    await locations(client, 5)
    everything = list(range(1, 13))
    for ordering, expected in (("id", everything), ("-id", everything[::-1])):
        for begin in ("", f"&id_after={0 if ordering == 'id' else 13}"):
            link, seen = f"{AUDIT}?limit=5&ordering={ordering}{begin}", []
            while link:
                _, page = await fetch(client, link)
                assert page["count"] == 12
                seen += [entry["id"] for entry in page["results"]]
                link = (page["next"] or "").partition(str(client.make_url("")).rstrip("/"))[2]
            assert seen == expected
    for after in everything:
        assert (await fetch(client, f"{AUDIT}?id_after={after}&limit=1"))[1]["results"] == (
            await fetch(client, f"{AUDIT}?offset={after}&limit=1")
        )[1]["results"]


async def test_only_agents_and_admins_read_it(closed: Client) -> None:
    expected = {Role.AGENT: 200, Role.ADMIN: 200, Role.VIEWER: 403, Role.DEVICE: 403}
    for role, status in expected.items():
        assert (await fetch(closed, **bearer(await token_for(closed, role))))[0] == status
    limited = bearer(await token_for(closed, Role.AGENT, "lim", channels=["chat"]))
    assert (await fetch(closed, **limited))[0] == 403
    assert (await fetch(closed))[0] == 401
    async with closed.post(AUDIT, headers=bearer(await token_for(closed, Role.ADMIN))) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


async def test_a_damaged_entry_is_shown_as_damaged_and_hides_no_other(make_client: MakeClient, tmp_path: Path) -> None:
    client = await make_client(data=tmp_path / "kept")
    await locations(client, 3)
    await client.close()
    with sqlite3.connect(tmp_path / "kept" / "realtime.db") as database:
        database.execute("UPDATE events SET data = cast(x'ff7b' AS TEXT) WHERE channel = 'audit' AND entity_id = 2")
    database.close()
    client = await make_client(data=tmp_path / "kept")
    _, page = await fetch(client, f"{AUDIT}?limit=2")

    assert [(entry["id"], entry["action"]) for entry in page["results"]] == [(1, "location_created"), (2, "damaged")]
    assert page["count"] == 3
    assert page["results"][1]["details"]["seq"] > 0
    assert await ids(client, "?action=location_created") == [1, 3]
