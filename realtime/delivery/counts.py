"""What the hub has done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class HubCounts:
    """Totals since the start, for `/metrics`."""

    events: int = 0
    flushes: int = 0
    deliveries: int = 0
    fell_behind: int = 0
    replayed: int = 0
