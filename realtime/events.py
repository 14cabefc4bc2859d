"""
The words of the log: Draft, Event, Signal, Position.

A draft is what someone wants to happen; an event is what happened: committed, with its
place in the one order. Nothing here knows SQL, sockets or dialects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from realtime.clock import timestamp
from realtime.jsonio import dumps, loads_trusted

_POSITION: Final = re.compile(r"(?:([A-Za-z0-9]{1,32}):)?([0-9]{1,19})\Z")


class Draft(NamedTuple):
    """
    What is to happen. `data` is JSON text (UTF-8), encoded once and spliced into every
    frame; `metadata` is the emitter's own JSON object, or None for the usual one.
    """

    channel: str
    type: str
    data: bytes
    entity_id: int | None = None
    actor: str = "system"
    metadata: bytes | None = None

    @classmethod
    def of(
        cls,
        channel: str,
        type: str,
        data: Any,
        *,
        entity_id: int | None = None,
        actor: str = "system",
        metadata: Any = None,
    ) -> Draft:
        """A draft from plain values; raises TypeError for what JSON cannot say."""
        return cls(channel, type, dumps(data), entity_id, actor, None if metadata is None else dumps(metadata))


# One of each is made for every event: a frozen dataclass takes four times as long.
class Event(NamedTuple):
    """
    What happened, in its place: `seq` grows by one from event to event, in commit order;
    `at` (milliseconds, UTC) never falls while `seq` grows.
    """

    seq: int
    channel: str
    type: str
    data: bytes
    entity_id: int | None
    actor: str
    at: int
    metadata: bytes | None = None

    @property
    def value(self) -> Any:
        """`data` decoded."""
        return loads_trusted(self.data)

    @property
    def time(self) -> str:
        """`at` as RFC 3339 with milliseconds."""
        return timestamp(self.at)


@dataclass(frozen=True, slots=True)
class Signal:
    """
    Passing news: no `seq`, never stored. Of two signals with the same `key` that wait for
    the same client, the newer replaces the older.
    """

    channel: str
    type: str
    data: bytes
    key: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one history of the log: all events up to and including `seq` are known."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


def parse_position(text: str, epoch: str) -> Position | None:
    """
    The position that `text` names (`epoch:digits`, or digits alone in the epoch given),
    or None when it is not one. A number past 64 bits is not one.
    """
    match = _POSITION.match(text)
    if match is None or int(match[2]) > 2**63 - 1:
        return None
    return Position(match[1] or epoch, int(match[2]))
