"""The database file: connections that are there before they are needed, and a WAL that does not stay large."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest
from sqlalchemy import text

from realtime.channels import EVERYTHING
from realtime.config import Settings
from realtime.errors import Problem
from realtime.events import Draft
from realtime.store.database import FILE_NAME, READERS, WAL_KEPT, Database, DataLock
from realtime.store.opening import Store


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Nothing more can be opened in here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def read_with(store: Store, readers: int) -> list[int]:
    """What so many readers see at the same time."""
    async with AsyncExitStack() as stack:
        open_ = [await stack.enter_async_context(store.database.read()) for _ in range(readers)]
        return [(await reader.execute(text("SELECT count(*) FROM events"))).scalar_one() for reader in open_]


async def test_what_reads_is_open_from_the_start_so_that_no_descriptor_is_needed_later(store: Store) -> None:
    await store.committer.submit(lambda tx: tx.emit(Draft.of("a", "publication.created", {})))

    with no_descriptors(), pytest.raises(OSError, match="Too many open files"):
        os.open("/", os.O_RDONLY)
    with no_descriptors():
        assert await read_with(store, READERS) == [1] * READERS
        page = await store.log.since(0, EVERYTHING, upto=store.log.tip, limit=10)
    assert [event.seq for event in page.events] == [1]


async def test_a_reader_that_cannot_be_opened_is_busy_and_not_a_failure(settings: Settings) -> None:
    lock = DataLock(settings.data)
    before = threading.active_count()
    database = Database(settings.data, "full")
    try:
        with no_descriptors(), pytest.raises(Problem) as refused:
            async with database.read():
                pass
    finally:
        await database.close()
        lock.release()
    # The driver does not wait for the thread of a connection that could not be opened, which still speaks to the loop.
    while threading.active_count() > before:
        await asyncio.sleep(0)

    assert refused.value.code == "busy"
    assert "Retry-After" in refused.value.headers


async def test_a_wal_that_a_large_transaction_made_long_is_cut_again(store: Store, settings: Settings) -> None:
    wal = settings.data / f"{FILE_NAME}-wal"
    large = Draft.of("a", "publication.created", "x" * 8 * 2**20)

    await store.committer.submit(lambda tx: [tx.emit(large) for _ in range(WAL_KEPT // len(large.data) + 2)])
    assert wal.stat().st_size > WAL_KEPT
    for _ in range(3):
        await store.committer.submit(lambda tx: tx.emit(Draft.of("a", "publication.created", {})))

    assert wal.stat().st_size <= WAL_KEPT
