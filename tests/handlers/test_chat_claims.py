"""Who a guest of the chat says it is, when it says more than one thing at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realtime import keys
from realtime.policy import Role
from tests.chatting import TRANSPORTS, Chat
from tests.conftest import Client
from tests.signing import token_for

ZE = {"user_id": "v8", "username": "Zé"}


@asynccontextmanager
async def writing_held(client: Client) -> AsyncIterator[None]:
    """Meanwhile nothing is stored."""
    held, until = asyncio.Event(), asyncio.Event()

    async def job(_: Any) -> None:
        held.set()
        await until.wait()

    holding = client.app[keys.STORE].committer.apart(job)
    await held.wait()
    try:
        yield
    finally:
        until.set()
        await holding


async def test_what_is_said_while_a_claim_is_being_stored_makes_nobody_an_account(client: Client) -> None:
    await token_for(client, Role.AGENT, "ana")
    async with Chat(client) as guest, Chat(client) as other:
        await guest.connect()
        await other.connect()
        for place in ("c", "d"):
            await other.call("message:send", {"chat_id": place, "body": "Hello World!"})
        async with writing_held(client):
            await guest.emit("user:connected", ZE)
            # At some of these the first claim is taken, and not yet stored.
            for _ in range(30):
                await guest.emit("user:connected", {"user_id": "ana", "username": "ana"})
                await guest.call("typing", {"chat_id": "c"})
        assert (await guest.event("user:connected"))["user_id"] == "v8"

        assert await guest.call("typing", {"chat_id": "d"}) == {"ok": True}
        while (told := await other.event("typing"))["chat_id"] != "d":
            pass
        assert (told["user_id"], told["username"]) == ("v8", "Zé")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_guest_who_has_said_at_once_that_it_comes_and_goes_has_gone(client: Client, transport: str) -> None:
    async with Chat(client, transport) as guest:
        await guest.connect()
        await guest.send("42" + json.dumps(["user:connected", ZE]), '42["user:disconnected"]')
        assert await guest.call("user:connected", {**ZE, "user_id": "v9"}) == {"ok": True}

        assert [user["user_id"] for user in client.app[keys.PRESENCE].users()] == ["v9"]


@pytest.mark.parametrize("claim", ["an\u200ba", "\u202eana", "ana\u00ad", "ana\u00a0", "ana\n"])
async def test_nobody_speaks_under_a_name_that_looks_like_anothers(client: Client, claim: str) -> None:
    await token_for(client, Role.AGENT, "ana")
    before = client.app[keys.HUB].tip
    async with Chat(client) as guest:
        await guest.connect()
        answer = await guest.call("message:send", {"chat_id": "c", "sender_id": claim, "body": "Hello World!"})

    assert answer["error"]["code"] in ("invalid", "not_permitted")
    assert client.app[keys.HUB].tip == before


async def test_a_refusal_calls_a_field_as_the_client_does(client: Client) -> None:
    async with Chat(client) as guest:
        await guest.connect()
        answer = await guest.call("message:send", {"chat_id": "c", "body": " "})

    assert answer["error"] == {"code": "invalid", "message": "body: Must be 1 to 65536 characters, not blank."}
