"""Group commit: each unit all or nothing, alone in its failure, in order."""

import asyncio

import pytest
from sqlalchemy import insert, select

from realtime.config import Settings
from realtime.errors import Problem
from realtime.events import Draft, Event
from realtime.store.opening import Store, open_store
from realtime.store.tables import locations
from realtime.store.transaction import Transaction


def draft(n: int = 0, channel: str = "bench") -> Draft:
    return Draft.of(channel, "publication.created", {"n": n})


def location(transaction: Transaction, id: int, nombre: str = "norte") -> dict[str, object]:
    at = transaction.at
    return {"id": id, "nombre": nombre, "latitud": None, "longitud": None, "created_at": at, "updated_at": at}


async def stored(store: Store) -> list[int]:
    async with store.database.read() as connection:
        return list((await connection.execute(select(locations.c.id).order_by(locations.c.id))).scalars())


async def test_events_get_consecutive_numbers_in_the_order_of_submission(store: Store, heard: list[Event]) -> None:
    futures = [store.committer.submit(lambda tx, n=n: tx.emit(draft(n))) for n in range(200)]
    events = await asyncio.gather(*futures)

    assert [event.seq for event in events] == list(range(1, 201))
    assert [event.value["n"] for event in heard] == list(range(200))
    assert sorted(event.at for event in heard) == [event.at for event in heard]


async def test_many_units_share_one_commit(store: Store) -> None:
    before = store.committer.counts.commits
    await asyncio.gather(*(store.committer.submit(lambda tx: tx.emit(draft())) for _ in range(500)))

    assert store.committer.counts.commits - before < 10


async def test_a_unit_that_refuses_stores_nothing_and_hurts_nobody(store: Store, heard: list[Event]) -> None:
    def refuse(transaction: Transaction) -> None:
        transaction.insert(locations, location(transaction, transaction.next_id(locations)))
        transaction.emit(draft(99))
        raise Problem("conflict", "no")

    def accept(transaction: Transaction) -> int:
        new = transaction.next_id(locations)
        transaction.insert(locations, location(transaction, new))
        transaction.emit(draft(new))
        return new

    results = await asyncio.gather(
        *(store.committer.submit(unit) for unit in (accept, refuse, accept, refuse, accept)), return_exceptions=True
    )

    assert [isinstance(result, Problem) for result in results] == [False, True, False, True, False]
    assert [result for result in results if isinstance(result, int)] == [1, 2, 3] == await stored(store)
    assert [event.value["n"] for event in heard] == [1, 2, 3]
    assert [event.seq for event in heard] == [1, 2, 3]


async def test_a_unit_that_fails_after_writing_takes_only_itself_back(store: Store, heard: list[Event]) -> None:
    def accept(transaction: Transaction) -> None:
        transaction.insert(locations, location(transaction, transaction.next_id(locations)))
        transaction.emit(draft())

    def write_then_fail(transaction: Transaction) -> None:
        transaction.write(insert(locations), location(transaction, transaction.next_id(locations)))
        transaction.emit(draft(99))
        raise RuntimeError("after the write")

    results = await asyncio.gather(
        *(store.committer.submit(unit) for unit in (accept, write_then_fail, accept)), return_exceptions=True
    )

    assert isinstance(results[1], RuntimeError)
    assert await stored(store) == [1, 2]
    assert [event.seq for event in heard] == [1, 2]


async def test_a_unit_that_the_database_refuses_fails_alone(store: Store, heard: list[Event]) -> None:
    def accept(id: int) -> object:
        def work(transaction: Transaction) -> None:
            transaction.insert(locations, location(transaction, id))
            transaction.emit(draft(id))

        return store.committer.submit(work)

    results = await asyncio.gather(accept(1), accept(1), accept(2), return_exceptions=True)

    assert [getattr(result, "code", None) for result in results] == [None, "conflict", None]
    assert await stored(store) == [1, 2]
    assert [event.seq for event in heard] == [1, 2]


async def test_a_unit_sees_what_units_before_it_have_written(store: Store) -> None:
    def create(transaction: Transaction) -> int:
        new = transaction.next_id(locations)
        transaction.insert(locations, location(transaction, new))
        return new

    first, there, absent = await asyncio.gather(
        store.committer.submit(create),
        store.committer.submit(lambda tx: tx.exists(locations, 1)),
        store.committer.submit(lambda tx: tx.exists(locations, 2)),
    )

    assert (first, there, absent) == (1, True, False)


async def test_ids_of_deleted_rows_do_not_come_again_even_after_a_restart(settings: Settings) -> None:
    def create(transaction: Transaction) -> int:
        new = transaction.next_id(locations)
        transaction.insert(locations, location(transaction, new))
        return new

    store = await open_store(settings, lambda events: None)
    assert [await store.committer.submit(create) for _ in range(2)] == [1, 2]
    assert await store.committer.submit(lambda tx: tx.delete(locations, 2))
    await store.close()

    store = await open_store(settings, lambda events: None)
    assert await store.committer.submit(create) == 3
    await store.close()


async def test_a_unit_whose_caller_has_gone_is_still_done(store: Store, heard: list[Event]) -> None:
    abandoned = store.committer.submit(lambda tx: tx.emit(draft(1)))
    abandoned.cancel()
    await store.committer.submit(lambda tx: tx.emit(draft(2)))

    assert [event.value["n"] for event in heard] == [1, 2]


async def test_a_full_queue_answers_busy(tmp_path: object) -> None:
    store = await open_store(Settings(data=tmp_path, commit_queue=3), lambda events: None)
    futures = [store.committer.submit(lambda tx: tx.emit(draft())) for _ in range(3)]
    with pytest.raises(Problem) as refused:
        store.committer.submit(lambda tx: tx.emit(draft()))
    await asyncio.gather(*futures)
    await store.close()

    assert refused.value.code == "busy"
    assert refused.value.headers["Retry-After"]


async def test_closing_commits_what_was_submitted(settings: Settings) -> None:
    heard: list[Event] = []
    store = await open_store(settings, heard.extend)
    futures = [store.committer.submit(lambda tx: tx.emit(draft())) for _ in range(50)]
    await store.close()

    assert len(heard) == 50 == len([future for future in futures if future.result().seq])
    with pytest.raises(Problem, match="stopping"):
        store.committer.submit(lambda tx: tx.emit(draft()))


async def test_what_is_committed_is_not_run_again_when_telling_of_it_fails(settings: Settings) -> None:
    told: list[int] = []

    def announce(events: list[Event]) -> None:
        told.append(len(events))
        raise RuntimeError("a fault of whoever hears")

    store = await open_store(settings, announce)
    events = await asyncio.gather(*(store.committer.submit(lambda tx: tx.emit(draft())) for _ in range(3)))
    tip = store.log.tip
    await store.close()

    assert [event.seq for event in events] == [1, 2, 3]
    assert (tip, sum(told)) == (3, 3)
