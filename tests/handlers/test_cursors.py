"""`session=`: a client that only ever repeats its URL goes on where it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSServerHandshakeError

from realtime import keys
from realtime.delivery.session import CursorKey
from realtime.policy import Role
from tests.conftest import Client, MakeClient
from tests.delivery.servers import Server
from tests.roster import MANY, admin, call, closing, nobody_left, one
from tests.signing import bearer, token_for

URL = "/api/v1/ws/secure?channel=plaza&session=tab-1"
KEY = CursorKey("guest:127.0.0.1", "secure", "tab-1")


async def publish(client: Client | ClientSession, *values: Any, place: str = "") -> list[int]:
    seqs = []
    for value in values:
        async with client.post(f"{place}/api/v1/channels/plaza", json=value) as response:
            assert response.status == 201
            seqs.append(int((await response.json())["seq"]))
    return seqs


async def messages(ws: ClientWebSocketResponse, count: int) -> list[Any]:
    """The next messages: the value, or (value, "again") where it is marked as replayed."""
    found: list[Any] = []
    while len(found) < count:
        frame = await ws.receive_json(timeout=10)
        if frame["type"] == "message":
            found.append((frame["data"], "again") if frame.get("replayed") else frame["data"])
    return found


async def confirmed(client: Client, seq: int, key: CursorKey = KEY) -> None:
    """Wait until the client's answer has moved its cursor that far."""
    cursors = client.app[keys.ROSTER].cursors
    while cursors._held[key].seq < seq:
        await asyncio.sleep(0.01)


async def test_the_same_url_again_misses_nothing(client: Client) -> None:
    async with client.ws_connect(URL) as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "hello"
        await publish(client, 1)
        assert await messages(ws, 1) == [1]
    await publish(client, 2, 3)

    async with client.ws_connect(URL) as ws:
        # What was not confirmed before the end may come again, marked.
        assert (await messages(ws, 3))[-2:] == [(2, "again"), (3, "again")]
        await publish(client, 4)
        assert await messages(ws, 1) == [4]


async def test_what_was_confirmed_does_not_come_again(client: Client) -> None:
    async with client.ws_connect(URL) as ws:
        seqs = await publish(client, 1, 2)
        assert await messages(ws, 2) == [1, 2]
        listening = asyncio.create_task(ws.receive())
        await asyncio.wait_for(confirmed(client, seqs[-1]), 10)
        listening.cancel()
    await publish(client, 3)

    async with client.ws_connect(URL) as ws:
        assert await messages(ws, 1) == [(3, "again")]


async def test_a_client_that_is_asked_often_is_asked_by_few_pings(client: Client) -> None:
    async with client.ws_connect(URL, autoping=False) as ws:
        await publish(client, *range(50))
        pings = 0
        await ws.receive_json(timeout=5)
        for _ in range(50):
            message = await ws.receive(timeout=5)
            pings += message.type.name == "PING"
    # It answers none, so it is not asked again.
    assert pings <= 1


async def test_a_second_socket_with_the_same_cursor_closes_the_first(client: Client) -> None:
    async with client.ws_connect(URL) as first, client.ws_connect(URL) as second:
        assert await closing(first) == 4011
        await publish(client, 1)
        assert await messages(second, 1) == [1]
    other, door = URL.replace("tab-1", "tab-2"), "/api/v1/ws?session=tab-1"
    async with client.ws_connect(URL) as first, client.ws_connect(other), client.ws_connect(door):
        await publish(client, 2)
        assert (await messages(first, 2))[-1] == 2


async def test_a_cursor_belongs_to_its_credential(client: Client) -> None:
    ana = bearer(await token_for(client, Role.AGENT, "ana"))
    async with client.ws_connect(URL):
        pass
    await publish(client, 1)

    async with client.ws_connect(URL, headers=ana) as ws, client.ws_connect(URL) as mine:
        await publish(client, 2)
        assert await messages(ws, 1) == [2]
        assert await messages(mine, 2) == [(1, "again"), 2]


async def test_a_guest_of_this_machine_is_one_by_whichever_of_its_own_addresses(client: Client) -> None:
    async with client.ws_connect(URL):
        pass
    await publish(client, 1)

    elsewhere = TCPConnector(local_addr=("127.0.0.2", 0))
    async with ClientSession(connector=elsewhere) as other, other.ws_connect(client.make_url(URL)) as ws:
        assert await messages(ws, 1) == [(1, "again")]


