"""Sending messages: who says it, where, and once."""

import asyncio

import pytest

from realtime.policy import Role
from realtime.services.desk_checks import CONTENT_LIMIT
from realtime.services.messages import Messages, Place, Speaker
from realtime.store.idempotency import Key, look_up
from realtime.store.messages import MessageFilter
from tests.saying import ALL, BOSS, GUEST, VISITOR, chat, kinds, refused


async def test_a_chat_id_never_seen_opens_a_conversation_before_its_first_message(messages, conversations, heard):
    written = await messages.send(VISITOR, Place("web-1", open=True, origin_channel="web"), "Perdi a senha")

    opened, message = chat(heard)
    assert [opened.type, message.type] == ["conversation.created", "message.created"]
    assert [event.value["action"] for event in heard if event.channel == "audit"] == ["conversation_created"]
    assert (message.value, message.seq, message.entity_id) == (written.row, written.seq, written.row["id"])
    conversation = await conversations.get("web-1")
    assert (conversation["contact_name"], conversation["contact_id"]) == ("Inês", "visitor-9")
    assert (conversation["origin_channel"], conversation["last_message_at"]) == ("web", message.time)
    told = {**opened.value, "last_message_at": message.time}
    assert told == conversation
    shown = {name: written.row[name] for name in ("chat_id", "content", "sender", "sender_id", "sender_name", "status")}
    assert shown == {
        "chat_id": "web-1",
        "content": "Perdi a senha",
        "sender": "customer",
        "sender_id": "visitor-9",
        "sender_name": "Inês",
        "status": "sent",
    }
    assert await messages.get(written.row["uuid"]) == {**written.row, "reactions": []}


async def test_who_speaks_is_who_the_credential_says_unless_a_guest_claims_a_name(
    messages, conversations, ana, accounts
):
    own = (await accounts.users.get(ana.user_id))["uuid"]
    row = (await conversations.create({"contact_name": "Zoë"}, ana)).row

    def names(written):
        return tuple(written.row[name] for name in ("sender", "sender_id", "sender_name", "user_id"))

    place = Place(row["id"])
    assert names(await messages.send(Speaker(ana, "agent"), place, "Olá")) == ("agent", own, "ana", ana.user_id)
    assert names(await messages.send(Speaker(ana, "bot"), place, "Olá")) == ("bot", own, "ana", ana.user_id)
    for_customer = await messages.send(Speaker(ana, "customer"), place, "Olá")
    assert names(for_customer) == ("customer", row["contact_id"], "Zoë", ana.user_id)
    assert names(await messages.send(Speaker(GUEST, "customer"), place, "Olá")) == (
        "customer",
        row["contact_id"],
        "Zoë",
        2,
    )
    assert names(await messages.send(VISITOR, place, "Olá")) == ("customer", "visitor-9", "Inês", 2)


async def test_a_guest_cannot_claim_to_be_somebody_with_an_account(messages, accounts, heard):
    place = Place("web-1", open=True)
    await messages.send(Speaker(GUEST, "customer", "maria"), place, "Ainda sem conta")
    maria = await accounts.users.create(BOSS, "maria", Role.AGENT)
    before = len(heard)
    for claim in (
        "maria",
        "MARIA",
        " maria",
        str(maria["id"]),
        f"{maria['id']} ",
        maria["uuid"],
        maria["uuid"].upper(),
    ):
        await refused("not_permitted", messages.send(Speaker(GUEST, "customer", claim), place, "Sou eu"))
        await refused("not_permitted", messages.send(Speaker(GUEST, "customer", "x", claim), place, "Sou eu"))

    assert len(heard) == before


async def test_a_conversation_that_is_nowhere_is_not_opened_unasked(messages, heard, ana):
    for place in (Place("web-1"), Place(7, open=True), Place(7)):
        await refused("not_found", messages.send(Speaker(ana, "agent"), place, "Olá"))
    await refused("invalid", messages.send(Speaker(ana, "agent"), Place("no spaces", open=True), "Olá"))

    assert chat(heard) == []


@pytest.mark.parametrize(
    ("content", "more", "code"),
    [
        ("", {}, "invalid"),
        (" \n", {}, "invalid"),
        ("a\0b", {}, "invalid"),
        ("half \udc00", {}, "invalid"),
        ("x" * (CONTENT_LIMIT + 1), {}, "too_large"),
        ("Olá", {"message_type": "poem"}, "invalid"),
        ("Olá", {"message_type": "image"}, "invalid"),
        ("javascript:alert(1)", {"message_type": "image"}, "invalid"),
        ("https://[broken/a.png", {"message_type": "video"}, "invalid"),
        ("https://example.org/" + "a" * 2048, {"message_type": "document"}, "invalid"),
        ("Olá", {"ident": ""}, "invalid"),
        ("Olá", {"ident": "x" * 65}, "invalid"),
        ("Olá", {"ident": "a b"}, "invalid"),
        ("Olá", {"ident": "line\n"}, "invalid"),
    ],
)
async def test_what_cannot_be_said_is_refused_and_nothing_is_stored(
    messages, conversations, heard, content, more, code
):
    await refused(code, messages.send(VISITOR, Place("web-1", open=True), content, **more))

    assert heard == []
    await refused("not_found", conversations.get("web-1"))


