"""
The one writer: gathers the units of work that wait and commits them in one transaction.

A commit that is synced to disk costs about the same for one unit and for a hundred, so
whatever arrives while one is under way shares the next (group commit).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime import clock
from realtime.errors import Problem
from realtime.events import Event
from realtime.store.state import State
from realtime.store.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]
Job = Callable[[AsyncConnection], Awaitable[T]]
Announce = Callable[[list[Event]], None]

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Unit(Generic[T]):
    work: Work[T]
    future: asyncio.Future[T]
    size: int


class _Spoiled(Exception):
    """A unit failed after it had written: the transaction cannot go on with the others."""

    def __init__(self, unit: _Unit[Any], cause: BaseException) -> None:
        super().__init__(str(cause))
        self.unit = unit
        self.cause = cause


@dataclass(slots=True)
class CommitCounts:
    """Totals since the start, for `/metrics`."""

    commits: int = 0
    units: int = 0
    refused: int = 0
    failed: int = 0
    disk_full: int = 0


class Committer:
    """
    Runs units of work, each all or nothing, in the order in which they were submitted.

    When the future of a unit is done, what it wrote is stored (synced to disk, with
    `durability=full`), and its events have gone to `announce`, in order. A unit that
    raises is alone in that: it stores nothing, and the others of its batch are not hurt.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        state: State,
        announce: Announce,
        *,
        batch_limit: int,
        queue_limit: int,
        queue_bytes: int,
    ) -> None:
        self._connection = connection
        self._state = state
        self._announce = announce
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._queue_bytes = queue_bytes
        self._held = 0
        self._waiting: deque[_Unit[Any]] = deque()
        self._jobs: deque[tuple[Job[Any], asyncio.Future[Any]]] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self.counts = CommitCounts()

    def start(self) -> None:
        """Begin to commit; stopped by `stop`."""
        self._task = asyncio.create_task(self._run(), name="committer")

    @property
    def state(self) -> State:
        """The end of the log as of the last commit."""
        return self._state

    @property
    def waiting(self) -> int:
        """Units that wait."""
        return len(self._waiting)

    @property
    def held(self) -> int:
        """Bytes that the units hold which wait or are under way."""
        return self._held

    def submit(self, work: Work[T], *, size: int = 0) -> asyncio.Future[T]:
        """
        Queue `work`, which holds about `size` bytes until it is done, and return at once; the
        future brings its result or what it raised.

        The work is done even if nobody waits for the future any more. Raises Problem
        `busy` when `commit_queue` units wait already, or when all together would hold more
        than `commit_queue_bytes` (one alone may), `stopping` after `stop`.
        """
        if self._stopping:
            raise Problem("stopping", "The server is stopping; try again in a moment.", retry_after=2)
        if len(self._waiting) >= self._queue_limit:
            raise Problem(
                "busy", f"{self._queue_limit} writes are waiting already; try again in a moment.", retry_after=1
            )
        if self._held and self._held + size > self._queue_bytes:
            raise Problem("busy", "Too much is waiting to be written; try again in a moment.", retry_after=1)
        unit = _Unit(work, asyncio.get_running_loop().create_future(), size)
        self._held += size
        self._waiting.append(unit)
        self._arrived.set()
        return unit.future

    def apart(self, job: Job[T]) -> asyncio.Future[T]:
        """
        Run `job` with the writing connection between two commits, while no transaction is
        open; all that is submitted waits for it. Raises Problem `stopping` after `stop`.
        """
        if self._stopping:
            raise Problem("stopping", "The server is stopping; try again in a moment.", retry_after=2)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, future))
        self._arrived.set()
        return future

    async def stop(self) -> None:
        """Commit what was submitted, then end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            while self._jobs:
                await self._do(*self._jobs.popleft())
            if not self._waiting:
                if self._stopping:
                    return
                self._arrived.clear()
                continue
            batch = [self._waiting.popleft() for _ in range(min(self._batch_limit, len(self._waiting)))]
            await self._commit(batch)

    async def _do(self, job: Job[T], future: asyncio.Future[T]) -> None:
        try:
            result = await job(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the one writer
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)

    async def _commit(self, batch: list[_Unit[Any]]) -> None:
        """Commit the batch together; where that fails, as much of it as possible."""
        while batch:
            try:
                await self._try(batch)
            except _Spoiled as spoiled:
                batch.remove(spoiled.unit)
                self._settle(spoiled.unit, spoiled.cause)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the one writer
                if len(batch) > 1:
                    for unit in batch:
                        await self._commit([unit])
                else:
                    self._settle(batch[0], self._explain(error))
                return
            else:
                return

    async def _try(self, batch: list[_Unit[Any]]) -> None:
        try:
            await self._connection.begin()
            transaction, outcomes = await self._connection.run_sync(self._perform, batch)
            await self._connection.commit()
        except BaseException:
            self._state.forget()
            await self._connection.rollback()
            raise
        transaction.settle()
        transaction.state.links.clear()
        self._state = transaction.state
        self.counts.commits += 1
        for unit, outcome in zip(batch, outcomes, strict=True):
            self._settle(unit, outcome)
        if transaction.events:
            self._tell(transaction.events)

    def _tell(self, events: list[Event]) -> None:
        try:
            self._announce(events)
        except Exception as error:
            log.error("committed events could not be announced", first=events[0].seq, exc_info=error)

    def _perform(self, connection: Connection, batch: list[_Unit[Any]]) -> tuple[Transaction, list[Any]]:
        at = max(clock.now(), self._state.at)
        transaction = Transaction(connection, self._state.copy(), at)
        transaction.state.at = at
        outcomes: list[Any] = []
        for unit in batch:
            transaction.begin_unit()
            try:
                outcomes.append(unit.work(transaction))
            except DBAPIError:
                raise
            except Exception as error:  # a unit's failure is its own, whatever it is
                if transaction.touched:
                    raise _Spoiled(unit, error) from error
                transaction.abandon_unit()
                outcomes.append(_Failure(error))
        transaction.flush()
        return transaction, outcomes

    def _settle(self, unit: _Unit[Any], outcome: Any) -> None:
        self._held -= unit.size
        error = outcome.error if isinstance(outcome, _Failure) else outcome
        if isinstance(error, BaseException):
            self.counts.refused += isinstance(error, Problem)
            self.counts.failed += not isinstance(error, Problem)
            if not unit.future.done():
                unit.future.set_exception(error)
        else:
            self.counts.units += 1
            if not unit.future.done():
                unit.future.set_result(outcome)

    def _explain(self, error: Exception) -> Exception:
        """What the database said, as a Problem where the caller can act on it."""
        said = str(getattr(error, "orig", error))
        if "disk is full" in said or "disk I/O error" in said:
            self.counts.disk_full += 1
            log.error("commit failed", reason=said)
            return Problem("disk_full", "The server's disk is full; nothing was stored.", retry_after=30)
        if isinstance(error, IntegrityError):
            return Problem("conflict", "In conflict with another row; nothing was stored.")
        log.error("commit failed", reason=said, exc_info=error)
        return error


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException
