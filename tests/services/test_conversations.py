"""Conversations: a row, its event, its audit entry and what the metrics note are one."""

import asyncio

import pytest

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.messages import Place, Speaker
from realtime.store.conversations import ConversationFilter
from realtime.store.csat import CsatFilter
from realtime.store.idempotency import Key, look_up
from realtime.store.telemetry import Stretch

BOSS = Principal("boss", Role.ADMIN, "socket")
GUEST = Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=2)
ALL = Stretch(1_000)


async def found(conversations, stretch=ALL, **wanted):
    """The ids of the conversations that are meant; the count must be right."""
    count, rows = await conversations.list(ConversationFilter(**wanted), stretch)
    if stretch is ALL:
        assert count == len(rows)
    return [row["id"] for row in rows]


def told(heard, channel="chat"):
    return [event for event in heard if event.channel == channel]


async def test_what_is_made_is_told_with_the_row_and_audited_with_the_seeds_details(conversations, heard, ana):
    del heard[:]
    written = await conversations.create({"contact_name": "João Silva", "origin_channel": "web"}, ana)

    event, audit = heard
    assert (event.channel, event.type, event.entity_id, event.actor) == ("chat", "conversation.created", 1, "ana")
    assert event.value == written.row == await conversations.get(1) == await conversations.get(written.row["uuid"])
    assert event.seq == written.seq
    assert {name: written.row[name] for name in ("contact_name", "assignee", "status", "origin_channel", "cycle")} == {
        "contact_name": "João Silva",
        "assignee": None,
        "status": "open",
        "origin_channel": "web",
        "cycle": 1,
    }
    assert written.row["created_at"] == written.row["updated_at"] == event.time
    assert audit.value["action"] == "conversation_created"
    assert audit.value["details"] == {"conversation_id": 1, "contact_name": "João Silva"}
    assert audit.value["user"] == {"id": ana.user_id, "username": "ana"}


