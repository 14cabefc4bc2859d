"""What the hub has done so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

USUAL: Final = range(1000, 1016)
"""Codes of RFC 6455 §7.4.1. A client may send others, three thousand of them: too many for a label."""

LOST: Final = 1006
"""What a side says to itself when no close frame came."""


@dataclass(slots=True)
class HubCounts:
    """Totals since the start, for `/metrics`."""

    events: int = 0
    flushes: int = 0
    deliveries: int = 0
    fell_behind: int = 0
    replayed: int = 0
    closed: Counter[int] = field(default_factory=Counter)
    """Sessions that the server has closed, by code."""
    left: Counter[str] = field(default_factory=Counter)
    """Sessions that their clients have ended, by code: `none` for those that sent none, `other` for a rare one."""

    def end(self, closed: int | None, peer: int | None) -> None:
        """A session is over: the server's code, and the client's, which counts where the server has none."""
        if closed is not None:
            self.closed[closed] += 1
        elif peer is None or peer == LOST:
            self.left["none"] += 1
        else:
            self.left[str(peer) if peer in USUAL else "other"] += 1
