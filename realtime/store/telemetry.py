"""The sensor domain in the database: what refers to what, filters, lists, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, Table, func, select, tuple_, update
from sqlalchemy import Row as SQLRow
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.tables import anomalies, locations, predictions, readings, sensors
from realtime.store.transaction import Row, Transaction

SERIES_CHUNK: Final = 10_000
"""Rows of a series that are fetched at a time, so that a long one holds nobody up."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """
    One kind of thing of the sensor domain.

    `parents` maps a column to the table that it refers to, `referrers` are the columns
    that refer to this kind. `counted_by` is the column whose counts are kept in memory.
    """

    word: str
    table: Table
    times: tuple[str, ...] = ("created_at", "updated_at")
    moment: str = "created_at"
    parents: Mapping[str, Table] = field(default_factory=dict)
    referrers: tuple[Column[Any], ...] = ()
    counted_by: str | None = None
    audited: bool = False

    @property
    def channel(self) -> str:
        """The channel of its events, which is also the name in paths."""
        return str(self.table.name)


LOCATION: Final = Kind("location", locations, referrers=(sensors.c.ubicacion_id,), audited=True)
SENSOR: Final = Kind(
    "sensor",
    sensors,
    parents={"ubicacion_id": locations},
    referrers=(readings.c.sensor_id, anomalies.c.sensor_id, predictions.c.sensor_id),
    audited=True,
)
READING: Final = Kind(
    "reading",
    readings,
    times=("timestamp", "created_at", "updated_at"),
    moment="timestamp",
    parents={"sensor_id": sensors},
    referrers=(anomalies.c.lectura_id,),
    counted_by="sensor_id",
)
ANOMALY: Final = Kind(
    "anomaly", anomalies, parents={"sensor_id": sensors, "lectura_id": readings}, counted_by="sensor_id"
)
PREDICTION: Final = Kind("prediction", predictions, parents={"sensor_id": sensors}, counted_by="sensor_id")
KINDS: Final = (SENSOR, READING, LOCATION, ANOMALY, PREDICTION)
_COLUMNS: Final = {kind: tuple(map(str, kind.table.c.keys())) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which rows are meant: those whose columns have these values, of the time (milliseconds)
    from `since` on and before `until`.
    """

    equals: Mapping[str, Any] = field(default_factory=dict)
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Which of the selected rows are wanted: by id (from the newest, when `newest_first`),
    after the row `id_after` in that order, without the first `offset`, at most `limit`.
    """

    limit: int
    offset: int = 0
    id_after: int | None = None
    newest_first: bool = False


def find(tx: Transaction, kind: Kind, id: int) -> Row | None:
    """The row `id` as a unit of work sees it."""
    return _row(kind, tx.read(select(kind.table).where(kind.table.c.id == id)).first())


def change(tx: Transaction, kind: Kind, id: int, values: Row) -> None:
    """Set columns of the row `id`."""
    tx.write(update(kind.table).where(kind.table.c.id == id).values(**values))


def referring(tx: Transaction, kind: Kind, id: int) -> list[str]:
    """The names of the tables with rows that refer to the row `id`."""
    return [
        str(column.table.name)
        for column in kind.referrers
        if tx.read(select(column).where(column == id).limit(1)).first() is not None
    ]


def tally(tx: Transaction, kind: Kind) -> dict[int | str | None, int]:
    """How many rows there are for each value of `counted_by`; all under None where it has none."""
    if kind.counted_by is None:
        return {None: int(tx.read(select(func.count()).select_from(kind.table)).scalar_one())}
    column = kind.table.c[kind.counted_by]
    found = tx.read(select(column.label("value"), func.count().label("rows")).group_by(column)).all()
    return {row.value: row.rows for row in found}


async def get_row(connection: AsyncConnection, kind: Kind, id: int) -> Row | None:
    """The row `id`, or None."""
    return _row(kind, (await connection.execute(select(kind.table).where(kind.table.c.id == id))).first())


async def list_rows(connection: AsyncConnection, kind: Kind, selection: Selection, stretch: Stretch) -> list[Row]:
    """The wanted stretch of the selected rows."""
    ids = kind.table.c.id
    statement = select(kind.table).where(*_conditions(kind, selection))
    if stretch.id_after is not None:
        statement = statement.where(ids < stretch.id_after if stretch.newest_first else ids > stretch.id_after)
    statement = statement.order_by(ids.desc() if stretch.newest_first else ids).limit(stretch.limit)
    if stretch.offset:
        statement = statement.offset(stretch.offset)
    columns = _COLUMNS[kind]
    return [dict(zip(columns, row, strict=True)) for row in (await connection.execute(statement)).all()]


async def count_rows(connection: AsyncConnection, kind: Kind, selection: Selection) -> int:
    """How many rows are selected; reads an index or the table."""
    statement = select(func.count()).select_from(kind.table).where(*_conditions(kind, selection))
    return int((await connection.execute(statement)).scalar_one())


async def next_values(
    connection: AsyncConnection, sensor_id: int, selection: Selection, after: tuple[int, int] | None
) -> list[tuple[int, int, float]]:
    """(`timestamp`, id, `valor`) of the sensor's next readings by time, after (`timestamp`, id)."""
    statement = _series(sensor_id, selection)
    if after is not None:
        statement = statement.where(tuple_(readings.c.timestamp, readings.c.id) > tuple_(*after))
    return [tuple(row) for row in (await connection.execute(statement)).all()]  # type: ignore[misc]


def _row(kind: Kind, found: SQLRow[Any] | None) -> Row | None:
    return None if found is None else dict(zip(_COLUMNS[kind], found, strict=True))


def _series(sensor_id: int, selection: Selection) -> Select[tuple[int, int, float]]:
    return (
        select(readings.c.timestamp, readings.c.id, readings.c.valor)
        .where(readings.c.sensor_id == sensor_id, *_conditions(READING, selection))
        .order_by(readings.c.timestamp, readings.c.id)
        .limit(SERIES_CHUNK)
    )


def _conditions(kind: Kind, selection: Selection) -> Iterator[ColumnElement[bool]]:
    for name, value in selection.equals.items():
        yield kind.table.c[name] == value
    moment = kind.table.c[kind.moment]
    if selection.since is not None:
        yield moment >= selection.since
    if selection.until is not None:
        yield moment < selection.until
