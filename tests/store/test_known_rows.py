"""Rows that are read once and written together: every unit sees what those before it made of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, select

from realtime.errors import Problem
from realtime.store import known_rows
from realtime.store.desk_tables import conversations
from realtime.store.opening import Store
from realtime.store.tables import locations
from realtime.store.transaction import Row, Transaction


def make(tx: Transaction, uuid: str = "c1") -> Row:
    row: Row = {
        "id": tx.next_id(conversations),
        "uuid": uuid,
        "contact_uuid": "k",
        "contact_name": "Zoë",
        "assignee_id": None,
        "status": "open",
        "origin_channel": "api",
        "cycle": 1,
        "waiting_since": None,
        "answered": False,
        "last_message_at": None,
        "closed_at": None,
        "created_at": tx.at,
        "updated_at": tx.at,
    }
    tx.insert(conversations, row)
    return row


def step(tx: Transaction) -> int:
    """Count on; neither the read nor the change goes to the database for itself."""
    row = tx.find(conversations, "uuid", "c1")
    assert row is not None
    changed = tx.change(conversations, row, {"cycle": row["cycle"] + 1})
    assert not tx.touched
    return int(changed["cycle"])


def refuse(tx: Transaction) -> None:
    step(tx)
    make(tx, "c2")
    raise Problem("conflict", "no")


def write_then_fail(tx: Transaction) -> None:
    step(tx)
    at = {"created_at": tx.at, "updated_at": tx.at}
    tx.write(insert(locations), {"id": 1, "nombre": "x", "latitud": None, "longitud": None, **at})
    raise RuntimeError("after the write")


async def stored(store: Store) -> list[tuple[Any, ...]]:
    async with store.database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(conversations.c.uuid, conversations.c.cycle))]


async def test_units_of_one_commit_change_a_row_one_after_the_other(store: Store) -> None:
    submit = store.committer.submit
    results = await asyncio.gather(submit(make), *(submit(step) for _ in range(10)))

    assert results[1:] == list(range(2, 12))
    assert await stored(store) == [("c1", 11)]
    assert await submit(step) == 12


@pytest.mark.parametrize("bad", [refuse, write_then_fail])
async def test_what_a_refused_unit_changed_is_as_if_it_never_was(store: Store, bad: Any) -> None:
    submit = store.committer.submit
    units = [submit(unit) for unit in (make, step, bad, step, bad, step)]
    results = await asyncio.gather(*units, return_exceptions=True)

    assert [results[place] for place in (1, 3, 5)] == [2, 3, 4]
    assert await stored(store) == [("c1", 4)]
    assert await submit(lambda tx: tx.find(conversations, "uuid", "c2")) is None
    assert await submit(step) == 5


async def test_a_select_sees_the_changes_that_wait(store: Store) -> None:
    def look(tx: Transaction) -> list[int]:
        step(tx)
        return list(tx.read(select(conversations.c.cycle)).scalars())

    await store.committer.submit(make)
    assert await asyncio.gather(*(store.committer.submit(look) for _ in range(3))) == [[2], [3], [4]]


async def test_a_row_is_one_whichever_way_it_is_found(store: Store) -> None:
    def look(tx: Transaction) -> tuple[Row | None, Row | None]:
        row = tx.find(conversations, "id", 1)
        assert row is not None
        tx.change(conversations, row, {"contact_name": "Ana"})
        return tx.find(conversations, "id", 1), tx.find(conversations, "uuid", "c1")

    await store.committer.submit(make)
    by_id, by_uuid = await store.committer.submit(look)

    assert by_id == by_uuid
    assert by_id is not None
    assert by_id["contact_name"] == "Ana"


async def test_what_is_remembered_has_a_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_rows, "KNOWN_ROWS_LIMIT", 3)
    for number in range(10):
        await store.committer.submit(lambda tx, number=number: make(tx, f"c{number}"))
    uuids = await store.committer.submit(
        lambda tx: [(tx.find(conversations, "uuid", f"c{number}") or {})["id"] for number in range(10)]
    )

    assert uuids == list(range(1, 11))
