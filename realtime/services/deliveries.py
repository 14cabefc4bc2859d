"""
What became of an event for one connection: "why did Ana not see it?"

Reckoned from the positions of the connection's row. Nothing is recorded per event, so of a
connection that the server's death cut off is only known what it had confirmed when its row
was stored last.
"""

from __future__ import annotations

from typing import Final

from realtime.jsonio import loads_trusted
from realtime.services.roster_rows import coverage_of
from realtime.store.transaction import Row

CONFIRMED: Final = "confirmed"
"""It has reached the client, which has answered a ping since."""

WRITTEN: Final = "written"
"""It was written to the client, which has not answered since."""

BEHIND: Final = "behind"
"""It is going to be written: the client is slow, or has just come back."""

NOT_SUBSCRIBED: Final = "not_subscribed"
"""It was not listened for (any more, or yet), or the dialect has no word for it."""

NOT_PERMITTED: Final = "not_permitted"
"""Whoever it is may not read the channel."""

CLOSED: Final = "closed"
"""The connection closed before it happened, or before it was written."""

STATES: Final = (CONFIRMED, WRITTEN, BEHIND, NOT_SUBSCRIBED, NOT_PERMITTED, CLOSED)


def delivery(row: Row, seq: int, channel: str, *, speaks: bool) -> str:
    """
    What became of the event `seq` of `channel` for the connection of this row; `speaks` is
    whether its dialect has a word for it.
    """
    if row["subscriptions"] is None:
        return NOT_SUBSCRIBED
    if row["closed_seq"] is not None and seq > row["closed_seq"]:
        return CLOSED
    if channel not in coverage_of(loads_trusted(row["readable"].encode())):
        return NOT_PERMITTED
    if not speaks or not _covered(row, seq, channel):
        return NOT_SUBSCRIBED
    if seq <= (row["confirmed"] or 0):
        return CONFIRMED
    if seq <= row["last_seq"]:
        return WRITTEN
    return BEHIND if row["closed_seq"] is None else CLOSED


def _covered(row: Row, seq: int, channel: str) -> bool:
    """Whether what was listened to when the event came covers it."""
    covered = False
    for after, *coverage in loads_trusted(row["subscriptions"].encode()):
        if seq <= after:
            break
        covered = channel in coverage_of(coverage)
    return covered
