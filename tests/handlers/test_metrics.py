"""The figures by REST: who may see them, of which time, and their check."""

from __future__ import annotations

import pytest

from realtime.services.metrics_figures import WINDOW_DAYS
from tests.conftest import Client
from tests.signing import bearer, token_for


async def made(client: Client, path: str, **body: object) -> dict:
    async with client.post(path, json=body) as response:
        assert response.status in (200, 201), await response.text()
        return await response.json()


async def figures(client: Client, **query: str) -> dict:
    async with client.get("/api/v1/metrics/", params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_what_happens_at_the_desk_is_in_its_figures(client):
    one = await made(client, "/api/v1/conversations/", contact_name="João Silva")
    await made(client, "/api/v1/conversations/", contact_name="Zoë")
    place = f"/api/v1/conversations/{one['id']}"
    await made(client, f"{place}/messages/", content="Olá", sender="customer")
    await made(client, f"{place}/messages/", content="Olá!", sender="agent")
    await made(client, f"{place}/csat/", rating=5)
    await made(client, f"{place}/close/")

    found = await figures(client)

    assert found["total_conversations"] == 2
    assert found["closed_conversations"] == 1
    assert found["average_satisfaction"] == 5.0
    assert found["resolution_rate"] == 0.5
    assert found["counts"]["responses"] == 1
    assert len(found["days"]) == WINDOW_DAYS
    assert sum(each["created"] for each in found["days"]) == 2
    async with client.get("/api/v1/metrics/verify/") as response:
        report = await response.json()
    assert report["ok"]
    assert (report["conversations"], report["messages"], report["disagreements"]) == (2, 2, [])


async def test_they_come_compressed_to_who_takes_that(client):
    sizes = {}
    for encoding in ("identity", "gzip"):
        async with client.get("/api/v1/metrics/", headers={"Accept-Encoding": encoding}) as response:
            assert response.headers["Vary"] == "Accept-Encoding"
            assert response.headers.get("Content-Encoding", "identity") == encoding
            sizes[encoding] = int(response.headers["Content-Length"])
            assert len((await response.json())["days"]) == WINDOW_DAYS
    assert sizes["gzip"] < sizes["identity"] / 5


async def test_the_time_can_be_chosen(client):
    await made(client, "/api/v1/conversations/", contact_name="Zoë")

    assert (await figures(client, since="1h"))["counts"]["created"] == 1
    before = await figures(client, until="1h")
    assert before["counts"]["created"] == 0
    assert before["total_conversations"] == 1
    month = await figures(client, since="2025-02-01T00:00:00Z", until="2025-03-01T00:00:00Z")
    assert [len(month["days"]), month["days"][0]["day"], month["days"][-1]["day"]] == [28, "2025-02-01", "2025-02-28"]
    assert (month["since"], month["until"]) == ("2025-02-01T00:00:00.000Z", "2025-03-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "7"}, "until"),
        ({"since": "2025-02-02T00:00:00Z", "until": "2025-02-01T00:00:00Z"}, "since"),
    ],
)
async def test_a_time_that_is_none_is_refused_by_its_name(client, query, field):
    async with client.get("/api/v1/metrics/", params=query) as response:
        problem = await response.json()

    assert (response.status, problem["code"], list(problem["errors"])) == (400, "invalid", [field])


@pytest.mark.parametrize("path", ["/api/v1/metrics", "/api/v1/metrics/verify/"])
async def test_nobody_sees_figures_of_a_closed_server(closed, path):
    async with closed.get(path) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", ["/api/v1/metrics/", "/api/v1/metrics/verify/"])
async def test_a_token_that_is_limited_to_other_channels_sees_no_figures(closed, path):
    chat, csat = [bearer(await token_for(closed, channels=[name])) for name in ("chat", "csat")]
    async with closed.get(path, headers=chat) as response:
        assert (response.status, (await response.json())["code"]) == (403, "not_permitted")
    async with closed.get(path, headers=csat) as response:
        assert response.status == 200
