"""What becomes of messages: edits, delivery, reactions, deletion; by those who may. And finding them."""

import asyncio

import pytest

from realtime.services.desk_checks import REACTION_LIMIT
from realtime.services.messages import Place, Speaker
from realtime.store import messages as message_rows
from realtime.store.messages import MessageFilter
from realtime.store.telemetry import Stretch
from tests.saying import ALL, BOSS, GUEST, VISITOR, chat, everything, kinds, refused


async def test_an_edit_is_told_as_edited_and_audited_without_the_text(messages, heard, sent):
    written = await messages.edit(sent.row["uuid"], "Perdi o e-mail", VISITOR)

    event, audit = heard
    assert (event.type, event.seq) == ("message.updated", written.seq)
    assert event.value == {**written.row, "change": "edited"}
    assert (written.row["content"], written.row["edited_at"]) == ("Perdi o e-mail", event.time)
    assert (await messages.get(1))["content"] == "Perdi o e-mail"
    details = audit.value["details"]
    assert (audit.value["action"], details["before"]["length"], details["after"]["length"]) == (
        "message_edited",
        13,
        14,
    )
    assert b"Perdi" not in audit.data
    assert len({details[side]["digest"] for side in ("before", "after")}) == 2


async def test_the_same_text_is_no_edit(messages, heard, sent):
    written = await messages.edit(1, "Perdi a senha", VISITOR)

    assert (written.seq, written.row, heard) == (0, sent.row, [])


async def test_digests_of_one_message_agree_and_of_two_do_not(messages, heard, sent):
    await messages.send(VISITOR, Place("web-1"), "Perdi a senha")
    for number in (1, 2):
        await messages.edit(number, "outra coisa", VISITOR)
    await messages.edit(1, "Perdi a senha", VISITOR)

    edits = [event.value["details"] for event in heard if event.channel == "audit"]
    assert edits[0]["after"] == edits[2]["before"]
    assert edits[0]["before"] == edits[2]["after"]
    assert edits[0]["before"]["digest"] != edits[1]["before"]["digest"]


async def test_only_the_author_or_an_admin_changes_a_message(messages, heard, sent, ana, rui):
    await messages.send(Speaker(ana, "agent"), Place("web-1"), "Um momento")
    del heard[:]
    for change in (
        lambda who: messages.edit(2, "Já", Speaker(who, "agent")),
        lambda who: messages.delete(2, Speaker(who, "agent")),
    ):
        for who in (rui, GUEST):
            await refused("not_permitted", change(who))
    await refused("not_permitted", messages.edit(1, "Já", Speaker(ana, "agent")))
    assert heard == []

    assert (await messages.edit(2, "Já", Speaker(ana, "agent"))).seq
    assert (await messages.edit(2, "Agora", Speaker(BOSS, "agent"))).seq
    assert (await messages.edit(1, "Já", Speaker(GUEST, "agent"))).seq


async def test_a_message_is_taken_on_to_read_and_never_back(messages, heard, sent, ana):
    seqs = [(await messages.mark(1, status, ana)).seq for status in ("sent", "delivered", "delivered", "read")]
    back = await messages.mark(1, "delivered", ana)

    assert [bool(seq) for seq in seqs] == [False, True, False, True]
    assert (back.seq, back.row["status"]) == (0, "read")
    assert [(event.value["change"], event.value["status"]) for event in heard] == [
        ("status", "delivered"),
        ("status", "read"),
    ]
    await refused("invalid", messages.mark(1, "lost", ana))


