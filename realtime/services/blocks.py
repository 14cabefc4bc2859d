"""Who is kept out for a while, and of which door."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from realtime.errors import Problem
from realtime.policy import Principal, Role

BLOCKS_LIMIT: Final = 10_000
"""Blocks in force at once; past them the oldest makes room."""


def holder(who: Principal, address: str) -> str:
    """
    What blocks and cursors belong to: the credential, which of a guest names its address;
    those who have none at all are told apart by theirs.
    """
    return f"{who.credential}:{address}" if who.role is Role.NOBODY else who.credential


class Blocks:
    """
    Blocks in memory: they are short, and a restart forgives. `monotonic` is a clock that
    never jumps, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()
        self.made = 0
        """Blocks since the start."""
        self.refused = 0
        """Those who tried to come in nevertheless."""

    def block(self, holder: str, door: str, seconds: float) -> None:
        """Keep `holder` out of `door` for so long, from now on."""
        self._until[holder, door] = self._now() + seconds
        self._until.move_to_end((holder, door))
        self.made += 1
        if len(self._until) > BLOCKS_LIMIT:
            self._until.popitem(last=False)

    def left(self, holder: str, door: str) -> float:
        """For how many seconds yet; 0 for who is not kept out."""
        until = self._until.get((holder, door))
        if until is None:
            return 0.0
        if (left := until - self._now()) > 0:
            return left
        del self._until[holder, door]
        return 0.0

    def check(self, holder: str, door: str) -> None:
        """Raises Problem `blocked` for who is kept out."""
        if left := self.left(holder, door):
            self.refused += 1
            seconds = math.ceil(left)
            raise Problem(
                "blocked",
                f"An administrator has closed a connection of yours; this door opens again in {seconds} s.",
                retry_after=seconds,
            )

    def __len__(self) -> int:
        now = self._now()
        return sum(until > now for until in self._until.values())
