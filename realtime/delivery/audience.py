"""Live sessions that get the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realtime.channels import Coverage
from realtime.delivery.frames import Format
from realtime.delivery.session import Session

if TYPE_CHECKING:
    from realtime.delivery.hub import Hub


class Audience:
    """
    Live sessions with the same coverage and format. Frames gather in `waiting` and leave
    in one write per session.
    """

    __slots__ = ("_hub", "coverage", "delivered", "format", "owed_from", "sessions", "waiting")

    def __init__(self, coverage: Coverage, format: Format, hub: Hub) -> None:
        self.coverage = coverage
        self.format = format
        self._hub = hub
        self.sessions: set[Session] = set()
        self.waiting: list[bytes] = []
        self.owed_from = 0
        self.delivered = 0

    @property
    def written(self) -> int:
        """All covered events up to here have been written to every session."""
        return self.owed_from - 1 if self.waiting else self._hub.tip

    def add(self, seq: int, frame: bytes) -> None:
        """The frame of the event `seq` is to be written next."""
        if not self.waiting:
            self.owed_from = seq
        self.waiting.append(frame)

    def flush(self, limit: int) -> list[Session]:
        """
        Write what waits to every session; returns those in whose outlets more than `limit`
        bytes wait now. They have been written to like all others.
        """
        if not self.waiting:
            return []
        self.delivered += len(self.waiting) * len(self.sessions)
        data = self.waiting[0] if len(self.waiting) == 1 else b"".join(self.waiting)
        self.waiting = []
        return [session for session in self.sessions if session.outlet.write(data) > limit]
