"""Clients of the chat in the roster: they are seen, spoken to, kicked and kept out like all others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import keys
from realtime.policy import Role
from tests.chatting import PATH, TRANSPORTS, Chat
from tests.conftest import Client
from tests.signing import bearer, problem, refusal, token_for

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)
ROWS = "/api/v1/websockets/"
SENT = {"chat_id": "c", "body": "Hello World!"}


async def rows(client: Client, admin: dict[str, str], **filters: str) -> list[dict[str, Any]]:
    async with client.get(ROWS, params={"dialect": "chat", **filters}, headers=admin) as response:
        return list((await response.json())["results"])


async def test_one_row_is_one_session_whatever_its_transport(client: Client, transport: str) -> None:
    admin = bearer(await token_for(client, Role.ADMIN))
    headers = {"User-Agent": "the tests"}
    async with Chat(client, transport, headers=headers) as chat:
        await chat.connect({"token": await token_for(client, Role.AGENT, "ana"), "since": "now"}, greeted=False)
        await chat.event("hello")
        if transport == "polling":
            await chat.upgrade()
        answer = await chat.call("message:send", SENT)
        await chat.event("message:send")
        [row] = await rows(client, admin)
        assert (row["user"], row["status"], row["user_agent"]) == ("ana", "Ativa", "the tests")
        assert row["channels"] == ["chat", "csat", "users"]
        assert row["last_seq"] >= answer["seq"]
        assert chat.ws is not None
        await chat.ws.close(code=4321)
    while not (closed := await rows(client, admin, status="Inativa")):
        await asyncio.sleep(0.01)
    assert closed[0]["close_code"] == 4321


async def test_what_has_reached_a_client_is_known_when_it_answers_a_ping(make_client: Any, transport: str) -> None:
    client = await make_client(socketio_heartbeat=100)
    async with Chat(client, transport) as chat:
        await chat.connect({"token": await token_for(client)})
        seq = (await chat.call("message:send", SENT))["seq"]
        [session] = client.app[keys.HUB].sessions.values()
        while session.confirmed < seq:
            await chat.call("users:list")
        assert session.round_trip is not None


async def test_a_notice_reaches_the_one_it_is_for(client: Client, transport: str) -> None:
    admin = bearer(await token_for(client, Role.ADMIN))
    async with Chat(client, transport) as chat:
        await chat.connect()
        [row] = await rows(client, admin)
        body = {"level": "warning", "message": "Ends soon"}
        async with client.post(f"{ROWS}{row['id']}/messages/", json=body, headers=admin) as response:
            assert response.status < 300, await response.text()
        notice = await chat.event("system_notice")
    assert (notice["level"], notice["message"]) == ("warning", "Ends soon")


async def test_a_kicked_client_is_disconnected_and_kept_out(client: Client, transport: str) -> None:
    admin = bearer(await token_for(client, Role.ADMIN))
    token = await token_for(client, Role.AGENT, "ana")
    async with Chat(client, transport) as chat:
        await chat.connect({"token": token})
        [row] = await rows(client, admin)
        async with client.patch(f"{ROWS}{row['id']}/", json={"status": "Inativa"}, headers=admin) as response:
            assert response.status == 200
        assert (await chat.end())[-2:] == ["41", "4503" if transport == "websocket" else "None"]
    assert await refusal(client, f"{PATH}?EIO=4&transport=websocket&token={token}") == 403
    async with client.get(PATH, params={"EIO": "4", "token": token}) as response:
        assert await problem(response) == (403, "blocked")
    async with Chat(client, transport) as back:
        await back.open()
        await back.send(f'40{{"token":"{token}"}}')
        assert '"code":"blocked"' in await back.receive()
