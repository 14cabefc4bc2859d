"""Live sessions that get the same bytes."""

from __future__ import annotations

from realtime.channels import Coverage
from realtime.delivery.frames import Format
from realtime.delivery.session import Session


class Audience:
    """
    Live sessions with the same coverage and format. Frames gather in `waiting` and leave
    in one write per session.
    """

    __slots__ = ("coverage", "delivered", "format", "sessions", "waiting")

    def __init__(self, coverage: Coverage, format: Format) -> None:
        self.coverage = coverage
        self.format = format
        self.sessions: set[Session] = set()
        self.waiting: list[bytes] = []
        self.delivered = 0

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
