"""
Sensors, readings, locations, anomalies, predictions: every write is a row, its event and,
for definitions, its audit entry in one unit of work.

Values come checked: each field of the right type and within its limits, those not given
at their defaults. What can only be seen in the database is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from realtime.errors import Problem
from realtime.events import Draft
from realtime.jsonio import dumps
from realtime.policy import Principal
from realtime.services.system import system_event
from realtime.services.telemetry_counts import Counts
from realtime.services.telemetry_rows import shown, stored
from realtime.store import telemetry as rows
from realtime.store.idempotency import Key
from realtime.store.opening import Store
from realtime.store.telemetry import ANOMALY, PREDICTION, READING, Kind, Selection, Stretch
from realtime.store.transaction import Row, Transaction

COMPLETED: Final = "completada"
_DATA_LIMIT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """
    What a write did: the row as it is shown, and the `seq` of its event. `moves` is by how
    much the counts change, as (sensor, difference).
    """

    row: dict[str, Any]
    seq: int
    moves: tuple[tuple[int | None, int], ...] = ()


class Telemetry:
    """
    What can be done with the sensor domain.

    Rows are shown with the seed's field names and RFC 3339 times. Methods raise Problem:
    `not_found`, `invalid` (an id that refers to nothing), `conflict` (deleting what is
    referred to), `too_large` (an event past `data_limit` bytes). A `key` given is kept
    with the row.
    """

    def __init__(self, store: Store, *, data_limit: int = _DATA_LIMIT) -> None:
        self.store = store
        self.counts = Counts(store.committer)
        self._data_limit = data_limit

    async def list(self, kind: Kind, selection: Selection, stretch: Stretch) -> tuple[int, list[dict[str, Any]]]:
        """How many rows are selected in all, and those of the stretch."""
        count = await self.counts.of(kind, selection)
        async with self.store.database.read() as connection:
            if count is None:
                count = await rows.count_rows(connection, kind, selection)
            if count == 0 or stretch.offset >= count:
                return count, []
            found = await rows.list_rows(connection, kind, selection, stretch)
        return count, [shown(kind, row) for row in found]

    async def get(self, kind: Kind, id: int) -> dict[str, Any]:
        """The row `id`."""
        async with self.store.database.read() as connection:
            row = await rows.get_row(connection, kind, id)
        if row is None:
            raise _missing(kind, id)
        return shown(kind, row)

    async def create(self, kind: Kind, values: Row, who: Principal, key: Key | None = None) -> Written:
        """Make a row; emits `<kind>.created`, and what follows from it."""
        given = stored(kind, values)

        def work(tx: Transaction) -> Written:
            _require_parents(tx, kind, given)
            row = {"id": tx.next_id(kind.table), **given, "created_at": tx.at, "updated_at": tx.at}
            if kind is READING and row["timestamp"] is None:
                row["timestamp"] = tx.at
            view, seq = self._tell(tx, kind, "created", None, row, who)
            tx.insert(kind.table, row)
            if key is not None:
                key.keep(tx, 201, [row["id"]], seq)
            return Written(view, seq, ((_sensor(row), 1),))

        return await self._submit(kind, work, given)

    async def update(self, kind: Kind, id: int, values: Row, who: Principal) -> Written:
        """Set the given columns of a row; emits `<kind>.updated`, and what follows from it."""
        given = stored(kind, values)

        def work(tx: Transaction) -> Written:
            before = _require(tx, kind, id)
            _require_parents(tx, kind, given)
            after = {**before, **given, "updated_at": tx.at}
            if kind is READING and after["timestamp"] is None:
                after["timestamp"] = before["timestamp"]
            view, seq = self._tell(tx, kind, "updated", before, after, who)
            rows.change(tx, kind, id, {name: after[name] for name in ("updated_at", *given)})
            return Written(view, seq, ((_sensor(before), -1), (_sensor(after), 1)))

        return await self._submit(kind, work, given)

    async def delete(self, kind: Kind, id: int, who: Principal) -> Written:
        """
        Delete a row; emits `<kind>.deleted` with the last row, or, for a reading, a
        `system.warning` on its channel.
        """

        def work(tx: Transaction) -> Written:
            row = _require(tx, kind, id)
            if names := rows.referring(tx, kind, id):
                said = " and ".join(names)
                raise Problem(
                    "conflict",
                    f"The {kind.word} {id} is referred to by {said}; delete those first.",
                    extra={"referred_to_by": names},
                )
            view, seq = _warn(tx, row, who) if kind is READING else self._tell(tx, kind, "deleted", row, None, who)
            tx.delete(kind.table, id)
            return Written(view, seq, ((_sensor(row), -1),))

        return await self._submit(kind, work, {})

    async def _submit(self, kind: Kind, work: Callable[[Transaction], Written], given: Row) -> Written:
        size = sum(len(value) for value in given.values() if isinstance(value, str))
        return await self.counts.submit(kind, work, lambda written: written.moves, size=size)

    def _tell(
        self, tx: Transaction, kind: Kind, done: str, before: Row | None, after: Row | None, who: Principal
    ) -> tuple[dict[str, Any], int]:
        """
        The event of the row, then those that follow from it, then the audit entry. Returns
        the row as shown and the `seq` of its event.
        """
        row = after if after is not None else before
        assert row is not None
        view = shown(kind, row)
        data = dumps(view)
        if len(data) > self._data_limit:
            raise Problem("too_large", f"An event holds at most {self._data_limit} bytes; this one has {len(data)}.")
        event = tx.emit(Draft(kind.channel, f"{kind.word}.{done}", data, row["id"], who.name))
        if kind is ANOMALY and done == "created":
            tx.emit(Draft(kind.channel, "anomaly.detected", data, row["id"], who.name))
        if kind is PREDICTION and after is not None and _completed(after) and not _completed(before):
            tx.emit(Draft(kind.channel, "prediction.completed", data, row["id"], who.name))
        if kind.audited:
            details = {
                f"{kind.word}_id": row["id"],
                "before": None if before is None else shown(kind, before),
                "after": None if after is None else view,
            }
            tx.audit(f"{kind.word}_{done}", details, user_id=who.user_id, username=who.name)
        return view, event.seq


def _warn(tx: Transaction, row: Row, who: Principal) -> tuple[dict[str, Any], int]:
    """A reading is deleted: seed 002 has no such event, so its channel is told in words."""
    view = shown(READING, row)
    message = f"Lectura {view['id']} del sensor {view['sensor_id']} eliminada"
    data = {"action": "delete_reading", "reading": view}
    return view, tx.emit(system_event("warning", message, data, channel=READING.channel, actor=who.name)).seq


def _require(tx: Transaction, kind: Kind, id: int) -> Row:
    row = rows.find(tx, kind, id)
    if row is None:
        raise _missing(kind, id)
    return row


def _require_parents(tx: Transaction, kind: Kind, values: Row) -> None:
    errors = {
        name: [f"There is no row {values[name]} in {table.name}."]
        for name, table in kind.parents.items()
        if values.get(name) is not None and not tx.exists(table, values[name])
    }
    if errors:
        raise Problem("invalid", f"Not valid: {', '.join(errors)} refers to nothing.", errors=errors)


def _sensor(row: Row) -> int | None:
    return row.get("sensor_id")


def _completed(row: Row | None) -> bool:
    return row is not None and row["estado"] == COMPLETED


def _missing(kind: Kind, id: int) -> Problem:
    return Problem("not_found", f"There is no {kind.word} {id}.")
