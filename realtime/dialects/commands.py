"""
What a client may say on a socket of the channels or the canonical dialect: subscribe,
unsubscribe, publish, ping, auth. Fields that are not known are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from realtime.channels import is_channel, is_own
from realtime.errors import Problem
from realtime.jsonio import BadJSON, dumps, loads

ACTIONS: Final = "subscribe, unsubscribe, publish, ping"
_ID_LENGTH_LIMIT: Final = 128


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Begin to receive `channels`."""

    id: Any
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Receive `channels` no longer."""

    id: Any
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish `data` (JSON text) on an own channel."""

    id: Any
    channel: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer me."""

    id: Any


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Whose token this is, from now on."""

    id: Any
    token: str


Command = Subscribe | Unsubscribe | Publish | Ping | Authenticate


class BadCommand(Exception):
    """The frame is no command; `problem` says why, `id` is what the client called it, if it did."""

    def __init__(self, id: Any, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.id = id
        self.problem = problem


def read(text: str) -> Command:
    """The command that a text frame holds. Raises BadCommand, and nothing else."""
    try:
        frame = loads(text)
    except BadJSON as error:
        raise BadCommand(None, Problem("malformed", f"The frame is {error}.")) from None
    if not isinstance(frame, dict):
        raise BadCommand(None, Problem("invalid", "A frame must be a JSON object."))
    ident = _id(frame.get("id"))
    if frame.get("type") == "auth":
        return Authenticate(ident, _text(ident, frame, "token"))
    match frame.get("action"):
        case "subscribe":
            return Subscribe(ident, _channels(ident, frame))
        case "unsubscribe":
            return Unsubscribe(ident, _channels(ident, frame))
        case "publish":
            return _publish(ident, frame)
        case "ping":
            return Ping(ident)
    raise BadCommand(ident, Problem("invalid", f'"action" must be one of {ACTIONS}, or "type" must be "auth".'))


def _id(value: Any) -> Any:
    # It is sent back as it came, so it must be small.
    if value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _ID_LENGTH_LIMIT):
        return value
    raise BadCommand(
        None, Problem("invalid", f'"id" must be a number or a string of at most {_ID_LENGTH_LIMIT} characters.')
    )


def _text(id: Any, frame: dict[str, Any], key: str) -> str:
    value = frame.get(key)
    if not isinstance(value, str) or not value:
        raise BadCommand(id, Problem("invalid", f'"{key}" must be a string that is not empty.'))
    return value


def _channels(id: Any, frame: dict[str, Any]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in _text(id, frame, "channel").split(",")))
    for name in names:
        if not is_channel(name):
            raise BadCommand(id, Problem("not_found", f'There is no channel "{name[:64]}".'))
    return names


def _publish(id: Any, frame: dict[str, Any]) -> Publish:
    channel = _text(id, frame, "channel")
    if not is_own(channel):
        raise BadCommand(id, Problem("not_permitted", "Only a channel of your own can be published to."))
    if "data" not in frame:
        raise BadCommand(id, Problem("invalid", '"data" is missing.'))
    return Publish(id, channel, dumps(frame["data"]))
