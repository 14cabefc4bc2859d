"""Lists of conversations by REST: filters, pages, counts; and who may see and do what at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.policy import Role
from tests.conftest import Client
from tests.rest import CONVERSATIONS, conversation, done, message, rows, send, told, user
from tests.signing import bearer, token_for


async def ids(client: Client, query: str) -> list[int]:
    return [row["id"] for row in await rows(client, f"{CONVERSATIONS}?{query}")]


# -- lists ----------------------------------------------------------------------------


async def test_the_filters_choose(client: Client) -> None:
    ana, _ = await user(client, "ana")
    bob, _ = await user(client, "bob")
    first = await conversation(client, "João Silva", assignee="ana")
    await conversation(client, "Carmen Ruiz", assignee=bob["id"])
    await conversation(client, "Emily Carter", assignee="ana", status="pending")
    await conversation(client, "Joana Prado")
    await done(client, "POST", f"{CONVERSATIONS}2/close/")
    await message(client, "Meu pedido não chegou", of=1)
    await message(client, "¿Y mi Pedido?", of=2)
    await message(client, "no order; DROP TABLE messages", of=3)

    assert await ids(client, "status=open") == [1, 4]
    assert await ids(client, "status=closed") == [2]
    for anas in (ana["id"], ana["uuid"], "ana", "ANA", ana["uuid"].upper()):
        assert await ids(client, f"assignee={anas}") == [1, 3]
    assert await ids(client, "assignee=nobody") == []
    assert await ids(client, "assigned=false") == [4]
    assert await ids(client, "assigned=true&status=pending") == [3]
    assert await ids(client, f"contact={first['contact_id']}") == [1]
    assert await ids(client, "contact=joa") == [1, 4]
    assert await ids(client, "contact=silva%20jo%C3%A3o") == [1]
    assert await ids(client, "search=PEDIDO") == [1, 2]
    assert await ids(client, "search=nao%20pedido") == [1]
    assert await ids(client, "search=carmen") == [2]
    assert await ids(client, 'search=" OR * NEAR( drop -table') == []
    assert await ids(client, "search=drop%20table") == [3]
    assert await ids(client, "search=%00") == []
    assert await ids(client, "since=10m&until=2999-01-01T00:00:00Z") == [1, 2, 3, 4]
    assert await ids(client, "until=10m") == []
    assert await ids(client, f"since={first['created_at']}&status=pending&assignee=ana&search=order") == [3]
    assert await ids(client, "colour=red&status=&search=") == [1, 2, 3, 4]
    assert await ids(client, "ordering=-id") == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "query",
    [
        "status=shut",
        "assignee=99999999999999999999",
        "assignee=0",
        "since=yesterday",
        "until=1",
        "id_after=x",
        "assigned=maybe",
        "summary=2",
    ],
)
async def test_a_bad_filter_is_named_with_what_is_allowed(client: Client, query: str) -> None:
    status, problem, _ = await send(client, "GET", f"{CONVERSATIONS}?{query}")
    assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", [query.partition("=")[0]])


async def test_pages_visit_every_conversation_once_in_both_orders(client: Client) -> None:
    for number in range(12):
        await conversation(client, f"n{number}", status="closed" if number % 3 == 0 else "open")
    for start, ordering in ((0, "id"), (13, "-id")):
        for query, expected in (("", list(range(1, 13))), ("&status=closed", [1, 4, 7, 10])):
            for begin in ("", f"&id_after={start}"):
                link, seen = f"{CONVERSATIONS}?limit=3&ordering={ordering}{query}{begin}", []
                while link:
                    page = await done(client, "GET", link)
                    assert page["count"] == len(expected)
                    seen += [row["id"] for row in page["results"]]
                    link = (page["next"] or "").rpartition("/api/v1/")[2]
                assert seen == (expected if ordering == "id" else expected[::-1])


async def test_counts_follow_what_happens(client: Client) -> None:
    async def counts() -> list[int]:
        return [
            (await done(client, "GET", f"{CONVERSATIONS}?limit=1&status={status}"))["count"]
            for status in ("", "open", "pending", "closed")
        ]

    assert await counts() == [0, 0, 0, 0]
    for _ in range(3):
        await conversation(client)
    await done(client, "POST", f"{CONVERSATIONS}1/close/")
    await done(client, "PATCH", f"{CONVERSATIONS}2/", {"status": "pending"})
    assert await counts() == [3, 1, 1, 1]
    await done(client, "POST", f"{CONVERSATIONS}1/messages/", {"content": "x", "sender": "customer"})
    assert await counts() == [3, 2, 1, 0]


async def test_the_one_with_the_newest_message_can_come_first(client: Client) -> None:
    for number in range(5):
        await conversation(client, f"n{number}", status="pending" if number == 3 else "open")
    for of in (2, 4, 1):
        await message(client, "x", of=of)
    await conversation(client, "new")

    link, seen = f"{CONVERSATIONS}?limit=2&ordering=-activity", []
    while link:
        page = await done(client, "GET", link)
        assert page["count"] == 6
        seen += [row["id"] for row in page["results"]]
        link = (page["next"] or "").rpartition("/api/v1/")[2]

    assert seen == [6, 1, 4, 2, 5, 3]
    assert await ids(client, "ordering=-activity&status=open&id_after=4") == [6, 1, 2, 5, 3]


async def test_a_summary_tells_the_last_message_and_what_nobody_has_read(client: Client) -> None:
    await conversation(client, "João")
    await conversation(client, "Carmen")
    for text, sender in (("one", "customer"), ("two", "customer"), ("x" * 1_000, "agent")):
        await message(client, text, of=1, sender=sender)
    await done(client, "PATCH", "messages/1/", {"status": "read"})

    first, second = await rows(client, f"{CONVERSATIONS}?summary=true")
    plain = await done(client, "GET", "conversations/1/")

    last = first["last_message"]
    assert (first["unread"], last["id"], last["content"], last["sender"]) == (1, 3, "x" * 160, "agent")
    assert (second["unread"], second["last_message"]) == (0, None)
    assert plain == {name: first[name] for name in first if name not in ("last_message", "unread")}
    assert await done(client, "GET", "conversations/1/?summary=true") == first

    await done(client, "DELETE", "messages/3/")
    await done(client, "DELETE", "messages/2/")
    (first, _) = await rows(client, f"{CONVERSATIONS}?summary=true")
    assert (first["unread"], first["last_message"]["content"]) == (0, "")
    assert first["last_message"]["deleted_at"]


async def test_unread_messages_are_counted_among_the_last_hundred(client: Client) -> None:
    await conversation(client)
    for _ in range(103):
        await message(client, "x", sender="customer")

    assert (await done(client, "GET", "conversations/1/?summary=true"))["unread"] == 100


# -- rights ---------------------------------------------------------------------------


async def test_the_same_rights_on_every_door_of_the_desk(closed: Client) -> None:
    _, agent = await user(closed, "ana")
    await done(closed, "POST", CONVERSATIONS, {"contact_name": "x"}, **agent)
    await done(closed, "POST", f"{CONVERSATIONS}1/messages/", {"content": "x"}, **agent)
    reads = [CONVERSATIONS, "conversations/1/", "conversations/1/messages/", "messages/1/", "messages/1/reactions/"]
    ratings = ["csat/", "conversations/1/csat/"]
    writes = [
        ("POST", CONVERSATIONS, {"contact_name": "x"}),
        ("PUT", "conversations/1/", {"contact_name": "x"}),
        ("PATCH", "conversations/1/", {"contact_name": "y"}),
        ("POST", "conversations/1/close/", None),
        ("POST", "conversations/1/reopen/", None),
        ("POST", "conversations/1/messages/", {"content": "x"}),
        ("PUT", "messages/1/", {"content": "y"}),
        ("PATCH", "messages/1/", {"status": "read"}),
        ("POST", "messages/1/reactions/", {"reaction": "x"}),
        ("DELETE", "messages/1/reactions/", None),
        ("POST", "conversations/1/csat/", {"rating": 1}),
        ("DELETE", "messages/1/", None),
    ]
    everything = [*(("GET", path, None) for path in (*reads, *ratings)), *writes]
    before = await told(closed, "chat,csat", **agent)

    for method, path, body in everything:
        status, _, headers = await send(closed, method, path, body)
        assert (status, "WWW-Authenticate" in headers) == (401, True), path
        for role in (Role.VIEWER, Role.DEVICE):
            _, headers = await user(closed, f"the-{role}", role)
            expected = 200 if role is Role.VIEWER and method == "GET" else 403
            assert (await send(closed, method, path, body, **headers))[0] == expected, (role, method, path)
    limited: list[tuple[dict[str, Any], dict[str, int]]] = [
        ({"channels": ["sensors"]}, {}),
        ({"channels": ["chat"]}, dict.fromkeys(reads, 200)),
        ({"channels": ["csat"]}, dict.fromkeys(ratings[:1], 200)),
        ({"verbs": ["publish"]}, {}),
    ]
    for limits, allowed in limited:
        headers = bearer(await token_for(closed, Role.AGENT, "ana", **limits))
        for path in (*reads, *ratings[:1]):
            assert (await send(closed, "GET", path, **headers))[0] == allowed.get(path, 403), (limits, path)
    assert await told(closed, "chat,csat", **agent) == before
    for method, path, body in writes:
        assert (await send(closed, method, path, body, **agent))[0] < 300, path
