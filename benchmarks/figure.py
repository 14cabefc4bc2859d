"""What a figure is made of: its cases, its numbers, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import measure
from benchmarks.peers import OURS
from benchmarks.peers.base import Way

Result = dict[str, Any]
EVERY_OTHER = "every other peer"


@dataclass(frozen=True)
class Metric:
    """One number of a result: its key, its heading, how many decimals to show, and whether more is better."""

    key: str
    title: str
    decimals: int = 0
    more_is_better: bool = True
    factor: float = 1.0  # from the result's unit to the shown one

    def number(self, value: float | None) -> str:
        """The value as the tables show it."""
        return "–" if value is None else f"{value * self.factor:,.{self.decimals}f}"

    def rise(self, smallest: float, largest: float) -> float:
        """By how much a cost has risen; of a rate, by how much it has fallen."""
        return smallest / largest if self.more_is_better else largest / smallest

    @property
    def sign(self) -> str:
        """Which side of a goal is the good one."""
        return "≥" if self.more_is_better else "≤"


DELIVERY_CPU = Metric("cpu_us_per_delivery", "µs CPU/delivery", 2, more_is_better=False)


@dataclass(frozen=True)
class Case:
    """
    One load: so many subscribers and publishers; `rate` in events a second, 0 for as fast as answers come.

    Subscribers read at once, or everything that has come each `read_every_ms` (README.md,
    "How the load reads"). A publisher by POST waits for its answer; in other ways it has
    `in_flight` events on their way.
    """

    name: str
    title: str
    subscribers: int = 0
    publishers: int = 0
    rate: float = 0
    witnesses: int = 16
    read_every_ms: float = 0
    way: Way = Way.POST
    in_flight: int = 1
    size: int = 0
    """What a figure with a `measure` of its own makes large: rows of a request, sockets, events of the log."""


@dataclass(frozen=True)
class Goal:
    """Ours divided by a peer's, at least or at most `ratio`. `peer` is a name, or EVERY_OTHER than those `but`."""

    case: str
    metric: Metric
    peer: str
    ratio: float
    but: tuple[str, ...] = ()

    def peers(self, figure: Figure) -> list[str]:
        if self.peer != EVERY_OTHER:
            return [self.peer]
        return [name for name in figure.peers if name not in (OURS, *self.but)]

    def reached(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.metric.more_is_better else ratio <= self.ratio

    def text(self) -> str:
        return f"{self.metric.sign} {self.ratio:g} ×"


@dataclass(frozen=True)
class Limit:
    """Ours alone, in the unit of the metric: at least, or at most, `bound`."""

    case: str
    metric: Metric
    bound: float

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.metric.more_is_better else value <= self.bound

    def text(self) -> str:
        return f"{self.metric.sign} {self.bound:,.10g}"


FLAT = 1.5
"""How far a cost may rise from the smallest size to the largest and still be called flat: medians vary by as much."""


@dataclass(frozen=True)
class Level:
    """Ours at the largest size against the smallest: the cost of each of these is at most `ratio` times as much."""

    about: str
    metrics: tuple[Metric, ...]
    ratio: float = FLAT

    def reached(self, rise: float) -> bool:
        return rise <= self.ratio

    def text(self) -> str:
        return f"≤ {self.ratio:g} ×"


@dataclass(frozen=True)
class Figure:
    """
    One row of the promise: `cases` are judged by `goals`, `growth` shows the cost per unit at
    three sizes. Of a figure without peers the cases themselves are the sizes.
    """

    name: str
    title: str
    about: str
    peers: tuple[str, ...]
    cases: tuple[Case, ...]
    metrics: tuple[Metric, ...]  # the first is the one that is drawn
    goals: tuple[Goal | Limit | Level, ...]
    growth: tuple[Case, ...] = ()
    growth_peers: tuple[str, ...] = (OURS, "nchan", "node")
    growth_metric: Metric = DELIVERY_CPU
    measure: Callable[..., Result] = measure.by_load
    how: str = ""
    """How it is measured, in a sentence, where that is not by so many seconds of load."""
    drawn: int = 2
    """How many of the metrics are drawn."""

    @property
    def alone(self) -> bool:
        """Whether ours is measured against itself only."""
        return self.peers == (OURS,)

    def takes(self, peer: str, case: Case) -> bool:
        """Whether a peer takes part in a case: in all that are judged, in growth only if it is named for it."""
        return peer in self.peers and (case in self.cases or peer in self.growth_peers)

    def all_cases(self) -> list[Case]:
        """Judged cases, then those of the growth table that are not among them."""
        return [*self.cases, *(case for case in self.growth if case not in self.cases)]
