"""The end of a credential: nothing new at once, and no connection that outlives it."""

import asyncio
from contextlib import AsyncExitStack

from realtime import keys
from realtime.policy import Role
from realtime.store.database import READERS
from tests.signing import (
    CHANNELS,
    LIST,
    SECURE,
    STREAM,
    accounts_of,
    bearer,
    close_code,
    me,
    principal_of,
    refusal,
    token_for,
)


async def test_revoking_a_token_closes_its_sockets_and_streams_and_nobody_elses(closed):
    token, other, root = (
        await token_for(closed),
        await token_for(closed, name="eva"),
        await token_for(closed, Role.ADMIN),
    )
    async with closed.get("/api/v1/tokens/", headers=bearer(token)) as response:
        [row] = (await response.json())["results"]

    async with (
        closed.ws_connect(f"{CHANNELS}?token={token}") as plain,
        closed.ws_connect(SECURE, headers=bearer(token)) as secure,
        closed.get(f"{STREAM}?token={token}") as stream,
        closed.ws_connect(f"{CHANNELS}?token={other}") as left_alone,
        asyncio.timeout(5),
    ):
        async with closed.delete(f"/api/v1/tokens/{row['id']}/", headers=bearer(root)) as response:
            assert response.status == 204
        for ws in (plain, secure):
            assert await close_code(ws) == 4500
        async for _ in stream.content:
            pass
        await left_alone.send_json({"action": "ping", "id": 1})
        assert (await left_alone.receive_json())["success"]
    assert await refusal(closed, f"{CHANNELS}?token={token}") == 401
    assert await me(closed, **bearer(token)) == 401


async def test_a_socket_that_was_opened_with_a_ticket_ends_with_the_token_behind_it(closed):
    token = await token_for(closed)
    async with closed.post("/api/v1/ws/ticket", headers=bearer(token)) as response:
        assert response.status == 201
        body = await response.json()
    assert body["expires_in"] == 30

    async with closed.ws_connect(f"{CHANNELS}?ticket={body['ticket']}") as ws:
        who = await principal_of(closed, token)
        await accounts_of(closed).tokens.revoke(who, int(who.credential.partition(":")[2]))
        assert await close_code(ws) == 4500


async def test_another_role_brings_the_socket_back_with_other_rights(closed):
    token, root = await token_for(closed), await token_for(closed, Role.ADMIN)
    who = await principal_of(closed, token)

    async with closed.ws_connect(f"{CHANNELS}?token={token}") as ws:
        closing = asyncio.create_task(close_code(ws))
        path = f"/api/v1/users/{who.user_id}/"
        async with closed.patch(path, headers=bearer(root), json={"role": "viewer"}) as response:
            assert response.status == 200
        assert await closing == 4011
    assert (await me(closed, **bearer(token)))["role"] == "viewer"


async def test_a_token_that_is_revoked_during_the_handshake_opens_nothing(closed):
    token = await token_for(closed)
    who = await principal_of(closed, token)

    async with asyncio.timeout(10), AsyncExitStack() as held:
        for _ in range(READERS):
            await held.enter_async_context(closed.app[keys.STORE].database.read())
        # To find where to begin it must read, and nothing can be read now.
        opening = asyncio.create_task(closed.ws_connect(f"{CHANNELS}?token={token}&since=10m"))
        while not any(keys.PRINCIPAL in request for request in in_flight(closed)):
            await asyncio.sleep(0)
        await accounts_of(closed).tokens.revoke(who, int(who.credential.partition(":")[2]))
        await held.aclose()
        ws = await opening

    assert await close_code(ws) == 4011
    assert await refusal(closed, f"{CHANNELS}?token={token}") == 401


async def test_a_body_that_arrives_after_its_token_has_ended_is_not_stored(closed):
    token = await token_for(closed)
    who = await principal_of(closed, token)
    halfway = asyncio.Event()

    async def body():
        yield b'{"tipo": "a", '
        await halfway.wait()
        yield b'"modelo": "b"}'

    headers = {**bearer(token), "Content-Type": "application/json"}
    sending = asyncio.create_task(closed.post(LIST, data=body(), headers=headers))
    while not any(keys.PRINCIPAL in request for request in in_flight(closed)):
        await asyncio.sleep(0)
    await accounts_of(closed).tokens.revoke(who, int(who.credential.partition(":")[2]))
    halfway.set()

    response = await sending
    assert response.status == 401
    root = await token_for(closed, Role.ADMIN)
    async with closed.get(LIST, headers=bearer(root)) as listed:
        assert (await listed.json())["count"] == 0


def in_flight(client):
    """The requests that the server is about to answer."""
    handlers = client.server.runner.server.connections
    return [handler._current_request for handler in handlers if handler._current_request is not None]
