"""
Storing the rows of connections: when one opens, changes what it hears, and closes, in
batches, so that ten thousand that come at once are a few statements and not ten thousand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from realtime.policy import Policy
from realtime.services.roster_counts import Tally
from realtime.services.roster_rows import Connection
from realtime.store import roster as rows
from realtime.store.opening import Store
from realtime.store.roster import Kind, Moves, kind_of
from realtime.store.transaction import Row, Transaction

BATCH: Final = 2_000
"""Rows that one unit of work stores, so that other writes need not wait long for it."""

WAITING_LIMIT: Final = 50_000
"""
Connections that may wait to be stored while that is not possible. Of those that close then
is only known, once it is possible again, that they have closed.
"""

FORGOTTEN: Final = "closed while nothing could be stored"


class Book:
    """The connections that are open, and those that have closed and wait to be stored."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self.tally = Tally(store.database, store.committer)
        self._known: dict[int, Connection] = {}
        self._waiting: dict[int, Connection] = {}
        self._settling = asyncio.Lock()
        self._overflowed = False

    def get(self, id: int) -> Connection | None:
        """The connection `id`, if it is open or not yet stored as closed."""
        return self._known.get(id)

    def put(self, connection: Connection) -> None:
        """It has opened, changed or closed: its row is to be stored."""
        if connection.gone:
            return
        if connection.session is None and len(self._waiting) >= WAITING_LIMIT:
            self._overflowed = True
            self.drop(connection)
            return
        self._known[connection.id] = self._waiting[connection.id] = connection

    def drop(self, connection: Connection) -> None:
        """Nothing of it is to be stored any more."""
        self._known.pop(connection.id, None)
        self._waiting.pop(connection.id, None)

    async def settle(self) -> None:
        """What has happened so far is stored when this returns. Raises Problem when it cannot be."""
        if not self._waiting and not self._settling.locked():
            return
        async with self._settling:
            left = len(self._waiting)
            while left > 0 and self._waiting:
                batch = list(self._waiting.values())[:BATCH]
                left -= len(batch)
                await self._write(batch)
            if self._overflowed:
                await self._recover()

    def moves(self, stored: dict[Connection, Row]) -> Moves:
        """By how much the numbers of rows change when these rows are committed, which they are now."""
        found: Counter[Kind] = Counter()
        for connection, row in stored.items():
            if connection.counted is not None:
                found[connection.counted] -= 1
            connection.counted = kind_of(row)
            found[connection.counted] += 1
        return found

    async def _write(self, batch: list[Connection]) -> None:
        stored = {connection: connection.row(self._policy) for connection in batch}
        future = self.tally.submit(lambda tx: _store(tx, list(stored.values())), lambda _: self.moves(stored))
        for connection in batch:
            del self._waiting[connection.id]
        future.add_done_callback(lambda done: self._written(batch, done))
        await future

    def _written(self, batch: list[Connection], done: asyncio.Future[None]) -> None:
        failed = done.cancelled() or done.exception() is not None
        for connection in batch:
            if failed and not connection.gone:
                self._waiting.setdefault(connection.id, connection)
            elif connection.session is None and connection.id not in self._waiting:
                self._known.pop(connection.id, None)

    async def _recover(self) -> None:
        def work(tx: Transaction) -> Moves:
            return rows.end_others(tx, self._known.keys(), FORGOTTEN, tx.state.seq)

        await self.tally.submit(work, lambda moves: moves)
        self._overflowed = False


def _store(tx: Transaction, found: list[Row]) -> None:
    for row in found:
        rows.store(tx, row)
