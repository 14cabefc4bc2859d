"""How often one address may be wrong about a credential."""

from __future__ import annotations

from time import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from realtime import addresses
from realtime.errors import Problem

ADDRESSES_LIMIT: Final = 10_000
"""Addresses whose attempts are remembered; one more, and all is forgotten."""


class Attempts:
    """
    Counts wrong credentials by address, over a moving minute. Right ones are never counted
    nor refused: whoever mistyped in a loop is not locked out.
    """

    def __init__(self, a_minute: int) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._item = RateLimitItemPerMinute(a_minute)

    @property
    def remembered(self) -> int:
        """How many addresses there is a memory of."""
        return len(self._storage.events)

    def failed(self, address: str) -> None:
        """One more wrong credential. Raises Problem `too_many_requests` past the limit."""
        if self.remembered >= ADDRESSES_LIMIT:
            self._storage.reset()
        key = addresses.network(address)
        if not self._limiter.hit(self._item, key):
            window = self._limiter.get_window_stats(self._item, key)
            raise Problem(
                "too_many_requests",
                "Too many wrong credentials from your address; the right one is still taken.",
                retry_after=max(1, round(window.reset_time - time())),
            )
