"""A deleted text is nowhere: not in the file of the database, not in its WAL, not after a crash."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.conversations import Conversations
from realtime.services.messages import Messages, Place, Speaker
from realtime.store import scrub
from realtime.store.opening import open_store
from realtime.store.tables import history

BOSS = Principal("boss", Role.ADMIN, "socket")
SPEAKER = Speaker(BOSS, "agent")
HALL = Place("hall", open=True)
PATIENCE = 30


def secret(*what: object) -> str:
    """A word that nothing else contains, nor the beginning of which."""
    return sha256(repr(what).encode()).hexdigest()[:32]


def kept(folder: Path, words: set[str]) -> set[str]:
    """Those of the words that some file still has; without their beginnings, which the index may share with others."""
    files = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    return {word for word in words if word[5:].encode() in files}


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not fact():
            await asyncio.sleep(0.01)


async def clear(messages: Messages) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await messages.scrubber.clear():
            await asyncio.sleep(0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub, "DELAY", 0.0)
    monkeypatch.setattr(scrub, "REST", 0)


@pytest.mark.parametrize("together", [1, 16])
async def test_no_file_has_what_was_deleted_and_all_have_what_was_not(
    messages: Messages, settings, ana: Principal, together: int
) -> None:
    chance, gone, alive = random.Random(together), set[str](), set[str]()

    async def live(number: int) -> None:
        """Send a message, edit some, take some on, delete some."""
        words, ident = {secret(number, 0)}, f"m-{number}"
        length = chance.choice([3, 30, 300, 2_000])
        await messages.send(SPEAKER, HALL, f"{'palavra ' * length}{secret(number, 0)} fim", ident=ident)
        await messages.mark(ident, "delivered", ana)
        for edit in range(1, chance.choice([1, 1, 2, 3])):
            words.add(secret(number, edit))
            length = chance.choice([1, 40, 1_000])
            await messages.edit(ident, f"{secret(number, edit)} {'troca ' * length}", SPEAKER)
        await messages.react(ident, "👍", ana)
        if chance.random() < 0.6:
            await messages.delete(ident, SPEAKER)
            gone.update(words)
        else:
            alive.add(secret(number, edit if len(words) > 1 else 0))

    for start in range(0, 160, together):
        await asyncio.gather(*(live(number) for number in range(start, start + together)))
    assert kept(settings.data, gone)
    await clear(messages)

    assert kept(settings.data, gone) == set()
    assert kept(settings.data, alive) == alive
    assert (settings.data / "realtime.db-wal").stat().st_size < 64 * 1024


async def test_what_is_deleted_is_cleared_away_by_itself(messages: Messages, settings, impatient: None) -> None:
    messages.start()
    for number in range(3):
        await messages.send(SPEAKER, HALL, f"a senha é {secret(number)}", ident=f"m-{number}")
        await messages.delete(f"m-{number}", SPEAKER)
        await until(lambda: not kept(settings.data, {secret(number)}))  # noqa: B023
    await messages.stop()


async def test_what_a_crash_has_left_is_cleared_away_at_the_next_start(settings, impatient: None) -> None:
    store = await open_store(settings, lambda events: None)
    messages = Messages(store, Conversations(store))
    await messages.send(SPEAKER, HALL, f"a senha é {secret('crash')}", ident="m-1")
    await messages.delete("m-1", SPEAKER)
    await store.close()
    assert kept(settings.data, {secret("crash")})

    store = await open_store(settings, lambda events: None)
    messages = Messages(store, Conversations(store))
    messages.start()
    await until(lambda: not kept(settings.data, {secret("crash")}))
    await messages.stop()
    await store.close()


async def test_a_pass_that_a_reader_holds_up_is_not_the_last(
    messages: Messages, store, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "TRIES", 1)
    await messages.send(SPEAKER, HALL, f"a senha é {secret('held')}", ident="m-1")
    async with store.database.read() as reader:
        await reader.execute(select(history))
        await messages.delete("m-1", SPEAKER)
        assert not await messages.scrubber.clear()
        # Nobody waits for it meanwhile.
        await messages.send(SPEAKER, HALL, "mais uma")

    assert await messages.scrubber.clear()
    assert kept(settings.data, {secret("held")}) == set()


async def test_what_is_deleted_during_a_pass_is_left_to_the_next(messages: Messages, settings) -> None:
    numbers = range(60)
    await asyncio.gather(*(messages.send(SPEAKER, HALL, f"senha {secret(n)}", ident=f"m-{n}") for n in numbers))

    async def delete(number: int) -> None:
        await messages.delete(f"m-{number}", SPEAKER)

    for number in numbers:
        await asyncio.gather(delete(number), messages.scrubber.clear())
    await clear(messages)

    assert kept(settings.data, {secret(n) for n in numbers}) == set()


async def test_without_a_deletion_a_pass_has_nothing_to_do(messages: Messages, store) -> None:
    await messages.send(SPEAKER, HALL, "olá")
    commits = store.committer.counts.commits

    assert await messages.scrubber.clear()
    assert store.committer.counts.commits == commits + 1


async def test_a_pass_under_way_does_not_keep_the_server_from_stopping(settings, impatient: None) -> None:
    store = await open_store(settings, lambda events: None)
    messages = Messages(store, Conversations(store))
    messages.start()
    await messages.send(SPEAKER, HALL, "olá", ident="m-1")
    await messages.delete("m-1", SPEAKER)
    closing = asyncio.create_task(store.close())
    with suppress(Problem):
        await messages.scrubber.clear()
    await asyncio.wait_for(closing, PATIENCE)
    await asyncio.wait_for(messages.stop(), PATIENCE)
