"""Time as the log keeps it: whole milliseconds since 1970, UTC, written as RFC 3339."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LAST = 253_402_300_799_999


def now() -> int:
    """Milliseconds since 1970, UTC, by the wall clock; it may jump, so never use it for timers."""
    return time.time_ns() // 1_000_000


def timestamp(milliseconds: int) -> str:
    """`2025-07-20T00:05:37.123Z`: milliseconds, `Z`, as seed 002 shows them."""
    seconds, rest = divmod(milliseconds, SECOND)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    # What happens in the same second is mostly told together, and this is most of what writing out a time costs.
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def parse(text: str) -> int:
    """
    Milliseconds of an RFC 3339 time; one without an offset is read as UTC.

    Raises ValueError for anything else, a date alone, years before 1970 and times that end
    up past the year 9999 included.
    """
    text = text.strip()
    if not _RFC3339.match(text):
        raise ValueError("a time needs a date and an hour, as in 2025-07-20T00:05:37Z")
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # In whole numbers: through a float every hundredth or so time lost a millisecond.
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    if milliseconds < 0:
        raise ValueError("a time before 1970 is not kept")
    if milliseconds > _LAST:
        raise ValueError("a time after the year 9999 is not kept")
    return milliseconds
