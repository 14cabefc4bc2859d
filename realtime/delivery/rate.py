"""How often one client may do a thing."""

from __future__ import annotations


class Rate:
    """
    At most `limit` times in any second that begins with a use (a fixed window: cheap, and
    at most twice the limit passes in a second that straddles two).
    """

    __slots__ = ("_began", "_count", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._began = 0.0
        self._count = 0

    def allows(self, now: float, amount: int = 1) -> bool:
        """Count `amount` uses at `now` (seconds, monotonic); whether they are within the limit."""
        if now - self._began >= 1.0:
            self._began, self._count = now, 0
        self._count += amount
        return self._count <= self.limit
