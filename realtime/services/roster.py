"""
The roster: every connection that is open, and those that were, for the retention time.

Who is connected is in memory, and looked up there when somebody asks; an event costs the
roster nothing. Rows are stored when a connection opens, changes what it hears, and closes,
in batches, at most once a second; and before a list is read, so that a list is never stale.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from realtime import clock
from realtime.channels import Coverage
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.dialects.roster import ACTIVE
from realtime.errors import CloseCode, Problem
from realtime.policy import Policy
from realtime.services.blocks import Blocks, holder
from realtime.services.credentials import Ended
from realtime.services.cursors import Cursors
from realtime.services.roster_book import Book
from realtime.services.roster_rows import Connection, shown
from realtime.services.users import USER
from realtime.store import roster as rows
from realtime.store.opening import Store
from realtime.store.roster import Wanted, kind_of
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

log = structlog.get_logger(__name__)

INTERVAL: Final = 1.0
"""Seconds between two batches of rows."""

UPGRADE_SECONDS: Final = 60
"""Longer than it takes from the use of a ticket to its socket."""

DECLARED_FOR: Final = clock.DAY
"""Milliseconds after which a declared row that nobody has connected as is `Inativa`."""

TRIM: Final = 5_000
"""Rows that one unit of work forgets."""

LOST: Final = "the server ended without a goodbye"
BLOCKED: Final = "kept out by an administrator"


class Roster:
    """
    Who is connected. `start` before anybody connects, `stop` when the sockets are closed.

    `blocks` says who is kept out, `cursors` where clients go on; `opened` counts the
    connections since the start, by door.
    """

    def __init__(self, store: Store, hub: Hub, policy: Policy, settings: Settings) -> None:
        self.store = store
        self.hub = hub
        self.policy = policy
        self.blocks = Blocks()
        self.cursors = Cursors(store, hub, settings)
        self.book = Book(store, policy)
        self.opened: Counter[str] = Counter()
        self.declared: dict[int, Row] = {}
        """Rows for which a ticket is out: who connects with it becomes that row."""
        self._ticket_age = (settings.ticket_seconds + UPGRADE_SECONDS) * clock.SECOND
        self._retention = settings.roster_retention_days * clock.DAY
        self._by_session: dict[int, Connection] = {}
        self._next_id = 0
        self._expires_at: int | None = None
        self._task: asyncio.Task[None] | None = None

    # -- from start to stop -------------------------------------------------------------

    async def start(self) -> None:
        """End the rows that another run of the server left open, and follow the hub from now on."""

        def begin(tx: Transaction) -> int:
            rows.end_all(tx, LOST, tx.state.seq)
            return rows.next_id(tx)

        self._next_id = await self.store.committer.submit(begin)
        self.hub.on_connect.append(self.entered)
        self.hub.on_change.append(self.changed)
        self.hub.on_leave.append(self.left)
        self._task = asyncio.create_task(self._run(), name="roster")

    async def stop(self) -> None:
        """Store what waits, and end."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        await self._store_what_waits()

    # -- what the hub says --------------------------------------------------------------

    def entered(self, session: Session) -> None:
        """A session has connected, or stands for somebody else now."""
        connection = self._by_session.get(session.id)
        if connection is None:
            self._enter(session)
        else:
            self.book.put(connection)
        # It may have been blocked while it was being upgraded, or as whom it is now.
        if self.blocks.left(holder(session.principal, session.peer.remote), session.door):
            session.close(CloseCode.KICKED, BLOCKED)

    def changed(self, session: Session, coverage: Coverage) -> None:
        """Of the events after the tip it is going to hear what `coverage` covers."""
        if connection := self._by_session.get(session.id):
            connection.changed(self.hub.tip, coverage)
            self.book.put(connection)

    def left(self, session: Session) -> None:
        """A session has left the hub."""
        self.cursors.left(session)
        connection = self._by_session.pop(session.id, None)
        if connection is not None:
            self.shut(connection)

    def shut(self, connection: Connection) -> None:
        """It is open no longer, though its socket may yet take a moment to close."""
        if connection.session is not None:
            connection.close(self.policy, self.hub.tip)
            self.book.put(connection)

    def ended(self, ended: Ended) -> None:
        """Users have ended: who was let in under their name by another's credential goes as well."""
        users = {int(name.removeprefix(USER)): end for name, end in ended.items() if name.startswith(USER)}
        for connection in list(self._by_session.values()) if users else ():
            session = connection.session
            if session is not None and session.principal.connection is not None:
                user_id = session.principal.user_id
                if user_id in users:
                    session.close(*users[user_id])

    def _enter(self, session: Session) -> None:
        who = session.principal
        declared = None if who.connection is None else self.declared.pop(who.connection, None)
        connection = Connection(self.draw_id() if declared is None else declared["id"], session, declared)
        if declared is not None:
            connection.counted = kind_of(declared)
        self._by_session[session.id] = connection
        self.book.put(connection)
        self.opened[session.door] += 1
        self.cursors.taken(session)

    # -- what is asked ------------------------------------------------------------------

    def draw_id(self) -> int:
        """An id that no row has had."""
        drawn, self._next_id = self._next_id, self._next_id + 1
        return drawn

    def open(self, id: int) -> Connection | None:
        """The open connection `id`, or None."""
        connection = self.book.get(id)
        return None if connection is None or connection.session is None else connection

    def standing(self, session: Session) -> dict[str, Any]:
        """How a client stands: the `position` up to which the hub has told, and the id of its `connection` here."""
        connection = self._by_session.get(session.id)
        return {"position": str(self.hub.position), "connection": None if connection is None else connection.id}

    async def list(self, wanted: Wanted, stretch: Stretch) -> tuple[int, list[Row]]:
        """
        How many rows are meant in all, and those of the stretch, as they are stored; `view`
        shows them. What waits is stored first; while that is not possible (a full disk), the
        list is as old as what could be.
        """
        try:
            await self.book.settle()
        except Problem as problem:
            log.warning("a list of connections is not fresh", reason=problem.detail)
        count = await self.book.tally.of(wanted)
        naming = None if wanted.channel is None else self.book.tally.naming(wanted.channel)
        async with self.store.database.read() as reader:
            if count is None:
                count = await rows.count_rows(reader, wanted)
            if count == 0 or stretch.offset >= count:
                return count, []
            return count, await rows.list_rows(reader, wanted, stretch, naming)

    async def find(self, id: int) -> Row | None:
        """The row `id`, as of now; None where there is none."""
        if connection := self.book.get(id):
            return connection.row(self.policy)
        async with self.store.database.read() as reader:
            return await rows.get_row(reader, id)

    def view(self, row: Row) -> dict[str, Any]:
        """A row as answers show it, with what is true of it at this moment."""
        connection = self.open(row["id"]) if row["status"] == ACTIVE else None
        return shown(row, None if connection is None else connection.session, self.hub.tip)

    def now(self, row: Row) -> Row:
        """A row with the positions of this moment, where it is open."""
        connection = self.open(row["id"]) if row["status"] == ACTIVE else None
        return row if connection is None else connection.row(self.policy)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await self._store_what_waits()

    async def _store_what_waits(self) -> None:
        tasks: tuple[Callable[[], Awaitable[None]], ...] = (self.book.settle, self.cursors.settle, self._expire)
        for task in tasks:
            try:
                await task()
            except Exception as error:  # noqa: BLE001 - a full disk today must not end it for ever
                log.warning("the roster could not be stored; it will be tried again", reason=str(error))

    # -- forgetting ---------------------------------------------------------------------

    async def trim(self, now: int) -> None:
        """Forget the rows of connections that closed before the retention time, and old cursors."""
        more = True
        while more:
            _, more = await self.book.tally.submit(
                lambda tx: rows.trim(tx, now - self._retention, TRIM), lambda trimmed: trimmed[0]
            )
        await self.cursors.trim(now)

    def expire_at(self, at: int) -> None:
        """A row was declared that is `Inativa` from that time on, unless somebody connects as it."""
        if self._expires_at is None or at < self._expires_at:
            self._expires_at = at

    async def _expire(self) -> None:
        now = clock.now()
        while self.declared and next(iter(self.declared.values()))["touched_at"] < now - self._ticket_age:
            del self.declared[next(iter(self.declared))]
        if self._expires_at is None or now < self._expires_at:
            return
        before = now - DECLARED_FOR
        _, oldest = await self.book.tally.submit(lambda tx: rows.expire(tx, before + 1), lambda expired: expired[0])
        self._expires_at = None if oldest is None else oldest + DECLARED_FOR
