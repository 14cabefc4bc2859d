"""
The metrics as they are shown, from sums of samples: means, shares and their rounding.

A figure without a sample is None, never 0. Times are in whole seconds, means of ratings
have one decimal, shares two; a half is rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Final

from realtime import clock
from realtime.store.metrics import Kind, OpenCourse, Ranks, Sum, Sums, Window, day_of

CUSTOMER: Final = "customer"
HUMAN: Final = "agent"
"""The sender that answers a customer; bots and the system do not stop the clock."""

WINDOW_DAYS: Final = 30
"""UTC days of the usual window, today included."""

SERIES_DAYS: Final = 366
"""Days of a series at most: the last ones of its window."""

TIMED: Final = {
    "response_time": Kind.RESPONSE,
    "first_response_time": Kind.FIRST_RESPONSE,
    "resolution_time": Kind.RESOLUTION,
}
"""The figures that have percentiles."""

RATINGS: Final = {rating: Kind.of_rating(rating) for rating in range(1, 6)}
_GOOD: Final = (RATINGS[4], RATINGS[5])


@dataclass(frozen=True, slots=True)
class Ever:
    """Conversations since the beginning: all of them, and those that are closed now."""

    total: int
    closed: int


def usual_window(now: int) -> Window:
    """The last 30 UTC days, today included."""
    return last_days((day_of(now) + 1) * clock.DAY)


def last_days(until: int) -> Window:
    """As many days as the usual window has, the last of them that of the moment before `until`."""
    first = day_of(until - 1) + 1 - WINDOW_DAYS
    return Window(max(first, 0) * clock.DAY, until)


def joined(days: Iterable[Sums]) -> Sums:
    """The sums of several days together."""
    parts: dict[Kind, list[Sum]] = {}
    for sums in days:
        for kind, found in sums.items():
            parts.setdefault(kind, []).append(found)
    return {kind: reduce(add, found) for kind, found in parts.items()}


def brief(ever: Ever, sums: Sums) -> dict[str, Any]:
    """The six figures that seed 001 shows, of a window with these sums."""
    means = _means(sums)
    return {
        "total_conversations": ever.total,
        "open_conversations": ever.total - ever.closed,
        "closed_conversations": ever.closed,
        **{name: means[name] for name in ("average_satisfaction", "resolution_rate", "response_time")},
    }


def full(ever: Ever, sums: Sums, percentiles: Mapping[str, Ranks]) -> dict[str, Any]:
    """All figures of a window; `percentiles` has p50 and p90 of each in TIMED."""
    ratings = {str(rating): _count(sums, kind) for rating, kind in RATINGS.items()}
    return {
        **brief(ever, sums),
        **_means(sums),
        "distribution": ratings,
        "percentiles": {name: {"p50": p50, "p90": p90} for name, (p50, p90) in percentiles.items()},
        "counts": {
            "created": _count(sums, Kind.CREATED),
            "created_closed": _count(sums, Kind.CREATED_CLOSED),
            "closed": _count(sums, Kind.RESOLUTION),
            "responses": _count(sums, Kind.RESPONSE),
            "first_responses": _count(sums, Kind.FIRST_RESPONSE),
            "ratings": sum(ratings.values()),
        },
    }


def series(
    days: Mapping[int, Sums], waits: Mapping[int, Ranks], open: OpenCourse, window: Window, now: int
) -> list[dict[str, Any]]:
    """
    Each day of the window up to today, oldest first, also those without anything; at most
    SERIES_DAYS. `waits` has p50 and p90 of the days' times to answer.
    """
    last = day_of(min(window.until - 1, now))
    first = max(day_of(window.since), last + 1 - SERIES_DAYS)
    left = open.before + sum(change for day, change in open.changes.items() if day < first)
    found = []
    for day in range(first, last + 1):
        left += open.changes.get(day, 0)
        p50, p90 = waits.get(day, (None, None))
        waited = {"response_time_p50": p50, "response_time_p90": p90}
        found.append({**_one_day(day, days.get(day, {})), "open": left, **waited})
    return found


def whole_seconds(milliseconds: int) -> int:
    """Milliseconds as seconds, a half rounded up."""
    return (milliseconds + clock.SECOND // 2) // clock.SECOND


def rounded(part: int, whole: int, decimals: int) -> Any:
    """`part / whole` with so many decimals, a half rounded up (in whole numbers: floats lose it); None of nothing."""
    if whole <= 0:
        return None
    scale = 10**decimals
    found = (2 * scale * part + whole) // (2 * whole)
    return found / scale if decimals else found


def _one_day(day: int, sums: Sums) -> dict[str, Any]:
    return {
        "day": clock.timestamp(day * clock.DAY)[:10],
        "created": _count(sums, Kind.CREATED),
        "closed": _count(sums, Kind.RESOLUTION),
        "responses": _count(sums, Kind.RESPONSE),
        "ratings": sum(_count(sums, kind) for kind in RATINGS.values()),
        **_means(sums),
    }


def _means(sums: Sums) -> dict[str, Any]:
    ratings = sum(_count(sums, kind) for kind in RATINGS.values())
    return {
        "average_satisfaction": _satisfaction(sums),
        "resolution_rate": rounded(_count(sums, Kind.CREATED_CLOSED), _count(sums, Kind.CREATED), 2),
        **{name: _mean_time(sums, kind) for name, kind in TIMED.items()},
        "csat_score": rounded(sum(_count(sums, kind) for kind in _GOOD), ratings, 2),
    }


def _satisfaction(sums: Sums) -> float | None:
    ratings = [sums.get(kind, Sum()) for kind in RATINGS.values()]
    mean: float | None = rounded(sum(each.total for each in ratings), sum(each.count for each in ratings), 1)
    return mean


def _mean_time(sums: Sums, kind: Kind) -> int | None:
    found = sums.get(kind, Sum())
    mean: int | None = rounded(found.total, found.count, 0)
    return mean


def _count(sums: Sums, kind: Kind) -> int:
    return sums.get(kind, Sum()).count
