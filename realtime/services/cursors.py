"""
Cursors: how far the clients that use `session=` have confirmed, so that a client which only
ever repeats its URL goes on where it was.

A cursor is one stored position, read at connect like a `since`. It moves when its client
answers a ping, which says that all that was written before that ping has arrived; so what
it is behind by comes again, and nothing is left out.
"""

from __future__ import annotations

import asyncio
from typing import Final

from realtime.clock import DAY
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.session import CursorKey, Session, Start
from realtime.errors import CloseCode
from realtime.events import Position
from realtime.store import cursors as rows
from realtime.store.cursors import Place
from realtime.store.opening import Store
from realtime.store.transaction import Transaction

NAME_LIMIT: Final = 64
"""Characters of a client's name for its cursor."""

BATCH: Final = 2_000
"""Cursors that one unit of work stores, so that other writes need not wait long for it."""

REPLACED: Final = "another connection goes on with this cursor"


class _Held:
    """A cursor whose client is connected, or that waits to be stored."""

    __slots__ = ("seq", "session")

    def __init__(self, seq: int, session: Session | None) -> None:
        self.seq = seq
        self.session = session


class Cursors:
    """
    The cursors of one server. `taken`, `confirmed` and `left` follow a session; `settle`
    stores what has moved.
    """

    def __init__(self, store: Store, hub: Hub, settings: Settings) -> None:
        self._store = store
        self._hub = hub
        self._limit = settings.cursors_per_credential
        self._days = settings.cursor_retention_days
        self._held: dict[CursorKey, _Held] = {}
        self._moved: dict[CursorKey, _Held] = {}

    async def start(self, key: CursorKey, otherwise: Start) -> Start:
        """
        Where the client of this cursor goes on. One that is not known begins at `otherwise`,
        and that is stored when this returns: a client that is lost before its first answer
        comes back to where it was. Raises Problem `too_many_requests`, `busy`.
        """
        held = self._held.get(key)
        if held is not None:
            return Start(after=held.seq)
        async with self._store.database.read() as connection:
            place = await rows.find(connection, key)
        if place is None:
            place = await self._create(key, otherwise)
            return Start(after=place.seq, gap=otherwise.gap)
        log = self._store.log
        if place.epoch != log.epoch or place.seq > log.tip:
            return Start(gap=Position(*place))
        return Start(after=place.seq)

    def taken(self, session: Session) -> None:
        """
        A session with a cursor has connected. It alone moves the cursor from now on, from
        where it began itself; the session that had it is closed with 4011.
        """
        key = session.peer.cursor
        if key is None:
            return
        before = self._held.get(key)
        self._held[key] = self._moved[key] = _Held(session.cursor, session)
        if before is not None and before.session is not None:
            before.session.close(CloseCode.RECONNECT, REPLACED)

    def confirmed(self, session: Session) -> None:
        """Its client has confirmed more than before."""
        key = session.peer.cursor
        held = None if key is None else self._held.get(key)
        if key is not None and held is not None and held.session is session and session.confirmed > held.seq:
            held.seq = session.confirmed
            self._moved[key] = held

    def left(self, session: Session) -> None:
        """It has gone; the time from which its cursor is unused begins."""
        key = session.peer.cursor
        held = None if key is None else self._held.get(key)
        if key is not None and held is not None and held.session is session:
            held.session = None
            self._moved[key] = held

    async def settle(self) -> None:
        """Store what has moved so far. Raises Problem when it cannot be stored; it is tried again."""
        waiting = len(self._moved)
        while waiting > 0 and self._moved:
            batch = dict(list(self._moved.items())[:BATCH])
            waiting -= len(batch)
            await self._write(batch)

    async def trim(self, now: int) -> None:
        """Forget the cursors that were not used for `cursor_retention_days`; who is connected uses its own."""
        self._moved.update(self._held)
        await self.settle()
        await self._store.committer.submit(lambda tx: rows.trim(tx, now - self._days * DAY))

    async def _create(self, key: CursorKey, otherwise: Start) -> Place:
        log = self._store.log
        place = Place(log.epoch, log.tip if otherwise.after is None else otherwise.after)

        def in_use() -> list[str]:
            return [held.name for held in self._held if held[:2] == key[:2]]

        return await self._store.committer.submit(
            lambda tx: rows.create(tx, key, place, limit=self._limit, in_use=in_use)
        )

    async def _write(self, batch: dict[CursorKey, _Held]) -> None:
        epoch = self._store.log.epoch
        places = {key: Place(epoch, held.seq) for key, held in batch.items()}
        future = self._store.committer.submit(lambda tx: _store(tx, places))
        for key in batch:
            del self._moved[key]
        future.add_done_callback(lambda done: self._stored(batch, done))
        await asyncio.shield(future)

    def _stored(self, batch: dict[CursorKey, _Held], done: asyncio.Future[None]) -> None:
        failed = done.cancelled() or done.exception() is not None
        for key, held in batch.items():
            if self._held.get(key) is not held or key in self._moved:
                continue
            if failed:
                self._moved[key] = held
            elif held.session is None:
                del self._held[key]


def _store(tx: Transaction, places: dict[CursorKey, Place]) -> None:
    for key, place in places.items():
        rows.store(tx, key, place)
