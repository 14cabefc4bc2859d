"""Whatever happens at the desk, together or one after the other: rows, log, index and counts tell the same story."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from realtime.channels import EVERYTHING
from realtime.config import Settings
from realtime.errors import Problem
from realtime.events import Event
from realtime.policy import Principal, Role
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.messages import Messages, Place, Speaker
from realtime.store import conversations as conversation_rows
from realtime.store import messages as message_rows
from realtime.store.conversations import ConversationFilter
from realtime.store.csat import CsatFilter
from realtime.store.desk_tables import conversations as conversation_table
from realtime.store.messages import MessageFilter
from realtime.store.opening import Store, open_store
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Transaction

BOSS = Principal("system", Role.ADMIN, "socket", user_id=1)
GUEST = Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=2)
CUSTOMER, AGENT = Speaker(GUEST, "customer"), Speaker(BOSS, "agent")
ALL = Stretch(1_000)
WORDS = ("alfa", "bravo", "charlie", "delta", "eco")
DELIVERY = ("sent", "delivered", "read")

PLACE = st.sampled_from(["c1", "c2", "c3"])
MESSAGE = st.integers(1, 8)
SPEAKER = st.sampled_from([CUSTOMER, AGENT])
WORD = st.sampled_from(WORDS)
STEP = st.one_of(
    st.tuples(st.just("say"), PLACE, SPEAKER, WORD),
    st.tuples(st.just("say"), PLACE, SPEAKER, WORD),
    st.tuples(st.just("say as"), PLACE, SPEAKER, WORD, st.sampled_from(["m1", "m2"])),
    st.tuples(st.just("edit"), MESSAGE, SPEAKER, WORD),
    st.tuples(st.just("mark"), MESSAGE, st.sampled_from(DELIVERY)),
    st.tuples(st.just("read up to"), PLACE, MESSAGE),
    st.tuples(st.just("delete"), MESSAGE, SPEAKER),
    st.tuples(st.just("react"), MESSAGE, SPEAKER, st.sampled_from(["👍", "🎉", ""])),
    st.tuples(st.just("set"), PLACE, st.sampled_from(["open", "pending", "closed"])),
    st.tuples(st.just("rename"), PLACE, WORD),
    st.tuples(st.just("rate"), PLACE, st.integers(1, 5)),
)
HISTORY = st.lists(st.lists(STEP, min_size=1, max_size=6), min_size=1, max_size=12)


class Desk:
    """The services over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.conversations = Conversations(store)
        self.messages = Messages(store, self.conversations)
        self.csat = Csat(store)

    async def do(self, step: tuple[Any, ...]) -> None:
        """One thing that happens; what is refused changes nothing."""
        with suppress(Problem):
            await self._do(*step)

    async def _do(self, what: str, *values: Any) -> None:
        match what, *values:
            case "say", place, speaker, word:
                await self.messages.send(speaker, Place(place, open=True), f"{word} dito")
            case "say as", place, speaker, word, ident:
                await self.messages.send(speaker, Place(place, open=True), f"{word} dito", ident=ident)
            case "edit", message, speaker, word:
                await self.messages.edit(message, f"{word} corrigido {'x' * 50 * len(word)}", speaker)
            case "mark", message, status:
                await self.messages.mark(message, status, BOSS)
            case "read up to", place, message:
                await self.messages.mark_read_up_to(place, message, BOSS)
            case "delete", message, speaker:
                await self.messages.delete(message, speaker)
            case "react", message, speaker, reaction:
                await self.messages.react(message, reaction, speaker.who)
            case "set", place, status:
                await self.conversations.update(place, {"status": status}, BOSS)
            case "rename", place, word:
                await self.conversations.update(place, {"contact_name": f"{word} silva"}, BOSS)
            case "rate", place, rating:
                await self.csat.rate(place, rating, None, GUEST)


@given(history=HISTORY)
@settings(deadline=None, max_examples=40)
def test_the_log_tells_what_the_rows_say(history: list[list[tuple[Any, ...]]]) -> None:
    asyncio.run(play(history))


async def play(history: list[list[tuple[Any, ...]]]) -> None:
    with TemporaryDirectory() as folder:
        store = await open_store(Settings(data=Path(folder), durability="normal"), lambda events: None)
        desk = Desk(store)
        await desk.conversations.list(ConversationFilter(), ALL)
        for together in history:
            await asyncio.gather(*(desk.do(step) for step in together))
        await compare(desk, desk)
        await store.close()
        store = await open_store(Settings(data=Path(folder), durability="normal"), lambda events: None)
        await compare(desk := Desk(store), desk)
        await desk.messages.scrubber.clear()
        await compare(desk, Desk(store))
        await store.close()


