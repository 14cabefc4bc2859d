"""
The database file: one connection that writes and checkpoints, and a few that only read.

SQLite before 3.51.3 can damage a WAL database when two connections write or checkpoint
at the same instant (sqlite.org/wal.html, "the WAL-reset bug"), and Debian ships 3.40; so
exactly one connection here ever does either.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from realtime.errors import Problem

log = structlog.get_logger(__name__)

FILE_NAME: Final = "realtime.db"
BESIDE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a database: it belongs to that one, and to no other."""

SQLITE_VERSION: Final = sqlite3.sqlite_version
READERS: Final = 4
"""Connections that read, each with a thread of its own; further readers wait their turn."""

WAL_KEPT: Final = 64 * 2**20
"""Bytes of the WAL that stay on the disk when a large transaction has made it longer."""


WAL_PATIENCE: Final = 100
"""Milliseconds that emptying the WAL waits for readers, and all writers with it."""

_PATIENCE: Final = 5_000


class DataInUse(RuntimeError):
    """Another process owns the data folder; the message says which."""


class DataLock:
    """
    The claim of one process on a data folder, which is made where there is none. It dies
    with the process, however that ends.

    Raises DataInUse when somebody else holds it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise DataInUse(f"the data folder {folder} is in use by process {holder or 'unknown'}") from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the folder up."""
        os.close(self._file)


class Database:
    """The two engines over one file: `write()` is the committer's alone, `read()` anybody's."""

    def __init__(self, folder: Path, durability: str) -> None:
        path = folder / FILE_NAME
        self.path = path
        self._writer = _engine(path, 1, _writing(durability))
        self._readers = _engine(path, READERS, _READING)
        self._writing: AsyncConnection | None = None

    async def open(self) -> AsyncConnection:
        """Open the one writing connection (making the file where there is none), and those that read."""
        self._writing = await self._writer.connect()
        # At once, while there are descriptors: when clients have taken the last, it would be too late.
        async with AsyncExitStack() as stack:
            for _ in range(READERS):
                reader = await stack.enter_async_context(self._readers.connect())
                # SQLite opens the WAL with the first page that is read.
                await reader.execute(text("SELECT 1 FROM sqlite_master"))
        return self._writing

    @property
    def writer(self) -> AsyncConnection:
        """The one connection that writes."""
        assert self._writing is not None
        return self._writing

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """
        A connection that sees one unchanging state of the database until it is given back.

        Raises Problem `busy` when none becomes free in time, or one that was lost cannot be opened again.
        """
        try:
            connection = await self._readers.connect()
        except PoolTimeout:
            raise Problem("busy", "Too many are reading at once; try again in a moment.", retry_after=2) from None
        except (OperationalError, sqlite3.OperationalError) as error:
            log.error("could not open the database for reading", reason=str(error))
            raise Problem("busy", "The database cannot be read now; try again in a moment.", retry_after=2) from None
        try:
            yield connection
        finally:
            await connection.close()

    async def close(self) -> None:
        """Give back all connections; the last one folds the WAL into the file."""
        await self._readers.dispose()
        if self._writing is not None:
            await self._writing.close()
        await self._writer.dispose()


async def empty_wal(connection: AsyncConnection) -> bool:
    """
    Fold the WAL into the file and cut it to nothing; tells whether that was possible.
    `connection` is the writer, without a transaction.

    It waits for readers of an older state, for `WAL_PATIENCE` at most.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.execute(f"PRAGMA busy_timeout={WAL_PATIENCE}")
    try:
        cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_ = await cursor.fetchone()
        await cursor.close()
    finally:
        await driver.execute(f"PRAGMA busy_timeout={_PATIENCE}")
    return not busy


def _writing(durability: str) -> tuple[str, ...]:
    synchronous = "FULL" if durability == "full" else "NORMAL"
    return (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        f"journal_size_limit={WAL_KEPT}",
        "foreign_keys=ON",
        # Deleted text is overwritten with zeros (see store/scrub.py).
        "secure_delete=ON",
        f"busy_timeout={_PATIENCE}",
    )


_READING: Final = ("wal_autocheckpoint=0", "query_only=ON", f"busy_timeout={_PATIENCE}")


def send(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """
    Run a driver's statement for each of `rows`. Raises what SQLAlchemy would.

    SQLAlchemy's adapter asks the driver's thread three times for a statement (make a
    cursor, execute, close it), the driver itself once; at one event a commit that is a
    third of what the commit costs.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        await_only(driver.executemany(statement, rows))
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, (), error, sqlite3.Error, dialect=connection.dialect) from error


def fetch(connection: Connection, statement: str, values: Sequence[Any]) -> list[Sequence[Any]]:
    """The rows of a driver's SELECT, asked for at once, as in `send`; the values are as SQLite has them."""
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        return list(await_only(driver.execute_fetchall(statement, values)))
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, (), error, sqlite3.Error, dialect=connection.dialect) from error


def _forgiving(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")


def _engine(path: Path, size: int, pragmas: tuple[str, ...]) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=30,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, before writes only; the "begin"
        # below does it before reads as well, so that a reader sees one state.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        if pragmas is _READING:
            # A damaged name must reach the checksum instead of failing the whole page.
            connection.driver_connection.text_factory = _forgiving

    begin = "BEGIN" if pragmas is _READING else "BEGIN IMMEDIATE"

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        await_only(connection.connection.driver_connection.execute(begin))

    return engine