async def test_what_can_be_said_is_kept_as_it_is(messages):
    place = Place("web-1", open=True)
    for content, kind in (
        ("x" * CONTENT_LIMIT, "text"),
        ("  Tudo bem? 👩‍👩‍👧 \n“sim”  ", "text"),
        ("https://example.org/a%20b.png?x=1", "image"),
    ):
        written = await messages.send(VISITOR, place, content, message_type=kind)
        assert (await messages.get(written.row["id"]))["content"] == content


async def test_an_event_past_the_limit_is_refused_and_nothing_is_stored(store, conversations, heard):
    messages = Messages(store, conversations, data_limit=1_000)
    await refused("too_large", messages.send(VISITOR, Place("web-1", open=True), "x" * 1_000))
    await messages.send(VISITOR, Place("web-1", open=True), "x")
    await refused("too_large", messages.edit(1, "x" * 1_000, VISITOR))

    assert kinds(heard) == ["conversation.created", "message.created"]


async def test_the_same_client_id_of_the_same_sender_is_sent_once(messages, heard, ana):
    place = Place("web-1", open=True)
    once = await messages.send(VISITOR, place, "Olá", ident="m-1")
    both = await asyncio.gather(*(messages.send(VISITOR, place, "Olá outra vez", ident="m-1") for _ in range(5)))

    assert all(written == type(once)(once.row, once.seq) for written in both)
    assert once.row["uuid"] == "m-1"
    assert kinds(heard) == ["conversation.created", "message.created"]


async def test_two_that_are_sent_at_once_with_one_id_are_one_message(messages, heard):
    written = await asyncio.gather(
        *(messages.send(VISITOR, Place("web-1", open=True), f"Olá {n}", ident="m-1") for n in range(8))
    )

    assert len({each.seq for each in written}) == len({each.row["content"] for each in written}) == 1
    assert kinds(heard) == ["conversation.created", "message.created"]


async def test_a_client_id_of_another_sender_or_conversation_is_a_conflict(messages, heard, ana, rui):
    place = Place("web-1", open=True)
    await messages.send(VISITOR, place, "Olá", ident="m-1")
    await messages.send(Speaker(ana, "agent"), place, "Olá", ident="m-2")
    before = len(heard)
    for speaker, ident in (
        (Speaker(GUEST, "customer", "another"), "m-1"),
        (Speaker(ana, "agent"), "m-1"),
        (Speaker(rui, "agent"), "m-2"),
        (Speaker(ana, "bot"), "m-2"),
    ):
        await refused("conflict", messages.send(speaker, place, "Olá", ident=ident))
    await refused("conflict", messages.send(VISITOR, Place("web-2", open=True), "Olá", ident="m-1"))

    assert len(heard) == before


async def test_a_customer_opens_a_closed_conversation_again_and_the_team_does_not(
    messages, conversations, heard, sent, ana
):
    await conversations.close("web-1", ana)
    del heard[:]
    await messages.send(Speaker(ana, "agent"), Place("web-1"), "Obrigada pela visita")
    assert (await conversations.get("web-1"))["status"] == "closed"

    await messages.send(VISITOR, Place("web-1"), "Ainda não funciona")
    assert kinds(heard) == ["message.created", "conversation.reopened", "message.created"]
    row = await conversations.get("web-1")
    assert (row["status"], row["cycle"]) == ("open", 2)


async def test_an_idempotency_key_is_kept_with_the_message(messages, store):
    key = Key("guest:127.0.0.1", "/api/v1/conversations/web-1/messages", "k", "digest")
    written = await messages.send(VISITOR, Place("web-1", open=True), "Olá", key=key)

    async with store.database.read() as connection:
        outcome = await look_up(connection, key)
    assert (outcome.status, outcome.ids, outcome.seq) == (201, [written.row["id"]], written.seq)


async def test_many_that_speak_at_once_share_a_commit_and_each_is_told_once(messages, store, heard):
    await messages.send(VISITOR, Place("web-1", open=True), "Olá")
    before, told = store.committer.counts.commits, len(heard)
    await asyncio.gather(*(messages.send(VISITOR, Place(f"web-{n % 7}", open=True), f"Olá {n}") for n in range(300)))

    assert store.committer.counts.commits - before < 10
    new = [event for event in heard[told:] if event.type == "message.created"]
    assert [event.value["content"] for event in new] == [f"Olá {n}" for n in range(300)]
    count, rows = await messages.list("web-3", MessageFilter(), ALL)
    assert [row["content"] for row in rows] == [f"Olá {n}" for n in range(300) if n % 7 == 3]
    assert count == len(rows)


async def test_texts_count_among_the_bytes_that_wait_to_be_written(store, messages):
    sending = asyncio.create_task(messages.send(VISITOR, Place("web-1", open=True), "x" * 5_000))
    await asyncio.sleep(0)
    assert store.committer.held == 5_000
    written = await sending

    editing = asyncio.create_task(messages.edit(written.row["id"], "y" * 7_000, Speaker(BOSS, "agent")))
    await asyncio.sleep(0)
    assert store.committer.held == 7_000
    await editing
    assert store.committer.held == 0
