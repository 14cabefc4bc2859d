"""Conversations by REST, over a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.policy import Role
from tests.conftest import Client
from tests.rest import CONVERSATIONS, conversation, done, event, rows, send, told, user

FIELDS = [
    *("id", "uuid", "contact_id", "contact_name", "assignee", "assignee_name", "status", "origin_channel", "cycle"),
    *("last_message_at", "closed_at", "created_at", "updated_at"),
]


# -- making, reading, changing --------------------------------------------------------


async def test_a_conversation_that_is_made_comes_back_from_every_door(client: Client) -> None:
    status, row, headers = await send(client, "POST", CONVERSATIONS, {"contact_name": "João Silva"})

    assert status == 201
    assert list(row) == FIELDS
    assert (row["id"], row["contact_name"], row["status"], row["cycle"]) == (1, "João Silva", "open", 1)
    assert (row["assignee"], row["assignee_name"], row["origin_channel"]) == (None, None, "api")
    assert headers["Location"] == "/api/v1/conversations/1/"
    for key in (1, row["uuid"]):
        for slash in ("/", ""):
            assert await done(client, "GET", f"{CONVERSATIONS}{key}{slash}") == row
    assert await rows(client, CONVERSATIONS) == [row]
    made = await event(client, headers["Event-Seq"])
    assert (made["channel"], made["type"], made["entity_id"]) == ("chat", "conversation.created", 1)
    assert (made["data"], made["actor"]) == (row, "guest")
    entry = await event(client, made["seq"] + 1)
    assert (entry["type"], entry["data"]["action"]) == ("audit.created", "conversation_created")
    assert entry["data"]["details"] == {"conversation_id": 1, "contact_name": "João Silva"}


async def test_all_that_can_be_given_is_kept(client: Client) -> None:
    ana, _ = await user(client, "ana")
    row = await conversation(client, "Zoë", assignee=ana["id"], status="pending", origin_channel="whatsapp")

    assert (row["assignee"], row["assignee_name"]) == (ana["id"], "ana")
    assert (row["status"], row["origin_channel"]) == ("pending", "whatsapp")
    closed = await conversation(client, status="closed")
    assert closed["closed_at"] is not None


async def test_an_assignee_is_named_by_id_uuid_or_name_and_taken_away_by_null(client: Client) -> None:
    ana, _ = await user(client, "Ana")
    root, _ = await user(client, "root", Role.ADMIN)
    await conversation(client)
    for name in (ana["id"], root["uuid"], "Ana", root["id"], "aNA", "root"):
        row = await done(client, "PATCH", f"{CONVERSATIONS}1/", {"assignee": name})
        expected = ana if str(name).lower() in ("ana", str(ana["id"])) else root
        assert (row["assignee"], row["assignee_name"]) == (expected["id"], expected["name"])
    row = await done(client, "PATCH", f"{CONVERSATIONS}1/", {"assignee": None})
    assert (row["assignee"], row["assignee_name"]) == (None, None)
    assert (await told(client)).count(("chat", "conversation.assigned")) == 7


async def test_nobody_but_an_active_agent_or_admin_is_given_a_conversation(client: Client) -> None:
    await conversation(client)
    viewer, _ = await user(client, "vic", Role.VIEWER)
    device, _ = await user(client, "dev", Role.DEVICE)
    gone, _ = await user(client, "gone")
    _, root = await user(client, "root", Role.ADMIN)
    await done(client, "DELETE", f"users/{gone['id']}/", **root)
    before = await told(client)
    bad = [viewer["id"], "vic", device["uuid"], gone["id"], "gone", gone["uuid"], 1, 2, "guest", "system"]
    bad += [99, 2**63 - 1, "nobody", "", "x" * 65, 0, -1, True, 1.5, [], {}, ["ana"]]
    for assignee in bad:
        for method, path, body in (
            ("POST", CONVERSATIONS, {"contact_name": "x", "assignee": assignee}),
            ("PATCH", f"{CONVERSATIONS}1/", {"assignee": assignee}),
            ("PUT", f"{CONVERSATIONS}1/", {"contact_name": "x", "assignee": assignee}),
        ):
            status, problem, _ = await send(client, method, path, body)
            assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", ["assignee"]), assignee
    assert await told(client) == before


async def test_a_change_leaves_alone_what_it_does_not_name_and_a_replacement_does_not(client: Client) -> None:
    await user(client, "ana")
    before = await conversation(client, "Eva", assignee="ana", origin_channel="email")
    changed = await done(client, "PATCH", f"{CONVERSATIONS}1/", {"contact_name": "Eva Ruiz"})
    replaced = await done(client, "PUT", f"{CONVERSATIONS}{before['uuid']}/", {"contact_name": "Eva R."})

    assert changed == {**before, "contact_name": "Eva Ruiz", "updated_at": changed["updated_at"]}
    assert (replaced["contact_name"], replaced["assignee"], replaced["origin_channel"]) == ("Eva R.", None, "api")


async def test_what_changes_nothing_tells_nothing(client: Client) -> None:
    row = await conversation(client)
    before = await told(client)
    for method, path, body in (
        ("PATCH", "", {}),
        ("PATCH", "", {"contact_name": row["contact_name"], "status": "open", "assignee": None}),
        ("PUT", "", {"contact_name": row["contact_name"]}),
        ("POST", "reopen/", None),
    ):
        status, found, headers = await send(client, method, f"{CONVERSATIONS}1/{path}", body)
        assert (status, found) == (200, row)
        assert "Event-Seq" not in headers
    assert await told(client) == before


async def test_the_event_seq_of_a_change_is_that_of_its_event(client: Client) -> None:
    await user(client, "ana")
    await conversation(client)
    for body, expected in (
        ({"contact_name": "x"}, "updated"),
        ({"status": "pending"}, "updated"),
        ({"assignee": "ana"}, "assigned"),
        ({"status": "closed"}, "closed"),
        ({"status": "pending"}, "reopened"),
    ):
        _, row, headers = await send(client, "PATCH", f"{CONVERSATIONS}1/", body)
        found = await event(client, headers["Event-Seq"])
        assert (found["type"], found["data"]) == (f"conversation.{expected}", row)


# -- closing and reopening ------------------------------------------------------------


async def test_closing_asks_for_a_rating_and_reopening_begins_another_cycle(client: Client) -> None:
    row = await conversation(client)
    status, closed, headers = await send(client, "POST", f"{CONVERSATIONS}1/close/")

    assert (status, closed["status"], closed["cycle"]) == (200, "closed", 1)
    assert closed["closed_at"] is not None
    assert (await event(client, headers["Event-Seq"]))["type"] == "conversation.closed"
    (asked,) = await rows(client, f"{CONVERSATIONS}1/csat/")
    assert (asked["rating"], asked["asked_at"], asked["cycle"]) == (None, closed["closed_at"], 1)

    status, again, headers = await send(client, "POST", f"{CONVERSATIONS}{row['uuid']}/close")
    assert (status, again) == (200, closed)
    assert "Event-Seq" not in headers

    status, opened, headers = await send(client, "POST", f"{CONVERSATIONS}1/reopen/", {})
    assert (status, opened["status"], opened["cycle"], opened["closed_at"]) == (200, "open", 2, None)
    assert (await event(client, headers["Event-Seq"]))["data"] == opened


async def test_closing_takes_no_body_but_an_empty_one(client: Client) -> None:
    await conversation(client)
    for action in ("close", "reopen"):
        for body in ({"status": "closed"}, [], "x", 1):
            assert (await send(client, "POST", f"{CONVERSATIONS}1/{action}/", body))[0] == 400
    assert (await done(client, "GET", f"{CONVERSATIONS}1/"))["status"] == "open"
    assert (await send(client, "POST", f"{CONVERSATIONS}1/close/", {}))[0] == 200


async def test_many_who_close_at_once_close_once(client: Client) -> None:
    await conversation(client)
    answers = await asyncio.gather(*(send(client, "POST", f"{CONVERSATIONS}1/close/") for _ in range(20)))

    assert {status for status, _, _ in answers} == {200}
    assert sum("Event-Seq" in headers for _, _, headers in answers) == 1
    assert (await told(client)).count(("chat", "conversation.closed")) == 1


async def test_conversations_are_never_deleted(client: Client) -> None:
    row = await conversation(client)
    for path in ("", "1/", row["uuid"]):
        status, problem, headers = await send(client, "DELETE", f"{CONVERSATIONS}{path}")
        assert (status, problem["code"]) == (405, "method_not_allowed")
        assert "GET" in headers["Allow"]
    assert await done(client, "GET", f"{CONVERSATIONS}1/") == row


# -- bad input, retries ----------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["0", "99", "9223372036854775808", "9" * 64, "nobody", "a%2Fb", "..%2F1", "x" * 65, "%00", "ñ", "1%20"]
)
async def test_a_conversation_that_is_not_is_not_found_on_every_door(client: Client, key: str) -> None:
    await conversation(client)
    before = await told(client)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"contact_name": "x"}),
        ("PATCH", "", {"status": "closed"}),
        ("POST", "close/", None),
        ("POST", "reopen/", None),
        ("GET", "messages/", None),
        ("POST", "messages/", {"content": "x"}),
        ("GET", "csat/", None),
        ("POST", "csat/", {"rating": 5}),
    ):
        status, problem, _ = await send(client, method, f"{CONVERSATIONS}{key}/{path}", body)
        assert (status, problem["code"]) == (404, "not_found"), (method, path)
    assert await told(client) == before


INVALID: list[tuple[Any, set[str]]] = [
    ({}, {"contact_name"}),
    ({"contact_name": ""}, {"contact_name"}),
    ({"contact_name": " \n"}, {"contact_name"}),
    ({"contact_name": None}, {"contact_name"}),
    ({"contact_name": 5}, {"contact_name"}),
    ({"contact_name": ["x"]}, {"contact_name"}),
    ({"contact_name": "x" * 201}, {"contact_name"}),
    ({"contact_name": "x", "status": "shut"}, {"status"}),
    ({"contact_name": "x", "status": None}, {"status"}),
    ({"contact_name": "x", "status": True}, {"status"}),
    ({"contact_name": "x", "origin_channel": ""}, {"origin_channel"}),
    ({"contact_name": "x", "origin_channel": "x" * 65}, {"origin_channel"}),
    ({"contact_name": "x", "origin_channel": 1}, {"origin_channel"}),
    ({"contact_name": "x", "color": 1}, {"color"}),
    ({"contact_name": "x", "id": 7, "uuid": "u", "cycle": 9}, {"id", "uuid", "cycle"}),
    ({"contact_name": "x", "contact_id": "me", "closed_at": "2024-01-01T00:00:00Z"}, {"contact_id", "closed_at"}),
    ([], set()),
    ("x", set()),
    (5, set()),
]


@pytest.mark.parametrize(("body", "fields"), INVALID, ids=[str(body)[:50] for body, _ in INVALID])
async def test_a_field_that_is_wrong_is_named_and_nothing_is_stored(
    client: Client, body: Any, fields: set[str]
) -> None:
    await conversation(client)
    before = await told(client), await rows(client, CONVERSATIONS)
    for method, path in (("POST", ""), ("PUT", "1/"), *([("PATCH", "1/")] if body else [])):
        status, problem, _ = await send(client, method, f"{CONVERSATIONS}{path}", body)
        assert (status, problem["code"]) == (400, "invalid")
        assert problem.get("errors", {}).keys() == fields
    assert (await told(client), await rows(client, CONVERSATIONS)) == before


async def test_a_retry_with_a_key_makes_one_conversation(client: Client) -> None:
    for _ in range(3):
        status, row, headers = await send(
            client, "POST", CONVERSATIONS, {"contact_name": "x"}, **{"Idempotency-Key": "a"}
        )
        assert (status, row["id"], headers["Location"]) == (201, 1, "/api/v1/conversations/1/")
        assert int(headers["Event-Seq"]) == (await event(client, headers["Event-Seq"]))["seq"]
    status, problem, _ = await send(client, "POST", CONVERSATIONS, {"contact_name": "y"}, **{"Idempotency-Key": "a"})
    assert (status, problem["code"]) == (422, "key_reused")
    assert len(await rows(client, CONVERSATIONS)) == 1


async def test_a_retry_with_a_key_does_not_close_what_was_opened_again_since(client: Client) -> None:
    await conversation(client)
    key = {"Idempotency-Key": "a"}
    status, closed, headers = await send(client, "POST", f"{CONVERSATIONS}1/close/", **key)
    again = await send(client, "POST", f"{CONVERSATIONS}1/close", **key)
    assert (again[0], again[1], again[2]["Event-Seq"]) == (status, closed, headers["Event-Seq"])
    opened = await done(client, "POST", f"{CONVERSATIONS}1/reopen/", **key)
    late = await send(client, "POST", f"{CONVERSATIONS}1/close/", **key)

    assert (late[0], late[1], late[2]["Event-Seq"]) == (200, opened, headers["Event-Seq"])
    assert opened["status"] == "open"
    assert (await send(client, "POST", f"{CONVERSATIONS}1/close/", {}, **key))[0] == 422
    assert (await told(client)).count(("chat", "conversation.closed")) == 1
