"""A key is done once, whoever goes away meanwhile, and is forgotten in its time."""

import asyncio

import pytest

from realtime import clock
from realtime.errors import Problem
from realtime.services.idempotency import Idempotency
from realtime.store.idempotency import Key
from realtime.store.tables import idempotency_keys

KEY = Key("token:1", "/api/v1/readings", "a", "digest")


@pytest.fixture
def idempotency(store):
    return Idempotency(store, 24)


@pytest.fixture
def do(store):
    """Does something that keeps the key, and counts how often."""

    async def work(key):
        work.times += 1
        return await store.committer.submit(lambda tx: key.keep(tx, 201, [work.times], None) or work.times)

    work.times = 0
    return work


async def again(outcome):
    return ("again", outcome.ids)


async def test_the_second_time_is_told_what_the_first_one_did(idempotency, do):
    assert await idempotency.once(KEY, do, again) == 1
    assert await idempotency.once(KEY, do, again) == ("again", [1])
    assert do.times == 1


async def test_a_key_stays_taken_while_its_request_goes_on_without_its_requester(idempotency, do):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(key):
        begun.set()
        await go_on.wait()
        return await do(key)

    gone = asyncio.create_task(idempotency.once(KEY, slowly, again))
    await begun.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    with pytest.raises(Problem) as refused:
        await idempotency.once(KEY, do, again)
    go_on.set()
    await idempotency.settle()

    assert refused.value.code == "in_progress"
    assert await idempotency.once(KEY, do, again) == ("again", [1])
    assert do.times == 1


async def test_what_failed_leaves_nothing_behind(idempotency, do, store):
    def fail(tx):
        KEY.keep(tx, 201, [1], None)
        raise Problem("invalid", "No.")

    async def failing(key):
        return await store.committer.submit(fail)

    with pytest.raises(Problem):
        await idempotency.once(KEY, failing, again)
    assert await idempotency.once(KEY, do, again) == 1


@pytest.mark.parametrize(("age", "known"), [(24 * clock.HOUR - clock.MINUTE, True), (24 * clock.HOUR + 1, False)])
async def test_a_key_is_forgotten_after_its_time(idempotency, do, store, age, known):
    await idempotency.once(KEY, do, again)
    await store.committer.submit(
        lambda tx: tx.write(idempotency_keys.update().values(created_at=clock.now() - age)) and None
    )

    assert await idempotency.once(KEY, do, again) == (("again", [1]) if known else 2)
    assert do.times == 2 - known
