"""SSE and NDJSON: canonical events, positions, gaps, and the end of a poll."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientResponse

from realtime import keys
from realtime.events import Draft
from realtime.services.system import STARTED
from realtime.store.log import SCAN_LIMIT
from realtime.store.retention import Retention
from realtime.store.transaction import Transaction
from tests.conftest import Client, MakeClient


async def publish(client: Client, data: Any, channel: str = "plaza") -> int:
    async with client.post(f"/api/v1/channels/{channel}", json=data) as response:
        assert response.status == 201
        return int((await response.json())["seq"])


async def blocks(response: ClientResponse, count: int) -> list[dict[str, str]]:
    """The first `count` blocks of an event stream, as field → text."""
    found: list[dict[str, str]] = []
    block: dict[str, str] = {}
    while len(found) < count:
        line = (await asyncio.wait_for(response.content.readline(), 5)).decode().rstrip("\n")
        if line:
            name, _, text = line.partition(": ")
            block[name] = text
        elif block:
            found.append(block)
            block = {}
    return found


async def lines(response: ClientResponse, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        line = await asyncio.wait_for(response.content.readline(), 5)
        if line.strip():
            found.append(json.loads(line))
    return found


async def test_sse_carries_canonical_events_with_their_position(client: Client) -> None:
    async with client.get("/api/v1/events/stream?channel=plaza") as response:
        assert response.content_type == "text/event-stream"
        assert response.headers["X-Accel-Buffering"] == "no"
        seq = await publish(client, {"hola": 1})
        (block,) = await blocks(response, 1)

    event = json.loads(block["data"])
    assert event == {
        "seq": seq,
        "channel": "plaza",
        "type": "publication.created",
        "entity_id": None,
        "data": {"hola": 1},
        "actor": "guest",
        "at": event["at"],
    }
    assert block["id"].endswith(f":{seq}")
    assert "event" not in block


async def test_a_browser_that_comes_back_is_served_from_its_last_event(client: Client) -> None:
    await publish(client, 1)
    async with client.get("/api/v1/events/stream?channel=plaza&since=0") as response:
        _, first = await blocks(response, 2)
    await publish(client, 2)
    # A browser keeps its address, and adds the header.
    headers = {"Last-Event-ID": first["id"]}
    async with client.get("/api/v1/events/stream?channel=plaza&since=0", headers=headers) as response:
        await publish(client, 3)
        hello, *rest = await blocks(response, 3)

    assert hello["event"] == "hello"
    assert [json.loads(block["data"])["data"] for block in rest] == [2, 3]
    assert [json.loads(block["data"]).get("replayed") for block in rest] == [True, None]


async def test_a_trimmed_position_is_a_gap_on_every_door(client: Client) -> None:
    seqs = [await publish(client, n) for n in range(10)]
    app = client.app
    assert app is not None
    store = app[keys.STORE]
    await Retention(store.log, store.committer, app[keys.SETTINGS]).trim_events(seqs[4])
    app[keys.HUB].ring.clear()

    async with client.get(f"/api/v1/events/stream?channel=plaza&since={seqs[1]}") as response:
        _, gap, *rest = await blocks(response, 7)
    told = json.loads(gap["data"])
    assert gap["event"] == "gap"
    assert (told["from"], told["to"]) == (f"{store.log.epoch}:{seqs[1]}", f"{store.log.epoch}:{seqs[4]}")
    assert gap["id"] == told["to"]
    assert [json.loads(block["data"])["data"] for block in rest] == [5, 6, 7, 8, 9]

    async with client.get(f"/api/v1/events/ndjson?channel=plaza&since={seqs[1]}&poll=1") as response:
        polled = [json.loads(line) for line in (await response.text()).splitlines()]
    assert polled[0]["type"] == "gap"
    assert [event["data"] for event in polled[1:]] == [5, 6, 7, 8, 9]

    async with client.get(f"/api/v1/events?channel=plaza&since={seqs[1]}") as response:
        assert response.status == 410
        problem = await response.json()
    assert problem["code"] == "trimmed"
    assert (problem["oldest"], problem["next"]) == (seqs[4] + 1, f"{store.log.epoch}:{seqs[4]}")
    async with client.get(f"/api/v1/events?channel=plaza&since={problem['next']}") as response:
        assert [event["data"] for event in (await response.json())["results"]] == [5, 6, 7, 8, 9]


async def test_ndjson_polls_what_there_is_and_ends(client: Client) -> None:
    for n in range(3):
        await publish(client, n)
    async with client.get("/api/v1/events/ndjson?channel=plaza&since=0&poll=1") as response:
        assert response.content_type == "application/x-ndjson"
        body = await response.text()
    assert [json.loads(line)["data"] for line in body.splitlines()] == [0, 1, 2]


async def test_ndjson_follows_live(client: Client) -> None:
    async with client.get("/api/v1/events/ndjson?channel=plaza&since=now") as response:
        (hello,) = await lines(response, 1)
        await publish(client, "a")
        (event,) = await lines(response, 1)
    assert hello["type"] == "hello"
    assert event["data"] == "a"


async def test_idle_streams_get_signs_of_life(make_client: MakeClient) -> None:
    client = await make_client(stream_heartbeat=100, stream_timeout=5_000)
    async with client.get("/api/v1/events/stream") as sse, client.get("/api/v1/events/ndjson") as ndjson:
        assert await asyncio.wait_for(sse.content.readline(), 5) == b":\n"
        assert await asyncio.wait_for(ndjson.content.readline(), 5) == b"\n"


async def test_a_stream_gets_its_signs_of_life_as_often_as_is_said_however_patient_the_server_is(
    make_client: MakeClient,
) -> None:
    client = await make_client(stream_heartbeat=100, stream_timeout=600_000)
    async with client.get("/api/v1/events/ndjson") as ndjson:
        for _ in range(3):
            assert await asyncio.wait_for(ndjson.content.readline(), 5) == b"\n"


async def test_a_stream_whose_client_leaves_leaves_the_hub(client: Client) -> None:
    app = client.app
    assert app is not None
    async with client.get("/api/v1/events/stream"):
        assert len(app[keys.HUB].sessions) == 1
    while app[keys.HUB].sessions:
        await asyncio.sleep(0)


async def test_an_age_and_a_time_are_positions_too(client: Client) -> None:
    await publish(client, 1)
    for since in ("10m", "1d", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00"):
        async with client.get("/api/v1/events", params={"channel": "plaza", "since": since}) as response:
            assert [event["data"] for event in (await response.json())["results"]] == [1], since
    async with client.get("/api/v1/events?channel=plaza&since=2100-01-01T00:00:00Z") as response:
        assert (await response.json())["results"] == []


async def test_history_goes_page_by_page_to_the_tip(client: Client) -> None:
    for n in range(25):
        await publish(client, n)
    found: list[Any] = []
    url = "/api/v1/events?channel=plaza&limit=10"
    while True:
        async with client.get(url) as response:
            page = await response.json()
        found += [event["data"] for event in page["results"]]
        if not page["more"]:
            break
        url = f"/api/v1/events?channel=plaza&limit=10&after={page['next']}"
    assert found == list(range(25))
    assert page.keys() == {"epoch", "tip", "oldest", "results", "next", "more"}


@pytest.mark.parametrize("path", ["events", "events/stream", "events/ndjson"])
@pytest.mark.parametrize("query", ["since=tomorrow", "after=10m", "last_event_id=x", "channel=No"])
async def test_what_cannot_be_read_is_said(client: Client, path: str, query: str) -> None:
    async with client.get(f"/api/v1/{path}?{query}") as response:
        assert response.status in (400, 404)
        problem = await response.json()
    assert response.content_type == "application/problem+json"
    assert problem["detail"]


async def test_a_type_filters_history(client: Client) -> None:
    await publish(client, 1)
    async with client.get("/api/v1/events?type=system.info") as response:
        assert {event["type"] for event in (await response.json())["results"]} == {"system.info"}


async def test_a_type_that_is_rare_is_found_page_by_page_though_pages_end_empty(client: Client) -> None:
    def much(tx: Transaction) -> None:
        for n in range(2 * SCAN_LIMIT):
            tx.emit(Draft.of("plaza", "publication.created", n))

    await client.app[keys.STORE].committer.submit(much)
    await client.post("/api/v1/ws/test-event?message=rare")
    found: list[str] = []
    empty, url = 0, "/api/v1/events?type=system.info"
    async with asyncio.timeout(20):
        while True:
            async with client.get(url) as response:
                page = await response.json()
            found += [event["data"]["message"] for event in page["results"]]
            empty += page["more"] and not page["results"]
            if not page["more"]:
                break
            url = f"/api/v1/events?type=system.info&after={page['next']}"
    assert found == [STARTED, "rare"]
    assert empty >= 1


async def test_a_public_channel_is_read_without_a_credential_on_a_closed_server(make_client: MakeClient) -> None:
    client = await make_client(access="closed", public_channels=("news",))
    for path in ("events", "events/ndjson"):
        async with client.get(f"/api/v1/{path}?channel=news&since=0&poll=1") as response:
            assert response.status == 200, path
        async with client.get(f"/api/v1/{path}?channel=sensors&since=0&poll=1") as response:
            assert response.status == 401, path
        async with client.get(f"/api/v1/{path}?poll=1&since=0") as response:
            assert response.status == 200, path
            assert "system.info" not in await response.text()
    async with client.ws_connect("/api/v1/ws?channel=news"):
        pass


async def test_a_closed_server_lets_nobody_read(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    for path in ("events", "events/stream", "events/ndjson", "ws", "sensors", "metrics"):
        async with client.get(f"/api/v1/{path}" if path != "metrics" else "/metrics") as response:
            assert response.status == 401, path
            assert response.headers["WWW-Authenticate"]
