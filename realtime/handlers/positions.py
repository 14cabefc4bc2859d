"""
Where a reader wants to begin: one parser for every door.

`since` takes a position (`7`, `epoch:7`), `now`, an age (`10m`, `2h`, `7d`) or an RFC 3339
time. `after`, `last_event_id` and the header `Last-Event-ID` take positions only.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from realtime import clock
from realtime.delivery.session import Start
from realtime.errors import Problem
from realtime.events import Position, parse_position
from realtime.store.log import EventLog

_AGE: Final = re.compile(r"([0-9]{1,6})([smhd])\Z")
_OFFSET: Final = re.compile(r" (\d\d:\d\d)\Z")
_UNITS: Final = {"s": clock.SECOND, "m": clock.MINUTE, "h": clock.HOUR, "d": clock.DAY}
_ALLOWED: Final = 'a position ("7" or "epoch:7"), "now", an age ("10m", "2h", "7d") or a time ("2025-07-20T00:05:37Z")'


def given(request: web.Request) -> tuple[str, str] | None:
    """
    The parameter that says where to begin, and its text. What a reconnecting browser adds
    by itself comes before what stands in its address.
    """
    last = request.headers.get("Last-Event-ID")
    if last:
        return "Last-Event-ID", last
    for name in ("last_event_id", "after", "since"):
        if text := request.query.get(name):
            return name, text
    return None


async def start_of(name: str, text: str, log: EventLog) -> Start:
    """
    Where to begin. A position of another history, or of the future, begins now, with a
    gap. Raises Problem `bad_position`.
    """
    if name == "since":
        if text == "now":
            return Start()
        at = moment(text)
        if at is not None:
            return Start(after=await log.before(at))
    position = parse_position(text, log.epoch)
    if position is None:
        allowed = _ALLOWED if name == "since" else 'a position ("7" or "epoch:7")'
        raise Problem("bad_position", f"{name} must be {allowed}.")
    return of_position(position, log)


def of_position(position: Position, log: EventLog) -> Start:
    """Where a reader at `position` goes on."""
    if position.epoch != log.epoch or position.seq > log.tip:
        return Start(gap=position)
    return Start(after=position.seq)


def moment(text: str) -> int | None:
    """The milliseconds of an age before now (`10m`, `2h`, `7d`) or of an RFC 3339 time; None for neither."""
    if age := _AGE.match(text):
        return max(0, clock.now() - int(age[1]) * _UNITS[age[2]])
    try:
        # In a query, a "+" that was not escaped arrives as a space.
        return clock.parse(_OFFSET.sub(r"+\1", text))
    except (ValueError, OverflowError):
        return None
