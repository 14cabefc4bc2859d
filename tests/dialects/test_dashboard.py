"""The dashboard dialect, held against the frames that the seed shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import clock
from realtime.dialects.dashboard import DASHBOARD, WORDS
from realtime.dialects.dashboard_commands import (
    Command,
    DeleteMessage,
    EditMessage,
    MarkRead,
    React,
    SendMessage,
    Typing,
    read,
)
from realtime.dialects.incoming import Authenticate, BadCommand, Ping
from realtime.errors import Problem
from realtime.events import Draft, Event, Signal
from realtime.jsonio import dumps
from tests.dashboard_seed import frames

AT = "2024-01-01T10:00:00.789Z"
RESERVED = {"connected", "disconnected", "error", "reconnect_failed"}

CONVERSATION = {
    "id": 1,
    "uuid": "c-1",
    "contact_id": "joao",
    "contact_name": "João Silva",
    "assignee": 7,
    "assignee_name": "agente1",
    "status": "open",
    "origin_channel": "web",
    "cycle": 1,
    "last_message_at": None,
    "closed_at": None,
    "created_at": AT,
    "updated_at": AT,
}
MESSAGE = {
    "id": 1,
    "uuid": "m-1",
    "conversation_id": 1,
    "chat_id": "c-1",
    "content": "Nova mensagem",
    "sender": "customer",
    "sender_id": "joao",
    "sender_name": "João Silva",
    "user_id": 2,
    "message_type": "text",
    "status": "sent",
    "edited_at": None,
    "deleted_at": None,
    "created_at": AT,
    "updated_at": AT,
}
OF_MESSAGE = {"message_id": 1, "message_uuid": "m-1", "conversation_id": 1, "chat_id": "c-1"}
REACTION = {**OF_MESSAGE, "user_id": 1, "sender_id": "u-1", "username": "agente1", "reaction": "👍"}
DELETED = {"id": 1, "uuid": "m-1", "conversation_id": 1, "chat_id": "c-1", "deleted_by": 1, "deleted_at": AT}
RATING = {
    "id": 3,
    "conversation_id": 1,
    "cycle": 1,
    "contact_name": "João Silva",
    "asked_at": None,
    "answered_at": AT,
    "rating": 5,
    "feedback": "Excelente atendimento!",
    "created_at": AT,
    "updated_at": AT,
}
AUDITED = {
    "id": 1,
    "action": "conversation_created",
    "details": {"conversation_id": 1, "contact_name": "João Silva"},
    "user": {"id": 1, "username": "agente1"},
    "timestamp": "2024-01-01T10:00:00Z",
}
USER = {"user_id": 1, "uuid": "u-1", "username": "agente1", "status": "online", "last_seen": AT}
METRICS = {
    "total_conversations": 100,
    "open_conversations": 25,
    "closed_conversations": 75,
    "average_satisfaction": 4.2,
    "resolution_rate": 0.85,
    "response_time": 120,
}

HAPPENED = {
    "chat_message": ("chat", "message.created", MESSAGE),
    "message_reaction": ("chat", "reaction.updated", REACTION),
    "message_deleted": ("chat", "message.deleted", DELETED),
    "csat_update": ("csat", "csat.created", RATING),
    "audit_log": ("audit", "audit.created", AUDITED),
    "user_status": ("users", "user.online", USER),
}


def happened(channel: str, type: str, data: Any, seq: int = 7) -> Event:
    draft = Draft.of(channel, type, data, entity_id=1)
    return Event(seq, draft.channel, draft.type, draft.data, draft.entity_id, draft.actor, clock.parse(AT))


def frame(event: Event, *, replayed: bool = False) -> dict[str, Any]:
    said = DASHBOARD.event(event, replayed=replayed)
    assert said is not None
    return dict(json.loads(said))


def signalled(channel: str, type: str, data: Any) -> bytes | None:
    return DASHBOARD.signal(Signal(channel, type, dumps(data)))


def test_the_seed_shows_seven_types_and_there_is_a_case_for_each() -> None:
    assert set(frames()) == {*HAPPENED, "dashboard_metrics"}


@pytest.mark.parametrize("type", HAPPENED)
def test_an_event_is_the_seeds_frame_key_for_key_and_then_its_seq(type: str) -> None:
    shown = frames()[type]

    said = frame(happened(*HAPPENED[type]))

    assert json.dumps(said) == json.dumps({**shown, "seq": 7}), "the order of the keys included"


@pytest.mark.parametrize("type", HAPPENED)
def test_a_replayed_event_says_so_beside_its_seq(type: str) -> None:
    said = frame(happened(*HAPPENED[type]), replayed=True)

    assert list(said.items())[-2:] == [("seq", 7), ("replayed", True)]
    assert said["data"] == frames()[type]["data"]


def test_the_metrics_are_the_seeds_frame_and_have_no_seq() -> None:
    said = signalled("csat", "dashboard_metrics", METRICS)

    assert said is not None
    assert json.dumps(json.loads(said)) == json.dumps(frames()["dashboard_metrics"])


def test_an_edit_is_never_a_second_chat_message() -> None:
    edited = {**MESSAGE, "content": "Corrigida", "edited_at": AT, "status": "read", "change": "edited"}

    assert frame(happened("chat", "message.updated", edited)) == {
        "type": "message_updated",
        "data": {
            "conversation_id": 1,
            "message_id": 1,
            "content": "Corrigida",
            "status": "read",
            "updated_at": "2024-01-01T10:00:00Z",
        },
        "seq": 7,
    }


@pytest.mark.parametrize("change", ["created", "updated", "assigned", "closed", "reopened"])
def test_every_change_of_a_conversation_says_how_it_is_now_and_what_it_was(change: str) -> None:
    assert frame(happened("chat", f"conversation.{change}", CONVERSATION)) == {
        "type": "conversation_updated",
        "data": {
            "conversation_id": 1,
            "change": change,
            "status": "open",
            "contact_name": "João Silva",
            "assignee": 7,
            "assignee_name": "agente1",
            "origin_channel": "web",
            "updated_at": "2024-01-01T10:00:00Z",
        },
        "seq": 7,
    }


def test_who_is_offline_was_last_seen_to_the_second() -> None:
    gone = {**USER, "status": "offline", "last_seen": "2024-02-29T23:59:59.999Z"}

    said = frame(happened("users", "user.offline", gone))

    assert said["data"] == {"user_id": 1, "status": "offline", "last_seen": "2024-02-29T23:59:59Z"}


def test_a_rating_without_words_has_empty_ones() -> None:
    assert frame(happened("csat", "csat.created", {**RATING, "feedback": None}))["data"]["feedback"] == ""


@pytest.mark.parametrize("type", ["message.created", "message.updated", "reaction.updated"])
@pytest.mark.parametrize("replayed", [True, False])
def test_what_was_said_of_a_deleted_message_is_passed_over(type: str, replayed: bool) -> None:
    scrubbed = {"id": 1, "uuid": "m-1", "conversation_id": 1, "chat_id": "c-1", "deleted": True}

    assert DASHBOARD.event(happened("chat", type, scrubbed), replayed=replayed) is None


@pytest.mark.parametrize(
    ("channel", "type"),
    [("sensors", "sensor.created"), ("general", "system.info"), ("plaza", "publication.created")],
)
def test_there_is_no_word_for_what_is_no_business_of_the_desk(channel: str, type: str) -> None:
    assert DASHBOARD.event(happened(channel, type, {"id": 1})) is None


def test_no_frame_takes_a_name_that_the_seeds_clients_use_for_themselves() -> None:
    assert RESERVED.isdisjoint(
        {word for word, _ in WORDS.values()} | {"audit_log", "dashboard_metrics", "typing", "system_notice"}
    )


def test_typing_is_told_in_the_dialects_own_ids_and_other_signals_are_not() -> None:
    typing = {"conversation_id": 1, "chat_id": "c-1", "user_id": 7, "sender_id": "u-7", "username": "ana"}

    said = signalled("chat", "typing", {**typing, "typing": True})

    assert said is not None
    assert json.loads(said) == {
        "type": "typing",
        "data": {"conversation_id": 1, "user_id": 7, "username": "ana", "typing": True},
    }
    assert signalled("users", "users:list", {"users": []}) is None


def test_a_notice_to_one_connection_has_the_times_of_this_dialect() -> None:
    said = signalled("general", "system.notice", {"level": "warning", "message": "Até logo", "timestamp": AT})

    assert said is not None
    assert json.loads(said) == {
        "type": "system_notice",
        "data": {"level": "warning", "message": "Até logo", "timestamp": "2024-01-01T10:00:00Z"},
    }


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(content=TEXT, name=TEXT, feedback=TEXT, reaction=TEXT)
def test_any_text_comes_through_as_it_went_in(content: str, name: str, feedback: str, reaction: str) -> None:
    message = frame(happened("chat", "message.created", {**MESSAGE, "content": content}))
    rating = frame(happened("csat", "csat.created", {**RATING, "contact_name": name, "feedback": feedback}))
    reacted = frame(happened("chat", "reaction.updated", {**REACTION, "reaction": reaction}))

    assert message["data"]["message"]["content"] == content
    assert (rating["data"]["contact_name"], rating["data"]["feedback"]) == (name, feedback)
    assert reacted["data"]["reaction"] == reaction


COMMANDS: list[tuple[dict[str, Any], Command]] = [
    ({"type": "ping", "id": 1}, Ping(1)),
    ({"type": "ping", "id": "a", "data": {}}, Ping("a")),
    ({"type": "auth", "token": "rt_x"}, Authenticate(None, "rt_x")),
    (
        {"type": "send_message", "id": 2, "data": {"conversation_id": 5, "content": "Olá"}},
        SendMessage(2, 5, "Olá", "text", None),
    ),
    (
        {
            "type": "send_message",
            "data": {
                "conversation_id": "uuid",
                "content": "https://example.org/a.png",
                "message_type": "image",
                "id": "my:1",
            },
        },
        SendMessage(None, "uuid", "https://example.org/a.png", "image", "my:1"),
    ),
    ({"type": "edit_message", "data": {"message_id": 3, "content": "b"}}, EditMessage(None, 3, "b")),
    ({"type": "delete_message", "data": {"message_id": "m-3"}}, DeleteMessage(None, "m-3")),
    ({"type": "react", "data": {"message_id": 3, "reaction": "👍"}}, React(None, 3, "👍")),
    ({"type": "react", "data": {"message_id": 3, "reaction": ""}}, React(None, 3, "")),
    ({"type": "mark_read", "data": {"message_id": 3}}, MarkRead(None, 3, None)),
    ({"type": "mark_read", "data": {"message_id": 3, "conversation_id": 1}}, MarkRead(None, 3, 1)),
    ({"type": "typing", "data": {"conversation_id": 1}}, Typing(None, 1, typing=True)),
    ({"type": "typing", "data": {"conversation_id": "c-1", "typing": False}}, Typing(None, "c-1", typing=False)),
]


@pytest.mark.parametrize(("said", "meant"), COMMANDS)
def test_a_frame_is_the_command_that_it_says(said: dict[str, Any], meant: Command) -> None:
    assert read(json.dumps(said)) == meant


def test_who_a_client_says_it_is_changes_nothing() -> None:
    data = {"conversation_id": 5, "content": "Olá"}
    spoofed = {**data, "sender": "customer", "sender_id": "joao", "user_id": 1, "username": "admin"}

    assert read(json.dumps({"type": "send_message", "data": spoofed})) == read(
        json.dumps({"type": "send_message", "data": data})
    )


BAD_FRAMES: list[Any] = [
    [],
    {"type": "dance"},
    {"type": ["ping"]},
    {"type": "ping", "id": {"a": 1}},
    {"type": "ping", "id": "x" * 129},
    {"type": "auth"},
    {"type": "send_message"},
    {"type": "send_message", "data": []},
    {"type": "send_message", "data": {"conversation_id": 1}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": ""}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": {"a": 1}}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": "x", "message_type": 5}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": "x", "message_type": None}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": "x", "id": 5}},
    {"type": "send_message", "data": {"conversation_id": 1, "content": "x", "id": "no spaces"}},
    {"type": "send_message", "data": {"conversation_id": True, "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": 0, "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": -1, "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": 1.5, "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": "x" * 65, "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": "é", "content": "x"}},
    {"type": "send_message", "data": {"conversation_id": "uuid\n", "content": "x"}},
    {"type": "react", "data": {"message_id": 1}},
    {"type": "react", "data": {"message_id": 1, "reaction": None}},
    {"type": "react", "data": {"reaction": "👍"}},
    {"type": "delete_message", "data": {"message_id": None}},
    {"type": "mark_read", "data": {"conversation_id": 1}},
    {"type": "mark_read", "data": {"message_id": 1, "conversation_id": []}},
    {"type": "typing", "data": {"conversation_id": 1, "typing": "yes"}},
]


@pytest.mark.parametrize("said", BAD_FRAMES)
def test_a_frame_that_is_no_command_is_refused_with_what_is_allowed(said: Any) -> None:
    problem = refusal(json.dumps(said))

    assert problem is not None
    assert problem.code == "invalid"
    assert "must be" in problem.detail


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("conversation_id", "message_id", "content", "message_type", "reaction", "typing", "id")


@given(
    type=st.sampled_from([said["type"] for said, _ in COMMANDS]) | VALUES,
    data=st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES,
    id=VALUES,
)
def test_any_value_in_any_place_is_a_command_or_a_problem_with_a_reason(type: Any, data: Any, id: Any) -> None:
    problem = refusal(json.dumps({"type": type, "data": data, "id": id, "token": "rt_x"}))

    assert problem is None or (problem.status < 500 and problem.detail)


@given(text=st.text())
def test_any_text_is_a_command_or_a_problem_with_a_reason(text: str) -> None:
    problem = refusal(text)

    assert problem is None or (problem.status < 500 and problem.detail)


def refusal(text: str) -> Problem | None:
    try:
        read(text)
    except BadCommand as bad:
        return bad.problem
    return None
