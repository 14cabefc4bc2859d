"""Opening and closing the store: lock, schema, epoch, the one writer, the log."""

from __future__ import annotations

from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from realtime.config import Settings
from realtime.store import history, schema
from realtime.store.committer import Announce, Committer
from realtime.store.database import Database, DataLock
from realtime.store.log import EventLog

log = structlog.get_logger(__name__)


class Store:
    """
    Everything that is kept, of one data folder, owned by one process.

    `committer` writes, `log` reads events, `database.read()` reads rows.
    """

    def __init__(self, lock: DataLock, database: Database, committer: Committer, log: EventLog) -> None:
        self._lock = lock
        self.database = database
        self.committer = committer
        self.log = log

    async def close(self) -> None:
        """Commit what was submitted, note the clean stop, and give the folder up."""
        try:
            await self.committer.stop()
            await self.database.writer.run_sync(history.end)
            await self.database.writer.commit()
        except DBAPIError as error:
            # A full disk must not keep the server from stopping; the next start sees a crash.
            log.warning("could not note the clean stop", reason=str(error.orig))
        finally:
            await self.database.close()
            self._lock.release()


async def open_store(settings: Settings, announce: Announce) -> Store:
    """
    Open the store in `settings.data`, making folder and database where there are none.

    `announce` is told of every committed event, in order, once. Raises DataInUse when
    another process owns the folder, NewerSchema when a newer version wrote the database.
    """
    folder = Path(settings.data)
    lock = DataLock(folder)
    database = Database(folder, settings.durability)
    try:
        writer = await database.open()
        await writer.run_sync(schema.migrate)
        epoch, state = await writer.run_sync(history.begin, settings.durability)
        await writer.commit()
    except BaseException:
        await database.close()
        lock.release()
        raise
    committer = Committer(
        writer,
        state,
        announce,
        batch_limit=settings.commit_batch,
        queue_limit=settings.commit_queue,
        queue_bytes=settings.commit_queue_bytes,
    )
    committer.start()
    return Store(lock, database, committer, EventLog(database, committer, epoch))
