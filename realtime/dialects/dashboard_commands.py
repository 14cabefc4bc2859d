"""
What a client may say on the dashboard socket:

    {"type": "send_message", "id": 1, "data": {"conversation_id": 1, "content": "Olá"}}

A conversation or a message is named by its integer id or its uuid. Who speaks is known by
the credential: `sender`, `sender_id` and `user_id` in the data are passed over, like all
fields that are not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from realtime.dialects.incoming import Authenticate, BadCommand, Ping, authenticate, envelope
from realtime.errors import Problem

TYPES: Final = "send_message, edit_message, delete_message, react, mark_read, typing, ping, auth"
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
_KEY_ALLOWED: Final = "an id (a whole number from 1) or a uuid (1 to 64 of A-Z a-z 0-9 . _ : -)"

Key = int | str


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Say `content` in a conversation; `ident` is the client's own name for the message, and makes it be sent once."""

    id: Any
    conversation: Key
    content: str
    message_type: str
    ident: str | None


@dataclass(frozen=True, slots=True)
class EditMessage:
    """The message says this now."""

    id: Any
    message: Key
    content: str


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """Take the message back."""

    id: Any
    message: Key


@dataclass(frozen=True, slots=True)
class React:
    """My reaction to the message is this one; the empty one is none."""

    id: Any
    message: Key
    reaction: str


@dataclass(frozen=True, slots=True)
class MarkRead:
    """The message was read; where a conversation is named, so was all that came in it before."""

    id: Any
    message: Key
    conversation: Key | None


@dataclass(frozen=True, slots=True)
class Typing:
    """I begin to write in the conversation, or have stopped."""

    id: Any
    conversation: Key
    typing: bool


Command = SendMessage | EditMessage | DeleteMessage | React | MarkRead | Typing | Ping | Authenticate


def read(text: str) -> Command:
    """The command that a text frame holds. Raises BadCommand, and nothing else."""
    ident, frame = envelope(text)
    match frame.get("type"):
        case "ping":
            return Ping(ident)
        case "auth":
            return authenticate(ident, frame)
        case "send_message":
            return _send_message(Fields(ident, frame))
        case "edit_message":
            given = Fields(ident, frame)
            return EditMessage(ident, given.key("message_id"), given.text("content"))
        case "delete_message":
            return DeleteMessage(ident, Fields(ident, frame).key("message_id"))
        case "react":
            given = Fields(ident, frame)
            return React(ident, given.key("message_id"), given.text("reaction", empty=True))
        case "mark_read":
            given = Fields(ident, frame)
            return MarkRead(ident, given.key("message_id"), given.optional_key("conversation_id"))
        case "typing":
            given = Fields(ident, frame)
            return Typing(ident, given.key("conversation_id"), given.flag("typing"))
    raise BadCommand(ident, Problem("invalid", f'"type" must be one of {TYPES}.'))


def _send_message(given: Fields) -> SendMessage:
    ident = given.optional_key("id")
    if isinstance(ident, int):
        raise given.bad("id", "1 to 64 of A-Z a-z 0-9 . _ : -")
    return SendMessage(
        given.id, given.key("conversation_id"), given.text("content"), given.text("message_type", "text"), ident
    )


class Fields:
    """The `data` of a command, taken field by field. Each method raises BadCommand for what is not allowed."""

    def __init__(self, id: Any, frame: dict[str, Any]) -> None:
        self.id = id
        data = frame.get("data")
        if not isinstance(data, dict):
            raise BadCommand(id, Problem("invalid", '"data" must be a JSON object.'))
        self._data: dict[str, Any] = data

    def bad(self, name: str, allowed: str) -> BadCommand:
        """What is said of a field that is not as it must be."""
        return BadCommand(self.id, Problem("invalid", f'"data.{name}" must be {allowed}.'))

    def key(self, name: str) -> Key:
        """An integer id, or a uuid as the chat dialect's clients choose them."""
        value = self._data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if isinstance(value, str) and _NAME.match(value):
            return value
        raise self.bad(name, _KEY_ALLOWED)

    def optional_key(self, name: str) -> Key | None:
        """The same, or None where the field is missing or null."""
        return None if self._data.get(name) is None else self.key(name)

    def text(self, name: str, default: str | None = None, *, empty: bool = False) -> str:
        """A string; the empty one only where it means something."""
        value = self._data.get(name, default)
        if not isinstance(value, str) or not (value or empty):
            raise self.bad(name, "a string" if empty else "a string that is not empty")
        return value

    def flag(self, name: str) -> bool:
        """True or false; true where it is missing."""
        value = self._data.get(name, True)
        if not isinstance(value, bool):
            raise self.bad(name, "true or false")
        return value
