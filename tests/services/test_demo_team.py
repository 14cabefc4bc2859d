"""The simulated support team: marked everywhere, bounded, and busy with all that a desk does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest

from realtime import keys
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.events import Event
from realtime.services.accounts import Accounts
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.demo_dialogues import BOT, CONTACTS, CUSTOMERS, DIALOGUES, MARK, TEAM
from realtime.services.demo_team import SEATS, DemoTeam
from realtime.services.desk_checks import RATINGS, content
from realtime.services.first_start import SYSTEM
from realtime.services.messages import Messages
from realtime.services.metrics import Metrics
from realtime.services.presence import Presence
from realtime.store.opening import Store, open_store
from realtime.store.telemetry import Stretch
from tests.conftest import Client, MakeClient

Done = Callable[[], bool]


def team_of(store: Store, settings: Settings) -> DemoTeam:
    """A team without pauses."""
    conversations = Conversations(store)
    messages = Messages(store, conversations)
    hub = Hub(store.log, settings)
    presence = Presence(store, hub, settings)
    return DemoTeam(Accounts(store, settings), conversations, messages, Csat(store), hub, presence, pace=0)


async def play(team: DemoTeam, done: Done) -> None:
    """Let the team play until there was enough."""
    team.start()
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.01)
    await team.stop()


def of(heard: Iterable[Event], kind: str) -> list[Event]:
    return [event for event in heard if event.type == kind]


def enough(heard: list[Event], kind: str, times: int) -> Done:
    return lambda: len(of(heard, kind)) >= times


def open_at_once(heard: Iterable[Event]) -> int:
    """The most conversations that were open at the same time."""
    now_open: set[int | None] = set()
    most = 0
    for event in heard:
        if event.type in ("conversation.created", "conversation.reopened"):
            now_open.add(event.entity_id)
        elif event.type == "conversation.closed":
            now_open.discard(event.entity_id)
        most = max(most, len(now_open))
    return most


# -- what it says ---------------------------------------------------------------------


def test_somebody_answers_in_every_language_and_there_is_something_to_say() -> None:
    for language in {contact.language for contact in CONTACTS}:
        assert [agent for agent in TEAM if language in agent.languages]
        assert [dialogue for dialogue in DIALOGUES if dialogue.language == language]
    assert len({contact.language for contact in CONTACTS}) >= 3


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=[each.lines[0].text[:30] for each in DIALOGUES])
def test_a_dialogue_can_be_played(dialogue) -> None:
    assert dialogue.lines[0].sender == "customer"
    assert "agent" in {line.sender for line in dialogue.lines}
    assert dialogue.rating is None or dialogue.rating in RATINGS
    assert dialogue.feedback is None or dialogue.rating is not None
    for line in dialogue.lines:
        content(line.text, line.type)
        assert line.first != line.text
        assert not (line.mistaken and (line.first or line.reaction))


def test_everybody_is_marked() -> None:
    assert all(contact.name.endswith(f" {MARK}") and contact.chat.startswith("demo-") for contact in CONTACTS)
    assert all(name.endswith("-demo") for name in (*(agent.name for agent in TEAM), CUSTOMERS, BOT))
    assert len({contact.chat for contact in CONTACTS}) == len(CONTACTS)


# -- what it does ---------------------------------------------------------------------


async def test_it_does_all_that_happens_at_a_desk(store: Store, settings: Settings, heard: list[Event]) -> None:
    team = team_of(store, settings)
    await play(team, lambda: bool(of(heard, "message.deleted")) and len(of(heard, "csat.created")) >= 20)

    assert {event.type for event in heard if event.channel in ("chat", "csat")} == {
        *(f"conversation.{done}" for done in ("created", "updated", "assigned", "closed")),
        *(f"message.{done}" for done in ("created", "updated", "deleted")),
        *("reaction.updated", "csat.created"),
        *({"conversation.reopened"} & {event.type for event in heard}),
    }
    assert {event.value["sender"] for event in of(heard, "message.created")} == {"customer", "agent", "bot"}
    updates = [event.value for event in of(heard, "message.updated")]
    assert {update["change"] for update in updates} == {"edited", "status"}
    assert {update["status"] for update in updates} >= {"delivered", "read"}
    assert {event.value["status"] for event in of(heard, "conversation.updated")} == {"pending", "open"}


async def test_all_of_it_carries_the_mark(store: Store, settings: Settings, heard: list[Event]) -> None:
    await play(team_of(store, settings), enough(heard, "csat.created", 5))

    assert all(event.actor == "demo" or event.actor.endswith("-demo") for event in heard)
    for event in heard:
        if event.type.startswith("conversation."):
            assert event.value["contact_name"].endswith(MARK)
        elif event.type == "message.created":
            assert event.value["sender_name"].endswith((MARK, "-demo"))
    _, users = await Accounts(store, settings).users.list({}, Stretch(100))
    made = {row["name"]: row["role"] for row in users if row["name"] not in ("system", "guest")}
    assert all(name.endswith("-demo") for name in made)
    assert set(made.values()) == {"agent", "viewer"}


async def test_it_stays_small_however_long_it_runs(store: Store, settings: Settings, heard: list[Event]) -> None:
    await play(team_of(store, settings), enough(heard, "conversation.closed", 4 * len(CONTACTS)))

    assert len(of(heard, "conversation.created")) == len(CONTACTS)
    assert open_at_once(heard) <= SEATS


async def test_its_figures_are_those_of_a_desk(store: Store, settings: Settings, heard: list[Event]) -> None:
    await play(team_of(store, settings), enough(heard, "csat.created", 60))
    metrics = Metrics(store)
    figures = await metrics.current()

    assert (await metrics.verify()).ok
    assert figures["total_conversations"] <= len(CONTACTS)
    assert figures["open_conversations"] <= SEATS
    assert 3 <= figures["average_satisfaction"] <= 5
    assert figures["resolution_rate"] >= 0.8


async def test_what_a_stop_cuts_short_is_finished_after_the_next_start(settings: Settings) -> None:
    heard: list[Event] = []
    for _ in range(6):
        store = await open_store(settings, heard.extend)
        await play(team_of(store, settings), enough(heard, "message.created", len(of(heard, "message.created")) + 5))
        await store.close()

    assert open_at_once(heard) <= SEATS
    made = [event.value["uuid"] for event in of(heard, "conversation.created")]
    assert len(made) == len(set(made))


async def test_an_account_that_is_disabled_says_nothing_more_and_the_others_go_on(
    store: Store, settings: Settings, heard: list[Event]
) -> None:
    team, users = team_of(store, settings), Accounts(store, settings).users
    await play(team, lambda: {agent.name for agent in TEAM} <= {event.actor for event in of(heard, "message.created")})
    _, found = await users.list({"name": TEAM[0].name}, Stretch(1))
    await users.update(SYSTEM, found[0]["id"], active=False)
    then = len(heard)
    await play(team_of(store, settings), lambda: len(of(heard[then:], "conversation.closed")) >= 10)

    assert TEAM[0].name not in {event.actor for event in heard[then:]}


def team_in(client: Client) -> DemoTeam:
    """A team without pauses in a server that has none of its own."""
    own = (keys.ACCOUNTS, keys.CONVERSATIONS, keys.MESSAGES, keys.CSAT, keys.HUB, keys.PRESENCE)
    return DemoTeam(*(client.app[key] for key in own), pace=0)


async def test_an_agent_is_online_while_it_has_a_visit(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=0)
    team, seen = team_in(client), dict[str, set[str]]()
    async with client.ws_connect("/api/v1/ws/secure?channel=users&since=now", protocols=("realtime.v1",)) as ws:
        team.start()
        async with asyncio.timeout(30):
            while len([statuses for statuses in seen.values() if len(statuses) == 2]) < 2:
                frame = await ws.receive_json()
                if frame["type"].startswith("user."):
                    seen.setdefault(frame["data"]["username"], set()).add(frame["data"]["status"])
        await team.stop()
        async with asyncio.timeout(30):
            while client.app[keys.PRESENCE].users():
                await ws.receive_json()

    assert seen.keys() <= {agent.name for agent in TEAM}


async def test_who_has_opted_in_sees_them_type(client: Client) -> None:
    assert client.app is not None
    team = team_in(client)
    async with client.ws_connect("/ws/dashboard/?since=now") as opted_in, client.ws_connect("/ws/dashboard/") as seeds:
        team.start()
        told: list[tuple[str, bool]] = []
        async with asyncio.timeout(30):
            while len({name for name, _ in told}) < 4:
                frame = await opted_in.receive_json()
                if frame["type"] == "typing":
                    told.append((frame["data"]["username"], frame["data"]["typing"]))
        await team.stop()
        types = set()
        async with asyncio.timeout(30):
            while "csat_update" not in types and "message_updated" not in types:
                types.add((await seeds.receive_json())["type"])

    assert all(name.endswith((MARK, "-demo")) for name, _ in told)
    assert {typing for _, typing in told} == {True, False}
    assert "typing" not in types


async def test_the_demo_of_a_server_has_a_team(make_client: MakeClient) -> None:
    client = await make_client(demo=True)
    async with client.get("/api/v1/events/stream?channel=chat&since=10m") as stream, asyncio.timeout(30):
        async for line in stream.content:
            if b"conversation.created" in line:
                assert b"(demo)" in line
                break
