"""Rows of the roster that are declared first: whose socket becomes them, and what it may not do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSServerHandshakeError

from realtime import keys
from realtime.policy import Action, Role
from realtime.store.telemetry import Stretch
from tests.conftest import Client, MakeClient
from tests.roster import MANY, admin, call, closing, listed, nobody_left, one, row_of
from tests.signing import accounts_of, bearer, token_for


async def declare(client: Client, user: str = "user3", headers: dict[str, str] | None = None, **more: Any) -> Any:
    status, made = await call(client, "POST", MANY, json={"user": user, "status": "Ativa", **more}, headers=headers)
    assert status == 201, made
    return made


async def connect(client: Client, url: str, **options: Any) -> ClientWebSocketResponse:
    # A client of its own: it brings nothing but the address.
    return await client.session.ws_connect(url, **options)


async def refused(client: Client, url: str) -> int:
    with pytest.raises(WSServerHandshakeError) as caught:
        await connect(client, url)
    return caught.value.status


async def user_id(client: Client, name: str) -> int:
    _, rows = await accounts_of(client).users.list({"name": name}, Stretch(1))
    return int(rows[0]["id"])


async def test_the_socket_that_connects_with_the_ticket_becomes_the_row(client: Client) -> None:
    async with client.post(MANY, json={"user": "user3", "status": "Inativa"}) as response:
        made = await response.json()
        assert response.headers["Location"] == one(1)
    before = await row_of(client, 1)

    async with await connect(client, made["url"]):
        open_ = await row_of(client, 1)
    await nobody_left(client)
    closed = await row_of(client, 1)

    assert (
        made["url"]
        == f"{str(client.make_url('/')).replace('http', 'ws')}api/v1/ws?channel=general&ticket={made['ticket']}"
    )
    assert made["expires_in"] == 30
    assert (before["status"], before["origin"], before["connected_at"]) == ("Inativa", "api", None)
    assert "ticket" not in before
    assert (open_["status"], open_["origin"], open_["user"], open_["remote"]) == ("Ativa", "api", "user3", "127.0.0.1")
    assert (closed["status"], closed["user"], closed["close_code"]) == ("Inativa", "user3", 1000)
    assert (await call(client, "GET", MANY))[1]["count"] == 1


async def test_a_ticket_is_good_once_and_not_for_long(make_client: MakeClient) -> None:
    client = await make_client(ticket_seconds=1)
    made = await declare(client)
    async with await connect(client, made["url"]):
        pass
    assert await refused(client, made["url"]) == 401

    late = await declare(client)
    while len(accounts_of(client).tickets):
        await asyncio.sleep(0.02)
    assert await refused(client, late["url"]) == 401
    assert [row["status"] for row in await listed(client, f"?id_after={made['id']}")] == ["Ativa"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "/api/v1/ws?channel=general&ticket="),
        ({"channels": ["sensors", "readings", "sensors"]}, "/api/v1/ws?channel=sensors,readings&ticket="),
        ({"channels": ["plaza"]}, "/api/v1/ws/secure?channel=plaza&ticket="),
        ({"dialect": "realtime", "channels": ["chat"]}, "/api/v1/ws/secure?channel=chat&ticket="),
        ({"dialect": "dashboard"}, "/ws/dashboard/?ticket="),
        ({"dialect": "chat"}, "/socket.io/?EIO=4&transport=websocket&ticket="),
    ],
)
async def test_the_url_leads_where_dialect_and_channels_say(client: Client, given: dict[str, Any], path: str) -> None:
    made = await declare(client, **given)

    assert made["url"].partition(client.make_url("/").authority)[2].startswith(path)
    async with await connect(client, made["url"]):
        pass


async def test_a_name_without_an_account_reads_its_channels_and_does_nothing_else(client: Client) -> None:
    made = await declare(client, channels=["plaza"])

    async with await connect(client, made["url"]) as ws:
        for command in (
            {"action": "subscribe", "channel": "chat"},
            {"action": "subscribe", "channel": "general"},
            {"action": "publish", "channel": "plaza", "data": 1},
        ):
            await ws.send_json(command)
            assert (await ws.receive_json(timeout=5))["error"]["code"] == "not_permitted", command
        await client.post("/api/v1/channels/plaza", json="hola")
        assert (await ws.receive_json(timeout=5))["data"] == "hola"


async def test_a_guest_does_not_become_an_account(client: Client) -> None:
    await token_for(client, Role.AGENT, "ana")
    for name in ("ana", "ANA", "system"):
        status, body = await call(client, "POST", MANY, json={"user": name, "status": "Ativa"})
        assert (status, body["code"]) == (403, "not_permitted")
    mine = await declare(client, "me")
    assert (await call(client, "PATCH", one(mine["id"]), json={"user": "Ana"}))[0] == 403

    itself = await declare(client, "guest", channels=["plaza"])
    async with await connect(client, itself["url"]) as ws:
        await ws.send_json({"action": "publish", "channel": "plaza", "data": 1})
        assert {(await ws.receive_json(timeout=5))["type"] for _ in range(2)} == {"result", "message"}


async def test_an_admin_lets_an_account_in_with_that_accounts_rights(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    headers = await admin(client)
    await token_for(client, Role.VIEWER, "Ana")
    made = await declare(client, "ana", headers, channels=["plaza", "chat"])

    async with await connect(client, made["url"]) as ws:
        assert (await row_of(client, 1, headers=headers))["user"] == "Ana"
        await ws.send_json({"action": "publish", "channel": "plaza", "data": 1})
        assert (await ws.receive_json(timeout=5))["error"]["code"] == "not_permitted"
    audit = await declare(client, "ana", headers, channels=["audit"])
    assert await refused(client, audit["url"]) == 403


async def test_who_is_disabled_goes_however_it_was_let_in(client: Client) -> None:
    headers = await admin(client)
    await token_for(client, Role.AGENT, "ana")
    made, other = await declare(client, "ana", headers), await declare(client, "ana", headers)

    async with await connect(client, made["url"]) as ws:
        body = {"role": "agent", "active": False}
        assert (
            await call(client, "PUT", f"/api/v1/users/{await user_id(client, 'ana')}/", json=body, headers=headers)
        )[0] == 200
        assert await closing(ws) == 4500
    assert await refused(client, other["url"]) == 401
    status, body = await call(client, "POST", MANY, json={"user": "ana", "status": "Ativa"}, headers=headers)
    assert (status, body["code"]) == (409, "conflict")


async def test_what_was_declared_ends_with_the_declarers_credential(client: Client) -> None:
    token = await token_for(client, Role.ADMIN)
    made, other = [await declare(client, name, bearer(token)) for name in ("user3", "user4")]

    async with await connect(client, made["url"]) as ws:
        who = await accounts_of(client).principal(token)
        await accounts_of(client).tokens.revoke(who, int(who.credential.partition(":")[2]))
        assert await closing(ws) == 4500
    assert await refused(client, other["url"]) == 401


async def test_a_limited_token_passes_its_limits_on(client: Client) -> None:
    await token_for(client, Role.AGENT, "ana")
    narrow = bearer(await token_for(client, Role.ADMIN, channels=["sensors"]))
    blind = bearer(await token_for(client, Role.ADMIN, verbs=[Action.ROSTER]))

    made = await declare(client, "ana", narrow, channels=["sensors"])
    async with await connect(client, made["url"]) as ws:
        await ws.send_json({"action": "subscribe", "channel": "readings"})
        assert (await ws.receive_json(timeout=5))["error"]["code"] == "not_permitted"
    for headers, user, channels in ((narrow, "nobody", ["chat"]), (blind, "nobody", ["sensors"]), (blind, "ana", None)):
        body = {"user": user, "status": "Ativa", "channels": channels}
        assert (await call(client, "POST", MANY, json=body, headers=headers))[0] == 403


async def test_a_row_that_is_gone_or_another_users_is_not_connected_as(client: Client) -> None:
    gone, renamed, kept = [await declare(client) for _ in range(3)]
    await call(client, "DELETE", one(gone["id"]))
    await call(client, "PATCH", one(renamed["id"]), json={"user": "user4"})
    await call(client, "PATCH", one(kept["id"]), json={"status": "Inativa"})

    assert await refused(client, gone["url"]) == 401
    assert await refused(client, renamed["url"]) == 401
    async with await connect(client, kept["url"]):
        assert (await row_of(client, kept["id"]))["status"] == "Ativa"
    assert [row["user"] for row in await listed(client)] == ["user4", "user3"]


async def test_a_kick_of_a_declared_row_keeps_its_declarer_out(client: Client) -> None:
    headers = await admin(client)
    made = await declare(client)
    async with await connect(client, made["url"]) as ws:
        assert (await call(client, "PATCH", one(1), json={"status": "Inativa"}))[0] == 403
        assert (await call(client, "DELETE", one(1), headers=headers))[0] == 204
        assert await closing(ws) == 4503
    again = await declare(client)
    assert await refused(client, again["url"]) == 403


async def test_too_many_tickets_leave_no_row(client: Client) -> None:
    for _ in range(100):
        await declare(client)
    status, body = await call(client, "POST", MANY, json={"user": "u", "status": "Ativa"})

    assert (status, body["code"]) == (429, "too_many_requests")
    assert (await call(client, "GET", MANY))[1]["count"] == 100


async def test_a_declared_row_is_not_present(client: Client) -> None:
    headers = await admin(client)
    await token_for(client, Role.AGENT, "ana")
    await declare(client, "ana", headers)

    assert client.app[keys.PRESENCE].users() == []
