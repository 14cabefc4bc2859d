"""Doing once what is asked for more than once: `Idempotency-Key`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from realtime import clock
from realtime.errors import Problem
from realtime.store import idempotency
from realtime.store.idempotency import Key, Outcome
from realtime.store.opening import Store

T = TypeVar("T")


class Idempotency:
    """
    A request with a key is done once; the same again is told what the first one did.

    Key and row commit together, so a crash between them cannot be. What runs now is kept
    in memory, one entry for each request that is under way.
    """

    def __init__(self, store: Store, hours: int) -> None:
        self._store = store
        self._lifetime = hours * clock.HOUR
        self._running: dict[Key, asyncio.Task[object]] = {}

    async def once(self, key: Key, do: Callable[[Key], Awaitable[T]], again: Callable[[Outcome], Awaitable[T]]) -> T:
        """
        The result of `do`, whose unit of work must `keep` the key; or, when it was done
        before, that of `again`.

        Raises Problem `in_progress` while the same request runs, `key_reused` when the
        first one had another body. `do` goes on when the requester goes away.
        """
        place = Key(key.credential, key.path, key.key, "")
        if place in self._running:
            raise Problem("in_progress", "A request with this Idempotency-Key is still running.", retry_after=1)
        task = asyncio.ensure_future(self._once(key, do, again))
        self._running[place] = task
        # Only when its unit of work is done may the next look into the database: so no two
        # units with one key are ever under way.
        task.add_done_callback(lambda _: self._running.pop(place, None))
        return await asyncio.shield(task)

    async def _once(self, key: Key, do: Callable[[Key], Awaitable[T]], again: Callable[[Outcome], Awaitable[T]]) -> T:
        async with self._store.database.read() as connection:
            outcome = await idempotency.look_up(connection, key)
        if outcome is None:
            return await do(key)
        if outcome.at < clock.now() - self._lifetime:
            await self._store.committer.submit(key.forget)
            return await do(key)
        if outcome.digest not in (key.digest, idempotency.NO_DIGEST):
            raise Problem("key_reused", "This Idempotency-Key was used with another body; take a new one.")
        return await again(outcome)

    async def settle(self) -> None:
        """Wait for what is under way; for the end of the server, before the store closes."""
        if self._running:
            await asyncio.wait(set(self._running.values()))
