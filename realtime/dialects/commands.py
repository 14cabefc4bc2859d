"""
What a client may say on a socket of the channels or the canonical dialect: subscribe,
unsubscribe, publish, ping, auth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from realtime.channels import is_channel, is_own
from realtime.dialects.incoming import Authenticate, BadCommand, Ping, authenticate, envelope, text_of
from realtime.errors import Problem
from realtime.jsonio import dumps

ACTIONS: Final = "subscribe, unsubscribe, publish, ping"


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


Command = Subscribe | Unsubscribe | Publish | Ping | Authenticate


def read(text: str) -> Command:
    """The command that a text frame holds. Raises BadCommand, and nothing else."""
    ident, frame = envelope(text)
    if frame.get("type") == "auth":
        return authenticate(ident, frame)
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


def _channels(id: Any, frame: dict[str, Any]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text_of(id, frame, "channel").split(",")))
    for name in names:
        if not is_channel(name):
            raise BadCommand(id, Problem("not_found", f'There is no channel "{name[:64]}".'))
    return names


def _publish(id: Any, frame: dict[str, Any]) -> Publish:
    channel = text_of(id, frame, "channel")
    if not is_own(channel):
        raise BadCommand(id, Problem("not_permitted", "Only a channel of your own can be published to."))
    if "data" not in frame:
        raise BadCommand(id, Problem("invalid", '"data" is missing.'))
    return Publish(id, channel, dumps(frame["data"]))
