"""
How many rows the roster has, without counting them at each request: counts by user, status
and dialect, and by status and channels, taken once and moved with every commit, in the
order of the commits. Counting a million rows takes a second or two, in which others write:
what they change is added at the end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeVar

from realtime.store import roster as rows
from realtime.store.committer import Committer, Work
from realtime.store.database import Database
from realtime.store.roster import Moves, Wanted, named

T = TypeVar("T")
K = TypeVar("K")

KINDS_LIMIT: Final = 20_000
"""Kinds of rows (user, status, dialect) that are counted; past them rows are counted when asked for."""


NAMINGS_LIMIT: Final = 20_000
"""Likewise for what rows name as their channels, with their status."""


class Tally:
    """The numbers of rows, by kind."""

    def __init__(self, database: Database, committer: Committer) -> None:
        self._database = database
        self._committer = committer
        self._meanwhile: list[Moves] | None = None
        self._numbers: Counter[tuple[str, str, str]] | None = None
        self._namings: Counter[tuple[str, str]] | None = None
        self._total = 0
        self._loading: asyncio.Task[None] | None = None
        self._too_many = False

    async def of(self, wanted: Wanted) -> int | None:
        """How many rows are meant, or None where no count is kept of that."""
        if self._too_many or (wanted.channel is not None and not wanted.by_channel):
            return None
        if self._numbers is None:
            await self._load()
        if wanted.channel is not None:
            return self._naming(wanted.channel, wanted.status)
        if self._numbers is None:
            return None
        if wanted == Wanted():
            return self._total
        chosen = (wanted.user, wanted.status, wanted.dialect)
        return sum(
            number
            for kind, number in self._numbers.items()
            if all(value is None or value == here for value, here in zip(chosen, kind, strict=True))
        )

    def naming(self, channel: str) -> list[str] | None:
        """What the rows that name a channel name as their channels; None where it is not known."""
        if self._namings is None:
            return None
        name = named(channel)
        return list(dict.fromkeys(text for _, text in self._namings if name in text))

    def _naming(self, channel: str, status: str | None) -> int | None:
        if self._namings is None:
            return None
        name = named(channel)
        return sum(
            number
            for (here, text), number in self._namings.items()
            if name in text and (status is None or status == here)
        )

    def submit(self, work: Work[T], moves: Callable[[T], Moves]) -> asyncio.Future[T]:
        """
        Submit a unit of work that changes rows; `moves` says, from its result, what changed.
        It is called once it is committed, in the order of the commits, and before whoever
        waits for the future goes on.
        """
        future = self._committer.submit(work)

        def follow(done: asyncio.Future[T]) -> None:
            if not done.cancelled() and done.exception() is None:
                self._move(moves(done.result()))

        future.add_done_callback(follow)
        # Shielded: a requester that goes away must not hide the result from `follow`.
        return asyncio.shield(future)

    def _move(self, moves: Moves) -> None:
        if self._numbers is None:
            if self._meanwhile is not None:
                self._meanwhile.append(moves)
            return
        self._add(moves)
        self._bound()

    def _add(self, moves: Moves) -> None:
        for (user, status, dialect, channels), difference in moves.items():
            self._total += difference
            if self._numbers is not None:
                _count(self._numbers, (user, status, dialect), difference)
            if self._namings is not None:
                _count(self._namings, (status, channels), difference)

    async def _load(self) -> None:
        if self._loading is None:
            self._loading = asyncio.create_task(self._count(), name="count of connections")
            self._loading.add_done_callback(self._loaded)
        # Shielded: once is enough, however many ask, and whoever of them goes away.
        await asyncio.shield(self._loading)

    def _loaded(self, done: asyncio.Task[None]) -> None:
        self._loading = self._meanwhile = None

    async def _count(self) -> None:
        found = await rows.tally(self._database, self._committer, self._begin)
        self._numbers, self._namings, self._total = Counter(), Counter(), 0
        for moves in (found, *(self._meanwhile or ())):
            self._add(moves)
        self._bound()

    def _begin(self) -> None:
        self._meanwhile = []

    def _bound(self) -> None:
        if self._numbers is not None and len(self._numbers) > KINDS_LIMIT:
            self._numbers, self._namings, self._too_many = None, None, True
        if self._namings is not None and len(self._namings) > NAMINGS_LIMIT:
            self._namings = None


def _count(numbers: Counter[K], key: K, difference: int) -> None:
    numbers[key] += difference
    if not numbers[key]:
        del numbers[key]
