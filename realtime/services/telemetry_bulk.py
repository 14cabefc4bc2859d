"""Many readings at once: all of them, each with its event, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from realtime.errors import Problem
from realtime.events import Draft
from realtime.jsonio import dumps
from realtime.policy import Principal
from realtime.services.telemetry_counts import Counts
from realtime.services.telemetry_rows import written
from realtime.store.idempotency import Key
from realtime.store.tables import readings, sensors
from realtime.store.telemetry import READING
from realtime.store.transaction import Row, Transaction

STRIDE: Final = 500
"""Rows that are made and sent to the database without letting anything else run."""

ROW_BYTES: Final = 640
"""About what a checked reading holds that waits to be stored, with the longest unit (sys.getsizeof)."""

ERRORS_SHOWN: Final = 20
"""Bad lines that one answer names."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a bulk request stored. Ids and `seq` are without gaps, in the order of the lines."""

    count: int
    first_id: int
    last_id: int
    first_seq: int
    last_seq: int

    @property
    def body(self) -> dict[str, int]:
        """As the answer shows it."""
        return asdict(self)


async def add_readings(
    counts: Counts, values: Sequence[Row], lines: Sequence[int], who: Principal, key: Key | None = None
) -> Stored:
    """
    Store checked readings and emit their events, all or nothing. `lines` are their places
    in the body, for errors.

    Raises Problem `invalid` when a sensor does not exist, naming the lines, and what
    Committer.submit raises.
    """
    per_sensor = Counter(reading["sensor_id"] for reading in values)

    def work(tx: Transaction) -> Stored:
        missing = {sensor for sensor in per_sensor if not tx.exists(sensors, sensor)}
        if missing:
            raise _missing(values, lines, missing)
        first = _store(tx, values[:STRIDE], who)
        last = first
        for start in range(STRIDE, len(values), STRIDE):
            # Sending the rows waits for the database, and there others get their turn.
            tx.flush()
            last = _store(tx, values[start : start + STRIDE], who)
        stored = Stored(len(values), first.first_id, last.last_id, first.first_seq, last.last_seq)
        if key is not None:
            key.keep(tx, 201, [stored.first_id, stored.last_id], stored.last_seq)
        return stored

    return await counts.submit(READING, work, lambda _: per_sensor.items(), size=len(values) * ROW_BYTES)


def again(first_id: int, last_id: int, last_seq: int) -> Stored:
    """What was stored, from what an idempotency key keeps of it."""
    count = last_id - first_id + 1
    return Stored(count, first_id, last_id, last_seq - count + 1, last_seq)


def _store(tx: Transaction, values: Sequence[Row], who: Principal) -> Stored:
    at, actor = tx.at, who.name
    now = written(at)
    first_id = tx.next_ids(readings, len(values))
    for number, reading in enumerate(values, first_id):
        moment = reading["timestamp"]
        row = {"id": number, **reading, "created_at": at, "updated_at": at}
        if moment is None:
            row["timestamp"] = at
        tx.insert(readings, row)
        data = dumps(
            {**row, "timestamp": now if moment is None else written(moment), "created_at": now, "updated_at": now}
        )
        event = tx.emit(Draft("readings", "reading.created", data, number, actor))
    return Stored(len(values), first_id, number, event.seq - len(values) + 1, event.seq)


def _missing(values: Sequence[Row], lines: Sequence[int], missing: set[int]) -> Problem:
    bad = [(line, row["sensor_id"]) for line, row in zip(lines, values, strict=True) if row["sensor_id"] in missing]
    errors: dict[str, Any] = {
        str(line): {"sensor_id": [f"There is no row {sensor} in sensors."]} for line, sensor in bad[:ERRORS_SHOWN]
    }
    line, sensor = bad[0]
    return Problem("invalid", f"Line {line}: there is no sensor {sensor}. Nothing was stored.", errors=errors)
