"""
Looking at a database without touching it: for `check`, with or without a server beside it.

The connection is read-only: it can neither write nor checkpoint, so the rule of the one
writing connection holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from realtime.events import Event
from realtime.store.checksum import checksum
from realtime.store.database import FILE_NAME
from realtime.store.history import TRIMMED

SAMPLE: Final = 10_000
"""Events whose checksums are looked at, where not all are: half of them the newest, half spread over the rest."""

DAMAGES: Final = 10
"""Damages of the file that SQLite is asked to name."""

_COLUMNS: Final = "seq, channel, type, cast(data AS BLOB), entity_id, actor, at, cast(metadata AS BLOB), checksum"


@dataclass(slots=True)
class Inspection:
    """
    What was found. `damage` is what SQLite says about the file, empty for nothing; of the
    `events` kept, `checked` were looked at, and `damaged` are the `seq` of those whose
    checksum does not agree. The log was trimmed up to `trimmed`, and ends at `last`;
    `missing` places between the two are empty.
    """

    damage: str = ""
    schema: str | None = None
    events: int = 0
    checked: int = 0
    damaged: list[int] = field(default_factory=list)
    trimmed: int = 0
    last: int = 0
    missing: int = 0


def schema_of(folder: Path) -> str | None:
    """The schema revision of the database in `folder`; None where there is no database, or an empty one."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    with _reading(path, alone=not _wal(path).exists()) as connection:
        return _schema(connection)


def inspect(folder: Path, *, full: bool) -> Inspection | None:
    """
    Look at the database in `folder`, at every event (`full`) or at a sample; None where
    there is none. As of one moment, however long it takes; leaves no file behind.
    """
    return inspect_file(folder / FILE_NAME, full=full)


def inspect_file(path: Path, *, full: bool) -> Inspection | None:
    """What `inspect` finds, of the database at `path`."""
    if not path.exists():
        return None
    if not _wal(path).exists():
        # Nobody has it open. Read in the usual way it would get a WAL, which a connection that
        # only reads cannot remove; so it is read as a file that nobody changes, if that holds.
        before = path.stat()
        found = _inspect(path, alone=True, full=full)
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and not _wal(path).exists():
            return found
    return _inspect(path, alone=False, full=full)


def _inspect(path: Path, *, alone: bool, full: bool) -> Inspection:
    found = Inspection()
    try:
        with _reading(path, alone=alone) as connection:
            said = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({DAMAGES})")]
            found.damage = "" if said == ["ok"] else "; ".join(said)
            found.schema = _schema(connection)
            if found.schema is not None and not found.damage:
                _look_at_events(connection, found, full=full)
    except sqlite3.DatabaseError as error:
        found.damage = str(error)
    return found


def _look_at_events(connection: sqlite3.Connection, found: Inspection, *, full: bool) -> None:
    mark = connection.execute("SELECT value FROM history WHERE key = ?", (TRIMMED,)).fetchone()
    found.trimmed = int(mark[0]) if mark else 0
    found.events, found.last = connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM events").fetchone()
    (after,) = connection.execute("SELECT count(*) FROM events WHERE seq > ?", (found.trimmed,)).fetchone()
    found.missing = max(0, found.last - found.trimmed) - after
    for event, stored in _chosen(connection, found, full=full):
        found.checked += 1
        if checksum(event) != stored:
            found.damaged.append(event.seq)


def _chosen(connection: sqlite3.Connection, found: Inspection, *, full: bool) -> Iterator[tuple[Event, int]]:
    where = ""
    if not full and found.events > SAMPLE:
        newest = found.last - SAMPLE // 2
        # A step that is prime to most patterns in which events come.
        step = (found.events * 2 // SAMPLE) | 1
        where = f" WHERE seq > {newest} OR seq % {step} = 0"
    numbered = f"SELECT {_COLUMNS} FROM events{where} ORDER BY seq"  # noqa: S608 - numbers of our own
    for *told, stored in connection.execute(numbered):
        yield Event(*told), stored


def _schema(connection: sqlite3.Connection) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextmanager
def _reading(path: Path, *, alone: bool) -> Iterator[sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        # A damaged name is to give a wrong checksum, not an error.
        connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("BEGIN")
        yield connection


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