@pytest.mark.parametrize("user", ["nobody", "ana"])
async def test_who_is_let_in_by_a_ticket_does_not_get_at_the_cursors_of_who_made_it(client: Client, user: str) -> None:
    await token_for(client, Role.AGENT, "ana")
    headers = await admin(client)
    async with client.ws_connect(URL, headers=headers) as mine:
        made = (await call(client, "POST", MANY, json={"user": user, "status": "Ativa"}, headers=headers))[1]
        async with client.ws_connect(f"/api/v1/ws/secure?session=tab-1&ticket={made['ticket']}"):
            await publish(client, 1)
            assert await messages(mine, 1) == [1]


async def test_an_own_position_counts_where_it_is_later(client: Client) -> None:
    async with client.ws_connect(URL):
        pass
    one_, two, _ = await publish(client, 1, 2, 3)

    async with client.ws_connect(f"{URL}&since={two}") as ws:
        assert await messages(ws, 1) == [(3, "again")]
    async with client.ws_connect(f"{URL.replace('tab-1', 'tab-2')}&since={one_}") as ws:
        assert await messages(ws, 2) == [(2, "again"), (3, "again")]
    async with client.ws_connect(f"{URL.replace('tab-1', 'tab-2')}&since=now") as ws:
        assert await messages(ws, 2) == [(2, "again"), (3, "again")]


async def test_a_bad_name_is_refused_and_one_of_nobody_too(client: Client, closed: Client) -> None:
    for name in ("x" * 65, "a%00b", "a%0Ab"):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"/api/v1/ws?session={name}")
        assert refused.value.status == 400
    public = await closed.get("/api/v1/ws?session=a", headers={"Upgrade": "websocket", "Sec-WebSocket-Version": "13"})
    assert public.status == 401


async def test_who_says_late_who_it_is_has_its_cursor_then(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    token = await token_for(client, Role.AGENT, "ana")
    headers = bearer(token)
    for expected in ([], [(1, "again"), (2, "again")]):
        async with client.ws_connect(URL) as ws:
            await ws.send_json({"type": "auth", "token": token})
            assert (await ws.receive_json(timeout=5))["success"]
            assert (await ws.receive_json(timeout=5))["type"] == "hello"
            assert await messages(ws, len(expected)) == expected
        async with client.post("/api/v1/channels/plaza", json=1 if not expected else 3, headers=headers) as response:
            assert response.status == 201
        async with client.post("/api/v1/channels/plaza", json=2, headers=headers):
            pass


async def test_the_one_unused_for_longest_makes_room(make_client: MakeClient) -> None:
    client = await make_client(cursors_per_credential=2)
    for name in ("a", "b"):
        async with client.ws_connect(f"/api/v1/ws/secure?channel=plaza&session={name}"):
            pass
        await nobody_left(client)
        await client.app[keys.ROSTER].cursors.settle()
    await publish(client, 1)

    place = "/api/v1/ws/secure?channel=plaza&session="
    async with client.ws_connect(f"{place}c"), client.ws_connect(f"{place}b") as ws:
        assert await messages(ws, 1) == [(1, "again")]
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"{place}a")
        assert refused.value.status == 429


async def test_a_restart_of_the_server_is_no_loss(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    expected = 0
    async with server, ClientSession() as session:
        for turn in range(5):
            async with session.ws_connect(server.url(URL)) as ws:
                if turn:
                    seen = await messages(ws, 1)
                    while seen[-1] not in (expected, (expected, "again")):
                        seen += await messages(ws, 1)
                    values = [value[0] if isinstance(value, tuple) else value for value in seen]
                    # All that was missed is there, in its order, whatever came again before it.
                    assert values == list(range(values[0], expected + 1))
                    assert values[0] <= expected - 1
                expected += 1
                await publish(session, expected, place=server.url(""))
                assert (await messages(ws, 1))[-1] in (expected, (expected, "again"))
            expected += 1
            await publish(session, expected, place=server.url(""))
            await server.stop()
            await server.start()


async def test_a_kicked_cursor_goes_on_when_its_client_may_return(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect(URL) as ws:
        await call(client, "DELETE", f"{one(1)}?reconnect=1", headers=headers)
        assert await closing(ws) == 4011
    await publish(client, 1)
    async with client.ws_connect(URL) as ws:
        assert await messages(ws, 1) == [(1, "again")]
