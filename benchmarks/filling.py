"""
Fills a database as if it had long been in use: so many readings, each with its event, and as
many connections of the past in the roster.

Made once for each size, and kept in `.cache` (a log of ten million events takes about 7 GB and
a few minutes): rows go straight into the tables that the server has made, without a commit
between, with the checksums and the times that the server itself would have given them.
"""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.base import BENCHMARKS, Missing
from benchmarks.peers.realtime import ROOT, Realtime, python
from benchmarks.process import clean_environment

CACHE = BENCHMARKS / ".cache"
SENSORS = 20
USERS = 100
ROSTER_MOST = 1_000_000
AT_ONCE = 1000
"""Readings with the same time, like those of one bulk request."""
STEP_MS = 20
"""Between two such moments: ten million readings span less than three days."""
FRESH_SECONDS = 86_400
"""A filled folder that is older is made again: what is past its retention would be removed while it is measured."""
DRIFT = 0.05
"""So much more may have been added by measurements."""

_SENSOR = "INSERT INTO sensors(id, tipo, modelo, activo, created_at, updated_at) VALUES(?1,'temperatura','b',1,?2,?2)"
_READING = "INSERT INTO readings(id, sensor_id, valor, unidad, timestamp, created_at, updated_at) VALUES(?,?,?,?,?,?,?)"
_EVENT = (
    "INSERT INTO events(seq, channel, type, entity_id, data, actor, at, checksum) "
    "VALUES(?,'readings','reading.created',?,?,'bench',?,?)"
)
_CONNECTION = (
    "INSERT INTO connections(id, user, status, dialect, channels, origin, connected_at, disconnected_at, last_seen, "
    "remote, user_agent, last_seq, closed_seq, subscriptions, readable, close_code, credential, touched_at) "
    "VALUES(?,?,'Inativa',?,?,'socket',?,?,?,'127.0.0.1','bench',0,0,?,?,1000,'token:1',?)"
)
_DIALECTS = ("dashboard", "channels", "channels", "chat", "sse")


@dataclass(frozen=True)
class Filled:
    """A data folder with `events` readings and their events, after `first` others; `token` is an admin's."""

    data: Path
    events: int
    first: int
    token: str


def filled(events: int) -> Filled:
    """
    The folder with so many, at today's schema, made now where it is missing, too old or too
    much changed. Raises Missing.
    """
    folder = CACHE / f"{events}"
    mark = folder / "mark"
    if mark.exists() and time.time() - mark.stat().st_mtime < FRESH_SECONDS and _as_left(folder, events):
        _migrate(folder / "data")
        first, token = mark.read_text().split()
        return Filled(folder / "data", events, int(first), token)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    token = Realtime().token(folder / "data", role="admin")
    first = _fill(folder / "data" / "realtime.db", events)
    mark.write_text(f"{first} {token}")
    return Filled(folder / "data", events, first, token)


def _as_left(folder: Path, events: int) -> bool:
    """Whether not much has been added."""
    database = sqlite3.connect(f"file:{folder}/data/realtime.db?mode=ro", uri=True)
    try:
        (rows,) = database.execute("SELECT max(id) FROM readings").fetchone()
    except sqlite3.Error:
        return False
    finally:
        database.close()
    return bool(events <= rows <= events * (1 + DRIFT))


def _migrate(data: Path) -> None:
    argv = [python(), str(ROOT / "run.py"), "migrate", "--data", str(data)]
    done = subprocess.run(argv, capture_output=True, text=True, env=clean_environment())
    if done.returncode:
        raise Missing(f"a filled log cannot be brought to today's schema: {done.stderr.strip()[-300:]}")


def _fill(path: Path, events: int) -> int:
    """Returns the `seq` before the first of the events."""
    if importlib.util.find_spec("realtime.store.checksum") is None:
        raise Missing("a log is filled by the project's own interpreter: `make bench`")
    database = sqlite3.connect(path, isolation_level=None)
    try:
        # Nothing of it is worth a sync: what a crash leaves is made again.
        database.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-524288; BEGIN")
        (first,) = database.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        now = int(time.time() * 1000)
        begin = now - (events // AT_ONCE + 1) * STEP_MS
        sensors = ((number, begin) for number in range(1, SENSORS + 1))
        database.executemany(_SENSOR, sensors)
        for start in range(0, events, AT_ONCE):
            _readings(database, first, range(start + 1, min(start + AT_ONCE, events) + 1), begin)
            begin += STEP_MS
        database.executemany(_CONNECTION, _connections(min(events, ROSTER_MOST), now))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    return int(first)


def _readings(database: sqlite3.Connection, first: int, numbers: range, at: int) -> None:
    from realtime.clock import timestamp
    from realtime.events import Event
    from realtime.store.checksum import checksum

    rows, events = [], []
    told = timestamp(at)
    for number in numbers:
        sensor, value = number % SENSORS + 1, number % 500 / 10
        data = (
            f'{{"id":{number},"sensor_id":{sensor},"valor":{value},"unidad":"C","timestamp":"{told}",'
            f'"created_at":"{told}","updated_at":"{told}"}}'
        )
        event = Event(first + number, "readings", "reading.created", data.encode(), number, "bench", at)
        rows.append((number, sensor, value, "C", at, at, at))
        events.append((event.seq, number, data, at, checksum(event)))
    database.executemany(_READING, rows)
    database.executemany(_EVENT, events)


def _connections(many: int, now: int) -> Iterator[tuple[object, ...]]:
    """Closed in the last hour, in this order; one of a hundred listened to `sensors`, the others to `general`."""
    for number in range(1, many + 1):
        channel = "sensors" if number % 100 == 0 else "general"
        at = now - 3_600_000 + number * 3_600_000 // (many + 1)
        spans, readable = f'[[0,["{channel}"],false]]', "[[],true]"
        user, dialect = f"user-{number % USERS}", _DIALECTS[number % len(_DIALECTS)]
        yield (number, user, dialect, f'["{channel}"]', at, at, at, spans, readable, at)
