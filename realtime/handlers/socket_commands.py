"""
What the clients of each socket may say, as documents show it: each command with the schema of its
frame, one that works, and what it is answered. Tests hold these against what reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from realtime.asyncapi import INTEGER, NATURAL, STRING, Message
from realtime.errors import ERRORS
from realtime.handlers.schemas.examples import CHAT as CHAT_ID
from realtime.handlers.schemas.examples import MESSAGE
from realtime.policy import Role
from realtime.services.desk_checks import CLAIM_LIMIT, CONTENT_LIMIT, MESSAGE_TYPES, REACTION_LIMIT
from realtime.shapes import Schema, whole

POSITION: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9]+:[0-9]+$"}
FLAG: Final[Schema] = {"type": "boolean"}
_ID: Final[Schema] = {"type": ["number", "string", "null"], "maxLength": 128, "description": "Yours; it comes back."}
_NAME: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"}
_KEY: Final[Schema] = {"anyOf": [INTEGER, _NAME], "description": "An id or a uuid."}
_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": CONTENT_LIMIT}
_KIND: Final[Schema] = {"type": "string", "enum": list(MESSAGE_TYPES), "description": "What is not text is a URL."}
_REACTION: Final[Schema] = {
    "type": "string",
    "maxLength": REACTION_LIMIT,
    "description": "The empty one takes it back.",
}
_CLAIM: Final[Schema] = {"type": "string", "maxLength": CLAIM_LIMIT}
_MAYBE_SEQ: Final[Schema] = {"type": ["integer", "null"], "minimum": 1, "description": "Null: nothing was to change."}
_CHANNELS: Final[Schema] = {"type": "string", "minLength": 1, "description": "One or more names, by comma."}

_HEARD: Final = whole({"channels": {"type": "array", "items": STRING}, "position": POSITION})
_KEPT: Final = whole({"seq": INTEGER, "channel": STRING, "at": {"type": "string", "format": "date-time"}})
_HERE: Final = whole(
    {"position": POSITION, "connection": {"type": ["integer", "null"], "description": "Your row in the roster."}}
)
_WHO: Final = whole({"user": STRING, "role": {"type": "string", "enum": [*Role]}})
_DONE: Final = whole({"conversation_id": INTEGER, "message_id": INTEGER, "seq": _MAYBE_SEQ})
_WRITES: Final = whole({"typing": FLAG})


@dataclass(frozen=True, slots=True)
class Command:
    """
    `name` is what the client says it by; `needs` and `takes` the fields that must and may be
    there, `example` some of them, `answer` the data of its result, `answered` an example of that.
    """

    name: str
    says: str
    answer: Schema
    answered: Any
    needs: Mapping[str, Schema] = field(default_factory=dict)
    takes: Mapping[str, Schema] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> Schema:
        """The schema of the fields: those that are not known are passed over."""
        shape: Schema = {"type": "object", "properties": {**self.needs, **self.takes}}
        return {**shape, "required": list(self.needs)} if self.needs else shape


_AT_41: Final = {"position": "1f0c9a2e:41"}
_WRITTEN: Final = {"conversation_id": 1, "message_id": 7, "seq": 42}

PING: Final = Command("ping", "Where are we, and which connection is this?", _HERE, {**_AT_41, "connection": 7})
AUTH: Final = Command(
    *("auth", "Whose token this is, from now on: the first frame of a client without a credential, or a renewal."),
    *(_WHO, {"user": "ana", "role": "agent"}),
    needs={"token": STRING},
    example={"token": "rt_…"},
)
SUBSCRIBING: Final = tuple(
    Command(
        *(name, says, _HEARD, {"channels": ["sensors", "readings"], **_AT_41}),
        needs={"channel": _CHANNELS},
        example={"channel": "sensors,readings"},
    )
    for name, says in (
        ("subscribe", "Hear these channels too, from the position on that the result names."),
        ("unsubscribe", "Hear these channels no longer."),
    )
)
PUBLISH: Final = Command(
    *("publish", "Publish any JSON on a channel of the users' own.", _KEPT),
    {"seq": 42, "channel": "plaza", "at": "2024-01-01T10:00:00.123Z"},
    needs={"channel": STRING, "data": {}},
    example={"channel": "plaza", "data": {"hola": "mundo"}},
)
DASHBOARD: Final = (
    Command(
        *("send_message", "Say something in a conversation, as an agent.", _DONE, _WRITTEN),
        needs={"conversation_id": _KEY, "content": _TEXT},
        takes={"message_type": _KIND, "id": {**_NAME, "description": "Your own uuid for it: then it is said once."}},
        example={"conversation_id": 1, "content": "Olá! Em que posso ajudar?"},
    ),
    Command(
        *("edit_message", "Replace the text of a message: its author, or an admin.", _DONE, _WRITTEN),
        needs={"message_id": _KEY, "content": _TEXT},
        example={"message_id": 7, "content": "Olá! Como posso ajudar?"},
    ),
    Command(
        *("delete_message", "Take a message back, for good: its author, or an admin.", _DONE, _WRITTEN),
        needs={"message_id": _KEY},
        example={"message_id": 7},
    ),
    Command(
        *("react", "Your one reaction to a message.", _DONE, _WRITTEN),
        needs={"message_id": _KEY, "reaction": _REACTION},
        example={"message_id": 7, "reaction": "👍"},
    ),
    Command(
        *("mark_read", "The message was read; with its conversation, so was all before it.", _DONE, _WRITTEN),
        needs={"message_id": _KEY},
        takes={"conversation_id": _KEY},
        example={"message_id": 7, "conversation_id": 1},
    ),
    Command(
        *("typing", "You begin to write in a conversation, or (false) have stopped.", _WRITES, {"typing": True}),
        needs={"conversation_id": _KEY},
        takes={"typing": FLAG},
        example={"conversation_id": 1, "typing": True},
    ),
)
_SENT: Final = {"id": MESSAGE, "seq": 42}
_ACK: Final = {"id": _NAME, "seq": _MAYBE_SEQ}
_NOTHING: Final = whole({})
CHAT: Final = (
    Command(
        "message:send",
        "Say something; a `chat_id` never seen opens a conversation. An account speaks as an agent, a guest as a"
        " customer under the `sender_id` that it claims.",
        *(whole(_ACK), _SENT),
        needs={"chat_id": _NAME, "body": _TEXT},
        takes={"id": _NAME, "sender_id": _CLAIM, "message_type": _KIND},
        example={"chat_id": CHAT_ID, "body": "Hello World!"},
    ),
    Command(
        *("message:update", "Replace the text of a message: its author, or an admin.", whole(_ACK), _SENT),
        needs={"id": _NAME, "body": _TEXT},
        example={"id": MESSAGE, "body": "Updated message content"},
    ),
    Command(
        *("message:delete", "Take a message back, for good: its author, or an admin.", whole(_ACK), _SENT),
        needs={"id": _NAME},
        example={"id": MESSAGE},
    ),
    Command(
        *("message:reaction", "Your one reaction to a message.", whole(_ACK), _SENT),
        needs={"id": _NAME, "reaction": _REACTION},
        example={"id": MESSAGE, "reaction": "👍"},
    ),
    *(
        Command(
            *(f"message:{status}", f"The message was {status}.", whole(_ACK), _SENT),
            needs={"id": _NAME},
            example={"id": MESSAGE},
        )
        for status in ("delivered", "read")
    ),
    Command(
        *("typing", "You begin to write in a conversation, or (false) have stopped.", _NOTHING, {}),
        needs={"chat_id": _NAME},
        takes={"typing": FLAG},
        example={"chat_id": CHAT_ID, "typing": True},
    ),
    Command(
        *("user:connected", "You are online; a guest says as whom.", _NOTHING, {}),
        takes={"user_id": _CLAIM, "username": _CLAIM},
        example={"user_id": "visitor-8", "username": "Zé"},
    ),
    Command("user:disconnected", "You leave, at once.", _NOTHING, {}, takes={"user_id": _CLAIM}),
    Command(
        *("users:list", "Who is online?"),
        whole({"users": {"type": "array", "items": whole({"user_id": STRING, "username": STRING})}}),
        {"users": [{"user_id": "visitor-8", "username": "Zé"}]},
    ),
)


def framed(command: Command, *, by: str, within: bool) -> Message:
    """The command as a frame `{by: name, "id", …}`, its fields beside these or, with `within`, in `data`."""
    given = {"data": command.fields} if within else command.fields["properties"]
    inside: Any = {"data": dict(command.example)} if within else dict(command.example)
    needed = [by, *(["data"] if within else command.fields.get("required", []))]
    payload = {
        "type": "object",
        "required": needed,
        "properties": {by: {"const": command.name}, "id": _ID, **given},
    }
    return Message(command.name, command.name, command.says, payload, {by: command.name, "id": 1, **inside})


def emitted(command: Command) -> Message:
    """The command as an event of Socket.IO; what is documented is its one argument."""
    return Message(command.name, command.name, command.says, command.fields, dict(command.example))


def result(command: Command) -> Message:
    """What a command of a WebSocket is answered when it was done."""
    payload = whole({"type": {"const": "result"}, "id": _ID, "success": {"const": True}, "data": command.answer})
    example = {"type": "result", "id": 1, "success": True, "data": command.answered}
    return Message("result", f"{command.name}: done", "It was done, and is stored.", payload, example)


def acknowledgement(command: Command) -> Message:
    """What an event of Socket.IO is acknowledged with when it was done."""
    payload = whole({"ok": {"const": True}, **command.answer["properties"]})
    said = "The acknowledgement: it was done, and is stored."
    return Message("acknowledgement", f"{command.name}: done", said, payload, {"ok": True, **command.answered})


def refusals() -> Iterator[tuple[str, Message]]:
    """What both kinds of sockets answer when nothing was done."""
    error = whole({"code": {"type": "string", "enum": list(ERRORS)}, "message": STRING})
    said = {"code": "not_found", "message": "There is no message 7."}
    payload = whole({"type": {"const": "result"}, "id": _ID, "success": {"const": False}, "error": error})
    example = {"type": "result", "id": 1, "success": False, "error": said}
    about = "Nothing of it was done, and nobody was told."
    yield "control.refused", Message("result", "refused", about, payload, example)
    payload = whole({"ok": {"const": False}, "error": error})
    yield "chat.refused", Message("acknowledgement", "refused", about, payload, {"ok": False, "error": said})


_EPOCH: Final = {"epoch": STRING, "tip": NATURAL, "position": POSITION, "heartbeat": NATURAL}
CONTROL: Final = {
    "control.hello": Message(
        *("hello", "hello", "First, to who gave a position: where the history is, and where your stream goes on."),
        whole({"type": {"const": "hello"}, **_EPOCH}),
        {"type": "hello", "epoch": "1f0c9a2e", "tip": 41, "position": "1f0c9a2e:41", "heartbeat": 25_000},
    ),
    "control.recovered": Message(
        *("recovered", "recovered", "The replay is over: `replayed` frames of it were sent."),
        whole({"type": {"const": "recovered"}, "position": POSITION, "replayed": NATURAL}),
        {"type": "recovered", "position": "1f0c9a2e:41", "replayed": 3},
    ),
    "control.gap": Message(
        *("gap", "gap", "Events after `from` up to `to` cannot be replayed. Reload your state."),
        whole({"type": {"const": "gap"}, "from": POSITION, "to": POSITION}),
        {"type": "gap", "from": "1f0c9a2e:7", "to": "1f0c9a2e:41"},
    ),
}
