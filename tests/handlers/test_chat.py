"""The chat door (seed 004), by both transports: what is emitted, what is heard, how it is acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import connect as websocket

from realtime import keys
from realtime.handlers.links import LINKS
from realtime.policy import Role
from tests.chatting import TRANSPORTS, Chat, shown
from tests.conftest import Client
from tests.signing import bearer, token_for

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)

Join = Callable[..., Awaitable[Chat]]
SENT = {"chat_id": "c", "body": "Hello World!", "status": "sent"}


@pytest.fixture
async def join(client: Client, transport: str) -> AsyncIterator[Join]:
    """Connects a client: of this role, or a guest; with what it sends in `auth`."""
    async with AsyncExitStack() as stack:

        async def make(role: Role | None = None, name: str = "", *, greeted: bool = True, **auth: Any) -> Chat:
            if role is not None:
                auth["token"] = await token_for(client, role, name)
            chat = await stack.enter_async_context(Chat(client, transport))
            return await chat.connect(auth, greeted=greeted)

        yield make


def tip(client: Client) -> int:
    return client.app[keys.HUB].tip


async def test_a_message_reaches_everybody_its_sender_included(client: Client, join: Join) -> None:
    one, other = await join(Role.AGENT, "ana"), await join(Role.AGENT, "rui")

    answer = await one.call("message:send", SENT)
    heard = [await chat.event("message:send") for chat in (one, other)]

    assert answer == {"ok": True, "id": heard[0]["id"], "seq": heard[0]["seq"]}
    assert heard[0] == heard[1]
    assert list(heard[0]) == [*shown()["message:send"], "seq"]
    assert {name: heard[0][name] for name in ("chat_id", "body", "status")} == SENT


async def test_who_has_an_account_speaks_for_itself_whatever_it_claims(client: Client, join: Join) -> None:
    ana = await join(Role.AGENT, "ana")

    await ana.call("message:send", {**SENT, "sender_id": "somebody-else"})
    first = await ana.event("message:send")
    async with client.get("/api/v1/users/", headers=bearer(await token_for(client, Role.ADMIN))) as response:
        users = {user["name"]: user for user in (await response.json())["results"]}

    assert first["sender_id"] == users["ana"]["uuid"]
    async with client.get("/api/v1/events?channel=chat&type=message.created") as response:
        [told] = (await response.json())["results"]
    assert told["data"]["sender"] == "agent"
    assert told["actor"] == "ana"


async def test_a_guest_is_a_customer_and_keeps_its_claim(client: Client, join: Join) -> None:
    guest = await join()

    await guest.call("message:send", {**SENT, "sender_id": "visitor-7"})
    assert (await guest.event("message:send"))["sender_id"] == "visitor-7"
    await guest.call("user:connected", {"user_id": "v8", "username": "Zé"})
    await guest.call("message:send", SENT)
    assert (await guest.event("message:send"))["sender_id"] == "v8"

    async with client.get("/api/v1/events?channel=chat&type=message.created") as response:
        told = [event["data"] for event in (await response.json())["results"]]
    assert [data["sender"] for data in told] == ["customer"] * 2
    assert told[1]["sender_name"] == "Zé"


async def test_nobody_claims_to_be_an_account(client: Client, join: Join) -> None:
    await token_for(client, Role.AGENT, "ana")
    guest = await join()
    before = tip(client)

    answers = [
        await guest.call("message:send", {**SENT, "sender_id": "ANA"}),
        await guest.call("user:connected", {"user_id": "x", "username": "Ana"}),
        await guest.call("user:connected", {"user_id": "ana"}),
    ]

    assert [answer["error"]["code"] for answer in answers] == ["not_permitted"] * 3
    assert tip(client) == before


async def test_a_message_is_updated_read_reacted_to_and_deleted(join: Join) -> None:
    ana, rui = await join(Role.AGENT, "ana"), await join(Role.AGENT, "rui")
    sent = await ana.call("message:send", {**SENT, "id": "m1"})
    assert sent["id"] == "m1"
    await rui.event("message:send")

    answers = [
        await ana.call("message:update", {"id": "m1", "body": "Updated message content", "status": "updated"}),
        await rui.call("message:delivered", {"id": "m1"}),
        await rui.call("message:read", {"id": "m1"}),
        await rui.call("message:reaction", {"id": "m1", "reaction": "👍"}),
        await ana.call("message:delete", {"id": "m1"}),
    ]
    heard = await rui.events(5)

    assert [answer["seq"] for answer in answers] == [payload["seq"] for _, payload in heard]
    assert [(name, payload.get("status")) for name, payload in heard] == [
        ("message:update", "updated"),
        ("message:update", "delivered"),
        ("message:update", "read"),
        ("message:reaction", None),
        ("message:delete", None),
    ]
    for index, name in ((0, "message:update"), (4, "message:delete")):
        assert list(heard[index][1]) == [*shown()[name], "seq"]
    assert heard[0][1]["body"] == "Updated message content"
    assert {key: heard[3][1][key] for key in ("id", "chat_id", "username", "reaction")} == {
        "id": "m1",
        "chat_id": "c",
        "username": "rui",
        "reaction": "👍",
    }


async def test_what_is_done_already_is_well_and_told_to_nobody(client: Client, join: Join) -> None:
    chat = await join(Role.AGENT)
    message = {**SENT, "id": "m1"}
    first = await chat.call("message:send", message)
    await chat.call("message:delete", {"id": "m1"})
    before = tip(client)

    assert await chat.call("message:delete", {"id": "m1"}) == {"ok": True, "id": "m1", "seq": None}
    assert await chat.call("message:send", message) == {"ok": True, "id": "m1", "seq": first["seq"]}
    assert tip(client) == before


async def test_typing_is_heard_by_the_others_alone(join: Join) -> None:
    ana, rui = await join(Role.AGENT, "ana"), await join(Role.AGENT, "rui")
    await ana.call("message:send", SENT)

    assert await ana.call("typing", {"chat_id": "c"}) == {"ok": True}
    told = await rui.event("typing")

    assert (told["chat_id"], told["username"], told["typing"]) == ("c", "ana", True)
    assert "seq" not in told
    await ana.call("message:send", {**SENT, "body": "after"})
    assert "typing" not in [name for name, _ in ana.heard]


async def test_those_who_come_and_go_are_told_to_all_and_the_list_to_the_newcomer(client: Client, join: Join) -> None:
    ana = await join(Role.AGENT, "ana")
    while [user["username"] for user in (await ana.event("users:list"))["users"]] != ["ana"]:
        pass
    rui = await join(Role.AGENT, "rui", greeted=False)
    greeting = await rui.event("users:list")
    heard = [await chat.event(name) for chat in (ana, rui) for name in ("user:connected", "users:online")]

    assert [user["username"] for user in greeting["users"]] == ["ana"]
    assert heard == [heard[0]] * 4
    assert list(heard[0]) == [*shown()["users:online"], "seq"]
    assert heard[0]["username"] == "rui"

    assert await rui.call("user:connected", {"user_id": "x", "username": "y"}) == {"ok": True}, "it is online already"
    assert await rui.call("user:disconnected", {"user_id": "x"}) == {"ok": True}
    gone = await ana.event("user:disconnected")
    assert gone == {"user_id": heard[0]["user_id"], "seq": gone["seq"]}
    assert [user["username"] for user in (await ana.call("users:list"))["users"]] == ["ana"]


async def test_a_guest_says_who_it_is(join: Join) -> None:
    ana, guest = await join(Role.AGENT, "ana"), await join()

    assert await guest.call("user:connected", shown()["user:connected"]) == {"ok": True}
    while (told := await ana.event("user:connected"))["username"] == "ana":
        pass
    assert {name: told[name] for name in ("user_id", "username")} == shown()["user:connected"]

    assert await guest.call("user:disconnected", {"user_id": "uuid"}) == {"ok": True}
    assert (await ana.event("user:disconnected"))["user_id"] == "uuid"


async def test_users_list_without_an_acknowledgement_is_answered_by_the_event(join: Join) -> None:
    chat = await join()
    await chat.emit("users:list")
    assert await chat.event("users:list") == {"users": []}
    answers = [await chat.call("users:list") for _ in range(20)]
    assert answers[-1]["error"]["code"] == "too_many_requests"


async def test_what_is_not_right_is_answered_and_changes_nothing(client: Client, join: Join) -> None:
    ana, rui, viewer = await join(Role.AGENT, "ana"), await join(Role.AGENT, "rui"), await join(Role.VIEWER, "eva")
    await ana.call("message:send", {**SENT, "id": "m1"})
    before = tip(client)

    refused = [
        (rui, "message:update", {"id": "m1", "body": "Mine"}, "not_permitted"),
        (rui, "message:delete", {"id": "m1"}, "not_permitted"),
        (rui, "message:send", {**SENT, "id": "m1"}, "conflict"),
        (rui, "message:update", {"id": "m2", "body": "?"}, "not_found"),
        (rui, "message:delete", {"id": "m2"}, "not_found"),
        (rui, "message:read", {"id": "m2"}, "not_found"),
        (rui, "message:reaction", {"id": "m2", "reaction": "x"}, "not_found"),
        (rui, "message:reaction", {"id": "m1", "reaction": "x" * 33}, "invalid"),
        (rui, "typing", {"chat_id": "nowhere"}, "not_found"),
        (rui, "message:send", {**SENT, "body": ""}, "invalid"),
        (rui, "message:send", {**SENT, "body": " \n"}, "invalid"),
        (rui, "message:send", {**SENT, "body": "x" * 70_000}, "too_large"),
        (rui, "message:send", {**SENT, "body": "not a place", "message_type": "image"}, "invalid"),
        (rui, "message:send", {**SENT, "message_type": "smell"}, "invalid"),
        (viewer, "message:send", SENT, "not_permitted"),
        (viewer, "typing", {"chat_id": "c"}, "not_permitted"),
    ]
    for chat, name, payload, code in refused:
        answer = await chat.call(name, payload)
        assert (answer["ok"], answer["error"]["code"]) == (False, code), (name, payload)
        assert answer["error"]["message"]
    assert tip(client) == before

    await rui.call("message:send", {**SENT, "id": "m3"})
    assert [payload["id"] async for payload in _messages(viewer, 2)] == ["m1", "m3"], "the others were not disturbed"


async def _messages(chat: Chat, count: int) -> AsyncIterator[dict[str, Any]]:
    for _ in range(count):
        yield await chat.event("message:send")


async def test_many_are_answered_each_under_its_number_in_the_order_of_the_commits(client: Client, join: Join) -> None:
    chat = await join(Role.AGENT)
    await chat.send(*(f'42{n}["message:send",{{"chat_id":"c","body":"{n}"}}]' for n in range(300)))

    answers = [await chat.answer(n) for n in range(300)]

    seqs = [answer["seq"] for answer in answers]
    assert seqs == sorted(seqs)
    assert [payload["body"] async for payload in _messages(chat, 300)] == [str(n) for n in range(300)]


async def test_who_speaks_and_leaves_at_once_is_heard(client: Client, join: Join) -> None:
    other, chat = await join(Role.AGENT, "rui"), await join(Role.AGENT, "ana")
    await chat.send(*(f'42["message:send",{{"chat_id":"c","body":"{n}"}}]' for n in range(20)))
    await chat.close()
    assert [payload["body"] async for payload in _messages(other, 20)] == [str(n) for n in range(20)]


async def test_a_long_body_arrives_whole(client: Client, join: Join) -> None:
    chat = await join(Role.AGENT)
    bodies = ["á" * 60_000, "b" * 64_000, "c" * 64_000]
    await chat.send(*(f'42["message:send",{{"chat_id":"c","body":"{body}"}}]' for body in bodies))
    assert [payload["body"] async for payload in _messages(chat, 3)] == bodies


async def test_whoever_comes_back_gets_what_it_missed_marked_and_then_what_happens(client: Client, join: Join) -> None:
    here = await join(Role.AGENT, "ana")
    first = await join(since="now", greeted=False)
    hello = await first.event("hello")
    seqs = [(await here.call("message:send", {**SENT, "body": str(n)}))["seq"] for n in range(40)]
    await first.event("message:send")
    await first.close()

    back = await join(since=f"{hello['epoch']}:{seqs[0]}", greeted=False)
    last = (await here.call("message:send", {**SENT, "body": "live"}))["seq"]
    heard = [payload async for payload in _messages(back, 40)]

    assert [payload["seq"] for payload in heard] == [*seqs[1:], last]
    assert [payload.get("replayed", False) for payload in heard] == [True] * 39 + [False]


async def test_what_cannot_be_replayed_is_said(join: Join) -> None:
    chat = await join(since="other:5", greeted=False)
    await chat.event("hello")
    gap = await chat.event("gap")
    assert gap["from"] == "other:5"

    chat = await join(since=0, greeted=False)
    assert (await chat.event("recovered"))["replayed"] >= 0


async def test_when_it_is_over_nothing_is_left(client: Client, join: Join) -> None:
    chats = [await join() for _ in range(3)]
    hub, admission = client.app[keys.HUB], client.app[keys.ADMISSION]
    assert hub.census()["chat", "live"] == 3
    assert admission.total == 3

    await chats[0].close()
    await chats[1].send("41")
    await chats[1].close()
    await chats[2].close()
    while hub.sessions or admission.total or len(client.app[LINKS]):
        await asyncio.sleep(0.01)
    assert hub.strangers == set()
    assert admission.unauthenticated == 0


async def test_it_says_the_same_as_the_dashboard(client: Client, join: Join) -> None:
    """A message sent by either is heard by the other, under one seq."""
    chat = await join(Role.AGENT, "ana")
    url = str(client.make_url("/ws/dashboard/")).replace("http", "ws")
    async with websocket(url, additional_headers=bearer(await token_for(client, Role.AGENT, "rui"))) as dashboard:
        answer = await chat.call("message:send", {**SENT, "id": "m1"})
        frame = await _frame(dashboard, "chat_message")
        assert (frame["seq"], frame["data"]["message"]["content"]) == (answer["seq"], "Hello World!")

        place = frame["data"]["conversation_id"]
        said = '{"type":"send_message","id":1,"data":{"conversation_id":%d,"content":"Olá"}}'
        await dashboard.send(said % place)
        frame = await _frame(dashboard, "chat_message")
        await chat.event("message:send")
        heard = await chat.event("message:send")
        assert (heard["chat_id"], heard["body"], heard["seq"]) == ("c", "Olá", frame["seq"])


async def _frame(dashboard: Any, kind: str) -> dict[str, Any]:
    while (frame := json.loads(await dashboard.recv()))["type"] != kind:
        pass
    return dict(frame)
