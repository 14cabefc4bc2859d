"""One connected client: how it speaks and how far it has read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from realtime.channels import Coverage
from realtime.delivery.frames import Format
from realtime.delivery.outlet import Outlet
from realtime.errors import CloseCode
from realtime.events import Position
from realtime.policy import Principal

if TYPE_CHECKING:
    from realtime.delivery.audience import Audience


@dataclass(frozen=True, slots=True)
class Start:
    """
    Where a client begins: `after` is a `seq` of this history; `gap` is what it asked for
    in vain, when there is such a thing. None for both: now.
    """

    after: int | None = None
    gap: Position | None = None


NOW: Final = Start()


class CursorKey(NamedTuple):
    """What a `session=` parameter names: whose it is, at which door, and the client's name for it."""

    credential: str
    door: str
    name: str


@dataclass(frozen=True, slots=True)
class Peer:
    """What the roster tells of the other end: its address, its program, and its cursor, if it has one."""

    remote: str = ""
    user_agent: str = ""
    cursor: CursorKey | None = None


UNKNOWN: Final = Peer()


@dataclass(slots=True, eq=False)
class Session:
    """
    One connected client: how it speaks and how far it has read.

    A session is *live* or *behind*. Live, the hub writes to its outlet as events happen.
    Behind, it reads the log from its cursor, at the client's own pace. Every session
    starts behind; one whose outlet overflows falls behind again. So connecting,
    reconnecting and being slow are the same road.
    """

    id: int
    outlet: Outlet
    format: Format
    principal: Principal
    channels: tuple[str, ...]
    """What was asked for, by name."""
    coverage: Coverage
    """What that covers: of these channels it gets the events after `cursor`."""
    door: str
    label: str = ""
    """The `user_id` that the client claims: a label, never an identity."""
    opted_in: bool = False
    """Whether it understands control frames."""
    peer: Peer = UNKNOWN

    cursor: int = 0
    """All covered events up to here have been written; meaningful only while behind."""
    past: int = 0
    """Events up to here happened before the connection, and are marked as replayed."""
    changes: list[tuple[int, Coverage]] = field(default_factory=list)
    """Coverages that come into force at a later position than the cursor. (A deque takes 600 bytes, empty.)"""
    missed: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Signals for which there was no room, by key: channel and frame."""
    audience: Audience | None = None
    """Where it listens while live."""
    task: asyncio.Task[None] | None = None
    """What reads the log for it while behind."""
    heard_at: float = 0.0
    """When the client last sent anything (loop time)."""
    asked: int = 0
    """What was written when the client was last asked for a sign of life."""
    asked_at: float | None = None
    """When that was (loop time); None once it is answered."""
    asked_mark: int = -1
    """What tells whether anything was written since then."""
    confirmed: int = 0
    """All covered events up to here have reached the client: it has said so."""
    round_trip: float | None = None
    """Seconds that the last answer took."""
    close_code: CloseCode | None = None
    close_reason: str = ""
    peer_code: int | None = None
    """The code with which the client's side ended it (RFC 6455 §7.4), where it did."""
    expired_at: float | None = None
    frozen: int | None = None
    """`written` when it was closed: what is written to a closed outlet is dropped."""

    @property
    def live(self) -> bool:
        """Whether the hub writes to it."""
        return self.audience is not None

    @property
    def written(self) -> int:
        """All covered events up to here have been written."""
        if self.frozen is not None:
            return self.frozen
        return self.cursor if self.audience is None else self.audience.written

    def close(self, code: CloseCode, reason: str) -> None:
        """End it; only the first call counts."""
        if self.close_code is None:
            self.frozen = self.written
            self.close_code, self.close_reason = code, reason
            self.outlet.close(code, reason)
