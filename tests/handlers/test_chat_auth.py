"""Who may come in by the chat door, and with what: the CONNECT packet's `auth`, the address, the browser."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import keys
from realtime.handlers.links import LINKS
from realtime.policy import Role
from tests.chatting import PATH, TRANSPORTS, Chat
from tests.conftest import Client, MakeClient
from tests.signing import FOREIGN, WRONG, bearer, cookie_for, own_origin, problem, refusal, token_for

BOTH = pytest.mark.parametrize("transport", TRANSPORTS)
SENT = {"chat_id": "c", "body": "Hello World!"}


async def answer(chat: Chat, auth: str = "") -> str:
    """What the server says to a CONNECT: "in", or the code of its refusal."""
    await chat.send("40" + auth)
    while not (packet := await chat.receive()).startswith(("40", "44")):
        pass
    return "in" if packet.startswith("40") else packet.rpartition('"code":"')[2].rstrip('"}')


async def said(client: Client, transport: str, auth: str = "", **extra: Any) -> str:
    async with Chat(client, transport, **extra) as chat:
        return await answer(await chat.open(), auth)


async def name_of(client: Client, chat: Chat) -> str:
    """As whom a client is in the hub."""
    [session] = client.app[keys.HUB].sessions.values()
    return session.principal.name


@BOTH
async def test_a_token_in_auth_signs_in(closed: Client, transport: str) -> None:
    token = await token_for(closed, Role.AGENT, "ana")
    async with Chat(closed, transport) as chat:
        await chat.connect({"token": token})
        assert await name_of(closed, chat) == "ana"


@BOTH
async def test_without_a_token_a_closed_server_says_so_and_waits_for_one(closed: Client, transport: str) -> None:
    token = await token_for(closed)
    async with Chat(closed, transport) as chat:
        await chat.open()
        assert await answer(chat) == "unauthenticated"
        assert await answer(chat, '{"token":""}') == "unauthenticated"
        assert await answer(chat, f'{{"token":"{WRONG}"}}') == "unauthenticated"
        assert await answer(chat, f'{{"token":"{token}"}}') == "in"
        assert await answer(chat, f'{{"token":"{token}"}}') == "conflict"
    assert closed.app[keys.HUB].strangers == set()


@BOTH
async def test_a_wrong_token_is_refused_on_an_open_server_too(client: Client, transport: str) -> None:
    assert await said(client, transport) == "in"
    assert await said(client, transport, f'{{"token":"{WRONG}"}}') == "unauthenticated"
    assert await said(client, transport, '{"token":7}') == "invalid"
    assert await said(client, transport, "[]") == "invalid"
    assert await said(client, transport, '{"since":"yesterday"}') == "bad_position"


async def test_wrong_tokens_are_counted(make_client: MakeClient) -> None:
    closed = await make_client(access="closed", sign_in_attempts=3)
    async with Chat(closed) as chat:
        await chat.open()
        codes = [await answer(chat, f'{{"token":"{WRONG}"}}') for _ in range(5)]
    assert codes == ["unauthenticated"] * 3 + ["too_many_requests"] * 2


@BOTH
async def test_a_token_in_the_address_or_a_header_signs_in(closed: Client, transport: str) -> None:
    token = await token_for(closed)
    assert await said(closed, transport, params={"token": token}) == "in"
    assert await said(closed, transport, headers=bearer(token)) == "in"
    async with closed.get(PATH, params={"EIO": "4", "transport": "polling", "token": WRONG}) as response:
        assert await problem(response) == (401, "unauthenticated")
    assert await refusal(closed, f"{PATH}?EIO=4&transport=websocket&token={WRONG}") == 401


@BOTH
async def test_a_ticket_signs_in_once_however_many_requests_its_session_makes(closed: Client, transport: str) -> None:
    async with closed.post("/api/v1/ws/ticket", headers=bearer(await token_for(closed))) as response:
        params = {"ticket": (await response.json())["ticket"]}
    async with Chat(closed, transport, params=params) as chat:
        await chat.connect()
        if transport == "polling":
            await chat.upgrade()
        assert (await chat.call("message:send", SENT))["ok"]
    async with closed.get(PATH, params={"EIO": "4", "transport": "polling", **params}) as response:
        assert await problem(response) == (401, "unauthenticated")


@BOTH
async def test_a_browser_that_is_signed_in_comes_in_from_our_own_pages_alone(closed: Client, transport: str) -> None:
    cookie = await cookie_for(closed)
    token = await token_for(closed)
    assert await said(closed, transport, headers=cookie | own_origin(closed)) == "in"
    assert await said(closed, transport, headers=cookie | FOREIGN) == "unauthenticated"
    assert await said(closed, transport, f'{{"token":"{token}"}}', headers=cookie | FOREIGN) == "in"


@BOTH
async def test_another_sites_page_is_no_guest(client: Client, transport: str) -> None:
    assert await said(client, transport, headers=own_origin(client)) == "in"
    assert await said(client, transport, headers=FOREIGN) == "unauthenticated"
    assert await said(client, transport, headers={"Origin": "null"}) == "unauthenticated"
    assert await said(client, transport, headers={"X-Forwarded-For": "1.2.3.4"}) == "unauthenticated"


async def test_a_page_that_may_send_no_token_is_refused(make_client: MakeClient) -> None:
    closed = await make_client(access="closed", cors_origins="https://friend.example")
    auth = f'{{"token":"{await token_for(closed)}"}}'
    assert await said(closed, "websocket", auth, headers={"Origin": "https://friend.example"}) == "in"
    assert await said(closed, "websocket", auth, headers=FOREIGN) == "foreign_origin"


@BOTH
async def test_whoever_may_read_nothing_here_does_not_come_in(closed: Client, transport: str) -> None:
    device = await token_for(closed, Role.DEVICE)
    sensors = await token_for(closed, channels=frozenset({"sensors"}), name="sensing")
    for token in (device, sensors):
        assert await said(closed, transport, f'{{"token":"{token}"}}') == "not_permitted"


@BOTH
async def test_it_hears_what_it_may_read_and_nothing_else(closed: Client, transport: str) -> None:
    token = await token_for(closed, channels=frozenset({"csat"}), name="rating")
    async with Chat(closed, transport) as chat, Chat(closed) as agent:
        await chat.connect({"token": token}, greeted=False)
        await agent.connect({"token": await token_for(closed)})
        await agent.call("message:send", {**SENT, "id": "m1"})
        headers = bearer(await token_for(closed))
        async with closed.get("/api/v1/conversations/", headers=headers) as response:
            place = (await response.json())["results"][0]["id"]
        async with closed.post(f"/api/v1/conversations/{place}/csat/", json={"rating": 5}, headers=headers) as response:
            assert response.status == 201
        [[name, rating]] = await chat.events(1)
        assert (name, rating["rating"]) == ("csat:update", 5)
        assert (await chat.call("users:list"))["error"]["code"] == "not_permitted"


@BOTH
async def test_other_namespaces_are_not_there(client: Client, transport: str) -> None:
    async with Chat(client, transport) as chat:
        await chat.connect()
        await chat.send("40/admin,")
        assert (await chat.receive()).startswith('44/admin,{"message":"There is no such namespace')
        assert (await chat.call("users:list"))["ok"]


@BOTH
async def test_who_does_not_connect_in_time_is_closed(make_client: MakeClient, transport: str) -> None:
    closed = await make_client(access="closed", auth_timeout=100)
    async with Chat(closed, transport) as chat:
        await chat.open()
        assert closed.app[keys.ADMISSION].unauthenticated == 1
        assert (await chat.end())[-2:] == ["41", "4502" if transport == "websocket" else "None"]
        while closed.app[keys.ADMISSION].unauthenticated or len(closed.app[LINKS]):
            await asyncio.sleep(0.01)


@BOTH
async def test_a_guest_that_does_not_connect_is_closed_too(make_client: MakeClient, transport: str) -> None:
    client = await make_client(auth_timeout=100)
    async with Chat(client, transport) as chat:
        await chat.open()
        assert (await chat.end())[-2] == "41"


async def test_only_so_many_may_wait_to_authenticate(make_client: MakeClient) -> None:
    closed = await make_client(access="closed", unauthenticated_limit=2)
    token = await token_for(closed)
    async with Chat(closed) as one, Chat(closed, "polling") as two:
        await one.open()
        await two.open()
        async with closed.get(PATH, params={"EIO": "4", "transport": "polling"}) as response:
            assert await problem(response) == (503, "busy")
        assert await refusal(closed, f"{PATH}?EIO=4&transport=websocket") == 503
        assert await answer(one, f'{{"token":"{token}"}}') == "in"
        async with Chat(closed, "polling") as three:
            await three.open()
    assert closed.app[keys.ADMISSION].total <= 3


@BOTH
async def test_only_so_many_may_be_connected(make_client: MakeClient, transport: str) -> None:
    client = await make_client(connections_limit=1)
    async with Chat(client, transport) as chat:
        await chat.connect()
        async with client.get(PATH, params={"EIO": "4", "transport": "polling"}) as response:
            assert await problem(response) == (503, "busy")
        assert (await chat.call("users:list"))["ok"]


@BOTH
async def test_a_revoked_token_ends_the_session_for_good(closed: Client, transport: str) -> None:
    admin = bearer(await token_for(closed, Role.ADMIN))
    async with Chat(closed, transport) as chat:
        await chat.connect({"token": await token_for(closed, Role.AGENT, "ana")})
        async with closed.get("/api/v1/tokens/", headers=admin) as response:
            row = next(row for row in (await response.json())["results"] if row["user"] == "ana")
        async with closed.delete(f"/api/v1/tokens/{row['id']}/", headers=admin) as response:
            assert response.status == 204
        packets = await chat.end()
    assert packets[-2:] == ["41", "4500" if transport == "websocket" else "None"]


async def test_the_sid_is_what_lets_the_following_requests_in(closed: Client) -> None:
    """It is drawn at random, and nobody else is ever told."""
    async with Chat(closed, "polling") as chat, Chat(closed, "polling") as other:
        await chat.open()
        await other.open()
        await chat.send(f'40{{"token":"{await token_for(closed)}"}}')
        named = await chat.receive()
        assert chat.opening["sid"] not in named
        assert chat.opening["sid"] != other.opening["sid"]
        assert len(chat.opening["sid"]) >= 24
