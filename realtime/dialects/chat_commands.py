"""
What a client of the chat socket may emit (seed 004), as commands.

The first argument is an object; fields that are not known are passed over, and so are
`status` and times of the server's own making: `created_at`, `updated_at`. Messages and
conversations are called by their uuids alone: `"7"` is a name like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from realtime.errors import Problem

_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
_NAME_ALLOWED: Final = "a string of 1 to 64 of A-Z a-z 0-9 . _ : -"
_CLAIM_LENGTH: Final = 64
_TOKEN_LENGTH: Final = 512
_POSITION_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Auth:
    """What a client sends with its CONNECT: a token, and where it wants to go on. Empty: none."""

    token: str
    since: str


@dataclass(frozen=True, slots=True)
class Send:
    """Say `body` in a conversation; `ident` is the client's own name for the message."""

    chat: str
    body: str
    message_type: str
    ident: str | None
    sender_id: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """The message says this now."""

    message: str
    body: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Take the message back."""

    message: str


@dataclass(frozen=True, slots=True)
class React:
    """My reaction to the message is this one; the empty one is none."""

    message: str
    reaction: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The message has been `delivered` or `read`."""

    message: str
    status: str


@dataclass(frozen=True, slots=True)
class Typing:
    """I begin to write in the conversation, or have stopped."""

    chat: str
    typing: bool


@dataclass(frozen=True, slots=True)
class Arrive:
    """I am online, as this one; both are empty where they are not said."""

    user_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Depart:
    """I am leaving."""


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Who is online?"""


Command = Send | Edit | Delete | React | Mark | Typing | Arrive | Depart | ListUsers


def read_auth(auth: dict[str, Any]) -> Auth:
    """What stands in the `auth` of a CONNECT. Raises Problem `invalid`."""
    given = Fields(auth)
    since = auth.get("since")
    if isinstance(since, int) and not isinstance(since, bool):
        # A position without its epoch, as a number.
        given = Fields({**auth, "since": str(since)})
    return Auth(given.text("token", "", _TOKEN_LENGTH), given.text("since", "", _POSITION_LENGTH))


def read(name: str, args: list[Any]) -> Command:
    """The command that an event of a client is. Raises Problem `invalid`, and nothing else."""
    made = _READERS.get(name)
    if made is None:
        raise Problem("invalid", f'There is no event "{name}" to emit; there are: {", ".join(_READERS)}.')
    payload = args[0] if args else None
    if payload is None and name in _ALONE:
        payload = {}
    if not isinstance(payload, dict):
        raise Problem("invalid", f'The payload of "{name}" must be an object.')
    return made(Fields(payload))


class Fields:
    """A payload, taken field by field. Each method raises Problem `invalid` for what is not allowed."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def name(self, field: str) -> str:
        """The name of a conversation or a message."""
        value = self._values.get(field)
        if not isinstance(value, str) or not _NAME.match(value):
            raise _bad(field, _NAME_ALLOWED)
        return value

    def optional_name(self, field: str) -> str | None:
        """The same, or None where there is none."""
        return None if self._values.get(field) is None else self.name(field)

    def text(self, field: str, default: str | None = None, most: int | None = None) -> str:
        """A string of at most `most` characters; without a default, there must be one."""
        value = self._values.get(field)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise _bad(field, "a string")
        if most is not None and len(value) > most:
            raise _bad(field, f"a string of at most {most} characters")
        return value

    def flag(self, field: str) -> bool:
        """True or false; true where it is missing."""
        value = self._values.get(field, True)
        if not isinstance(value, bool):
            raise _bad(field, "true or false")
        return value


def _bad(field: str, allowed: str) -> Problem:
    return Problem("invalid", f'"{field}" must be {allowed}.')


def _send(given: Fields) -> Send:
    given.text("status", "")
    return Send(
        given.name("chat_id"),
        given.text("body"),
        given.text("message_type", "text"),
        given.optional_name("id"),
        given.text("sender_id", "", _CLAIM_LENGTH) or None,
    )


def _edit(given: Fields) -> Edit:
    given.text("status", "")
    return Edit(given.name("id"), given.text("body"))


def _arrive(given: Fields) -> Arrive:
    return Arrive(given.text("user_id", "", _CLAIM_LENGTH), given.text("username", "", _CLAIM_LENGTH))


def _depart(given: Fields) -> Depart:
    # It can speak for itself alone, so whom it names makes no difference.
    given.text("user_id", "", _CLAIM_LENGTH)
    return Depart()


_READERS: Final[dict[str, Callable[[Fields], Command]]] = {
    "message:send": _send,
    "message:update": _edit,
    "message:delete": lambda given: Delete(given.name("id")),
    "message:reaction": lambda given: React(given.name("id"), given.text("reaction")),
    "message:delivered": lambda given: Mark(given.name("id"), "delivered"),
    "message:read": lambda given: Mark(given.name("id"), "read"),
    "typing": lambda given: Typing(given.name("chat_id"), given.flag("typing")),
    "user:connected": _arrive,
    "user:disconnected": _depart,
    "users:list": lambda given: ListUsers(),
}
_ALONE: Final = ("user:connected", "user:disconnected", "users:list")
"""Events that need no payload."""
