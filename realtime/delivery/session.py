"""One connected client: how it speaks and how far it has read."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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

    cursor: int = 0
    """All covered events up to here have been written; meaningful only while behind."""
    past: int = 0
    """Events up to here happened before the connection, and are marked as replayed."""
    changes: deque[tuple[int, Coverage]] = field(default_factory=deque)
    """Coverages that come into force at a later position than the cursor."""
    audience: Audience | None = None
    """Where it listens while live."""
    task: asyncio.Task[None] | None = None
    """What reads the log for it while behind."""
    heard_at: float = 0.0
    """When the client last sent anything (loop time)."""
    close_code: CloseCode | None = None
    close_reason: str = ""
    expired_at: float | None = None

    @property
    def live(self) -> bool:
        """Whether the hub writes to it."""
        return self.audience is not None

    def close(self, code: CloseCode, reason: str) -> None:
        """End it; only the first call counts."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self.outlet.close(code, reason)