async def test_a_conversation_may_be_made_given_to_somebody_and_closed(conversations, csat, heard, ana):
    written = await conversations.create({"contact_name": "Zoë", "assignee": ana.user_id, "status": "closed"}, ana)

    assert [event.type for event in told(heard)] == ["conversation.created", "conversation.closed"]
    assert told(heard)[0].value["status"] == "open"
    assert (written.row["status"], written.row["assignee"], written.row["assignee_name"]) == (
        "closed",
        ana.user_id,
        "ana",
    )
    assert written.seq == told(heard)[0].seq
    assert await found(conversations, status="closed") == [1]
    assert (await csat.list(CsatFilter(answered=False), ALL))[0] == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "contact_name"),
        ({"contact_name": "  "}, "contact_name"),
        ({"contact_name": "x" * 201}, "contact_name"),
        ({"contact_name": "a\0b"}, "contact_name"),
        ({"contact_name": "half \ud800 a pair"}, "contact_name"),
        ({"contact_name": "Zoë", "status": "shut"}, "status"),
        ({"contact_name": "Zoë", "assignee": 99}, "assignee"),
        ({"contact_name": "Zoë", "assignee": 2}, "assignee"),
        ({"contact_name": "Zoë", "origin_channel": "x" * 65}, "origin_channel"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_stored(conversations, heard, ana, values, field):
    before = len(heard)
    with pytest.raises(Problem) as refused:
        await conversations.create(values, ana)

    assert (refused.value.code, list(refused.value.errors)) == ("invalid", [field])
    assert len(heard) == before
    assert await found(conversations) == []


async def test_a_change_is_told_once_for_each_kind_of_it_and_audited_before_and_after(conversations, heard, ana, rui):
    await conversations.create({"contact_name": "Zoë"}, ana)
    del heard[:]
    values = {"contact_name": "Zoë B.", "assignee": rui.user_id, "status": "pending", "origin_channel": "api"}
    written = await conversations.update(1, values, ana)

    events, audits = told(heard), [event.value for event in told(heard, "audit")]
    assert [event.type for event in events] == [
        "conversation.updated",
        "conversation.assigned",
        "conversation.updated",
    ]
    assert written.seq == events[-1].seq
    assert events[-1].value == written.row == await conversations.get(1)
    assert [entry["action"] for entry in audits] == [event.type.replace(".", "_") for event in events]
    assert [(entry["details"]["before"], entry["details"]["after"]) for entry in audits] == [
        ({"status": "open"}, {"status": "pending"}),
        ({"assignee": None}, {"assignee": rui.user_id}),
        ({"contact_name": "Zoë"}, {"contact_name": "Zoë B."}),
    ]


async def test_what_changes_nothing_is_no_event(conversations, heard, ana):
    await conversations.create({"contact_name": "Zoë", "assignee": ana.user_id}, ana)
    before = len(heard)
    written = await conversations.update(1, {"contact_name": "Zoë", "assignee": ana.user_id, "status": "open"}, ana)
    reopened = await conversations.reopen(1, ana)

    assert (written.seq, reopened.seq) == (0, 0)
    assert written.row == reopened.row == await conversations.get(1)
    assert len(heard) == before


async def test_an_assignee_can_be_taken_away_and_named_by_uuid(conversations, accounts, ana):
    await conversations.create({"contact_name": "Zoë"}, ana)
    uuid = (await accounts.users.get(ana.user_id))["uuid"]

    given = await conversations.update(1, {"assignee": uuid}, ana)
    assert (given.row["assignee"], given.row["assignee_name"]) == (ana.user_id, "ana")
    taken = await conversations.update(1, {"assignee": None}, ana)
    assert (taken.row["assignee"], taken.row["assignee_name"]) == (None, None)


async def test_who_cannot_answer_is_given_no_conversation(conversations, accounts, ana):
    await conversations.create({"contact_name": "Zoë"}, ana)
    viewer = await accounts.users.create(BOSS, "vera", Role.VIEWER)
    gone = await accounts.users.create(BOSS, "gil", Role.AGENT)
    await accounts.users.update(BOSS, gone["id"], active=False)

    for user in (viewer["id"], gone["id"], "nobody"):
        with pytest.raises(Problem, match="assignee"):
            await conversations.update(1, {"assignee": user}, ana)


async def test_closing_asks_for_a_rating_and_reopening_begins_the_next_cycle(conversations, csat, heard, ana):
    await conversations.create({"contact_name": "Zoë"}, ana)
    closed = await conversations.close(1, ana)
    again = await conversations.close(1, ana)
    reopened = await conversations.reopen(1, ana)

    assert (closed.row["status"], closed.row["closed_at"], closed.row["cycle"]) == (
        "closed",
        closed.row["updated_at"],
        1,
    )
    assert (again.row, again.seq) == (closed.row, 0)
    assert (reopened.row["status"], reopened.row["closed_at"], reopened.row["cycle"]) == ("open", None, 2)
    assert [event.type for event in told(heard)] == [
        "conversation.created",
        "conversation.closed",
        "conversation.reopened",
    ]
    _, (asked,) = await csat.list(CsatFilter(), ALL)
    assert (asked["cycle"], asked["asked_at"], asked["rating"]) == (1, closed.row["closed_at"], None)


async def test_a_closed_conversation_that_is_set_to_pending_opens_its_next_cycle(conversations, heard, ana):
    await conversations.create({"contact_name": "Zoë", "status": "closed"}, ana)
    written = await conversations.update(1, {"status": "pending"}, ana)

    assert heard[-2].type == "conversation.reopened"
    assert (written.row["status"], written.row["cycle"]) == ("pending", 2)


async def test_an_unknown_conversation_is_not_found_by_id_or_uuid(conversations, ana):
    for key in (7, "no-such"):
        for asked in (
            conversations.get(key),
            conversations.update(key, {}, ana),
            conversations.close(key, ana),
            conversations.reopen(key, ana),
        ):
            with pytest.raises(Problem, match=str(key)) as refused:
                await asked
            assert refused.value.code == "not_found"


async def test_conversations_are_found_by_what_they_are(conversations, messages, ana, rui):
    for name in ("João Silva", "Joana Prado", "Ana Souza"):
        await conversations.create({"contact_name": name}, ana)
    await conversations.update(2, {"assignee": rui.user_id, "status": "pending"}, ana)
    await conversations.close(3, ana)
    await messages.send(Speaker(GUEST, "customer", "visitor-9"), Place("web-1", open=True), "Perdi a senha")

    assert await found(conversations) == [1, 2, 3, 4]
    assert await found(conversations, status="open") == [1, 4]
    assert await found(conversations, status="closed") == [3]
    assert await found(conversations, assignee=rui.user_id) == [2]
    assert await found(conversations, assignee="nobody's uuid") == []
    assert await found(conversations, contact="joa") == [1, 2]
    assert await found(conversations, contact="SIL jo") == [1]
    assert await found(conversations, contact="visitor-9") == [4]
    assert await found(conversations, search="senha") == [4]
    assert await found(conversations, search="ana") == [3]
    assert await found(conversations, search="ana", status="open") == []
    assert await found(conversations, search="!?") == []
    assert await found(conversations, Stretch(2, offset=1)) == [2, 3]
    assert await found(conversations, Stretch(2, newest_first=True, id_after=4)) == [3, 2]


async def test_a_renamed_contact_is_found_by_the_new_name_alone(conversations, ana):
    await conversations.create({"contact_name": "Maria Antiga"}, ana)
    await conversations.update(1, {"contact_name": "Maria Nova"}, ana)

    assert await found(conversations, contact="antiga") == await found(conversations, search="antiga") == []
    assert await found(conversations, contact="nova") == await found(conversations, search="maria nova") == [1]


async def test_conversations_are_found_by_when_they_were_made(conversations, monkeypatch, ana):
    clock = [2_000_000_000_000]
    monkeypatch.setattr("realtime.clock.now", lambda: clock[0])
    for _ in range(6):
        await conversations.create({"contact_name": "Zoë"}, ana)
        await conversations.create({"contact_name": "Zoë"}, ana)
        clock[0] += 1_000

    start = 2_000_000_000_000
    assert await found(conversations, since=start + 4_000) == [9, 10, 11, 12]
    assert await found(conversations, until=start + 2_000) == [1, 2, 3, 4]
    assert await found(conversations, since=start + 1_000, until=start + 2_001) == [3, 4, 5, 6]
    assert await found(conversations, since=start + 9_000) == await found(conversations, until=0) == []
    assert len(await found(conversations, until=start + 9_000)) == 12


async def test_counts_of_each_status_stay_exact_whatever_opens_and_closes(conversations, messages, store, ana):
    await found(conversations)
    for number in range(6):
        await conversations.create({"contact_name": f"Contact {number}"}, ana)
    await asyncio.gather(*(conversations.close(number, ana) for number in (1, 2, 3, 3)))
    await asyncio.gather(
        messages.send(Speaker(GUEST, "customer"), Place(1), "de volta"),
        messages.send(Speaker(GUEST, "customer"), Place("new", open=True), "olá"),
        messages.send(Speaker(ana, "agent"), Place(2), "obrigada"),
        conversations.update(4, {"status": "pending"}, ana),
        conversations.reopen(3, ana),
    )
    with pytest.raises(Problem):
        await messages.send(Speaker(GUEST, "customer"), Place(99), "onde?")

    counts = {status: len(await found(conversations, status=status)) for status in ("open", "pending", "closed")}
    assert counts == {"open": 5, "pending": 1, "closed": 1}
    assert len(await found(conversations)) == 7


async def test_an_idempotency_key_is_kept_with_what_it_did(conversations, store, ana):
    key = Key(ana.credential, "/api/v1/conversations", "k1", "digest")
    closing = Key(ana.credential, "/api/v1/conversations/1/close", "k2", "digest")
    made = await conversations.create({"contact_name": "Zoë"}, ana, key=key)
    closed = await conversations.close(1, ana, once=closing)

    async with store.database.read() as connection:
        first, second = await look_up(connection, key), await look_up(connection, closing)
    assert (first.status, first.ids, first.seq) == (201, [1], made.seq)
    assert (second.status, second.ids, second.seq) == (200, [1], closed.seq)
