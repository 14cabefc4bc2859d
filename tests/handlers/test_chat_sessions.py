"""`session=` over Socket.IO: a client that only ever repeats its address goes on where it was."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from realtime import keys
from realtime.policy import Role
from realtime.store.roster_tables import cursors
from tests.chatting import PATH, TRANSPORTS, Chat
from tests.conftest import Client
from tests.roster import MANY, call, listed, one
from tests.signing import bearer, refusal, token_for

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)
SESSION = {"session": "tab-1"}


async def say(client: Client, *texts: str) -> list[int]:
    """Messages of somebody who is not connected."""
    headers = bearer(await token_for(client, Role.AGENT, "bia"))
    _, made = await call(client, "POST", "/api/v1/conversations/", json={"contact_name": "Carla"}, headers=headers)
    seqs = []
    for text in texts:
        path = f"/api/v1/conversations/{made['id']}/messages/"
        async with client.post(path, json={"content": text}, headers=headers) as response:
            assert response.status == 201
            seqs.append(int(response.headers["Event-Seq"]))
    return seqs


async def hear(chat: Chat, last: str) -> list[Any]:
    """The texts of the next messages up to this one: the text, or (text, "again") where it is marked as replayed."""
    found: list[Any] = []
    while not found or last not in (found[-1], found[-1][0]):
        said = await chat.event("message:send")
        found.append((said["body"], "again") if said.get("replayed") else said["body"])
    return found


async def knock(client: Client, asked: dict[str, str]) -> int:
    """The status that the answer to a handshake has."""
    if asked["transport"] == "websocket":
        return await refusal(client, PATH, params=asked)
    async with client.get(PATH, params=asked) as response:
        return response.status


async def test_the_same_address_again_misses_nothing(closed: Client, transport: str) -> None:
    auth = {"token": await token_for(closed, Role.AGENT, "ana")}
    async with Chat(closed, transport, params=SESSION) as chat:
        await chat.connect(auth)
        await say(closed, "one")
        assert await hear(chat, "one") == ["one"]
    await say(closed, "two", "three")

    async with Chat(closed, transport, params=SESSION) as chat:
        await chat.connect(auth, greeted=False)
        # What was not confirmed before the end may come again, marked.
        assert (await hear(chat, "three"))[-2:] == [("two", "again"), ("three", "again")]
        await say(closed, "four")
        assert await hear(chat, "four") == ["four"]


async def test_what_was_confirmed_does_not_come_again(client: Client, transport: str) -> None:
    async with Chat(client, transport, params=SESSION) as chat:
        await chat.connect()
        [seq] = await say(client, "one")
        [session] = client.app[keys.HUB].sessions.values()
        # It answers the ping that follows what it was sent, long before the next heartbeat.
        listening = asyncio.create_task(chat.event("never"))
        while session.confirmed < seq:
            await asyncio.sleep(0.01)
        listening.cancel()
    await say(client, "two")

    async with Chat(client, transport, params=SESSION) as chat:
        await chat.connect(greeted=False)
        assert await hear(chat, "two") == [("two", "again")]


async def test_a_second_client_with_the_same_session_closes_the_first(client: Client, transport: str) -> None:
    async with Chat(client, transport, params=SESSION) as first, Chat(client, transport, params=SESSION) as second:
        await first.connect()
        await second.connect(greeted=False)
        packets = await first.end()
        # A DISCONNECT would keep the official client away for good.
        assert "41" not in packets
        assert packets[-1] == ("4011" if transport == "websocket" else "400")
        await say(client, "one")
        assert await hear(second, "one") == ["one"]


async def test_the_session_of_a_kicked_client_waits_until_it_may_return(client: Client, transport: str) -> None:
    admin = bearer(await token_for(client, Role.ADMIN))
    params = {"token": await token_for(client, Role.AGENT, "ana"), **SESSION}
    asked = {"EIO": "4", "transport": transport, **params}
    async with Chat(client, transport, params=params) as chat:
        await chat.connect()
        path = f"{one(1)}?block=2"
        status, row = await call(client, "PATCH", path, json={"status": "Inativa"}, headers=admin)
        assert (status, row["status"], row["user"]) == (200, "Inativa", "ana")
        assert "41" in await chat.end()
    assert await knock(client, asked) == 403
    await say(client, "one")
    while await knock(client, asked) == 403:
        await asyncio.sleep(0.05)

    async with Chat(client, transport, params=params) as back:
        await back.connect(greeted=False)
        assert ("one", "again") in await hear(back, "one")


async def test_a_session_belongs_to_who_connects_not_to_who_opens_the_transport(client: Client, transport: str) -> None:
    async with Chat(client, transport, params=SESSION) as chat:
        await chat.connect({"token": await token_for(client, Role.AGENT, "ana")})
    async with client.app[keys.STORE].database.read() as connection:
        holders = (await connection.execute(select(cursors.c.credential))).scalars().all()
    assert len(holders) == 1
    assert holders[0].startswith("token:")


async def test_the_ticket_of_a_declared_connection_makes_the_whole_session_that_row(
    client: Client, transport: str
) -> None:
    admin = bearer(await token_for(client, Role.ADMIN, "ana"))
    wanted = {"user": "ana", "status": "Ativa", "dialect": "chat"}
    _, declared = await call(client, "POST", MANY, json=wanted, headers=admin)
    async with Chat(client, transport, params={"ticket": declared["ticket"], **SESSION}) as chat:
        await chat.connect()
        if transport == "polling":
            await chat.upgrade()
        assert (await chat.call("message:send", {"chat_id": "c", "body": "Hello World!"}))["ok"]
        [row] = await listed(client, "?dialect=chat", headers=admin)
    assert (row["id"], row["user"], row["status"]) == (declared["id"], "ana", "Ativa")


async def test_a_bad_name_or_position_is_refused_at_the_handshake(client: Client, transport: str) -> None:
    asked = {"EIO": "4", "transport": transport}
    for bad in ({"session": "x" * 65}, {"session": "a\nb"}, {"since": "yesterday"}):
        assert await knock(client, {**asked, **bad}) == 400
