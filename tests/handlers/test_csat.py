"""Ratings by REST, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client
from tests.rest import CONVERSATIONS, CSAT, conversation, done, event, message, rows, send, told

FIELDS = [
    *("id", "conversation_id", "chat_id", "cycle", "contact_name", "asked_at", "answered_at", "rating", "feedback"),
    *("created_at", "updated_at"),
]
OF_FIRST = f"{CONVERSATIONS}1/csat/"


@pytest.fixture
async def desk(client: Client) -> Client:
    """A guest of an open server with a conversation."""
    await conversation(client)
    return client


async def rate(client: Client, rating: int, of: int | str = 1, **more: Any) -> dict[str, Any]:
    return dict(await done(client, "POST", f"{CONVERSATIONS}{of}/csat/", {"rating": rating, **more}))


async def ids(client: Client, query: str) -> list[int]:
    return [row["id"] for row in await rows(client, f"{CSAT}?{query}")]


async def test_a_rating_that_is_given_comes_back_from_every_door(desk: Client) -> None:
    await done(desk, "POST", f"{CONVERSATIONS}1/close/")
    status, row, headers = await send(desk, "POST", OF_FIRST, {"rating": 5, "feedback": "Excelente atendimento!"})

    assert status == 201
    assert list(row) == FIELDS
    assert (row["rating"], row["feedback"], row["contact_name"]) == (5, "Excelente atendimento!", "João Silva")
    chat = (await done(desk, "GET", f"{CONVERSATIONS}1/"))["uuid"]
    assert (row["conversation_id"], row["chat_id"], row["cycle"]) == (1, chat, 1)
    assert row["asked_at"] <= row["answered_at"]
    assert headers["Location"] == "/api/v1/conversations/1/csat/"
    assert await rows(desk, headers["Location"].removeprefix("/api/v1/")) == [row]
    assert await rows(desk, CSAT) == [row]
    made = await event(desk, headers["Event-Seq"])
    assert (made["channel"], made["type"], made["entity_id"], made["data"]) == ("csat", "csat.created", row["id"], row)


async def test_the_latest_rating_of_a_cycle_counts_and_each_cycle_has_its_own(desk: Client) -> None:
    chat = (await done(desk, "GET", f"{CONVERSATIONS}1/"))["uuid"]
    first = await rate(desk, 2, feedback="meh")
    second = await rate(desk, 4, of=chat)
    assert (second["id"], second["rating"], second["feedback"]) == (first["id"], 4, None)
    assert second["asked_at"] is None
    await done(desk, "POST", f"{CONVERSATIONS}1/close/")
    assert (await rows(desk, OF_FIRST))[0]["rating"] == 4
    await done(desk, "POST", f"{CONVERSATIONS}1/reopen/")
    third = await rate(desk, 1, feedback="")

    assert (third["cycle"], third["feedback"]) == (2, None)
    assert [(row["cycle"], row["rating"]) for row in await rows(desk, OF_FIRST)] == [(1, 4), (2, 1)]
    assert (await told(desk)).count(("csat", "csat.created")) == 3


async def test_the_filters_choose(desk: Client) -> None:
    second = await conversation(desk, "Carmen Ruiz")
    await message(desk)
    first = await rate(desk, 5)
    await rate(desk, 3, of=2)
    await done(desk, "POST", f"{CONVERSATIONS}1/reopen/")
    await conversation(desk, status="closed")

    assert await ids(desk, "") == [1, 2, 3]
    assert await ids(desk, "rating=5") == [1]
    assert await ids(desk, "conversation_id=2") == [2]
    assert await ids(desk, f"conversation_id={second['uuid']}") == [2]
    assert await ids(desk, "conversation_id=nobody") == []
    assert await ids(desk, "answered=false") == [3]
    assert await ids(desk, f"answered=1&since={first['answered_at']}") == [1, 2]
    assert await ids(desk, "until=1h") == []
    assert await ids(desk, "ordering=-id") == [3, 2, 1]
    assert [row["id"] for row in await rows(desk, f"{CONVERSATIONS}2/csat/?rating=3&conversation_id=1")] == [2]
    for bad in ("rating=0", "rating=6", "rating=5.0", "answered=perhaps", "since=x", "conversation_id=0"):
        status, problem, _ = await send(desk, "GET", f"{CSAT}?{bad}")
        assert (status, list(problem["errors"])) == (400, [bad.partition("=")[0]])


async def test_pages_visit_every_rating_once_in_both_orders(client: Client) -> None:
    for number in range(1, 8):
        await conversation(client)
        await rate(client, 1 + number % 5, of=number)
    for ordering, start in (("id", 0), ("-id", 99)):
        for begin in ("", f"&id_after={start}"):
            link, seen = f"{CSAT}?limit=3&ordering={ordering}{begin}", []
            while link:
                page = await done(client, "GET", link)
                assert page["count"] == 7
                seen += [row["id"] for row in page["results"]]
                link = (page["next"] or "").rpartition("/api/v1/")[2]
            assert seen == sorted(seen, reverse=ordering == "-id") == list(range(1, 8))[:: 1 if start == 0 else -1]


async def test_a_retry_with_a_key_rates_once(desk: Client) -> None:
    first = await send(desk, "POST", OF_FIRST, {"rating": 2}, **{"Idempotency-Key": "k"})
    await rate(desk, 5)
    again = await send(desk, "POST", OF_FIRST, {"rating": 2}, **{"Idempotency-Key": "k"})

    assert (again[0], again[1]["id"], again[1]["rating"]) == (201, first[1]["id"], 5)
    assert again[2]["Event-Seq"] == first[2]["Event-Seq"]
    assert (await send(desk, "POST", OF_FIRST, {"rating": 3}, **{"Idempotency-Key": "k"}))[0] == 422
    assert (await told(desk)).count(("csat", "csat.created")) == 2


INVALID: list[tuple[Any, set[str]]] = [
    ({}, {"rating"}),
    ({"rating": None}, {"rating"}),
    ({"rating": 0}, {"rating"}),
    ({"rating": 6}, {"rating"}),
    ({"rating": -1}, {"rating"}),
    ({"rating": 2**63 - 1}, {"rating"}),
    ({"rating": 4.5}, {"rating"}),
    ({"rating": "5"}, {"rating"}),
    ({"rating": True}, {"rating"}),
    ({"rating": [5]}, {"rating"}),
    ({"rating": 5, "feedback": 1}, {"feedback"}),
    ({"rating": 5, "feedback": {}}, {"feedback"}),
    ({"rating": 5, "feedback": "  "}, {"feedback"}),
    ({"rating": 5, "feedback": "x" * 2001}, {"feedback"}),
    ({"rating": 5, "contact_name": "x", "cycle": 2}, {"contact_name", "cycle"}),
    ({"rating": 5, "stars": 5}, {"stars"}),
    ([5], set()),
    (5, set()),
]


@pytest.mark.parametrize(("body", "fields"), INVALID, ids=[str(body)[:40] for body, _ in INVALID])
async def test_a_field_that_is_wrong_is_named_and_nothing_is_stored(desk: Client, body: Any, fields: set[str]) -> None:
    before = await told(desk)
    status, problem, _ = await send(desk, "POST", OF_FIRST, body)

    assert (status, problem["code"]) == (400, "invalid")
    assert problem.get("errors", {}).keys() == fields
    assert await told(desk) == before
    assert await rows(desk, OF_FIRST) == []


async def test_ratings_are_neither_changed_nor_deleted(desk: Client) -> None:
    await rate(desk, 5)
    for method in ("PUT", "PATCH", "DELETE"):
        for path in (CSAT, OF_FIRST):
            status, _, headers = await send(desk, method, path, {"rating": 1} if method != "DELETE" else None)
            assert (status, "GET" in headers["Allow"]) == (405, True)
    assert (await rows(desk, CSAT))[0]["rating"] == 5
