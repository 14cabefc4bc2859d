"""
Taking a deleted message's text out of everything that is kept.

In its unit of work go the text in the row, the data of the message's events, its words in
the full-text index. That alone would leave traces in the files: FTS5 keeps the words of a
removed row in older segments until these are merged (its own `secure-delete` came with
SQLite 3.42; Debian ships 3.40), and the WAL keeps earlier pages until it is overwritten. So
a pass in the background merges the index and empties the WAL. That a pass is due stands in
the database, in the deletion's own unit of work: a crash in between costs only time.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, LargeBinary, bindparam, cast, literal_column, select, update

from realtime.events import Event
from realtime.store import search
from realtime.store.checksum import checksum
from realtime.store.committer import Committer
from realtime.store.database import empty_wal
from realtime.store.desk_tables import messages_search
from realtime.store.tables import events, history
from realtime.store.transaction import Transaction

log = structlog.get_logger(__name__)

DELAY: Final = 1.0
"""Seconds in which deletions gather before a pass."""

REST: Final = 20
"""After a pass the next one waits so many times as long as it took: merging reads and writes the whole index."""

PAGES: Final = 200
"""Pages of the index that one unit of work merges (about 15 ms): others do not wait long for it."""

RETRY: Final = 10.0
"""Seconds after which a pass that could not be finished is tried again."""

TRIES: Final = 20
"""Attempts of one pass to empty the WAL, which readers can keep from being emptied, before it is called off for now."""

DUE: Final = "scrub"
"""In `history`: which deletion was the last, while a pass is due."""

_CREATED: Final = "message.created"
_TYPES: Final = (_CREATED, "message.updated", "reaction.updated")


def forget_events(tx: Transaction, message_id: int, data: bytes) -> None:
    """
    Give all events of a message this data, and checksums that agree; they keep their places.
    Makes a pass due.
    """
    metadata = cast(events.c.metadata, LargeBinary).label("metadata")
    statement = select(events.c.seq, events.c.type, events.c.actor, events.c.at, metadata)
    found = tx.read(statement.where(*_of_message(message_id), events.c.type.in_(_TYPES))).all()
    text = data.decode()
    rewritten = [
        {
            "of": row.seq,
            "to": text,
            "sum": checksum(Event(row.seq, "chat", row.type, data, message_id, row.actor, row.at, row.metadata)),
        }
        for row in found
    ]
    if rewritten:
        values: dict[str, Any] = {"data": bindparam("to"), "checksum": bindparam("sum")}
        tx.write(update(events).where(events.c.seq == bindparam("of")).values(values), rewritten)
    tx.remember(DUE, str(tx.state.seq))


def first_event(tx: Transaction, message_id: int) -> int:
    """The `seq` of the event with which a message began; 0 when retention has removed it."""
    statement = select(events.c.seq).where(*_of_message(message_id), events.c.type == _CREATED)
    return int(tx.read(statement.limit(1)).scalar() or 0)


class Scrubber:
    """Clears away what deletions leave in the files: now and then, and at the start what an earlier run has left."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; ended by `stop`."""
        self.wake()
        self._task = asyncio.create_task(self._run(), name="scrubber")

    async def stop(self) -> None:
        """End; a unit of work that is under way is finished by the committer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Something was deleted."""
        self._wanted.set()

    async def clear(self) -> bool:
        """
        One pass; returns whether nothing is left to do. Afterwards no page of the file or
        its WAL holds what was deleted before the call.
        """
        due = await self._committer.submit(_due)
        if due is None:
            return True
        pages = -PAGES
        while await self._committer.submit(lambda tx, pages=pages: search.merge(tx, messages_search, pages)):  # type: ignore[misc]
            pages = PAGES
        for _ in range(TRIES):
            if await self._committer.apart(empty_wal):
                return await self._committer.submit(lambda tx: _done(tx, due))
            await asyncio.sleep(DELAY / TRIES)
        return False

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(DELAY)
            self._wanted.clear()
            began = perf_counter()
            try:
                cleared = await self.clear()
            except Exception as error:  # noqa: BLE001 - a full disk today must not end it for ever
                log.warning("deleted texts could not be cleared from the files yet", reason=str(error))
                cleared = False
            if not cleared:
                self._wanted.set()
            await asyncio.sleep(max((perf_counter() - began) * REST, 0.0 if cleared else RETRY))


def _of_message(message_id: int) -> tuple[ColumnElement[bool], ...]:
    # Written out: SQLite cannot know that a parameter fits the condition of the index.
    return events.c.channel == literal_column("'chat'"), events.c.entity_id == message_id


def _due(tx: Transaction) -> str | None:
    """Which deletion was the last, if any is left to be cleared away."""
    return tx.read(select(history.c.value).where(history.c.key == DUE)).scalar() or None


def _done(tx: Transaction, due: str) -> bool:
    """A pass has cleared away all up to that deletion; returns whether there was none since."""
    if _due(tx) != due:
        return False
    tx.remember(DUE, "")
    return True
