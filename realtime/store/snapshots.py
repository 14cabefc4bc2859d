"""
A copy of the database as of one moment, taken while the server goes on writing.

`VACUUM INTO` reads one state of the database and writes it, without the pages that deleted
rows have left free, into a new file; writers do not wait for it, but the WAL cannot be
folded into the file meanwhile, and grows. (SQLite's online backup would begin again at
every commit.) It needs a connection opened with `mode=ro`: it fails on a `query_only` one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from realtime.errors import Problem
from realtime.events import Position
from realtime.store.history import AUDIT_TRIMMED, EPOCH, TRIMMED

ASKED_EVERY: Final = 50_000
"""Steps of SQLite's machine (some milliseconds) between two questions whether to go on."""

FULL: Final = 1024 * 1024
"""A disk with fewer bytes left is full."""

GoOn = Callable[[], bool]


class CalledOff(Exception):
    """A copy that was not to be finished; what there is of it is of no use."""


class SnapshotError(RuntimeError):
    """The copy could not be made, or is not sound; the message is what SQLite says."""


def expected_size(path: Path) -> int:
    """About how many bytes a copy of the database will have. Raises SnapshotError."""
    with _explained(path.parent), _reading(path) as connection:
        pages, free, size = (_number(connection, f"PRAGMA {name}") for name in _SIZES)
        return (pages - free) * size


def take(path: Path, target: Path, go_on: GoOn) -> Position:
    """
    Copy the database at `path` to `target`, a file that is empty; returns the position of
    the last event in it. Blocks for as long as that takes.

    Raises CalledOff soon after `go_on` has returned false; Problem `disk_full`;
    SnapshotError. Then what there is of the target, and the `-journal` that may lie beside
    it, are worth nothing.
    """
    with _explained(target.parent), _reading(path) as connection:
        connection.set_progress_handler(lambda: not go_on(), ASKED_EVERY)
        connection.execute("VACUUM INTO ?", (str(target),))
    with _explained(target.parent), _reading(target, alone=True) as connection:
        connection.set_progress_handler(lambda: not go_on(), ASKED_EVERY)
        if said := [row[0] for row in connection.execute("PRAGMA quick_check(1)") if row[0] != "ok"]:
            raise SnapshotError(str(said[0]))
        return _position(connection)


_SIZES: Final = ("page_count", "freelist_count", "page_size")


def _position(connection: sqlite3.Connection) -> Position:
    marks = dict(connection.execute("SELECT key, value FROM history").fetchall())
    last = _number(connection, "SELECT coalesce(max(seq), 0) FROM events")
    return Position(marks[EPOCH], max(last, int(marks.get(TRIMMED, 0)), int(marks.get(AUDIT_TRIMMED, 0))))


def _number(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])


@contextmanager
def _reading(path: Path, *, alone: bool = False) -> Iterator[sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout=5000")
        yield connection


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if said == "interrupted":
            raise CalledOff from None
        # A damaged database may lead to pages that no file can have, which SQLite calls a full disk.
        if "disk is full" in said and _free(folder) < FULL:
            raise Problem("disk_full", "The disk is full; there is no backup.", retry_after=30) from None
        raise SnapshotError(said) from error


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
