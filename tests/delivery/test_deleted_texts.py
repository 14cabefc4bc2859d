"""A session that catches up after a deletion never sees the text, wherever it reads from and however far it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from realtime.channels import EVERYTHING, Coverage
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.ring import DELETED_LIMIT, Ring
from realtime.delivery.session import Session, Start
from realtime.events import Draft, Event
from realtime.policy import Principal, Role
from realtime.services.conversations import Conversations
from realtime.services.messages import Messages, Place, Speaker
from realtime.store.log import Page
from realtime.store.opening import Store, open_store
from tests.ears import CANONICAL_FORMAT, Ear

BOSS = Principal("boss", Role.ADMIN, "socket")
SPEAKER = Speaker(BOSS, "agent")
SECRET = "the word is swordfish"
PATIENCE = 20


class Scene:
    """A store whose commits reach the hub when the test says so, and clients of that hub."""

    def __init__(self, store: Store, committed: list[Event], settings: Settings) -> None:
        self.store = store
        self.hub = Hub(store.log, settings)
        self.messages = Messages(store, Conversations(store))
        self._committed = committed

    def tell(self) -> None:
        """Deliver what is committed."""
        events, self._committed[:] = self._committed[:], []
        self.hub.deliver(events)

    async def say(self, content: str) -> int:
        written = await self.messages.send(SPEAKER, Place("hall", open=True), content)
        return int(written.row["id"])

    async def pad(self, events: int, size: int) -> None:
        """Let others talk, so that a replay has something to do."""
        for _ in range(events):
            await self.store.committer.submit(lambda tx: tx.emit(Draft.of("plaza", "publication.created", "x" * size)))

    def come_back(self, ear: Ear, after: int = 0) -> Session:
        return self.hub.connect(
            ear, CANONICAL_FORMAT, BOSS, ("chat",), EVERYTHING, door="secure", start=Start(after=after)
        )

    async def caught_up(self, session: Session) -> None:
        async with asyncio.timeout(PATIENCE):
            while not session.live:
                await asyncio.sleep(0)


class Startled(Ear):
    """Does something when it is written to for the first time."""

    def __init__(self, does: Callable[[], None]) -> None:
        super().__init__()
        self._does: Callable[[], None] | None = does

    def write(self, data: bytes) -> int:
        written = super().write(data)
        does, self._does = self._does, None
        if does is not None:
            does()
        return written


class Slow:
    """A log that takes its time: something happens between reading a page and giving it."""

    def __init__(self, log: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._log, self._meanwhile = log, meanwhile
        self.epoch = log.epoch
        self.reads = 0

    @property
    def tip(self) -> int:
        return int(self._log.tip)

    async def since(self, after: int, coverage: Coverage, *, upto: int, limit: int) -> Page:
        page: Page = await self._log.since(after, coverage, upto=upto, limit=limit)
        self.reads += 1
        if self.reads == 1:
            await self._meanwhile()
        return page


@pytest.fixture
async def enter(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Scene]]]:
    """Makes a scene, with a ring of so many events."""
    stores: list[Store] = []

    async def make(ring_events: int) -> Scene:
        committed: list[Event] = []
        stores.append(await open_store(settings, committed.extend))
        return Scene(stores[-1], committed, Settings(data=settings.data, ring_events=ring_events))

    yield make
    for store in stores:
        await store.close()


def of_chat(frames: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(frame["type"], frame["data"].get("content")) for frame in frames if frame["channel"] == "chat"]


def whole(frames: list[dict[str, Any]], scene: Scene) -> bool:
    """Whether the frames are the whole log, each event once, in order."""
    return [frame["seq"] for frame in frames] == list(range(1, scene.hub.tip + 1))


@pytest.mark.parametrize("ring_events", [1_000, 1], ids=["ring", "disk"])
async def test_who_comes_back_after_the_deletion_sees_that_there_was_a_message_and_not_what_it_said(
    enter: Callable[..., Awaitable[Scene]], ring_events: int
) -> None:
    scene = await enter(ring_events)
    await scene.messages.delete(await scene.say(SECRET), SPEAKER)
    scene.tell()
    ear = Ear()
    await scene.caught_up(scene.come_back(ear))

    frames = ear.frames()
    assert whole(frames, scene)
    created = next(frame for frame in frames if frame["type"] == "message.created")
    assert created["data"].keys() == {"id", "uuid", "conversation_id", "chat_id", "deleted"}
    assert created["data"]["deleted"] is True
    assert SECRET not in str(frames)


async def test_a_replay_from_the_ring_that_is_under_way_stops_before_the_text(
    enter: Callable[..., Awaitable[Scene]],
) -> None:
    scene = await enter(1_000)
    await scene.pad(20, 20_000)
    message = await scene.say(SECRET)
    scene.tell()
    await scene.messages.delete(message, SPEAKER)
    ear = Startled(scene.tell)
    await scene.caught_up(scene.come_back(ear))

    frames = ear.frames()
    assert whole(frames, scene)
    assert SECRET not in str(frames)
    assert of_chat(frames)[-2:] == [("message.created", None), ("message.deleted", None)]


async def test_a_page_that_was_read_before_the_deletion_is_read_again(enter: Callable[..., Awaitable[Scene]]) -> None:
    scene = await enter(1)
    message = await scene.say(SECRET)
    scene.tell()

    async def meanwhile() -> None:
        await scene.messages.delete(message, SPEAKER)
        scene.tell()

    log = scene.hub.log = Slow(scene.store.log, meanwhile)
    ear = Ear()
    await scene.caught_up(scene.come_back(ear))

    frames = ear.frames()
    assert log.reads > 1
    assert whole(frames, scene)
    assert SECRET not in str(frames)


async def test_a_page_without_the_deleted_message_is_not_read_again(enter: Callable[..., Awaitable[Scene]]) -> None:
    scene = await enter(1)
    for word in ("um", "dois"):
        await scene.say(word)
    scene.tell()
    page_end = scene.hub.tip

    async def meanwhile() -> None:
        message = await scene.say("três")
        await scene.messages.delete(message, SPEAKER)
        scene.tell()

    log = scene.hub.log = Slow(scene.store.log, meanwhile)
    ear = Ear()
    await scene.caught_up(scene.come_back(ear))

    frames = ear.frames()
    assert log.reads == 2
    assert whole(frames, scene)
    assert [content for _, content in of_chat(frames[:page_end])] == [None, "um", "dois"]


async def test_who_is_live_sees_a_message_and_then_its_deletion(enter: Callable[..., Awaitable[Scene]]) -> None:
    scene = await enter(1_000)
    ear = Ear()
    session = scene.come_back(ear)
    await scene.caught_up(session)
    message = await scene.say(SECRET)
    scene.tell()
    await scene.messages.delete(message, SPEAKER)
    scene.tell()
    scene.hub.leave(session)

    assert of_chat(ear.frames())[1:] == [("message.created", SECRET), ("message.deleted", None)]


def event(seq: int, type: str, entity: int) -> Event:
    return Event(seq, "chat", type, b"{}", entity, "ana", 0)


def test_the_ring_forgets_all_that_was_before_a_deletion_and_knows_what_it_spoilt() -> None:
    ring = Ring(100, 1 << 20)
    for seq in range(1, 6):
        ring.append(event(seq, "message.created", seq))
    before = ring.deletions
    ring.append(event(6, "message.deleted", 3))

    assert len(ring) == 1
    assert not ring.covers(4, 6)
    assert ring.covers(5, 6)
    assert ring.spoilt([event(3, "message.created", 3)], before)
    assert not ring.spoilt([event(4, "message.created", 4)], before)
    assert not ring.spoilt([event(3, "message.created", 3)], ring.deletions)
    for seq in range(7, 7 + DELETED_LIMIT):
        ring.append(event(seq, "message.deleted", seq))
    assert ring.spoilt([event(4, "message.created", 4)], before), "too many to know them all by name"
