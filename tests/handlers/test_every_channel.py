"""All that one may read: the list of channels, listening to every one of them, and who one is in the roster."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.conftest import Client, MakeClient


async def token_of(client: Client, role: Role, channels: frozenset[str] | None = None) -> dict[str, str]:
    wanted = Wanted("test", f"user-{role}", role, make_user=True, channels=channels)
    accounts = client.app[keys.ACCOUNTS]  # type: ignore[union-attr]
    return {"Authorization": f"Bearer {(await accounts.tokens.create(SYSTEM, wanted))[1]}"}


async def publish(client: Client, name: str, **headers: str) -> None:
    async with client.post(f"/api/v1/channels/{name}", json={"x": 1}, headers=headers) as response:
        assert response.status == 201, await response.text()


async def channels(client: Client, query: str = "", **headers: str) -> dict[str, Any]:
    async with client.get(f"/api/v1/channels/{query}", headers=headers) as response:
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def test_the_list_of_channels_has_the_servers_own_and_those_of_the_users(client: Client) -> None:
    await publish(client, "plaza")
    await publish(client, "kitchen")

    found = await channels(client)

    names = [row["name"] for row in found["results"]]
    assert [row["name"] for row in found["results"] if row["own"]] == ["kitchen", "plaza"]
    assert {"audit", "chat", "csat", "general", "readings", "users"} <= set(names)
    assert found["count"] == len(names)
    page = await channels(client, "?limit=1&offset=2")
    assert (page["results"], page["count"]) == (found["results"][2:3], len(names))


async def test_the_list_names_only_what_its_reader_may_read(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    await publish(client, "plaza", **await token_of(client, Role.AGENT))

    async with client.get("/api/v1/channels/") as response:
        assert response.status == 401
    viewer = [row["name"] for row in (await channels(client, **await token_of(client, Role.VIEWER)))["results"]]
    limited = await channels(client, **await token_of(client, Role.DEVICE, frozenset({"plaza"})))

    assert "plaza" in viewer
    assert "audit" not in viewer
    assert limited["results"] == [{"name": "plaza", "own": True}]


async def test_a_star_listens_to_all_channels_those_to_come_included(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws/secure?channel=*&since=now", protocols=("realtime.v1",)) as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "hello"
        await publish(client, "never-heard-of")
        await client.post("/api/v1/conversations/", json={"contact_name": "João"})
        frames = [await ws.receive_json(timeout=5) for _ in range(4)]
        async with client.get("/api/v1/ws/stats") as response:
            assert "*" not in (await response.json())["channels"]

    assert next(frame["channel"] for frame in frames if "seq" in frame) == "never-heard-of"
    assert {frame["channel"] for frame in frames if "seq" in frame} >= {"never-heard-of", "chat"}


async def test_a_star_is_no_more_than_its_reader_may_read(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    admin, viewer = await token_of(client, Role.ADMIN), await token_of(client, Role.VIEWER)
    async with client.ws_connect("/api/v1/ws/secure?channel=*", headers=viewer, protocols=("realtime.v1",)) as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "hello"
        body = {"name": "berta", "role": "agent"}  # told on the channel audit
        async with client.post("/api/v1/users/", json=body, headers=admin) as response:
            assert response.status == 201
        await publish(client, "plaza", **admin)
        heard = [await ws.receive_json(timeout=5)]
        while heard[-1]["channel"] != "plaza":
            heard.append(await ws.receive_json(timeout=5))

    assert {event["channel"] for event in heard} <= {"users", "plaza"}
    device = await token_of(client, Role.DEVICE)
    with pytest.raises(WSServerHandshakeError, match="403"):
        await client.ws_connect("/api/v1/ws/secure?channel=*", headers=device)


async def test_the_door_of_the_sensors_has_no_star(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError, match="404"):
        await client.ws_connect("/api/v1/ws?channel=*")


@pytest.mark.parametrize(
    ("door", "ping"), [("/api/v1/ws", {"action": "ping"}), ("/ws/dashboard/", {"type": "ping", "id": 1})]
)
async def test_a_ping_is_answered_with_the_id_in_the_roster(client: Client, door: str, ping: dict[str, Any]) -> None:
    async with client.ws_connect(door, headers={"User-Agent": "the one"}) as ws:
        await ws.send_json(ping)
        while (answer := await ws.receive_json(timeout=5)).get("type") != "result":
            pass
        async with client.get(f"/api/v1/websockets/{answer['data']['connection']}/") as response:
            assert (await response.json())["user_agent"] == "the one"
