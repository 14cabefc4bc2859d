"""
How many rows the roster has, without counting them at each request: a count by user,
status and dialect, taken once and moved with every commit, in the order of the commits.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeVar

from realtime.store import roster as rows
from realtime.store.committer import Committer, Work
from realtime.store.roster import Kind, Moves, Wanted
from realtime.store.transaction import Transaction

T = TypeVar("T")

KINDS_LIMIT: Final = 20_000
"""Kinds of rows (user, status, dialect) that are counted; past them rows are counted when asked for."""


class Tally:
    """The numbers of rows, by kind."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._numbers: Counter[Kind] | None = None
        self._total = 0
        self._loading: asyncio.Future[dict[Kind, int]] | None = None
        self._too_many = False

    async def of(self, wanted: Wanted) -> int | None:
        """How many rows are meant, or None where no count is kept of that."""
        if wanted.channel is not None or self._too_many:
            return None
        if self._numbers is None:
            await self._load()
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
        for kind, difference in moves.items():
            self._numbers[kind] += difference
            self._total += difference
            if not self._numbers[kind]:
                del self._numbers[kind]
        self._bound()

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
            self._numbers = Counter(done.result())
            self._total = sum(done.result().values())
            self._bound()

    def _bound(self) -> None:
        if self._numbers is not None and len(self._numbers) > KINDS_LIMIT:
            self._numbers, self._too_many = None, True


def _tally(tx: Transaction) -> dict[Kind, int]:
    return rows.tally(tx)