async def compare(desk: Desk, counting: Desk) -> None:
    events = (await desk.store.log.since(0, EVERYTHING, upto=desk.store.log.tip, limit=100_000)).events
    assert [event.seq for event in events] == list(range(1, desk.store.log.tip + 1))
    assert desk.store.log.damaged == 0
    _, conversations = await desk.conversations.list(ConversationFilter(), ALL)
    _, messages = await desk.messages.list(None, MessageFilter(), ALL)
    _, ratings = await desk.csat.list(CsatFilter(), ALL)
    compare_conversations(events, conversations, messages)
    compare_messages(events, messages)
    told = {event.entity_id: event.value for event in events if event.type == "csat.created"}
    # The question at closing is no event.
    quiet = ("asked_at", "updated_at", "contact_name")
    assert [without(row, *quiet) for row in ratings if row["rating"]] == [
        without(told[row["id"]], *quiet) for row in ratings if row["rating"]
    ]
    await compare_search(desk, conversations, messages)
    await compare_known_rows(desk)
    by_status = Counter(row["status"] for row in conversations)
    for status in ("open", "pending", "closed"):
        assert (await counting.conversations.list(ConversationFilter(status=status), ALL))[0] == by_status[status]


def compare_conversations(events: list[Event], rows: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
    told = {event.entity_id: event.value for event in events if event.type.startswith("conversation.")}
    assert [without(row, "last_message_at") for row in rows] == [
        without(told[row["id"]], "last_message_at") for row in rows
    ]
    last = {message["conversation_id"]: message["created_at"] for message in messages}
    assert {row["id"]: row["last_message_at"] for row in rows} == {row["id"]: last.get(row["id"]) for row in rows}


def compare_messages(events: list[Event], rows: list[dict[str, Any]]) -> None:
    """Each message is what its events make of it; of a deleted one they all say no more than that."""
    for row in rows:
        its = [event for event in events if event.channel == "chat" and event.entity_id == row["id"]]
        its = [event for event in its if not event.type.startswith("conversation.")]
        states = [event.value for event in its if event.type in ("message.created", "message.updated")]
        if row["deleted_at"] is not None:
            ids = {name: row[name] for name in ("id", "uuid", "conversation_id", "chat_id")}
            assert [event.value for event in its[:-1]] == [{**ids, "deleted": True}] * (len(its) - 1)
            assert (its[-1].type, row["content"], row["reactions"]) == ("message.deleted", "", [])
            assert its[-1].value == {**ids, "deleted_by": its[-1].value["deleted_by"], "deleted_at": row["deleted_at"]}
            continue
        assert without(states[-1], "change") == without(row, "reactions")
        steps = [DELIVERY.index(state["status"]) for state in states]
        assert steps == sorted(steps)
        for before, after in pairwise(states):
            moved = {name for name in after if name != "change" and before[name] != after[name]} - {"updated_at"}
            assert moved - {"edited_at"} == ({"content"} if after["change"] == "edited" else {"status"})
        reactions = {event.value["user_id"]: event.value["reaction"] for event in its if event.type[0] == "r"}
        assert {each["user_id"]: each["reaction"] for each in row["reactions"]} == {
            user: reaction for user, reaction in reactions.items() if reaction
        }


async def compare_search(desk: Desk, conversations: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
    for word in WORDS:
        saying = [row for row in messages if word in row["content"]]
        _, found = await desk.messages.list(None, MessageFilter(search=word), ALL)
        assert found == saying
        _, named = await desk.conversations.list(ConversationFilter(search=word), ALL)
        said_in = {row["conversation_id"] for row in saying}
        assert named == [row for row in conversations if row["id"] in said_in or word in row["contact_name"]]


async def compare_known_rows(desk: Desk) -> None:
    """What the one writer remembers is what the database has."""

    def read(tx: Transaction) -> tuple[list[Any], list[Any]]:
        stored = [dict(row) for row in tx.read(select(conversation_table)).mappings()]
        return stored, [conversation_rows.find(tx, row["uuid"]) for row in stored]

    stored, known = await desk.store.committer.submit(read)
    assert stored == known
    found = await desk.store.committer.submit(lambda tx: [message_rows.find(tx, each) for each in range(1, 9)])
    _, shown = await desk.messages.list(None, MessageFilter(), ALL)
    by_id = {row["id"]: row for row in found if row}
    for row in shown[:8]:
        assert {name: by_id[row["id"]][name] for name in ("uuid", "content", "status")} == {
            name: row[name] for name in ("uuid", "content", "status")
        }


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
