"""Messages by REST, after they were sent: editing, delivery, deleting, reactions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from realtime import keys
from realtime.policy import Role
from realtime.store.tables import idempotency_keys
from tests.conftest import Client
from tests.rest import CONVERSATIONS, MESSAGES, conversation, done, event, message, rows, send, told, user

OF_FIRST = f"{CONVERSATIONS}1/messages/"


@pytest.fixture
async def desk(client: Client) -> Client:
    """A guest of an open server with a conversation."""
    await conversation(client)
    return client


async def ids(client: Client, query: str) -> list[int]:
    return [row["id"] for row in await rows(client, f"{OF_FIRST}?{query}")]


def without_reactions(row: dict[str, Any]) -> dict[str, Any]:
    """A message as its events show it."""
    return {name: value for name, value in row.items() if name != "reactions"}


# -- editing, delivery, deleting ------------------------------------------------------


async def test_an_edit_keeps_the_message_and_says_so(desk: Client) -> None:
    before = await message(desk, "Ola")
    for method, text in (("PATCH", "Olá"), ("PUT", "Olá!")):
        status, row, headers = await send(desk, method, f"{MESSAGES}{before['uuid']}/", {"content": text})
        assert status == 200
        times = {name: row[name] for name in ("edited_at", "updated_at")}
        assert row == {**before, "content": text, **times}
        assert row["edited_at"] is not None
        told_of = await event(desk, headers["Event-Seq"])
        assert (told_of["type"], told_of["data"]) == (
            "message.updated",
            {**without_reactions(row), "change": "edited"},
        )
    status, same, headers = await send(desk, "PATCH", f"{MESSAGES}1/", {"content": "Olá!"})
    assert (status, same, "Event-Seq" in headers) == (200, row, False)
    assert await ids(desk, "search=ola") == [1]


async def test_delivery_goes_on_and_never_back(desk: Client) -> None:
    await message(desk)
    for status, changes in (("delivered", True), ("sent", False), ("read", True), ("delivered", False)):
        code, row, headers = await send(desk, "PATCH", f"{MESSAGES}1/", {"status": status})
        assert (code, "Event-Seq" in headers) == (200, changes)
        if changes:
            assert row["status"] == status
            data = (await event(desk, headers["Event-Seq"]))["data"]
            assert data == {**without_reactions(row), "change": "status"}
    assert row["status"] == "read"
    assert row["edited_at"] is None


async def test_a_deleted_message_leaves_no_digest_of_its_request_behind_and_is_still_sent_once(desk: Client) -> None:
    body, key = {"content": "mi clave es 7"}, {"Idempotency-Key": "k"}
    _, first, headers = await send(desk, "POST", OF_FIRST, body, **key)
    await send(desk, "POST", OF_FIRST, {"content": "hola"}, **{"Idempotency-Key": "l"})
    await done(desk, "DELETE", f"{MESSAGES}{first['id']}/")

    async with desk.app[keys.STORE].database.read() as connection:
        found = await connection.execute(select(idempotency_keys.c.key, idempotency_keys.c.digest))
        kept = {row.key: row.digest for row in found}
    assert (kept["k"], bool(kept["l"])) == ("", True)
    status, again, more = await send(desk, "POST", OF_FIRST, body, **key)
    assert (status, again["id"], again["content"]) == (201, first["id"], "")
    assert more["Event-Seq"] == headers["Event-Seq"]


async def test_a_deleted_message_leaves_no_text_behind(desk: Client) -> None:
    secret = "mi clave es xyzzy-plugh"
    await message(desk, "hola")
    await message(desk, secret)
    await done(desk, "PATCH", f"{MESSAGES}2/", {"content": f"{secret} y 77"})
    await done(desk, "POST", f"{MESSAGES}2/reactions/", {"reaction": "🙈"})
    status, _, headers = await send(desk, "DELETE", f"{MESSAGES}2/")

    assert status == 204
    gone = await event(desk, headers["Event-Seq"])
    assert gone["type"] == "message.deleted"
    assert gone["data"].keys() == {"id", "uuid", "conversation_id", "chat_id", "deleted_by", "deleted_at"}
    row = await done(desk, "GET", f"{MESSAGES}2/")
    assert (row["content"], row["reactions"], row["deleted_at"]) == ("", [], gone["data"]["deleted_at"])
    assert await ids(desk, "search=xyzzy") == []
    for path in (OF_FIRST, "events?limit=1000", "audit-logs/"):
        async with desk.get(f"/api/v1/{path}") as response:
            text = await response.text()
        assert "xyzzy" not in text
        assert "🙈" not in text
    assert (await rows(desk, OF_FIRST))[1] == row


async def test_deleting_again_is_well_and_tells_nothing(desk: Client) -> None:
    await message(desk)
    answers = await asyncio.gather(*(send(desk, "DELETE", f"{MESSAGES}1/") for _ in range(10)))

    assert {status for status, _, _ in answers} == {204}
    assert sum("Event-Seq" in headers for _, _, headers in answers) == 1
    for method, path, body in (
        ("PATCH", "", {"content": "x"}),
        ("PUT", "", {"content": "x"}),
        ("PATCH", "", {"status": "read"}),
        ("POST", "reactions/", {"reaction": "x"}),
        ("DELETE", "reactions/", None),
    ):
        assert (await send(desk, method, f"{MESSAGES}1/{path}", body))[0] == 404
    assert (await done(desk, "GET", f"{MESSAGES}1/reactions/"))["results"] == []


async def test_a_message_belongs_to_its_author_and_to_admins(closed: Client) -> None:
    _, ana = await user(closed, "ana")
    _, bob = await user(closed, "bob")
    _, root = await user(closed, "root", Role.ADMIN)
    await done(closed, "POST", CONVERSATIONS, {"contact_name": "x"}, **ana)
    await done(closed, "POST", OF_FIRST, {"content": "x"}, **ana)
    before = await told(closed, **ana)
    for method, body in (("PATCH", {"content": "y"}), ("PUT", {"content": "y"}), ("DELETE", None)):
        status, problem, _ = await send(closed, method, f"{MESSAGES}1/", body, **bob)
        assert (status, problem["code"]) == (403, "not_permitted")
    assert await told(closed, **ana) == before

    assert (await done(closed, "PATCH", f"{MESSAGES}1/", {"content": "y"}, **ana))["content"] == "y"
    assert (await done(closed, "PATCH", f"{MESSAGES}1/", {"content": "z"}, **root))["content"] == "z"
    assert (await done(closed, "PATCH", f"{MESSAGES}1/", {"status": "read"}, **bob))["status"] == "read"
    assert (await send(closed, "DELETE", f"{MESSAGES}1/", **root))[0] == 204
    # Whoever may not delete it is told so for a deleted one as well.
    assert (await send(closed, "DELETE", f"{MESSAGES}1/", **bob))[0] == 403


async def test_guests_are_one_author_and_no_accounts_author(client: Client) -> None:
    _, ana = await user(client, "ana")
    await conversation(client)
    await message(client)
    await done(client, "POST", OF_FIRST, {"content": "x"}, **ana)

    assert (await send(client, "PATCH", f"{MESSAGES}1/", {"content": "y"}))[0] == 200
    assert (await send(client, "PATCH", f"{MESSAGES}1/", {"content": "z"}, **ana))[0] == 403
    assert (await send(client, "DELETE", f"{MESSAGES}2/"))[0] == 403


# -- reactions ------------------------------------------------------------------------


async def test_one_reaction_for_each_user(desk: Client) -> None:
    ana, headers = await user(desk, "ana")
    row = await message(desk)
    path = f"{MESSAGES}{row['uuid']}/reactions/"
    for reaction in ("👍", "👩‍👩‍👧‍👦"):
        status, told_of, answered = await send(desk, "POST", path, {"reaction": reaction}, **headers)
        assert status == 200
        assert told_of == {
            "message_id": 1,
            "message_uuid": row["uuid"],
            "conversation_id": 1,
            "chat_id": row["chat_id"],
            "user_id": ana["id"],
            "sender_id": ana["uuid"],
            "username": "ana",
            "reaction": reaction,
        }
        assert (await event(desk, answered["Event-Seq"]))["data"] == told_of
    await done(desk, "POST", path, {"reaction": "❤️"})
    both = [
        {"user_id": 2, "username": "guest", "reaction": "❤️"},
        {"user_id": ana["id"], "username": "ana", "reaction": "👩‍👩‍👧‍👦"},
    ]
    assert await rows(desk, path) == both
    assert (await done(desk, "GET", f"{MESSAGES}1/"))["reactions"] == both
    assert (await rows(desk, OF_FIRST))[0]["reactions"] == both
    assert (await done(desk, "GET", f"{path}?limit=1&offset=1"))["results"] == both[1:]


async def test_the_same_reaction_again_and_removing_none_tell_nothing(desk: Client) -> None:
    await message(desk)
    path = f"{MESSAGES}1/reactions/"
    steps: list[tuple[str, Any, int, bool]] = [
        ("DELETE", None, 204, False),
        ("POST", {"reaction": ""}, 200, False),
        ("POST", {"reaction": "👍"}, 200, True),
        ("POST", {"reaction": "👍"}, 200, False),
        ("DELETE", None, 204, True),
        ("POST", {"reaction": "👍"}, 200, True),
        ("POST", {"reaction": ""}, 200, True),
        ("DELETE", None, 204, False),
    ]
    for method, body, expected, tells in steps:
        status, _, headers = await send(desk, method, path, body)
        assert (status, "Event-Seq" in headers) == (expected, tells), (method, body)
    assert await rows(desk, path) == []
    assert (await told(desk)).count(("chat", "reaction.updated")) == 4


async def test_a_retry_of_a_reaction_does_not_bring_it_back(desk: Client) -> None:
    row = await message(desk)
    path, key = f"{MESSAGES}1/reactions/", {"Idempotency-Key": "k"}
    first = await send(desk, "POST", path, {"reaction": "👍"}, **key)
    again = await send(desk, "POST", path, {"reaction": "👍"}, **key)
    assert (again[0], again[1], again[2]["Event-Seq"]) == (200, first[1], first[2]["Event-Seq"])
    await done(desk, "DELETE", path)
    status, found, headers = await send(desk, "POST", path, {"reaction": "👍"}, **key)

    assert (status, found) == (200, {**first[1], "reaction": ""})
    assert headers["Event-Seq"] == first[2]["Event-Seq"]
    assert await rows(desk, path) == []
    assert (await send(desk, "POST", path, {"reaction": "❤️"}, **key))[0] == 422
    await done(desk, "DELETE", f"{MESSAGES}{row['uuid']}/")
    assert (await send(desk, "POST", path, {"reaction": "👍"}, **key))[:2] == (200, {**first[1], "reaction": ""})
