"""The roster as a service: what is stored when, what is counted, what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime import clock
from realtime.channels import Coverage
from realtime.config import Settings
from realtime.delivery.formats import Formats
from realtime.delivery.hub import Hub
from realtime.delivery.session import NOW, Peer, Session
from realtime.errors import Problem
from realtime.events import Draft, Event
from realtime.policy import Policy, Principal, Role
from realtime.services import roster_book, roster_counts
from realtime.services.accounts import Accounts
from realtime.services.blocks import BLOCKS_LIMIT, Blocks, holder
from realtime.services.deliveries import delivery
from realtime.services.roster import Roster
from realtime.services.roster_declaring import Declaration, Declaring
from realtime.services.roster_rows import CHANGES_KEPT
from realtime.services.roster_steering import Kick, Steering
from realtime.store import roster as rows
from realtime.store.opening import Store
from realtime.store.roster import Wanted
from realtime.store.roster_tables import connections
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Transaction
from tests.services.test_cursors import Wire

ALL = Stretch(limit=100)
ADMIN = Principal("root", Role.ADMIN, "socket")


class Desk:
    """A hub, its roster, and clients that come and go."""

    def __init__(self, store: Store, settings: Settings, accounts: Accounts) -> None:
        self.store = store
        self.hub = Hub(store.log, settings)
        self.formats = Formats(store.log.epoch)
        self.roster = Roster(store, self.hub, Policy(), settings)
        self.declaring = Declaring(self.roster, accounts)
        self.steering = Steering(self.roster, self.declaring, settings.outlet_limit)

    def connect(self, name: str = "ana", *channels: str, number: int | None = None) -> Session:
        who = Principal(name, Role.AGENT, f"token:{name}", connection=number)
        peer = Peer("192.0.2.1", "probe/1")
        names = channels or ("plaza",)
        coverage = Coverage(frozenset(names))
        return self.hub.connect(
            Wire(), self.formats.channels, who, names, coverage, door="secure", start=NOW, peer=peer
        )

    async def publish(self, channel: str = "plaza") -> Event:
        draft = Draft.of(channel, "publication.created", {})
        event = await self.store.committer.submit(lambda tx: tx.emit(draft))
        self.hub.deliver([event])
        return event

    async def rows(self, **wanted: str) -> list[dict[str, Any]]:
        return (await self.roster.list(Wanted(**wanted), ALL))[1]

    async def count(self, **wanted: str) -> int:
        """The number that a list tells, held against the table."""
        told = (await self.roster.list(Wanted(**wanted), Stretch(limit=1)))[0]
        async with self.store.database.read() as reader:
            assert told == await rows.count_rows(reader, Wanted(**wanted))
        return told


@pytest.fixture
async def desk(store: Store, settings: Settings, accounts: Accounts) -> AsyncIterator[Desk]:
    made = Desk(store, settings, accounts)
    await made.roster.start()
    yield made
    await made.roster.stop()


async def test_what_is_delivered_costs_the_roster_no_write(desk: Desk) -> None:
    desk.connect()
    await desk.rows()
    units = desk.store.committer.counts.units
    for _ in range(50):
        await desk.publish()

    (row,) = await desk.rows()
    assert desk.store.committer.counts.units == units + 50
    assert row["last_seq"] < desk.hub.tip == desk.roster.view(row)["last_seq"]


async def test_many_that_come_and_go_are_few_writes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster_book, "BATCH", 100)
    units = desk.store.committer.counts.units
    sessions = [desk.connect(f"user{n % 7}") for n in range(250)]
    for session in sessions[:50]:
        desk.hub.leave(session)

    assert (await desk.count(), await desk.count(status="Ativa"), await desk.count(status="Inativa")) == (250, 200, 50)
    # Three batches.
    assert desk.store.committer.counts.units - units == 3


async def test_who_comes_and_goes_while_the_rows_are_counted_is_counted_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, began, go_on = desk.connect("early"), asyncio.Event(), asyncio.Event()
    await desk.roster.book.settle()
    count = rows._kinds

    async def slowly(reader: AsyncConnection) -> dict[Any, int]:
        began.set()
        await go_on.wait()
        return await count(reader)

    monkeypatch.setattr(rows, "_kinds", slowly)
    listing = asyncio.create_task(desk.roster.list(Wanted(), ALL))
    await began.wait()
    for number in range(3):
        desk.connect(f"late{number}")
    desk.hub.leave(early)
    # Writes do not wait for it.
    await desk.roster.book.settle()
    go_on.set()

    assert (await listing)[0] == 4
    assert [await desk.count(status=word) for word in ("Ativa", "Inativa")] == [3, 1]
    assert await desk.count(user="early") == 1


async def test_counts_follow_every_change(desk: Desk) -> None:
    assert await desk.count() == 0
    ana, rui = desk.connect("ana"), desk.connect("rui")
    assert await desk.count(user="ana", status="Ativa") == 1
    desk.hub.leave(ana)
    row, _ = await desk.declaring.declare(ADMIN, Declaration("eva", "Ativa", "channels", ("plaza",)))
    assert [await desk.count(status=word) for word in ("Ativa", "Inativa")] == [2, 1]

    await desk.declaring.change(ADMIN, row["id"], {"status": "Inativa"})
    assert [await desk.count(status=word) for word in ("Ativa", "Inativa")] == [1, 2]
    await desk.steering.change(ADMIN, 2, {"status": "Inativa"}, Kick())
    desk.hub.leave(rui)
    assert [await desk.count(status=word) for word in ("Ativa", "Inativa")] == [0, 3]
    for number in (1, 2, 3):
        await desk.steering.delete(ADMIN, number, Kick())
    assert [await desk.count(), await desk.count(user="ana"), await desk.count(dialect="channels")] == [0, 0, 0]


async def test_a_connection_that_is_deleted_before_it_was_stored_never_is(desk: Desk) -> None:
    session = desk.connect()
    await desk.steering.delete(ADMIN, 1, Kick())
    desk.hub.leave(session)

    assert await desk.count() == 0
    assert await desk.roster.find(1) is None
    assert session.close_code == 4503


async def test_a_row_that_becomes_a_socket_is_counted_once(desk: Desk) -> None:
    row, _ = await desk.declaring.declare(ADMIN, Declaration("eva", "Inativa", "dashboard", ("chat",)))
    assert await desk.count() == 1
    session = desk.connect("eva", number=row["id"])
    assert [await desk.count(), await desk.count(status="Ativa"), await desk.count(dialect="dashboard")] == [1, 1, 0]
    desk.hub.leave(session)
    assert [await desk.count(), await desk.count(status="Inativa", user="eva")] == [1, 1]


@pytest.mark.parametrize("limit", [50, 3], ids=["merged", "looked through"])
async def test_a_list_by_channel_is_right_in_however_many_ways_it_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(rows, "MERGE_LIMIT", limit)
    sessions = [desk.connect("ana", "plaza", *(("readings", f"c{n % 4}") if n % 3 else ())) for n in range(24)]
    others = desk.connect("ana", "plaza-b"), desk.connect("ana", "readings")
    for session in sessions[::2]:
        desk.hub.leave(session)

    assert [await desk.count(channel=name) for name in ("plaza", "readings", "c1", "nowhere")] == [24, 17, 4, 0]
    counted = [await desk.count(channel="plaza", status=word) for word in ("Ativa", "Inativa")]
    assert (counted, await desk.count(channel="plaza", user="ana")) == ([12, 12], 24)
    ids = [row["id"] for row in await desk.rows(channel="plaza")]
    assert ids == sorted(ids)
    assert len(ids) == 24
    wanted, closed = Wanted(channel="plaza"), Wanted(channel="plaza", status="Inativa")
    for given, expected in (
        ((wanted, Stretch(limit=5, offset=7)), ids[7:12]),
        ((wanted, Stretch(limit=5, id_after=ids[9])), ids[10:15]),
        ((wanted, Stretch(limit=5, id_after=ids[9], newest_first=True)), ids[8:3:-1]),
        ((closed, Stretch(limit=3, newest_first=True)), ids[22:16:-2]),
    ):
        assert [row["id"] for row in (await desk.roster.list(*given))[1]] == expected
    desk.hub.change(others[1], ("plaza", "readings"), Coverage(frozenset({"plaza", "readings"})))
    assert [await desk.count(channel=name) for name in ("plaza", "readings")] == [25, 17]


async def test_more_names_than_are_counted_are_counted_by_the_table(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_counts, "NAMINGS_LIMIT", 5)
    for number in range(10):
        desk.connect("ana", "plaza", f"c{number}")
        assert await desk.count(channel="plaza") == number + 1
        assert len(await desk.rows(channel="plaza")) == number + 1
    assert await desk.roster.book.tally.of(Wanted(channel="plaza")) is None
    assert await desk.roster.book.tally.of(Wanted(user="ana")) == 10


async def test_more_users_than_are_counted_are_counted_by_the_table(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_counts, "KINDS_LIMIT", 5)
    for number in range(10):
        desk.connect(f"user{number}")
        assert await desk.count() == number + 1
    assert await desk.roster.book.tally.of(Wanted()) is None


async def test_what_cannot_be_stored_is_stored_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = desk.connect()

    def fail(tx: Transaction, row: Any) -> None:
        raise Problem("disk_full", "The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(rows, "store", fail)
        assert await desk.rows() == []
        with pytest.raises(Problem):
            await desk.steering.change(ADMIN, 1, {"status": "Inativa"}, Kick())
        assert session.close_code is None
        desk.hub.leave(session)
        found = await desk.roster.find(1)
        assert found is not None
        assert found["status"] == "Inativa"

    assert [row["status"] for row in await desk.rows()] == ["Inativa"]
    assert await desk.count(status="Inativa") == 1


async def test_who_could_not_even_wait_is_known_to_have_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [desk.connect() for _ in range(5)]
    stays = desk.connect("rui")
    assert await desk.count(status="Ativa") == 6
    monkeypatch.setattr(roster_book, "WAITING_LIMIT", 2)
    for session in gone:
        desk.hub.leave(session)

    desk.connect("eva")
    await desk.rows()
    assert [await desk.count(status="Ativa"), await desk.count(status="Inativa")] == [2, 5]
    assert [row["close_reason"] for row in await desk.rows(status="Inativa")][2:] == [roster_book.FORGOTTEN] * 3
    assert stays.close_code is None


async def test_closed_rows_are_forgotten_after_their_time(desk: Desk, settings: Settings) -> None:
    desk.hub.leave(desk.connect("old"))
    desk.connect("stays")
    await desk.rows()
    later = clock.now() + settings.roster_retention_days * clock.DAY

    await desk.roster.trim(later - clock.HOUR)
    assert await desk.count() == 2
    await desk.roster.trim(later + clock.HOUR)
    assert [row["user"] for row in await desk.rows()] == ["stays"]
    assert await desk.count() == 1


async def test_old_rows_go_in_steps(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        empty = dict.fromkeys(connections.c.keys())
        for number in range(1, 31):
            row = {"id": number, "user": "u", "status": "Inativa", "dialect": "channels", "channels": "[]"}
            rows.store(tx, {**empty, **row, "origin": "socket", "credential": "c", "touched_at": number})

    await store.committer.submit(fill)
    steps = [await store.committer.submit(lambda tx: rows.trim(tx, 26, 10)) for _ in range(4)]

    kind = ("u", "Inativa", "channels", "[]")
    assert steps == [({kind: -10}, True), ({kind: -10}, True), ({kind: -5}, False), ({}, False)]


async def test_a_declared_row_that_nobody_uses_is_inactive_after_a_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.declaring.declare(ADMIN, Declaration("eva", "Ativa", "channels", ("plaza",)))
    now = clock.now()

    for hours, expected in ((23, "Ativa"), (25, "Inativa")):
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + hours * clock.HOUR)
        await desk.roster._store_what_waits()
        assert [row["status"] for row in await desk.rows()] == [expected]
    assert await desk.count(status="Inativa") == 1


async def test_what_was_heard_when_is_known_of_the_last_changes(desk: Desk) -> None:
    session = desk.connect("ana", "a")
    first = await desk.publish("a")
    for number in range(CHANGES_KEPT + 5):
        name = f"c{number}"
        desk.hub.change(session, (name,), Coverage(frozenset({name})))
        last = await desk.publish(name)
    (row,) = await desk.rows()
    row = desk.roster.now(row)

    assert delivery(row, last.seq, last.channel, speaks=True) == "written"
    assert delivery(row, first.seq, "a", speaks=True) == "not_subscribed"
    assert delivery(row, last.seq, last.channel, speaks=False) == "not_subscribed"
    assert delivery(row, last.seq + 1, last.channel, speaks=True) == "behind"


async def test_what_comes_after_the_close_was_not_written(desk: Desk) -> None:
    session = desk.connect()
    seen = await desk.publish()
    await desk.steering.change(ADMIN, 1, {"status": "Inativa"}, Kick())
    # Its socket takes a moment to close.
    missed = await desk.publish()
    desk.hub.leave(session)

    (row,) = await desk.rows()
    assert delivery(row, seen.seq, "plaza", speaks=True) == "written"
    assert delivery(row, missed.seq, "plaza", speaks=True) == "closed"


async def test_two_who_kick_the_same_are_both_right(desk: Desk) -> None:
    session = desk.connect()
    await asyncio.gather(
        *(desk.steering.change(ADMIN, 1, {"status": "Inativa"}, Kick()) for _ in range(2)),
        desk.steering.delete(ADMIN, 1, Kick()),
    )
    desk.hub.leave(session)

    assert session.close_code == 4503
    assert await desk.count() == 0


PLANS = [
    (Wanted(), "SCAN connections"),
    (Wanted(status="Ativa"), "connections_live"),
    (Wanted(user="u", status="Ativa"), "connections_live"),
    (Wanted(dialect="sse", status="Ativa", channel="plaza"), "connections_live"),
    (Wanted(user="u", status="Inativa"), "connections_by_user"),
    (Wanted(user="u", dialect="sse"), "connections_by_user"),
    (Wanted(dialect="sse"), "connections_by_dialect"),
    (Wanted(channel="plaza"), "connections_by_channels"),
    (Wanted(channel="plaza", status="Inativa"), "connections_by_channels"),
]


@pytest.mark.parametrize(("wanted", "index"), PLANS, ids=lambda value: str(value))
async def test_a_page_is_read_in_order_from_one_index(desk: Desk, wanted: Wanted, index: str) -> None:
    asked: list[tuple[str, Any]] = []
    async with desk.store.database.read() as reader:

        class Listening:
            async def execute(self, statement: Any) -> Any:
                compiled = statement.compile(dialect=reader.dialect)
                asked.append(
                    (f"EXPLAIN QUERY PLAN {compiled}", tuple(compiled.params[n] for n in compiled.positiontup))
                )
                return await reader.execute(statement)

        naming = ['["plaza"]', '["plaza","readings"]']
        await rows.list_rows(Listening(), wanted, Stretch(limit=10, id_after=5), naming)  # type: ignore[arg-type]
        plan = " ".join(str(row[3]) for row in (await reader.exec_driver_sql(*asked[0])).all())

    assert index in plan or (index.startswith("SCAN") and "PRIMARY KEY" in plan)
    assert "TEMP B-TREE" not in plan


def test_a_block_ends_by_itself_and_the_oldest_makes_room() -> None:
    time = [0.0]
    blocks = Blocks(lambda: time[0])
    blocks.block("guest:192.0.2.1", "channels", 60)
    blocks.block("token:7", "secure", 30)

    with pytest.raises(Problem) as refused:
        blocks.check("token:7", "secure")
    assert refused.value.headers["Retry-After"] == "30"
    blocks.check("token:7", "channels")
    time[0] = 45.0
    blocks.check("token:7", "secure")
    assert (len(blocks), blocks.left("guest:192.0.2.1", "channels")) == (1, 15.0)
    for number in range(BLOCKS_LIMIT):
        blocks.block(f"token:{number}", "secure", 30)
    assert (len(blocks), blocks.left("guest:192.0.2.1", "channels")) == (BLOCKS_LIMIT, 0.0)


def test_those_without_a_credential_are_told_apart_by_their_address() -> None:
    nobody = Principal("nobody", Role.NOBODY, "nobody")
    assert holder(nobody, "192.0.2.1") != holder(nobody, "192.0.2.2")
    assert holder(ADMIN, "192.0.2.1") == holder(ADMIN, "192.0.2.2") == "socket"
