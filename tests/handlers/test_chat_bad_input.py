"""What a client of the chat should not send: it is answered or closed, nothing is stored, and the others go on."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import keys
from realtime.handlers.links import LINKS
from realtime.policy import Role
from tests.chatting import PATH, SEPARATOR, TRANSPORTS, Chat, Ended
from tests.conftest import Client, MakeClient
from tests.signing import problem, token_for

BOTH = pytest.mark.parametrize("transport", TRANSPORTS)
SENT = {"chat_id": "c", "body": "Hello World!"}
GOODBYE = "41"


@pytest.fixture
async def witness(client: Client) -> AsyncIterator[Chat]:
    """Another client, which must not be disturbed."""
    async with Chat(client) as chat:
        await chat.connect({"token": await token_for(client, Role.AGENT, "witness")})
        await chat.event("users:online")
        yield chat


async def all_is_well(client: Client, witness: Chat, before: int) -> None:
    """Nothing was stored since `before`, and the witness still speaks and hears."""
    assert client.app[keys.HUB].tip == before
    answer = await witness.call("message:send", SENT)
    assert (await witness.event("message:send"))["seq"] == answer["seq"]


def ended(packets: list[str], end: str) -> bool:
    """Whether the session ended with a DISCONNECT, and then in this way."""
    return packets[-2:] == [GOODBYE, end]


MALFORMED = [
    "",
    "x",
    "7",
    "4",
    "49",
    '42{"a":1}',
    '42["message:send"',
    "42[NaN]",
    '42["message:send",{"chat_id":"c","body":"x","body":"y"}]',
    '42["message:send",' + "[" * 5_000,
    '42["message:send","\\ud800"]',
    '42["connect",{}]',
    "42/admin,[]",
    "4" + "9" * 5_000,
    "44{}",
    "bQUJD",
    "2",
    "5",
    "0{}",
    '451-["message:send",{"_placeholder":true,"num":0}]',
]


@BOTH
async def test_packets_that_are_none_change_nothing_and_ten_of_them_end_it(
    client: Client, witness: Chat, transport: str
) -> None:
    token = await token_for(client, Role.AGENT, "witness")
    before = client.app[keys.HUB].tip
    async with Chat(client, transport) as chat:
        await chat.connect({"token": token})
        for packet in MALFORMED:
            await chat.send(packet)
            assert (await chat.call("user:connected", {"user_id": 7}))["error"]["code"] == "invalid"
            assert (await chat.call("typing", {"chat_id": "none"}))["error"]["code"] == "not_found"
        for packet in MALFORMED[:10]:
            await chat.send(packet)
        packets = await chat.end()
    assert ended(packets, "4501" if transport == "websocket" else "None")
    await all_is_well(client, witness, before)


@BOTH
@pytest.mark.parametrize("attachments", [1, 1_000, 999_999_999])
async def test_binary_attachments_are_refused_by_the_packet_that_announces_them(
    client: Client, witness: Chat, transport: str, attachments: int
) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, transport) as chat:
        await chat.connect()
        await chat.send(f'45{attachments}-7["message:send",{{"_placeholder":true,"num":0}}]')
        answer = await chat.answer(7)
        assert answer["error"]["code"] == "unsupported_media_type"
        if chat.ws is None:
            await chat.send("bQUJD")
        else:
            await chat.ws.send_bytes(b"abc")
        assert (await chat.call("users:list"))["ok"]
    await all_is_well(client, witness, before)


async def test_announcing_attachments_costs_no_memory(client: Client) -> None:
    async with Chat(client) as chat:
        await chat.connect({"token": await token_for(client)})
        packet = '451000-["message:send",{"_placeholder":true,"num":0}]'
        for _ in range(200):  # warm
            await chat.send(packet)
            await chat.call("users:list")
        gc.collect()
        tracemalloc.start()
        for _ in range(1_000):
            await chat.send(packet)
            await chat.call("users:list")
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held < 200_000


@BOTH
async def test_events_before_authentication_are_answered_and_not_done(make_client: MakeClient, transport: str) -> None:
    closed = await make_client(access="closed")
    before = closed.app[keys.HUB].tip
    async with Chat(closed, transport) as chat:
        await chat.open()
        for _ in range(9):
            assert (await chat.call("message:send", SENT))["error"]["code"] == "unauthenticated"
        await chat.send('4299["users:list"]')
        assert ended(await chat.end(), "4501" if transport == "websocket" else "None")
    assert closed.app[keys.HUB].tip == before


@BOTH
async def test_a_thousand_events_a_second_from_one_client_end_it(client: Client, witness: Chat, transport: str) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, transport) as chat:
        await chat.connect()
        await chat.send(*(f'42{n}["message:send",{{"chat_id":"c"}}]' for n in range(9)))
        packets = [f'42{n}["typing",{{"chat_id":"nowhere"}}]' for n in range(1_000)]
        if chat.ws is None:
            async with client.post(PATH, params=chat.params, data=SEPARATOR.join(packets)) as response:
                assert response.status == 200
        else:
            for packet in packets:
                await chat.ws.send_str(packet)
        *_, end = await chat.end()
    assert end == ("4013" if transport == "websocket" else "400"), "it may come back"
    await all_is_well(client, witness, before)


@BOTH
async def test_a_flood_of_packets_that_say_nothing_ends_it(client: Client, witness: Chat, transport: str) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, transport) as chat:
        await chat.connect()
        await chat.send(*["3"] * 50)
        assert ended(await chat.end(), "1008" if transport == "websocket" else "None")
    await all_is_well(client, witness, before)


async def test_a_body_of_nothing_but_separators_costs_little(client: Client, witness: Chat) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, "polling") as chat:
        await chat.connect()
        async with client.post(PATH, params=chat.params, data=SEPARATOR * 1_000_000) as response:
            assert response.status == 200
        assert ended(await chat.end(), "None")
    await all_is_well(client, witness, before)


async def test_a_frame_over_the_limit_closes_the_socket(make_client: MakeClient) -> None:
    client = await make_client(frame_limit=4_096)
    async with Chat(client) as chat:
        await chat.connect()
        assert chat.opening["maxPayload"] == 4_096
        await chat.send('42["message:send",{"chat_id":"c","body":"' + "x" * 4_096 + '"}]')
        assert (await chat.end())[-1] == "1009"
    assert not client.app[keys.HUB].sessions


async def test_a_body_over_the_limit_is_refused_and_ends_the_session(client: Client, witness: Chat) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, "polling") as chat:
        await chat.connect()
        async with client.post(PATH, params=chat.params, data=BytesIO(b"4" * (2**20 + 1))) as response:
            assert await problem(response) == (413, "too_large")
        assert await chat.end() == ["400"]
    await all_is_well(client, witness, before)


@BOTH
async def test_an_event_longer_than_any_is_refused_under_its_number(client: Client, transport: str) -> None:
    async with Chat(client, transport) as chat:
        await chat.connect({"token": await token_for(client)})
        answer = await chat.call("message:send", {**SENT, "body": "x" * 300_000})
    assert answer["error"]["code"] == "too_large"


@pytest.mark.parametrize("body", [b"\xff\xfe", b'42["x"]\x1e\xff'])
async def test_a_body_that_is_no_text_is_refused(client: Client, body: bytes) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        async with client.post(PATH, params=chat.params, data=body) as response:
            assert await problem(response) == (400, "malformed")


async def test_a_compressed_body_is_refused(client: Client) -> None:
    async with Chat(client, "polling") as chat:
        await chat.connect()
        headers = {"Content-Encoding": "gzip"}
        async with client.post(PATH, params=chat.params, data=b"x", headers=headers) as response:
            assert await problem(response) == (415, "unsupported_media_type")


REFUSED: list[tuple[str, dict[str, str], str]] = [
    (
        "GET",
        {"EIO": "3", "transport": "polling"},
        "version 4 of Engine.IO, and EIO names 3. Use a client of Socket.IO 4",
    ),
    ("GET", {"EIO": "2", "transport": "polling"}, "EIO names 2"),
    ("GET", {"transport": "polling"}, "EIO names none"),
    ("GET", {"EIO": "3", "transport": "websocket"}, "version 4"),
    ("GET", {"EIO": "4", "transport": "carrier-pigeon"}, "polling, websocket"),
    ("POST", {"EIO": "4", "transport": "polling"}, "begins with GET"),
    ("GET", {"EIO": "4", "transport": "polling", "sid": "unknown"}, "connect again"),
    ("POST", {"EIO": "4", "transport": "polling", "sid": "unknown"}, "connect again"),
    ("GET", {"EIO": "4", "transport": "websocket", "sid": "unknown"}, "connect again"),
    ("GET", {"EIO": "4", "transport": "polling", "sid": ""}, "connect again"),
]


@pytest.mark.parametrize("path", [PATH, PATH[:-1]])
@pytest.mark.parametrize(("method", "params", "sentence"), REFUSED)
async def test_a_handshake_that_cannot_be_is_refused_with_what_can(
    client: Client, path: str, method: str, params: dict[str, str], sentence: str
) -> None:
    async with client.request(method, path, params=params) as response:
        body = await response.json(content_type="application/problem+json")
    assert (response.status, body["code"]) == (400, "invalid")
    assert sentence in body["detail"]


async def test_a_websocket_that_is_none_is_told_to_be_one(client: Client) -> None:
    async with client.get(PATH, params={"EIO": "4", "transport": "websocket"}) as response:
        assert await problem(response) == (426, "upgrade_required")
    async with client.put(PATH, params={"EIO": "4"}, data=FormData({"a": "b"})) as response:
        assert await problem(response) == (405, "method_not_allowed")


async def test_two_polls_at_once_end_the_session(client: Client, witness: Chat) -> None:
    before = client.app[keys.HUB].tip
    async with Chat(client, "polling") as chat:
        await chat.connect()
        link = client.app[LINKS].find(chat.opening["sid"])
        async with ClientSession() as other:
            waiting = other.get(client.make_url(PATH), params=chat.params)
            first = await _begin(waiting, link)
            async with client.get(PATH, params=chat.params) as response:
                assert response.status == 400
            async with await first as response:
                assert response.status == 400
    await all_is_well(client, witness, before)


async def _begin(waiting: Any, link: Any) -> Any:
    """A request on its way, which the link already holds."""
    task = asyncio.ensure_future(waiting)
    while not link.polling:
        await asyncio.sleep(0)
    return task


NAMES = st.sampled_from(
    ["message:send", "message:update", "message:delete", "message:reaction", "message:read", "typing", "user:connected"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["id", "chat_id", "body", "sender_id", "user_id", "reaction", "status", "message_type"])
PACKETS = st.builds(
    lambda name, values: f"42{json.dumps([name, *values])}", NAMES | st.text(max_size=9), st.lists(VALUES, max_size=2)
) | st.builds(lambda name, fields: f"429{json.dumps([name, fields])}", NAMES, st.dictionaries(FIELDS, VALUES))


@given(packets=st.lists(PACKETS | st.text(max_size=30), max_size=6), transport=st.sampled_from(TRANSPORTS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_is_sent_the_server_goes_on(
    client: Client, witness: Chat, packets: list[str], transport: str, log_lines: Any
) -> None:
    async with Chat(client, transport) as chat:
        await chat.connect({"token": await token_for(client, Role.AGENT, "ana")})
        with suppress(Ended):
            await chat.send(*(packet.encode("utf-8", "ignore").decode() for packet in packets))
            await chat.send('42431["users:list"]')
            while not (await chat.receive()).startswith(("43431[", GOODBYE)):
                pass
    await witness.call("users:list")
    assert [line for line in log_lines() if line["level"] == "error"] == []
