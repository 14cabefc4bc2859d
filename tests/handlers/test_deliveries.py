"""One event: what each dialect makes of it, and what became of it for each connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import keys
from realtime.policy import Role
from tests.conftest import Client, MakeClient
from tests.roster import admin, call, nobody_left
from tests.signing import bearer, token_for


async def publish(client: Client, channel: str = "plaza", data: Any = "x") -> int:
    async with client.post(f"/api/v1/channels/{channel}", json=data) as response:
        assert response.status == 201
        return int((await response.json())["seq"])


async def states(client: Client, seq: int, query: str = "", **options: Any) -> dict[int, str]:
    status, page = await call(client, "GET", f"/api/v1/events/{seq}/deliveries/{query}", **options)
    assert status == 200, page
    return {row["id"]: row["delivery"] for row in page["results"]}


async def test_an_event_is_shown_in_every_dialect(client: Client) -> None:
    async with client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"}) as response:
        seq = int(response.headers["Event-Seq"])
    async with client.ws_connect(f"/api/v1/ws?since={seq - 1}") as ws:
        await ws.receive_json(timeout=5)
        frame = await ws.receive_json(timeout=5)

    status, shown = await call(client, "GET", f"/api/v1/events/{seq}/")
    _, page = await call(client, "GET", f"/api/v1/events?after={seq - 1}&limit=1")

    frames = shown.pop("frames")
    assert status == 200
    assert shown == page["results"][0] == frames["realtime"]
    assert frames["channels"] == {name: value for name, value in frame.items() if name != "replayed"}
    assert frames["chat"] is None
    assert frames["dashboard"] is None


async def test_an_event_that_is_several_frames_in_a_dialect_shows_them_all(client: Client) -> None:
    token = await token_for(client, Role.AGENT, "ana")
    async with client.ws_connect("/ws/dashboard/", headers=bearer(token)):
        seq = 0
        while not seq:
            _, page = await call(client, "GET", "/api/v1/events?type=user.online")
            seq = page["results"][0]["seq"] if page["results"] else 0

    _, shown = await call(client, "GET", f"/api/v1/events/{seq}/")
    assert [name for name, _ in shown["frames"]["chat"]] == ["user:connected", "users:online"]
    assert shown["frames"]["dashboard"]["type"] == "user_status"
    assert shown["frames"]["channels"] is None


@pytest.mark.parametrize("seq", ["0", "999999", "9223372036854775808", "99999999999999999999", "x"])
async def test_an_unknown_event_is_not_found(client: Client, seq: str) -> None:
    for path in (f"/api/v1/events/{seq}/", f"/api/v1/events/{seq}/deliveries/"):
        assert (await call(client, "GET", path))[0] == 404


async def test_an_event_is_shown_to_who_may_read_it(client: Client) -> None:
    seq = await publish(client, "plaza")
    narrow = bearer(await token_for(client, Role.AGENT, channels=["sensors"]))
    viewer = bearer(await token_for(client, Role.VIEWER))

    status, body = await call(client, "GET", f"/api/v1/events/{seq}/", headers=narrow)
    assert (status, body["code"]) == (403, "not_permitted")
    assert "plaza" not in body["detail"]
    assert (await call(client, "GET", f"/api/v1/events/{seq}/", headers=viewer))[0] == 200
    assert (await call(client, "GET", f"/api/v1/events/{seq}/deliveries/", headers=viewer))[0] == 403
    assert (await call(client, "GET", f"/api/v1/events/{seq}/deliveries/"))[0] == 200


async def test_why_ana_did_not_see_it(client: Client) -> None:
    headers = await admin(client)
    ana = bearer(await token_for(client, Role.AGENT, "ana", channels=["sensors"]))
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza"):
        pass
    await nobody_left(client)
    async with (
        client.ws_connect("/api/v1/ws/secure?channel=plaza") as hears,
        client.ws_connect("/api/v1/ws/secure?channel=sensors"),
        client.ws_connect("/api/v1/ws/secure?channel=sensors", headers=ana),
        client.ws_connect("/api/v1/ws/secure?channel=chat,plaza") as changes,
    ):
        seq = await publish(client)
        await changes.receive_json(timeout=5)
        await changes.send_json({"action": "unsubscribe", "channel": "plaza"})
        await changes.receive_json(timeout=5)
        after = await publish(client)
        async with client.ws_connect("/api/v1/ws/secure?channel=plaza"):
            late = await states(client, seq)
            later = await states(client, after)
        assert (await hears.receive_json(timeout=5))["seq"] == seq

    assert late == {
        1: "closed",
        2: "written",
        3: "not_subscribed",
        4: "not_permitted",
        5: "written",
        6: "not_subscribed",
    }
    assert later == {**late, 5: "not_subscribed"}
    await nobody_left(client)
    assert await states(client, seq, headers=headers) == late
    assert await states(client, seq, "?user=ana&status=inativa") == {4: "not_permitted"}
    assert await states(client, seq, "?limit=2&offset=1") == {2: "written", 3: "not_subscribed"}


async def test_what_a_client_answers_for_is_confirmed(make_client: MakeClient) -> None:
    client = await make_client(heartbeat=50)
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza") as ws, client.ws_connect("/api/v1/ws"):
        seq = await publish(client)
        assert (await ws.receive_json(timeout=5))["seq"] == seq
        # A client answers pings while it listens.
        listening = asyncio.create_task(ws.receive())
        while (await states(client, seq))[1] != "confirmed":
            await asyncio.sleep(0.01)
        listening.cancel()

    await nobody_left(client)
    assert await states(client, seq) == {1: "confirmed", 2: "not_subscribed"}


async def test_a_dialect_without_a_word_for_it_was_not_listening(client: Client) -> None:
    async with (
        client.ws_connect("/api/v1/ws/secure?channel=audit"),
        client.ws_connect("/api/v1/ws/secure?channel=audit", protocols=("realtime.v1",)),
        client.get("/api/v1/events/stream?channel=audit"),
    ):
        await token_for(client, Role.AGENT)
        assert await states(client, client.app[keys.HUB].tip) == {1: "not_subscribed", 2: "written", 3: "written"}


async def test_who_is_behind_is_told_apart(make_client: MakeClient) -> None:
    client = await make_client(outlet_limit=1024, stall_timeout=60_000)
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza", max_msg_size=0) as ws:
        # More than the system holds for one who does not read.
        for _ in range(80):
            seq = await publish(client, data="x" * 200_000)
        assert (await states(client, seq))[1] == "behind"
        _, row = await call(client, "GET", "/api/v1/websockets/1/")
        assert row["lag"] > 0
        assert row["last_seq"] + row["lag"] == client.app[keys.HUB].tip
        while (await ws.receive_json(timeout=10))["seq"] < seq:
            pass
        assert (await states(client, seq))[1] == "written"
