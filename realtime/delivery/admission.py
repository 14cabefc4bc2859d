"""
How many may be connected, in all, from one address, and before they have authenticated; and
how many bytes of request bodies there may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from realtime.config import Settings
from realtime.errors import Problem

LARGE: Final = 64 * 1024
"""Bytes past which a body is large: such bodies leave room for the small ones of others."""


class Bodies:
    """
    The bytes of all request bodies that are held: those that arrive, and those that have
    arrived and whose requests are not answered. At most `limit`; large bodies take part in
    no more than three quarters of it. A body that is the only one may always come.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def check(self, own: int, more: int) -> None:
        """Raise Problem `busy` when there is no room for `more` bytes of a body of which `own` are held."""
        limit = self._limit if own + more <= LARGE else self._limit * 3 // 4
        if self.held > own and self.held + more > limit:
            raise Problem("busy", "Too many large requests at once; try again in a moment.", retry_after=1)


class Place:
    """What one connection holds while it lasts. (A generator would hold four times as much.)"""

    __slots__ = ("_address", "_admission")

    def __init__(self, admission: Admission, address: str) -> None:
        self._admission = admission
        self._address = address

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._admission.give_back(self._address)


class Admission:
    """
    Counts sockets and streams (not plain requests), and the bodies of requests.

    Raises Problem `busy` (503) at `connections_limit`, `too_many_requests` (429) at
    `connections_per_address`, from which loopback and trusted proxies are exempt.
    """

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.connections_limit
        self._per_address = settings.connections_per_address
        self._unauthenticated_limit = settings.unauthenticated_limit
        self.bodies = Bodies(settings.bodies_limit)
        self.total = 0
        self.unauthenticated = 0
        self.refused = 0
        self._addresses: Counter[str] = Counter()

    def place(self, address: str, *, exempt: bool) -> Place:
        """A place for one connection, taken now and given back when the context ends."""
        if self.total >= self._limit:
            self.refused += 1
            raise Problem("busy", f"{self._limit} clients are connected already, which is the limit.", retry_after=10)
        if not exempt and self._addresses[address] >= self._per_address:
            self.refused += 1
            raise Problem(
                "too_many_requests",
                f"{self._per_address} clients are connected from this address already, which is the limit.",
                retry_after=10,
            )
        self.total += 1
        self._addresses[address] += 1
        return Place(self, address)

    def give_back(self, address: str) -> None:
        """A connection from there has ended."""
        self.total -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """A place for a connection that has yet to authenticate."""
        if self.unauthenticated >= self._unauthenticated_limit:
            self.refused += 1
            raise Problem("busy", "Too many connections are waiting to authenticate.", retry_after=10)
        self.unauthenticated += 1
        try:
            yield
        finally:
            self.unauthenticated -= 1