async def test_reading_up_to_a_message_marks_what_the_others_wrote_until_there(messages, heard, sent, ana, monkeypatch):
    monkeypatch.setattr(message_rows, "READ_AT_ONCE", 2)
    monkeypatch.setattr("realtime.services.messages.READ_AT_ONCE", 2)
    for speaker in (VISITOR, Speaker(ana, "agent"), VISITOR, VISITOR, VISITOR):
        await messages.send(speaker, Place("web-1"), "Olá")
    await messages.delete(2, VISITOR)
    await messages.send(VISITOR, Place("web-2", open=True), "Olá")
    del heard[:]
    written = await messages.mark_read_up_to("web-1", 5, ana)

    assert written.row == {"conversation_id": 1, "chat_id": "web-1", "message_id": 5, "read": 3}
    assert [event.entity_id for event in heard] == [1, 4, 5]
    assert written.seq == heard[-1].seq
    again = await messages.mark_read_up_to("web-1", 5, ana)
    assert (again.seq, again.row["read"]) == (0, 0)
    theirs = await messages.mark_read_up_to("web-1", 6, GUEST, reader="customer")
    assert theirs.row["read"] == 1
    await refused("not_found", messages.mark_read_up_to("web-2", 5, ana))


async def test_an_unknown_message_is_not_found_by_id_or_uuid(messages, sent, ana):
    for key in (7, "no-such"):
        for asked in (
            messages.get(key),
            messages.edit(key, "x", VISITOR),
            messages.mark(key, "read", ana),
            messages.delete(key, VISITOR),
            messages.react(key, "👍", ana),
            messages.mark_read_up_to("web-1", key, ana),
        ):
            await refused("not_found", asked)


# -- reactions ----------------------------------------------------------------------------


async def test_one_reaction_of_each_user_replaced_and_removed(messages, heard, sent, ana, rui):
    for who, reaction in ((ana, "👍"), (rui, "👍"), (ana, "👍"), (ana, "👩‍👩‍👧"), (rui, ""), (rui, "")):
        written = await messages.react(sent.row["uuid"], reaction, who)

    assert written.seq == 0
    told = [(event.value["username"], event.value["reaction"]) for event in chat(heard)]
    assert told == [("ana", "👍"), ("rui", "👍"), ("ana", "👩‍👩‍👧"), ("rui", "")]
    first = chat(heard)[0]
    assert first.type == "reaction.updated"
    assert first.value.keys() == {
        "message_id",
        "message_uuid",
        "conversation_id",
        "chat_id",
        "user_id",
        "sender_id",
        "username",
        "reaction",
    }
    assert (await messages.get(1))["reactions"] == [{"user_id": ana.user_id, "username": "ana", "reaction": "👩‍👩‍👧"}]


async def test_reactions_of_one_moment_leave_the_last_of_each_user(messages, sent, ana, rui):
    marks = "👍👎😀🎉"
    await asyncio.gather(*(messages.react(1, mark, who) for mark in marks for who in (ana, rui)))

    assert [row["reaction"] for row in (await messages.get(1))["reactions"]] == [marks[-1]] * 2


@pytest.mark.parametrize("reaction", [" ", "x" * (REACTION_LIMIT + 1), "\0", "\ud83d"])
async def test_what_is_no_reaction_is_refused(messages, heard, sent, ana, reaction):
    await refused("invalid", messages.react(1, reaction, ana))
    assert heard == []


# -- deleting -----------------------------------------------------------------------------


async def test_what_is_deleted_has_no_text_no_reactions_and_no_second_death(messages, heard, sent, ana):
    await messages.edit(1, "Perdi o e-mail", VISITOR)
    await messages.react(1, "👍", ana)
    del heard[:]
    written = await messages.delete(1, VISITOR)
    again = await messages.delete(sent.row["uuid"], VISITOR)

    event, audit = heard
    ids = {"id": 1, "uuid": sent.row["uuid"], "conversation_id": 1, "chat_id": "web-1"}
    assert (event.type, event.seq, event.entity_id) == ("message.deleted", written.seq, 1)
    assert event.value == {**ids, "deleted_by": 2, "deleted_at": event.time}
    assert (audit.value["action"], audit.value["details"]["before"]["length"]) == ("message_deleted", 14)
    assert (again.seq, again.row) == (0, written.row)
    shown = await messages.get(1)
    assert (shown["content"], shown["deleted_at"], shown["reactions"]) == ("", event.time, [])


