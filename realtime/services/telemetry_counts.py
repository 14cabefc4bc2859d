"""
How many rows there are, without counting them at each request.

Only this process writes, so a count that is taken once and moved with every commit stays
exact. It is taken by a unit of work and moved in the order of the commits, so that no
write is counted twice or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

from realtime.store import telemetry as rows
from realtime.store.committer import Committer, Work
from realtime.store.telemetry import Kind, Selection

T = TypeVar("T")
Moves = Iterable[tuple[int | str | None, int]]
"""By how much the counts change: (the value of `counted_by`, the difference)."""


class Counts:
    """The number of rows of each kind, in all and for each sensor; one number per sensor is kept."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._tallies: dict[Kind, dict[int | str | None, int]] = {}
        self._totals: dict[Kind, int] = {}
        self._loading: dict[Kind, asyncio.Future[dict[int | str | None, int]]] = {}

    async def of(self, kind: Kind, selection: Selection) -> int | None:
        """How many rows are selected, or None where no count is kept of that."""
        if selection.since is not None or selection.until is not None or selection.equals.keys() - {kind.counted_by}:
            return None
        if kind not in self._tallies:
            await self._load(kind)
        if not selection.equals:
            return self._totals[kind]
        return self._tallies[kind].get(next(iter(selection.equals.values())), 0)

    def move(self, kind: Kind, moves: Moves) -> None:
        """Follow a commit; to be called in the order of the commits."""
        if (tally := self._tallies.get(kind)) is None:
            return
        for value, difference in moves:
            value = value if kind.counted_by else None
            tally[value] = tally.get(value, 0) + difference
            self._totals[kind] += difference
            if not tally[value]:
                del tally[value]

    def submit(self, kind: Kind, work: Work[T], moves: Callable[[T], Moves], *, size: int = 0) -> asyncio.Future[T]:
        """
        Submit a unit of work that changes rows of `kind` (see Committer.submit); `moves` reads the
        change from its result.
        """
        future = self._committer.submit(work, size=size)

        # Futures of a commit call back in its order, and before those who wait go on: who
        # has the answer to a write finds it counted.
        def follow(done: asyncio.Future[T]) -> None:
            if not done.cancelled() and done.exception() is None:
                self.move(kind, moves(done.result()))

        future.add_done_callback(follow)
        # Shielded: a requester that goes away must not hide the result from `follow`.
        return asyncio.shield(future)

    async def _load(self, kind: Kind) -> None:
        # Counting a large table takes the writer a moment: once is enough, however many ask.
        if kind not in self._loading:
            future = self._loading[kind] = self._committer.submit(lambda tx: rows.tally(tx, kind))
            future.add_done_callback(lambda done: self._keep(kind, done))
        await asyncio.shield(self._loading[kind])
        if kind in self._loading:
            # It was done when we came, and `_keep` waits for its turn, which is before our next.
            await asyncio.sleep(0)

    def _keep(self, kind: Kind, done: asyncio.Future[dict[int | str | None, int]]) -> None:
        del self._loading[kind]
        if not done.cancelled() and done.exception() is None:
            self._tallies[kind] = done.result()
            self._totals[kind] = sum(done.result().values())
