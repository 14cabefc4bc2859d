"""The transports of the chat door: upgrades, heartbeats, and how sessions end."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import WSMsgType

from realtime import keys
from realtime.assets import FOLDER
from realtime.delivery.session import Session
from realtime.delivery.socketio_outlet import PACKETS_LIMIT
from realtime.errors import CloseCode
from realtime.handlers.links import LINKS, Link
from tests.chatting import PATH, PATIENCE, SEPARATOR, TRANSPORTS, Chat, Ended
from tests.conftest import Client, MakeClient
from tests.signing import problem, refusal, token_for

BOTH = pytest.mark.parametrize("transport", TRANSPORTS)
SENT = {"chat_id": "c", "body": "Hello World!"}


def link_of(client: Client, chat: Chat) -> Link:
    return client.app[LINKS].find(chat.opening["sid"])


def only(client: Client, chat: Chat) -> Session:
    """The session of a client in the hub."""
    outlet = link_of(client, chat).outlet
    [session] = [session for session in client.app[keys.HUB].sessions.values() if session.outlet is outlet]
    return session


async def gone(client: Client) -> None:
    """Wait until no session is left, and nothing is held for one."""
    while client.app[keys.HUB].sessions or client.app[keys.ADMISSION].total or len(client.app[LINKS]):
        await asyncio.sleep(0.01)


@BOTH
async def test_the_opening_says_the_heartbeat_and_offers_the_upgrade(client: Client, transport: str) -> None:
    async with Chat(client, transport) as chat:
        opening = dict((await chat.open()).opening)
    assert len(opening.pop("sid")) >= 24
    assert opening == {
        "upgrades": ["websocket"] if transport == "polling" else [],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 2**20,
    }


async def test_an_answer_to_a_poll_has_no_more_packets_than_every_client_takes(client: Client) -> None:
    async with Chat(client, "polling") as chat, Chat(client) as other:
        await chat.connect()
        await other.connect({"token": await token_for(client)})
        for n in range(50):
            await other.call("message:send", {**SENT, "body": str(n)})
        sizes, bodies = [], []
        while len(bodies) < 50:
            async with client.get(PATH, params=chat.params) as response:
                packets = (await response.text()).split(SEPARATOR)
            sizes.append(len(packets))
            bodies += [json.loads(packet[2:])[1]["body"] for packet in packets if "message:send" in packet]
    assert max(sizes) == PACKETS_LIMIT
    assert bodies == [str(n) for n in range(50)]


async def test_an_upgrade_loses_nothing_and_keeps_the_order(client: Client) -> None:
    async with Chat(client, "polling") as chat, Chat(client) as other:
        await chat.connect()
        await other.connect({"token": await token_for(client)})
        stop = asyncio.Event()

        async def flood() -> int:
            sent = 0
            while not stop.is_set():
                await other.call("message:send", {**SENT, "body": str(sent)})
                sent += 1
            return sent

        flooding = asyncio.ensure_future(flood())
        seqs = [(await chat.event("message:send"))["seq"] for _ in range(30)]
        await chat.upgrade()
        seqs += [(await chat.event("message:send"))["seq"] for _ in range(100)]
        stop.set()
        sent = await flooding
        seqs += [(await chat.event("message:send"))["seq"] for _ in range(sent - 130)]
    assert seqs == sorted(set(seqs))
    assert len(seqs) == sent


async def test_a_poll_that_waits_is_answered_when_the_client_wants_to_upgrade(client: Client) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        link = link_of(client, chat)
        poll = asyncio.ensure_future(client.get(PATH, params=chat.params))
        while not link.polling:
            await asyncio.sleep(0)
        upgrade = {**chat.params, "transport": "websocket"}
        async with client.ws_connect(PATH, params=upgrade) as ws:
            await ws.send_str("2probe")
            assert await (await poll).text() == "6"
            async with client.get(PATH, params=chat.params) as response:
                assert await response.text() == "6", "polls are answered at once meanwhile"
            assert await ws.receive_str() == "3probe"
            assert await refusal(client, PATH, params=upgrade) == 400, "one at a time"
    await gone(client)


async def test_a_second_websocket_for_a_session_is_refused(client: Client) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        await chat.upgrade()
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        async with client.get(PATH, params={**chat.params, "transport": "websocket"}, headers=headers) as response:
            assert await problem(response) == (400, "invalid")
        assert (await chat.call("users:list"))["ok"]


@pytest.mark.parametrize("first", ["2", "40", "3probe"])
async def test_a_probe_that_fails_leaves_the_session_polling(client: Client, first: str) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        async with client.ws_connect(PATH, params={**chat.params, "transport": "websocket"}) as ws:
            await ws.send_str(first)
            assert (await ws.receive(timeout=PATIENCE)).type is WSMsgType.CLOSE
        async with client.ws_connect(PATH, params={**chat.params, "transport": "websocket"}) as ws:
            await ws.send_str("2probe")
        assert (await chat.call("users:list"))["ok"]
        await chat.upgrade()
        assert (await chat.call("users:list"))["ok"]


async def test_a_probe_that_goes_no_further_is_closed_in_time(make_client: MakeClient) -> None:
    client = await make_client(handshake_timeout=100)
    async with Chat(client, "polling") as chat:
        await chat.connect()
        async with client.ws_connect(PATH, params={**chat.params, "transport": "websocket"}) as ws:
            await ws.send_str("2probe")
            assert await ws.receive_str(timeout=PATIENCE) == "3probe"
            assert (await ws.receive(timeout=PATIENCE)).type is WSMsgType.CLOSE
        assert (await chat.call("users:list"))["ok"]


async def test_a_session_that_has_upgraded_polls_no_more(client: Client) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        await chat.upgrade()
        async with client.get(PATH, params=chat.params) as response:
            assert response.status == 400
        assert (await chat.call("users:list"))["ok"]
    await gone(client)


async def test_nothing_is_compressed(client: Client) -> None:
    async with client.ws_connect(PATH, params={"EIO": "4", "transport": "websocket"}, compress=15) as ws:
        assert ws.compress == 0


@BOTH
async def test_a_client_that_answers_pings_stays_and_one_that_does_not_is_cut(
    make_client: MakeClient, transport: str
) -> None:
    client = await make_client(socketio_heartbeat=100, socketio_timeout=300)
    async with Chat(client, transport) as alive, Chat(client, transport) as dead:
        await alive.connect()
        await dead.connect()
        answering = asyncio.ensure_future(alive.end())
        while len(client.app[keys.HUB].sessions) > 1:
            await asyncio.sleep(0.01)
        assert client.app[keys.HUB].counts.closed[CloseCode.NO_PONG] == 1
        assert not answering.done()
        answering.cancel()


async def test_a_poll_whose_client_goes_away_ends_the_session(client: Client) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        link = link_of(client, chat)
        poll = asyncio.ensure_future(client.get(PATH, params=chat.params))
        while not link.polling:
            await asyncio.sleep(0)
        poll.cancel()
        await gone(client)


@BOTH
@pytest.mark.parametrize("code", [CloseCode.RECONNECT, CloseCode.EXPIRED, CloseCode.SLOW, CloseCode.SHUTDOWN])
async def test_who_shall_come_back_loses_its_transport_and_gets_no_disconnect(
    client: Client, transport: str, code: CloseCode
) -> None:
    async with Chat(client, transport) as chat:
        await chat.connect()
        only(client, chat).close(code, "because")
        assert await chat.end() == [str(int(code)) if transport == "websocket" else "400"]
        await gone(client)


@BOTH
@pytest.mark.parametrize("code", [CloseCode.KICKED, CloseCode.NOT_PERMITTED, CloseCode.BAD_TOKEN, CloseCode.FLOOD])
async def test_who_shall_not_come_back_is_disconnected_first(client: Client, transport: str, code: CloseCode) -> None:
    async with Chat(client, transport) as chat:
        await chat.connect()
        only(client, chat).close(code, "because")
        assert await chat.end() == ["41", str(int(code)) if transport == "websocket" else "None"]
        await gone(client)


async def test_what_was_written_before_a_close_is_fetched_first(client: Client) -> None:
    async with Chat(client, "polling") as chat, Chat(client) as other:
        await chat.connect()
        await other.connect({"token": await token_for(client)})
        for n in range(20):
            await other.call("message:send", {**SENT, "body": str(n)})
        only(client, chat).close(CloseCode.RECONNECT, "x")
        assert len([packet for packet in await chat.end() if "message:send" in packet]) == 20


@BOTH
async def test_a_stop_ends_every_session_and_stranger(make_client: MakeClient, transport: str) -> None:
    client = await make_client()
    chats = [Chat(client, transport) for _ in range(3)]
    for chat in chats[:2]:
        await chat.connect()
    await chats[2].open()
    ends = [asyncio.ensure_future(chat.end()) for chat in chats]
    for chat in chats if transport == "polling" else []:
        while not link_of(client, chat).polling:
            await asyncio.sleep(0)
    await client.app[keys.HUB].stop(0)
    assert {(await end)[-1] for end in ends} == {"1001" if transport == "websocket" else "400"}
    await gone(client)
    async with client.get(PATH, params={"EIO": "4", "transport": "polling"}) as response:
        assert await problem(response) == (503, "stopping")


@BOTH
async def test_a_client_may_leave_in_either_way(client: Client, transport: str) -> None:
    for packets in (["41"], ["1"], ["41", "1"]):
        async with Chat(client, transport) as chat:
            await chat.connect()
            with suppress(Ended):
                await chat.send(*packets)
            await chat.end()
        await gone(client)


async def test_the_official_client_is_served(closed: Client) -> None:
    async with closed.get("/socket.io/socket.io.js") as response:
        body = await response.read()
        assert (response.status, response.content_type) == (200, "text/javascript")
    file = FOLDER / "vendor" / "socket.io-client" / "socket.io.min.js"
    assert hashlib.sha256(body).hexdigest() == hashlib.sha256(file.read_bytes()).hexdigest()
    assert b"Socket.IO v4.8.4" in body[:100]


async def test_a_preflight_of_a_page_with_a_token_of_its_own_is_answered(closed: Client) -> None:
    headers: dict[str, Any] = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    async with closed.options(PATH, headers=headers) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
