"""The audit log as a list: which entries are meant, how many there are, and a stretch of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, Row, Text, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.channels import AUDIT
from realtime.events import Event
from realtime.jsonio import dumps
from realtime.store.checksum import checksum
from realtime.store.database import Database
from realtime.store.log import EventLog
from realtime.store.tables import events, users
from realtime.store.telemetry import Stretch

DAMAGED: Final = "damaged"
"""The action of an entry that cannot be shown."""

_COLUMNS: Final = (
    events.c.seq,
    events.c.channel,
    events.c.type,
    # As bytes: a damaged one may not be UTF-8.
    cast(events.c.data, LargeBinary).label("data"),
    events.c.entity_id,
    events.c.actor,
    events.c.at,
    cast(events.c.metadata, LargeBinary).label("metadata"),
    events.c.checksum,
)


@dataclass(frozen=True, slots=True)
class Entries:
    """
    Which entries are meant: those of this `action`, by this `user` (an id, a uuid or a
    name; `folded` is the name without its case), of the time (milliseconds) from `since`
    on and before `until`.
    """

    action: str | None = None
    user: str | None = None
    folded: str | None = None
    since: int | None = None
    until: int | None = None


async def list_entries(
    database: Database, log: EventLog, entries: Entries, stretch: Stretch
) -> tuple[int, list[dict[str, Any]]]:
    """
    How many entries are meant, and those of the stretch, as seed 001 shows them. Ids are
    the entries' own, and ascend with time.

    One whose checksum does not agree has the action `damaged` and its `seq` as details.
    """
    conditions = [events.c.channel == AUDIT, *_chosen(entries)]
    # `at` never falls while `seq` grows: look-ups by halving stand for an index on time.
    if entries.since is not None:
        conditions.append(events.c.seq > await log.before(entries.since))
    if entries.until is not None:
        conditions.append(events.c.seq <= await log.before(entries.until))
    async with database.read() as connection:
        statement = select(func.count()).select_from(events).where(*conditions)
        count = int((await connection.execute(statement)).scalar_one())
        if count == 0 or stretch.offset >= count:
            return count, []
        if stretch.id_after is not None:
            conditions.append(await _past(connection, log.tip, stretch))
        order = events.c.seq.desc() if stretch.newest_first else events.c.seq
        chosen = select(*_COLUMNS).where(*conditions).order_by(order).limit(stretch.limit).offset(stretch.offset)
        return count, [_shown(row) for row in (await connection.execute(chosen)).all()]


def _shown(row: Row[Any]) -> dict[str, Any]:
    event = Event(row.seq, row.channel, row.type, row.data, row.entity_id, row.actor, row.at, row.metadata)
    if checksum(event) == row.checksum:
        return dict(event.value)
    return {
        "id": row.entity_id,
        "action": DAMAGED,
        "details": {"seq": row.seq},
        "user": {"id": None, "username": ""},
        "timestamp": "",
    }


def _chosen(entries: Entries) -> Iterator[ColumnElement[bool]]:
    if entries.action is not None:
        # How `Transaction.audit` begins each entry. The database's own functions for JSON
        # would end the whole query at a damaged one.
        action = dumps(entries.action).decode()
        head = literal('{"id":') + cast(events.c.entity_id, Text) + literal(f',"action":{action},')
        yield func.substr(events.c.data, 1, func.length(head)) == head
    if entries.user is not None:
        known = [users.c.uuid == entries.user.lower(), users.c.folded == entries.folded]
        if entries.user.isdigit() and len(entries.user) < 19:
            known.append(users.c.id == int(entries.user))
        # Not all who act have an account: the server's own socket, the demo.
        yield or_(events.c.actor == entries.user, events.c.actor.in_(select(users.c.name).where(or_(*known))))


async def _past(connection: AsyncConnection, tip: int, stretch: Stretch) -> ColumnElement[bool]:
    """The condition that an entry comes after the id `id_after`, as one on `seq`, which has the index."""
    wanted, backwards = stretch.id_after or 0, stretch.newest_first
    # The last place whose entry has at most this id.
    limit = wanted - 1 if backwards else wanted
    low, high = 0, tip
    while low < high:
        middle = (low + high + 1) // 2
        last = select(events.c.seq, events.c.entity_id).where(
            events.c.channel == AUDIT, events.c.seq <= middle, events.c.seq > low
        )
        row = (await connection.execute(last.order_by(events.c.seq.desc()).limit(1))).first()
        if row is None or row.entity_id <= limit:
            low = middle
        else:
            high = row.seq - 1
    return events.c.seq <= low if backwards else events.c.seq > low
