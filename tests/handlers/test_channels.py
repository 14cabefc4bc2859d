"""The sensor event socket: the seed's frames, positions, subscriptions, commands, statistics."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.conftest import Client, MakeClient


async def create(client: Client, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    async with client.post(f"/api/v1/{path}/", json=body) as response:
        assert response.status == 201, await response.text()
        return int(response.headers["Event-Seq"]), await response.json()


async def sensor(client: Client) -> dict[str, Any]:
    return (await create(client, "sensors", tipo="temperatura", modelo="DHT22"))[1]


async def command(ws: ClientWebSocketResponse, **frame: Any) -> dict[str, Any]:
    await ws.send_json(frame)
    while (answer := await ws.receive_json(timeout=5)).get("type") != "result":
        pass
    return answer


async def test_a_created_sensor_arrives_in_the_shape_of_the_seed(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?channel=sensors") as ws:
        seq, row = await create(client, "sensors", tipo="temperatura", modelo="DHT22")
        frame = await ws.receive_json(timeout=5)

    assert frame == {
        "type": "entity_event",
        "entity_type": "sensor",
        "event_type": "created",
        "entity_id": row["id"],
        "data": row,
        "timestamp": frame["timestamp"],
        "metadata": {"action": "create_sensor"},
        "seq": seq,
    }
    assert frame["timestamp"] == row["created_at"]


async def test_general_is_the_union_of_the_sensor_domain_and_hears_nothing_private(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws") as ws:
        row = await sensor(client)
        await client.post("/api/v1/channels/private-talk", json={"secret": 1})
        await create(client, "readings", sensor_id=row["id"], valor=21.5)
        await client.post("/api/v1/ws/test-event")
        frames = [await ws.receive_json(timeout=5) for _ in range(3)]

    assert [(frame["type"], frame.get("entity_type")) for frame in frames] == [
        ("entity_event", "sensor"),
        ("entity_event", "reading"),
        ("system_event", None),
    ]


async def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(client: Client) -> None:
    row = await sensor(client)
    first, *_ = [(await create(client, "readings", sensor_id=row["id"], valor=n))[0] for n in (1, 2, 3)]

    async with client.ws_connect(f"/api/v1/ws?channel=readings&since={first}") as ws:
        await create(client, "readings", sensor_id=row["id"], valor=4)
        frames = [await ws.receive_json(timeout=5) for _ in range(5)]

    hello, *events = [frame for frame in frames if frame["type"] != "recovered"]
    assert hello["type"] == "hello"
    assert [event["data"]["valor"] for event in events] == [2, 3, 4]
    assert [event.get("replayed", False) for event in events][:2] == [True, True]


async def test_a_position_of_the_future_or_of_another_history_is_an_explicit_gap(client: Client) -> None:
    for position in ("999999", "0badcafe:1"):
        async with client.ws_connect(f"/api/v1/ws?channel=sensors&since={position}") as ws:
            hello = await ws.receive_json(timeout=5)
            gap = await ws.receive_json(timeout=5)
            await sensor(client)
            event = await ws.receive_json(timeout=5)
        assert gap["type"] == "gap"
        assert gap["from"].endswith(position)
        assert gap["to"] == hello["position"]
        assert event["type"] == "entity_event"


@pytest.mark.parametrize("query", ["since=abc", "since=1:2:3", "after=now", "since=-1", "since=99999999999999999999"])
async def test_a_position_that_is_none_is_refused_before_the_upgrade(client: Client, query: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/api/v1/ws?{query}")
    assert refused.value.status == 400


@pytest.mark.parametrize("channel", ["chat", "audit", "my-own", "No Channel", "sensors,chat", "conversation:7"])
async def test_a_private_or_unknown_channel_is_not_to_be_found_at_the_open_door(client: Client, channel: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/api/v1/ws", params={"channel": channel})
    assert refused.value.status == 404


async def test_a_subscription_takes_effect_at_the_position_that_its_result_names(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?channel=locations") as ws:
        await sensor(client)
        result = await command(ws, action="subscribe", channel="sensors", id=7)
        seq, _ = await create(client, "sensors", tipo="humedad", modelo="DHT22")
        frame = await ws.receive_json(timeout=5)
        left = await command(ws, action="unsubscribe", channel="sensors", id="x")
        await sensor(client)
        await create(client, "locations", nombre="Norte")
        last = await ws.receive_json(timeout=5)

    assert result["success"]
    assert result["id"] == 7
    assert result["data"]["channels"] == ["locations", "sensors"]
    assert frame["seq"] == seq > int(result["data"]["position"].split(":")[1])
    assert left["data"]["channels"] == ["locations"]
    assert last["entity_type"] == "location"


async def test_a_guest_publishes_on_a_channel_of_its_own_and_hears_itself(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza") as ws:
        await ws.send_json({"action": "publish", "channel": "plaza", "data": {"hola": "mundo"}, "id": 1})
        frames = [await ws.receive_json(timeout=5) for _ in range(2)]

    by_type = {frame["type"]: frame for frame in frames}
    assert by_type["result"]["success"]
    assert by_type["message"]["seq"] == by_type["result"]["data"]["seq"]
    assert by_type["message"]["data"] == {"hola": "mundo"}
    assert by_type["message"].keys() == {"type", "channel", "data", "timestamp", "seq"}


async def test_many_publications_of_one_socket_are_stored_in_their_order(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws/secure?channel=general") as ws:
        for n in range(90):
            await ws.send_json({"action": "publish", "channel": "plaza", "data": n, "id": n})
        results = [await ws.receive_json(timeout=5) for _ in range(90)]

    assert [result["id"] for result in results] == list(range(90))
    seqs = [result["data"]["seq"] for result in results]
    assert seqs == sorted(seqs)
    async with client.get("/api/v1/events?channel=plaza") as response:
        assert [event["data"] for event in (await response.json())["results"]] == list(range(90))


BAD_FRAMES = [
    "",
    "{",
    "[1]",
    "null",
    '{"action":"dance"}',
    '{"action":"subscribe"}',
    '{"action":"subscribe","channel":5}',
    '{"action":"subscribe","channel":"sensors","channel":"chat"}',
    '{"action":"subscribe","channel":"sensors","id":{"a":1}}',
    '{"action":"publish","channel":"plaza","data":NaN}',
    '{"action":"publish","channel":"plaza","data":123456789012345678901234567890}',
    '{"action":"publish","channel":"plaza","data":"\\ud800"}',
    '{"action":"publish","channel":"sensors","data":1}',
    '{"action":"publish","channel":"plaza"}',
    "[" * 40 + "]" * 40,
]


@pytest.mark.parametrize("frame", BAD_FRAMES)
async def test_a_bad_frame_is_answered_and_hurts_nobody(client: Client, frame: str) -> None:
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza") as ws:
        await ws.send_str(frame)
        answer = await ws.receive_json(timeout=5)
        pong = await command(ws, action="ping", id=2)

    assert (answer["type"], answer["success"]) == ("result", False)
    assert all(answer["error"][name] for name in ("code", "message"))
    assert pong["success"]
    async with client.get("/api/v1/events?channel=plaza") as response:
        assert (await response.json())["results"] == []


async def test_ten_bad_frames_in_a_row_close_the_socket_for_good(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws") as ws:
        for _ in range(10):
            await ws.send_bytes(b"\0")
        while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert ws.close_code == 4501, message


async def test_a_frame_over_the_limit_closes_with_1009(make_client: MakeClient) -> None:
    client = await make_client(frame_limit=2_048)
    async with client.ws_connect("/api/v1/ws") as ws:
        await ws.send_str("x" * 5_000)
        await ws.receive(timeout=5)
        assert ws.close_code == 1009


async def test_more_commands_than_allowed_close_with_4013(make_client: MakeClient) -> None:
    client = await make_client(guest_commands_per_second=20)
    async with client.ws_connect("/api/v1/ws") as ws:
        for _ in range(60):
            await ws.send_json({"action": "ping"})
        while (await ws.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert ws.close_code == 4013


async def test_statistics_have_exactly_the_shape_of_the_seed(client: Client) -> None:
    async with (
        client.ws_connect("/api/v1/ws?channel=sensors&user_id=ana"),
        client.ws_connect("/api/v1/ws?channel=sensors,readings&user_id=bob"),
        client.ws_connect("/api/v1/ws?user_id=ana"),
    ):
        async with client.get("/api/v1/ws/stats") as response:
            stats = await response.json()
        async with client.get("/api/v1/ws/stats/readings") as response:
            readings = await response.json()
        async with client.get("/api/v1/ws/stats/predictions") as response:
            nobody = await response.json()
        async with client.get("/api/v1/ws/stats/nothing") as response:
            assert response.status == 404

    assert stats == {
        "total_channels": 3,
        "channels": {
            "general": {"connections": 1, "users": ["ana"]},
            "readings": {"connections": 1, "users": ["bob"]},
            "sensors": {"connections": 2, "users": ["ana", "bob"]},
        },
    }
    assert readings == {"channel": "readings", "connections": 1, "users": ["bob"]}
    assert nobody == {"channel": "predictions", "connections": 0, "users": []}


async def test_a_test_event_reaches_its_channel_and_counts_who_listens(client: Client) -> None:
    async with (
        client.ws_connect("/api/v1/ws?channel=readings") as one,
        client.ws_connect("/api/v1/ws") as two,
        client.ws_connect("/api/v1/ws?channel=locations"),
    ):
        async with client.post("/api/v1/ws/test-event?channel=readings&message=hola") as response:
            told = await response.json()
        frames = [await ws.receive_json(timeout=5) for ws in (one, two)]

    assert told == {"seq": told["seq"], "matched": 2}
    for frame in frames:
        assert frame == {
            "type": "system_event",
            "level": "info",
            "message": "hola",
            "data": {"test": True},
            "timestamp": frame["timestamp"],
            "seq": told["seq"],
        }


@pytest.mark.parametrize(
    ("query", "status"), [("channel=chat", 404), ("channel=mine", 404), (f"message={'x' * 501}", 400)]
)
async def test_a_test_event_says_what_is_allowed(client: Client, query: str, status: int) -> None:
    async with client.post(f"/api/v1/ws/test-event?{query}") as response:
        assert response.status == status
        assert (await response.json())["detail"]


async def test_the_start_of_the_server_is_an_event(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?since=0") as ws:
        frames = [await ws.receive_json(timeout=5) for _ in range(2)]
    assert frames[1]["message"] == "Sistema iniciado correctamente"
    assert frames[1]["level"] == "info"


async def test_the_subprotocol_carries_the_canonical_form(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws", protocols=("realtime.v1",)) as ws:
        assert ws.protocol == "realtime.v1"
        hello = await ws.receive_json(timeout=5)
        row = await sensor(client)
        event = await ws.receive_json(timeout=5)

    assert hello["type"] == "hello"
    assert event.keys() == {"seq", "channel", "type", "entity_id", "data", "actor", "at"}
    assert (event["type"], event["data"]) == ("sensor.created", row)


async def test_a_plain_request_to_a_socket_is_told_to_upgrade(client: Client) -> None:
    async with client.get("/api/v1/ws") as response:
        assert response.status == 426
        assert response.headers["Upgrade"] == "websocket"


async def test_pings_are_answered_and_a_flood_of_them_is_not(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws", autoping=False) as ws:
        await ws.ping(b"abc")
        pong = await ws.receive(timeout=5)
        assert (pong.type, pong.data) == (WSMsgType.PONG, b"abc")
        for _ in range(60):
            await ws.ping()
        while (await ws.receive(timeout=5)).type is WSMsgType.PONG:
            pass
        assert ws.close_code == 1008


async def test_a_client_that_answers_no_ping_is_closed(make_client: MakeClient) -> None:
    client = await make_client(heartbeat=200, heartbeat_timeout=200)
    async with client.ws_connect("/api/v1/ws", autoping=False) as silent, client.ws_connect("/api/v1/ws") as alive:
        waiting = asyncio.create_task(alive.receive())
        while (await silent.receive(timeout=10)).type is WSMsgType.PING:
            pass
        assert silent.close_code == 4012
        async with client.post("/api/v1/ws/test-event") as response:
            assert response.status == 200
        assert json.loads((await asyncio.wait_for(waiting, 5)).data)["message"] == "test"


async def test_connections_over_the_limit_are_refused_before_the_upgrade(make_client: MakeClient) -> None:
    client = await make_client(connections_limit=2)
    async with client.ws_connect("/api/v1/ws"), client.ws_connect("/api/v1/ws"):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/api/v1/ws")
        assert refused.value.status == 503
        assert refused.value.headers is not None
        assert refused.value.headers["Retry-After"]
        async with client.get("/healthz") as response:
            assert response.status == 200
    app = client.app
    assert app is not None
    while app[keys.ADMISSION].total:
        await asyncio.sleep(0)
    async with client.ws_connect("/api/v1/ws"):
        pass


async def agent_token(client: Client, name: str = "ana", **limits: Any) -> str:
    app = client.app
    assert app is not None
    wanted = Wanted("test", name, Role.AGENT, make_user=True, **limits)
    return (await app[keys.ACCOUNTS].tokens.create(SYSTEM, wanted))[1]


async def test_who_has_left_all_channels_hears_nothing_after_renewing_either(client: Client) -> None:
    token = await agent_token(client)
    async with client.ws_connect("/api/v1/ws?channel=sensors") as ws:
        await command(ws, action="unsubscribe", channel="sensors")
        assert (await command(ws, type="auth", token=token))["success"]
        await client.post("/api/v1/channels/secret-room", json=1)
        await sensor(client)
        await ws.send_json({"action": "ping", "id": "last"})
        assert (await ws.receive_json(timeout=5))["id"] == "last"


async def test_a_renewal_with_fewer_rights_takes_the_others_away(client: Client) -> None:
    wide = await agent_token(client)
    narrow = await agent_token(client, "bob", channels=("sensors",))
    url = "/api/v1/ws/secure?channel=sensors,plaza"
    async with client.ws_connect(url, headers={"Authorization": f"Bearer {wide}"}) as ws:
        await ws.send_json({"type": "auth", "token": narrow})
        while (await ws.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert ws.close_code == 4507


async def test_a_stranger_without_a_place_is_refused_before_the_upgrade(make_client: MakeClient) -> None:
    client = await make_client(access="closed", unauthenticated_limit=1)
    async with client.ws_connect("/api/v1/ws/secure"):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/api/v1/ws/secure")
        assert refused.value.status == 503


async def test_a_stranger_may_ping_before_it_says_who_it_is_and_is_told_of_a_stop(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    async with client.ws_connect("/api/v1/ws/secure", autoping=False) as ws:
        await ws.ping(b"x")
        assert (await ws.receive(timeout=5)).type is WSMsgType.PONG
        app = client.app
        assert app is not None
        stopping = asyncio.create_task(app[keys.HUB].stop(0))
        assert (await ws.receive(timeout=5)).type is WSMsgType.CLOSE
        assert ws.close_code == 1001
        await stopping


async def test_a_flood_of_pongs_is_a_flood(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws") as ws:
        for _ in range(60):
            await ws.pong()
        await ws.receive(timeout=5)
        assert ws.close_code == 1008


async def test_a_frame_longer_than_any_command_is_refused_unread(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza") as ws:
        await ws.send_str(json.dumps({"action": "ping", "padding": "x" * 300_000}))
        answer = await ws.receive_json(timeout=5)
    assert answer["error"]["code"] == "too_large"
