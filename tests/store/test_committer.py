"""Group commit: each unit all or nothing, alone in its failure, in order."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.config import Settings
from realtime.errors import Problem
from realtime.events import Draft, Event
from realtime.policy import Policy
from realtime.services.publications import Publications
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


async def test_a_full_queue_answers_busy(tmp_path: Path) -> None:
    store = await open_store(Settings(data=tmp_path, commit_queue=3), lambda events: None)
    futures = [store.committer.submit(lambda tx: tx.emit(draft())) for _ in range(3)]
    with pytest.raises(Problem) as refused:
        store.committer.submit(lambda tx: tx.emit(draft()))
    await asyncio.gather(*futures)
    await store.close()

    assert refused.value.code == "busy"
    assert refused.value.headers["Retry-After"]


async def test_units_that_wait_hold_so_many_bytes_together_and_no_more(tmp_path: Path) -> None:
    store = await open_store(Settings(data=tmp_path, commit_queue_bytes=10_000), lambda events: None)
    committer = store.committer

    def submit(size: int) -> asyncio.Future[Event]:
        return committer.submit(lambda tx: tx.emit(draft()), size=size)

    for sizes in ((4_000, 6_000), (50_000,)):  # one alone may be of any size
        futures = [submit(size) for size in sizes]
        with pytest.raises(Problem) as refused:
            submit(1)
        assert (refused.value.code, refused.value.status) == ("busy", 503)
        assert refused.value.headers["Retry-After"]
        assert committer.held == sum(sizes)
        await asyncio.gather(*futures)
        assert committer.held == 0
    await store.close()


async def test_a_unit_gives_back_what_it_held_however_it_ends(store: Store) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.write(insert(locations), location(transaction, transaction.next_id(locations)))
        raise RuntimeError("after the write")

    def refuse(transaction: Transaction) -> None:
        raise Problem("conflict", "no")

    def twice(transaction: Transaction) -> None:
        transaction.insert(locations, location(transaction, 1))

    units = (fail, refuse, twice, twice, fail)
    futures = [store.committer.submit(unit, size=100) for unit in units]
    futures[1].cancel()
    await asyncio.wait(futures)

    assert store.committer.held == 0


async def test_publications_count_with_their_size(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, commit_queue_bytes=10_000)
    store = await open_store(settings, lambda events: None)
    publications = Publications(store, settings, Policy())
    drafts = [Draft.of("plaza", "publication.created", "x" * 3_000) for _ in range(5)]
    futures = [publications.publish(one) for one in drafts[:3]]
    with pytest.raises(Problem, match="waiting"):
        publications.publish(drafts[3])
    await asyncio.gather(*futures)
    assert (await publications.publish(drafts[4])).seq == 4
    await store.close()


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


async def test_a_job_apart_runs_between_two_commits_and_its_failure_is_its_own(store: Store) -> None:
    seen: list[bool] = []

    async def look(connection: AsyncConnection) -> int:
        seen.append(connection.in_transaction())
        return 7

    async def fail(connection: AsyncConnection) -> None:
        raise RuntimeError("apart")

    results = await asyncio.gather(
        store.committer.submit(lambda tx: tx.emit(draft(1))),
        store.committer.apart(look),
        store.committer.apart(fail),
        store.committer.submit(lambda tx: tx.emit(draft(2))),
        return_exceptions=True,
    )

    assert seen == [False]
    assert results[1] == 7
    assert isinstance(results[2], RuntimeError)
    assert store.log.tip == 2


async def test_a_job_apart_that_waits_at_the_end_is_done(settings: Settings) -> None:
    async def look(connection: AsyncConnection) -> str:
        return "done"

    store = await open_store(settings, lambda events: None)
    job = store.committer.apart(look)
    await store.close()

    assert job.result() == "done"
    with pytest.raises(Problem, match="stopping"):
        store.committer.apart(look)
