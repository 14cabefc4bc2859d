"""
The figures of the support desk: what is noted when something happens, and what they say.

The functions that take a transaction are called by the desk's services inside their units
of work, so that a sample is stored with the event that it comes from, or not at all. Each
takes the rows as they are at that moment, and may be run again with the transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from realtime import clock
from realtime.errors import invalid
from realtime.events import Event, Signal
from realtime.jsonio import dumps
from realtime.services import metrics_figures as figures
from realtime.services.metrics_figures import CUSTOMER, HUMAN, Ever, whole_seconds
from realtime.services.metrics_recount import Recount, recount
from realtime.services.metrics_scans import Scans
from realtime.store import metrics as rows
from realtime.store.metrics import Kind, Sums, Window
from realtime.store.opening import Store
from realtime.store.transaction import Row, Transaction

CSAT: Final = "csat"
SIGNAL: Final = "dashboard_metrics"

CHANGING: Final = frozenset(
    {"conversation.created", "conversation.closed", "conversation.reopened", "message.created", "csat.created"}
)
"""The types of events after which figures may be others."""


def conversation_created(tx: Transaction, conversation: Row) -> None:
    """
    To be called with the row that is inserted (`cycle` 1). For one that is made closed,
    `conversation_closed` as well, afterwards.
    """
    rows.open_cycle(tx, conversation["id"], conversation["cycle"], conversation["created_at"])
    rows.add(tx, conversation["created_at"], Kind.CREATED)


def message_sent(tx: Transaction, conversation: Row, message: Row) -> Row:
    """
    To be called for every new message, with the conversation's row as it is before it.
    Returns the columns of the conversation that change by it: none, `waiting_since`, or
    `waiting_since` and `answered`.
    """
    waiting_since, at = conversation["waiting_since"], message["created_at"]
    if message["sender"] == CUSTOMER and waiting_since is None:
        return {"waiting_since": at}
    if message["sender"] != HUMAN or waiting_since is None:
        return {}
    seconds = whole_seconds(at - waiting_since)
    _sample(tx, Kind.RESPONSE, conversation, at, seconds)
    if not conversation["answered"]:
        _sample(tx, Kind.FIRST_RESPONSE, conversation, at, seconds)
    return {"waiting_since": None, "answered": True}


def conversation_closed(tx: Transaction, conversation: Row) -> None:
    """To be called when a conversation closes, with its row as it is then (`closed_at` set)."""
    at = conversation["closed_at"]
    opened_at = rows.close_cycle(tx, conversation["id"], conversation["cycle"], at)
    _sample(tx, Kind.RESOLUTION, conversation, at, whole_seconds(at - opened_at))
    rows.add(tx, conversation["created_at"], Kind.CREATED_CLOSED)


def conversation_reopened(tx: Transaction, conversation: Row) -> None:
    """
    To be called when a closed conversation opens again, with its row as it is then:
    `cycle` is the new one's number, one more than before.
    """
    rows.open_cycle(tx, conversation["id"], conversation["cycle"], tx.at)
    rows.add(tx, conversation["created_at"], Kind.CREATED_CLOSED, count=-1)


def rated(tx: Transaction, conversation: Row, cycle: int, rating: int, at: int) -> None:
    """
    To be called for every rating (1 to 5) of a cycle, given at `at` (milliseconds); it
    takes the place of an earlier one of that cycle.
    """
    if (before := rows.find_rating(tx, conversation["id"], cycle)) is None:
        rows.insert_sample(tx, Kind.RATING, conversation["id"], cycle, at, rating)
    else:
        rows.add(tx, before.at, Kind.of_rating(before.value), count=-1, total=-before.value)
        rows.move_rating(tx, before.id, at, rating)
    rows.add(tx, at, Kind.of_rating(rating), total=rating)


def _sample(tx: Transaction, kind: Kind, conversation: Row, at: int, seconds: int) -> None:
    rows.insert_sample(tx, kind, conversation["id"], conversation["cycle"], at, seconds)
    rows.add(tx, at, kind, total=seconds)


class Metrics:
    """
    The figures of the support desk, as of the last commit.

    `heard` must be told of every committed event: figures are read again when one may
    have changed them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changes = 0
        self._asked: tuple[Window, int] | None = None
        self._brief: dict[str, Any] = {}
        self._reading = asyncio.Lock()
        self._scans = Scans(store.database)
        self._recounting = asyncio.Lock()
        self.on_change: list[Callable[[], None]] = []
        """Called when figures may have changed; at once, so it must be short."""

    def heard(self, events: Iterable[Event]) -> None:
        """Something is committed."""
        if any(event.type in CHANGING for event in events):
            self._changes += 1
            for tell in self.on_change:
                tell()

    def now(self) -> int:
        """The time by the log, in milliseconds: it never falls, so no sample is of the future."""
        return max(clock.now(), self._store.committer.state.at)

    async def current(self) -> dict[str, Any]:
        """The six figures of seed 001, for the last 30 UTC days."""
        async with self._reading:
            window, changes = figures.usual_window(self.now()), self._changes
            if self._asked != (window, changes):
                ever, days = await self._read(window)
                self._brief = figures.brief(ever, figures.joined(days.values()))
                self._asked = (window, changes)
            return dict(self._brief)

    async def signal(self) -> Signal:
        """The current figures as passing news on the channel `csat`."""
        return Signal(CSAT, SIGNAL, dumps(await self.current()), key=SIGNAL)

    async def report(self, since: int | None = None, until: int | None = None) -> dict[str, Any]:
        """
        All figures of the time from `since` on and before `until` (milliseconds; the last
        30 UTC days, up to `until` or to the end of today), and a series of its days.

        Percentiles, and how many were open, may be a second old; where it takes long to
        read them, older. Raises Problem `invalid` where `until` is not after `since`.
        """
        now = self.now()
        window = _window(since, until, now)
        ever, days = await self._read(window)
        times = {"since": clock.timestamp(window.since), "until": clock.timestamp(window.until)}
        scan = await self._scans.of(window)
        found = figures.full(ever, figures.joined(days.values()), scan.ranks)
        return {**times, **found, "days": figures.series(days, scan.days, scan.open, window, now)}

    async def verify(self) -> Recount:
        """Recount everything from conversations, cycles, messages and ratings, and compare; one recount at a time."""
        async with self._recounting:
            return await recount(self._store.database)

    async def _read(self, window: Window) -> tuple[Ever, dict[int, Sums]]:
        async with self._store.database.read() as connection:
            return Ever(*await rows.ever(connection)), await rows.day_sums(connection, window)


def _window(since: int | None, until: int | None, now: int) -> Window:
    usual = figures.usual_window(now) if until is None else figures.last_days(until)
    if since is None:
        return usual
    if since >= usual.until:
        raise invalid(since="This must be before the end of the time that is asked for.")
    return Window(since, usual.until)
