"""
Readings and their events by `executemany` alone: DATABASE, rows of a batch, seconds of warming up, seconds.

Prints {"rows", "rows_per_s", "cpu_us_per_row", "batch_p50_ms", "published"}. Only the
statements and the commit are timed; rows are made before.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import time

READING = "INSERT INTO readings(id, sensor_id, valor, unidad, timestamp, created_at, updated_at) VALUES(?,?,?,?,?,?,?)"
EVENT = (
    "INSERT INTO events(seq, channel, type, entity_id, data, actor, at, checksum) "
    "VALUES(?,'readings','reading.created',?,?,'bench',?,?)"
)


def rows(first: int, many: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    at = int(time.time() * 1000)
    told = "2026-01-01T00:00:00.000Z"
    readings, events = [], []
    for number in range(first, first + many):
        data = (
            f'{{"id":{number},"sensor_id":{number % 20 + 1},"valor":21.5,"unidad":"C","timestamp":"{told}",'
            f'"created_at":"{told}","updated_at":"{told}"}}'
        )
        readings.append((number, number % 20 + 1, 21.5, "C", at, at, at))
        events.append((number + 1000, number, data, at, number))
    return readings, events


def main() -> None:
    path, many, warm, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    took: list[float] = []
    published, used, until = 0, 0.0, time.monotonic() + warm
    measuring = False
    while time.monotonic() < until or not measuring:
        if time.monotonic() >= until:
            measuring, until = True, time.monotonic() + seconds
        readings, events = rows(published + 1, many)
        began, cpu = time.perf_counter(), time.process_time()
        database.execute("BEGIN IMMEDIATE")
        database.executemany(READING, readings)
        database.executemany(EVENT, events)
        database.execute("COMMIT")
        published += many
        if measuring:
            took.append(time.perf_counter() - began)
            used += time.process_time() - cpu
    counted = many * len(took)
    told = {"rows": counted, "rows_per_s": counted / sum(took), "cpu_us_per_row": used * 1e6 / counted}
    print(json.dumps(told | {"batch_p50_ms": statistics.median(took) * 1000, "published": published}))


main()
