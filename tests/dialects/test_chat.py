"""The chat dialect, held against what seed 004 shows, in both directions."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import clock
from realtime.dialects import chat_commands
from realtime.dialects.chat import CHAT, SEPARATOR, WORDS
from realtime.dialects.chat_commands import Arrive, Auth, Delete, Depart, Edit, ListUsers, Mark, React, Send, Typing
from realtime.errors import Problem
from realtime.events import Draft, Event, Signal
from realtime.jsonio import dumps
from tests.chatting import shown

AT = "2024-09-15T10:00:00.123Z"
MESSAGE: dict[str, Any] = {
    "id": 7,
    "uuid": "uuid",
    "conversation_id": 3,
    "chat_id": "uuid",
    "content": "Hello World!",
    "sender": "agent",
    "sender_id": "uuid",
    "sender_name": "ana",
    "user_id": 3,
    "message_type": "text",
    "status": "sent",
    "edited_at": None,
    "deleted_at": None,
    "created_at": AT,
    "updated_at": "2024-09-15T10:15:00.456Z",
}
USER = {"user_id": 3, "uuid": "uuid", "username": "username", "status": "online", "last_seen": AT}


def frames(type: str, data: Any, *, replayed: bool = False) -> list[list[Any]]:
    draft = Draft.of("chat", type, data, entity_id=7)
    event = Event(9, draft.channel, type, draft.data, 7, "ana", clock.parse(AT))
    content = CHAT.event(event, replayed=replayed)
    return [] if content is None else [json.loads(part) for part in content.split(SEPARATOR)]


@pytest.mark.parametrize(
    ("type", "data", "names"),
    [
        ("message.created", MESSAGE, ["message:send"]),
        (
            "message.updated",
            {**MESSAGE, "content": "Updated message content", "edited_at": AT, "change": "edited"},
            ["message:update"],
        ),
        ("message.deleted", {"id": 7, "uuid": "uuid", "deleted_by": 3, "deleted_at": AT}, ["message:delete"]),
        ("user.online", USER, ["user:connected", "users:online"]),
        ("user.offline", {**USER, "status": "offline"}, ["user:disconnected"]),
    ],
)
def test_each_event_is_what_the_seed_shows_key_for_key_and_then_its_seq(
    type: str, data: dict[str, Any], names: list[str]
) -> None:
    told = frames(type, data)

    assert [name for name, _ in told] == names
    for name, payload in told:
        assert list(payload.items()) == [*shown()[name].items(), ("seq", 9)]


def test_a_replayed_frame_says_so_at_its_end() -> None:
    [[_, payload]] = frames("message.created", MESSAGE, replayed=True)
    assert list(payload)[-2:] == ["seq", "replayed"]
    assert payload["replayed"] is True


@pytest.mark.parametrize("status", ["delivered", "read"])
def test_what_became_of_a_message_is_an_update_with_that_status(status: str) -> None:
    [[name, payload]] = frames("message.updated", {**MESSAGE, "status": status, "change": "status"})
    assert (name, payload["status"], payload["body"]) == ("message:update", status, "Hello World!")


@pytest.mark.parametrize("type", ["message.created", "message.updated", "reaction.updated"])
def test_what_was_deleted_is_passed_over(type: str) -> None:
    assert frames(type, {"id": 7, "uuid": "uuid", "conversation_id": 3, "chat_id": "uuid", "deleted": True}) == []


@pytest.mark.parametrize("type", ["sensor.created", "audit.created", "publication.created", "system.info"])
def test_it_has_no_word_for_what_is_not_of_the_chat(type: str) -> None:
    assert frames(type, {}) == []


def test_signals_have_no_seq() -> None:
    users = {"users": [{"user_id": "uuid", "username": "username"}] * 2}
    typing = {"conversation_id": 3, "chat_id": "c", "user_id": 4, "sender_id": "u", "username": "ana", "typing": True}

    assert signal("users:list", users) == ["users:list", shown()["users:list"]]
    assert signal("typing", typing) == [
        "typing",
        {"chat_id": "c", "user_id": "u", "username": "ana", "typing": True},
    ]
    assert CHAT.signal(Signal("csat", "dashboard_metrics", b"{}")) is None


def signal(type: str, data: Any) -> Any:
    content = CHAT.signal(Signal("users", type, dumps(data)))
    assert content is not None
    return json.loads(content)


def test_no_event_has_a_name_that_the_clients_keep_for_themselves() -> None:
    names = {name for words in WORDS.values() for name, _ in words} | {"users:list", "typing", "hello", "gap"}
    assert not names & {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}


COMMANDS = [
    (
        "message:send",
        {"chat_id": "uuid", "sender_id": "uuid", "body": "Hi", "status": "sent"},
        Send("uuid", "Hi", "text", None, "uuid"),
    ),
    ("message:send", {"chat_id": "7", "body": "Hi", "id": "m:1", "later": 1}, Send("7", "Hi", "text", "m:1", None)),
    (
        "message:send",
        {"chat_id": "c", "body": "https://x", "message_type": "image"},
        Send("c", "https://x", "image", None, None),
    ),
    ("message:update", {"id": "uuid", "body": "Hi!", "status": "updated"}, Edit("uuid", "Hi!")),
    ("message:delete", {"id": "uuid"}, Delete("uuid")),
    ("message:reaction", {"id": "uuid", "reaction": "👍"}, React("uuid", "👍")),
    ("message:reaction", {"id": "uuid", "reaction": ""}, React("uuid", "")),
    ("message:read", {"id": "uuid"}, Mark("uuid", "read")),
    ("message:delivered", {"id": "uuid"}, Mark("uuid", "delivered")),
    ("typing", {"chat_id": "c"}, Typing("c", typing=True)),
    ("typing", {"chat_id": "c", "typing": False}, Typing("c", typing=False)),
    ("user:connected", {"user_id": "uuid", "username": "username"}, Arrive("uuid", "username")),
    ("user:connected", None, Arrive("", "")),
    ("user:disconnected", {"user_id": "uuid"}, Depart()),
    ("users:list", None, ListUsers()),
]


@pytest.mark.parametrize(("name", "payload", "command"), COMMANDS)
def test_what_a_client_emits_is_a_command(name: str, payload: Any, command: chat_commands.Command) -> None:
    assert chat_commands.read(name, [] if payload is None else [payload, "more"]) == command


def refusal(name: str, args: list[Any]) -> str:
    with pytest.raises(Problem) as caught:
        chat_commands.read(name, args)
    assert caught.value.code == "invalid"
    return caught.value.detail


WRONG: list[Any] = [None, 7, 1.5, True, "", [], {}, ["x"], {"x": 1}]
GOOD: dict[str, dict[str, Any]] = {
    "message:send": {"chat_id": "c", "body": "Hi", "id": "m", "sender_id": "s", "message_type": "text", "status": "s"},
    "message:update": {"id": "m", "body": "Hi", "status": "updated"},
    "message:delete": {"id": "m"},
    "message:reaction": {"id": "m", "reaction": "x"},
    "message:read": {"id": "m"},
    "message:delivered": {"id": "m"},
    "typing": {"chat_id": "c", "typing": True},
    "user:connected": {"user_id": "u", "username": "n"},
    "user:disconnected": {"user_id": "u"},
}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [7, 1.5, [], ["x"], {"x": 1}], ids=repr)
def test_a_wrong_type_in_any_position_is_refused_with_its_name(name: str, value: Any) -> None:
    for field in GOOD[name]:
        assert field in refusal(name, [{**GOOD[name], field: value}])
    if not isinstance(value, dict):
        assert "object" in refusal(name, [value])


@pytest.mark.parametrize("id", ["", "a b", "ü", "x" * 65, "a\n", "a/b", None])
def test_what_names_nothing_is_refused(id: object) -> None:
    assert "id" in refusal("message:delete", [{"id": id}])


@pytest.mark.parametrize("name", ["", "message:sent", "users:online", "connection", "__proto__"])
def test_an_event_that_is_no_command_is_refused_with_those_that_are(name: str) -> None:
    assert "message:send, message:update" in refusal(name, [{}])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(GOOD)) | st.text(max_size=64),
    st.lists(ANYTHING | st.dictionaries(st.sampled_from(["id", "chat_id", "body", "user_id"]), ANYTHING), max_size=3),
)
def test_whatever_comes_is_a_command_or_a_problem(name: str, args: list[Any]) -> None:
    with suppress(Problem):
        chat_commands.read(name, args)


def test_where_a_client_goes_on_may_be_a_number() -> None:
    assert chat_commands.read_auth({"token": "rt_x", "since": 7, "other": []}) == Auth("rt_x", "7")
    assert chat_commands.read_auth({"token": None, "since": "e:7"}) == Auth("", "e:7")
    assert chat_commands.read_auth({}) == Auth("", "")


@pytest.mark.parametrize("auth", [{"token": 7}, {"token": "x" * 513}, {"since": True}, {"since": 1.5}, {"since": []}])
def test_an_auth_of_wrong_types_is_refused(auth: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        chat_commands.read_auth(auth)
