"""Messages and reactions by REST, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.policy import Role
from realtime.services.desk_checks import CONTENT_LIMIT
from tests.conftest import Client, MakeClient
from tests.rest import CONVERSATIONS, MESSAGES, conversation, done, event, message, rows, send, told, user

FIELDS = [
    *("id", "uuid", "conversation_id", "chat_id", "content", "sender", "sender_id", "sender_name", "user_id"),
    *("message_type", "status", "edited_at", "deleted_at", "created_at", "updated_at", "reactions"),
]
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


# -- sending and reading --------------------------------------------------------------


async def test_a_message_that_is_sent_comes_back_from_every_door(desk: Client) -> None:
    chat = (await done(desk, "GET", f"{CONVERSATIONS}1/"))["uuid"]
    status, row, headers = await send(desk, "POST", OF_FIRST, {"content": "Olá 👋\nTudo bem?"})

    assert status == 201
    assert list(row) == FIELDS
    assert (row["id"], row["conversation_id"], row["chat_id"]) == (1, 1, chat)
    assert (row["content"], row["sender"], row["sender_name"]) == ("Olá 👋\nTudo bem?", "agent", "guest")
    assert (row["message_type"], row["status"], row["reactions"]) == ("text", "sent", [])
    assert headers["Location"] == "/api/v1/messages/1/"
    for key in (1, row["uuid"]):
        for slash in ("/", ""):
            assert await done(desk, "GET", f"{MESSAGES}{key}{slash}") == row
    for key in ("1", chat):
        assert await rows(desk, f"{CONVERSATIONS}{key}/messages/") == [row]
    made = await event(desk, headers["Event-Seq"])
    assert (made["channel"], made["type"], made["entity_id"]) == ("chat", "message.created", 1)
    assert made["data"] == without_reactions(row)
    assert (await done(desk, "GET", f"{CONVERSATIONS}1/"))["last_message_at"] == row["created_at"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
async def test_staff_may_record_what_others_said(desk: Client, role: Role) -> None:
    contact = await done(desk, "GET", f"{CONVERSATIONS}1/")
    me, headers = await user(desk, "ana", role)
    for sender in ("customer", "agent", "bot", "system"):
        row = await done(desk, "POST", OF_FIRST, {"content": "x", "sender": sender}, **headers)
        expected = contact["contact_id"] if sender == "customer" else me["uuid"]
        assert (row["sender"], row["sender_id"], row["user_id"]) == (sender, expected, me["id"])
        assert row["sender_name"] == (contact["contact_name"] if sender == "customer" else "ana")
        assert row["status"] == "sent"


async def test_what_is_not_text_is_an_address(desk: Client) -> None:
    for kind in ("image", "audio", "video", "document"):
        row = await message(desk, "https://example.com/é?x=1#y", message_type=kind)
        assert (row["message_type"], row["content"]) == (kind, "https://example.com/é?x=1#y")
        for bad in ("hello", "ftp://example.com/x", "javascript:alert(1)", "https://", "//example.com", "http:// x"):
            status, problem, _ = await send(desk, "POST", OF_FIRST, {"content": bad, "message_type": kind})
            assert (status, list(problem["errors"])) == (400, ["content"])
    assert (await send(desk, "PATCH", f"{MESSAGES}1/", {"content": "not an address"}))[0] == 400
    assert (await done(desk, "PATCH", f"{MESSAGES}1/", {"content": "http://localhost/y"}))["message_type"] == "image"


async def test_only_a_customer_opens_a_closed_conversation_again(desk: Client) -> None:
    await done(desk, "POST", f"{CONVERSATIONS}1/close/")
    await message(desk)
    assert (await done(desk, "GET", f"{CONVERSATIONS}1/"))["status"] == "closed"
    _, _, headers = await send(desk, "POST", OF_FIRST, {"content": "x", "sender": "customer"})

    row = await done(desk, "GET", f"{CONVERSATIONS}1/")
    assert (row["status"], row["cycle"]) == ("open", 2)
    assert (await event(desk, headers["Event-Seq"]))["type"] == "message.created"


async def test_the_filters_choose(desk: Client) -> None:
    first = await message(desk, "Meu pedido não chegou", sender="customer")
    await message(desk, "https://example.com/nota.png", message_type="image")
    await message(desk, "Seu pedido saiu hoje")
    await conversation(desk)
    await message(desk, "outro pedido", of=2)
    await done(desk, "PATCH", f"{MESSAGES}3/", {"status": "read"})

    assert await ids(desk, "") == [1, 2, 3]
    assert await ids(desk, "sender=customer") == [1]
    assert await ids(desk, "message_type=image") == [2]
    assert await ids(desk, "status=read") == [3]
    assert await ids(desk, "search=pedido") == [1, 3]
    assert await ids(desk, "search=NAO%20ped") == [1]
    assert await ids(desk, f"since={first['created_at']}&until=2999-01-01T00:00:00Z&sender=agent") == [2, 3]
    assert await ids(desk, "until=1h") == []
    assert await ids(desk, "ordering=-id") == [3, 2, 1]
    for bad in ("sender=me", "message_type=gif", "status=seen", "since=x"):
        status, problem, _ = await send(desk, "GET", f"{OF_FIRST}?{bad}")
        assert (status, list(problem["errors"])) == (400, [bad.partition("=")[0]])


async def test_pages_visit_every_message_once_in_both_orders(desk: Client) -> None:
    await conversation(desk)
    for number in range(8):
        await message(desk, f"n{number}")
        await message(desk, "elsewhere", of=2)
    expected = [1, 3, 5, 7, 9, 11, 13, 15]
    for ordering, start in (("id", 0), ("-id", 99)):
        for begin in ("", f"&id_after={start}"):
            link, seen = f"{OF_FIRST}?limit=3&ordering={ordering}{begin}", []
            while link:
                page = await done(desk, "GET", link)
                assert page["count"] == 8
                seen += [row["id"] for row in page["results"]]
                link = (page["next"] or "").rpartition("/api/v1/")[2]
            assert seen == (expected if ordering == "id" else expected[::-1])


async def test_a_retry_with_a_key_sends_once_and_shows_the_message_as_it_is_now(desk: Client) -> None:
    async def post(content: str = "Olá") -> tuple[int, Any, Any]:
        return await send(desk, "POST", OF_FIRST, {"content": content}, **{"Idempotency-Key": "k"})

    status, row, headers = await post()
    again = await post()
    assert (again[0], again[1], again[2]["Event-Seq"]) == (status, row, headers["Event-Seq"])
    await done(desk, "POST", f"{MESSAGES}1/reactions/", {"reaction": "👍"})
    assert (await post())[1]["reactions"] == [{"user_id": 2, "username": "guest", "reaction": "👍"}]
    assert (await post("other"))[0] == 422
    assert await ids(desk, "") == [1]


# -- bad input ------------------------------------------------------------------------


INVALID: list[tuple[str, str, Any, set[str]]] = [
    ("POST", OF_FIRST, {}, {"content"}),
    ("POST", OF_FIRST, {"content": ""}, {"content"}),
    ("POST", OF_FIRST, {"content": " \t\n"}, {"content"}),
    ("POST", OF_FIRST, {"content": None}, {"content"}),
    ("POST", OF_FIRST, {"content": 5}, {"content"}),
    ("POST", OF_FIRST, {"content": {"text": "x"}}, {"content"}),
    ("POST", OF_FIRST, {"content": "x", "sender": "me"}, {"sender"}),
    ("POST", OF_FIRST, {"content": "x", "sender": None}, {"sender"}),
    ("POST", OF_FIRST, {"content": "x", "message_type": "gif"}, {"message_type"}),
    ("POST", OF_FIRST, {"content": "x", "message_type": 1}, {"message_type"}),
    ("POST", OF_FIRST, {"content": "x", "sender_id": "u", "user_id": 1}, {"sender_id", "user_id"}),
    ("POST", OF_FIRST, {"content": "x", "id": "mine", "status": "read"}, {"id", "status"}),
    ("POST", OF_FIRST, {"body": "x"}, {"content", "body"}),
    ("POST", OF_FIRST, [], set()),
    ("POST", OF_FIRST, "Olá", set()),
    ("PATCH", f"{MESSAGES}1/", {}, {"content", "status"}),
    ("PATCH", f"{MESSAGES}1/", {"content": "x", "status": "read"}, {"content", "status"}),
    ("PATCH", f"{MESSAGES}1/", {"status": "seen"}, {"status"}),
    ("PATCH", f"{MESSAGES}1/", {"status": None}, {"status"}),
    ("PATCH", f"{MESSAGES}1/", {"content": ""}, {"content"}),
    ("PATCH", f"{MESSAGES}1/", {"sender": "bot"}, {"sender"}),
    ("PATCH", f"{MESSAGES}1/", {"message_type": "image"}, {"message_type"}),
    ("PUT", f"{MESSAGES}1/", {}, {"content"}),
    ("PUT", f"{MESSAGES}1/", {"content": "x", "status": "read"}, {"status"}),
    ("POST", f"{MESSAGES}1/reactions/", {}, {"reaction"}),
    ("POST", f"{MESSAGES}1/reactions/", {"reaction": None}, {"reaction"}),
    ("POST", f"{MESSAGES}1/reactions/", {"reaction": 1}, {"reaction"}),
    ("POST", f"{MESSAGES}1/reactions/", {"reaction": " "}, {"reaction"}),
    ("POST", f"{MESSAGES}1/reactions/", {"reaction": "x" * 33}, {"reaction"}),
    ("POST", f"{MESSAGES}1/reactions/", {"reaction": "x", "user_id": 1}, {"user_id"}),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"), INVALID, ids=[f"{method} {str(body)[:40]}" for method, _, body, _ in INVALID]
)
async def test_a_field_that_is_wrong_is_named_and_nothing_is_stored(
    desk: Client, method: str, path: str, body: Any, fields: set[str]
) -> None:
    await message(desk)
    before = await told(desk), await rows(desk, OF_FIRST)
    status, problem, _ = await send(desk, method, path, body)

    assert (status, problem["code"]) == (400, "invalid")
    assert problem.get("errors", {}).keys() == fields
    assert (await told(desk), await rows(desk, OF_FIRST)) == before


async def test_a_refusal_names_the_limit_that_holds(desk: Client) -> None:
    for bad in ("", 5):
        _, problem, _ = await send(desk, "POST", OF_FIRST, {"content": bad})
        assert f"1 to {CONTENT_LIMIT} characters" in problem["errors"]["content"][0]


async def test_a_text_over_the_limit_is_too_large_and_one_at_the_limit_is_not(make_client: MakeClient) -> None:
    client = await make_client(event_data_limit=400_000)
    await conversation(client)
    longest = "𝄞" * CONTENT_LIMIT
    assert (await message(client, longest))["content"] == longest
    for method, path in (("POST", OF_FIRST), ("PATCH", f"{MESSAGES}1/"), ("PUT", f"{MESSAGES}1/")):
        status, problem, _ = await send(client, method, path, {"content": longest + "x"})
        assert (status, problem["code"]) == (413, "too_large")
    client = await make_client(event_data_limit=1_024)
    await conversation(client)
    assert (await send(client, "POST", OF_FIRST, {"content": "x" * 1_024}))[0] == 413
    assert await rows(client, OF_FIRST) == []
    assert (await send(client, "POST", OF_FIRST, {"content": "x" * 300}))[0] == 201


@pytest.mark.parametrize("key", ["0", "99", "9223372036854775808", "9" * 64, "nobody", "a%2Fb", "x" * 65, "%00", "ñ"])
async def test_a_message_that_is_not_is_not_found_on_every_door(desk: Client, key: str) -> None:
    await message(desk)
    before = await told(desk)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"content": "x"}),
        ("PATCH", "", {"status": "read"}),
        ("DELETE", "", None),
        ("GET", "reactions/", None),
        ("POST", "reactions/", {"reaction": "x"}),
        ("DELETE", "reactions/", None),
    ):
        status, problem, _ = await send(desk, method, f"{MESSAGES}{key}/{path}", body)
        assert (status, problem["code"]) == (404, "not_found"), (method, path)
    assert await told(desk) == before