async def test_what_is_deleted_is_changed_no_more(messages, heard, sent, ana):
    await messages.delete(1, Speaker(BOSS, "agent"))
    del heard[:]
    for change in (messages.edit(1, "x", VISITOR), messages.mark(1, "read", ana), messages.react(1, "👍", ana)):
        await refused("not_found", change)
    await refused("not_permitted", messages.delete(1, Speaker(ana, "agent")))

    assert heard == []


async def test_all_events_of_what_is_deleted_lose_their_data_and_keep_their_places(messages, store, heard, sent, ana):
    await messages.send(VISITOR, Place("web-1"), "Perdi tudo")
    await messages.edit(1, "Perdi o e-mail", VISITOR)
    await messages.mark(1, "read", ana)
    await messages.react(1, "👍", ana)
    await messages.react(1, "", ana)
    before = await everything(store)
    await messages.delete(1, VISITOR)
    after = {event.seq: event for event in await everything(store)}

    scrubbed = {"id": 1, "uuid": sent.row["uuid"], "conversation_id": 1, "chat_id": "web-1", "deleted": True}
    for event in before:
        its_own = event.channel == "chat" and event.entity_id == 1 and not event.type.startswith("conversation.")
        assert after[event.seq].value == (scrubbed if its_own else event.value)
        assert (after[event.seq].type, after[event.seq].at, after[event.seq].actor) == (
            event.type,
            event.at,
            event.actor,
        )
    assert sum(event.value == scrubbed for event in after.values()) == 5
    assert store.log.damaged == 0


async def test_what_is_sent_and_deleted_in_one_commit_leaves_no_text(messages, store, heard):
    place = Place("web-1", open=True)
    sending, deleting = (
        messages.send(VISITOR, place, "Perdi a senha", ident="m-1"),
        messages.delete("m-1", VISITOR),
    )
    await asyncio.gather(sending, deleting)

    assert kinds(heard)[-2:] == ["message.created", "message.deleted"]
    assert all(b"senha" not in event.data for event in await everything(store))
    assert (await messages.list("web-1", MessageFilter(search="senha"), ALL))[0] == 0


async def test_a_retry_of_a_message_deleted_since_brings_nothing_back(messages, heard):
    place = Place("web-1", open=True)
    first = await messages.send(VISITOR, place, "Olá", ident="m-1")
    await messages.delete("m-1", VISITOR)
    told = len(heard)
    again = await messages.send(VISITOR, place, "Olá", ident="m-1")

    assert (again.seq, again.row["content"]) == (first.seq, "")
    assert again.row["deleted_at"] is not None
    assert len(heard) == told


# -- finding ------------------------------------------------------------------------------


async def test_messages_are_found_by_what_they_are_and_say(messages, sent, ana):
    await messages.send(Speaker(ana, "agent"), Place("web-1"), "Qual é o e-mail da conta?")
    await messages.send(VISITOR, Place("web-1"), "https://example.org/foto.png", message_type="image")
    await messages.send(VISITOR, Place("web-2", open=True), "Senhas não chegam")
    await messages.mark(1, "read", ana)

    async def found(conversation="web-1", stretch=ALL, **wanted):
        return [row["id"] for row in (await messages.list(conversation, MessageFilter(**wanted), stretch))[1]]

    assert await found() == [1, 2, 3]
    assert await found(sender="agent") == [2]
    assert await found(status="read") == [1]
    assert await found(message_type="image") == [3]
    assert await found(search="senh") == [1]
    assert await found(search="SENHA perdi") == [1]
    assert await found(search="foto.png") == [3]
    assert await found(None, search="senh") == [1, 4]
    assert await found(stretch=Stretch(1, newest_first=True)) == [3]
    assert await found(stretch=Stretch(5, id_after=1)) == [2, 3]
    await messages.edit(1, "Perdi o e-mail", VISITOR)
    assert await found(search="senha") == []
    assert await found(search="email") == []
    assert await found(search="e-mail") == [1, 2]
