"""
What every door's clients say in the same way: the envelope of a command, `ping`, and `auth`.

A command is a JSON object with an `id` that the client chose, or none. Fields that are not
known are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from realtime.errors import Problem
from realtime.jsonio import BadJSON, loads

_ID_LENGTH_LIMIT: Final = 128


class Command(Protocol):
    """What a client asks for; `id` is sent back with the answer, as it came."""

    @property
    def id(self) -> Any:
        """The client's own name for the command, None where it gave none."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer me."""

    id: Any


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Whose token this is, from now on."""

    id: Any
    token: str


class BadCommand(Exception):
    """The frame is no command; `problem` says why, `id` is what the client called it, if it did."""

    def __init__(self, id: Any, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.id = id
        self.problem = problem


def envelope(text: str) -> tuple[Any, dict[str, Any]]:
    """The client's `id` and the whole object that a text frame holds. Raises BadCommand, and nothing else."""
    try:
        frame = loads(text)
    except BadJSON as error:
        raise BadCommand(None, Problem("malformed", f"The frame cannot be taken: {error}.")) from None
    if not isinstance(frame, dict):
        raise BadCommand(None, Problem("invalid", "A frame must be a JSON object."))
    return _id(frame.get("id")), frame


def authenticate(id: Any, frame: dict[str, Any]) -> Authenticate:
    """The command of a frame whose `type` is `auth`."""
    return Authenticate(id, text_of(id, frame, "token"))


def text_of(id: Any, frame: dict[str, Any], key: str) -> str:
    """The string that stands under `key`; raises BadCommand where there is none, or an empty one."""
    value = frame.get(key)
    if not isinstance(value, str) or not value:
        raise BadCommand(id, Problem("invalid", f'"{key}" must be a string that is not empty.'))
    return value


def _id(value: Any) -> Any:
    # It is sent back as it came, so it must be small.
    if value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _ID_LENGTH_LIMIT):
        return value
    raise BadCommand(
        None, Problem("invalid", f'"id" must be a number or a string of at most {_ID_LENGTH_LIMIT} characters.')
    )
