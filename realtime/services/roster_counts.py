"""
How many rows the roster has, without counting them at each request: counts by user, status
and dialect, and by status and channels, taken once and moved with every commit, in the
order of the commits.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeVar

from realtime.store import roster as rows
from realtime.store.committer import Committer, Work
from realtime.store.roster import Kind, Moves, Wanted, named
from realtime.store.transaction import Transaction

T = TypeVar("T")
K = TypeVar("K")

KINDS_LIMIT: Final = 20_000
"""Kinds of rows (user, status, dialect) that are counted; past them rows are counted when asked for."""


NAMINGS_LIMIT: Final = 20_000
"""Likewise for what rows name as their channels, with their status."""


class Tally:
    """The numbers of rows, by kind."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._numbers: Counter[tuple[str, str, str]] | None = None
        self._namings: Counter[tuple[str, str]] | None = None
        self._total = 0
        self._loading: asyncio.Future[dict[Kind, int]] | None = None
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
        # Counting a large table takes the writer a moment: once is enough, however many ask.
        if self._loading is None:
            self._loading = self._committer.submit(_tally)
            self._loading.add_done_callback(self._keep)
        await asyncio.shield(self._loading)
        if self._loading is not None:
            # It was done when we came, and `_keep` waits for its turn, which is before our next.
            await asyncio.sleep(0)

    def _keep(self, done: asyncio.Future[dict[Kind, int]]) -> None:
        self._loading = None
        if not done.cancelled() and done.exception() is None:
            self._numbers, self._namings, self._total = Counter(), Counter(), 0
            self._add(done.result())
            self._bound()

    def _bound(self) -> None:
        if self._numbers is not None and len(self._numbers) > KINDS_LIMIT:
            self._numbers, self._namings, self._too_many = None, None, True
        if self._namings is not None and len(self._namings) > NAMINGS_LIMIT:
            self._namings = None


def _count(numbers: Counter[K], key: K, difference: int) -> None:
    numbers[key] += difference
    if not numbers[key]:
        del numbers[key]


def _tally(tx: Transaction) -> dict[Kind, int]:
    return rows.tally(tx)
