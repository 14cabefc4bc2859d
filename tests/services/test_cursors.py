"""A client with a cursor, cut off at any point: nothing is left out, and what comes again is marked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from realtime.channels import Coverage
from realtime.config import Settings
from realtime.delivery.formats import Formats
from realtime.delivery.heartbeat import Heartbeat
from realtime.delivery.hub import Hub
from realtime.delivery.session import CursorKey, Peer, Session, Start
from realtime.events import Draft
from realtime.policy import NOBODY
from realtime.services.cursors import Cursors
from realtime.store.opening import Store
from realtime.store.transaction import Transaction

OTHER = "elsewhere"
worlds = count(1)


class Wire:
    """A transport that keeps what was written; the client has read as much of it as it likes."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def write(self, data: bytes) -> int:
        if self.closed is None:
            self.frames += split(data)
        return 0

    def pending(self) -> int:
        return 0

    def acknowledged(self) -> int:
        return 0

    def outstanding(self) -> int:
        return 0

    async def drained(self, patience: float | None = None) -> bool:
        return True

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


def split(data: bytes) -> list[bytes]:
    """The frames in one write: the lengths of those here fit in two bytes."""
    found = []
    while data:
        size, head = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
        found.append(data[: head + size])
        data = data[head + size :]
    return found


class World:
    """A server and its one client, who keeps what it has read over all its connections."""

    def __init__(self, store: Store, given: Settings) -> None:
        number = next(worlds)
        self.key = CursorKey("guest:192.0.2.1", "secure", f"tab-{number}")
        self.heard = f"plaza-{number}"
        self.store = store
        self._settings = given
        self.published: list[int] = []
        self.read: list[tuple[int, int, bool]] = []
        """(connection, seq, marked as replayed) of every event that the client has read."""
        self.connection = 0
        self.session: Session | None = None
        self.start_server()

    def start_server(self) -> None:
        """What an earlier server had in memory alone is gone."""
        self.hub = Hub(self.store.log, self._settings)
        self.formats = Formats(self.store.log.epoch)
        self.cursors = Cursors(self.store, self.hub, self._settings)
        self.heartbeat = Heartbeat(self.hub, self._settings)
        self.heartbeat.on_confirmed.append(self.cursors.confirmed)
        self.hub.on_connect.append(self.cursors.taken)
        self.hub.on_leave.append(self.cursors.left)
        self.now = 0.0

    async def publish(self, channel: str) -> None:
        draft = Draft.of(channel, "publication.created", {})
        event = await self.store.committer.submit(lambda tx: tx.emit(draft))
        self.hub.deliver([event])
        await settled(self.hub)
        # Before its first connection the client has no cursor, and is owed nothing.
        if channel == self.heard and self.connection:
            self.published.append(event.seq)

    async def connect(self) -> None:
        """A client that was cut off comes back with the same URL, before the server has noticed or after."""
        start = await self.cursors.start(self.key, Start())
        self.connection += 1
        self.wire, self.taken = Wire(), 0
        self.session = self.hub.connect(
            self.wire,
            self.formats.channels,
            NOBODY,
            (self.heard,),
            Coverage(frozenset({self.heard})),
            door="secure",
            start=start,
            peer=Peer(cursor=self.key),
        )
        await settled(self.hub)

    def take(self, most: int) -> None:
        """The client reads up to so many frames, and answers the pings among them."""
        for frame in self.wire.frames[self.taken : self.taken + most]:
            self.taken += 1
            if frame[0] == 0x89:
                if self.session is not None:
                    self.heartbeat.pong(self.session, frame[2:])
            else:
                body: dict[str, Any] = json.loads(frame[2:] if frame[1] < 126 else frame[4:])
                self.read.append((self.connection, body["seq"], body.get("replayed", False)))

    def ask(self) -> None:
        """A second passes."""
        self.now += 1.0
        self.heartbeat._survey(self.now)

    def cut(self) -> None:
        """The server notices that the client is gone."""
        if self.session is not None:
            self.hub.leave(self.session)
            self.session = None


async def settled(hub: Hub) -> None:
    """Until what was delivered is written, and who was behind has caught up."""
    while hub._timer is not None or any(session.task is not None for session in hub.sessions.values()):
        await asyncio.sleep(0)


class Round(NamedTuple):
    """A piece of a client's life: what comes before and after it is asked, how much of it it reads, how it ends."""

    before: list[bool]
    ask: bool
    after: list[bool]
    take: int
    store: bool
    end: str


EVENTS = st.lists(st.sampled_from([True, True, False]), max_size=3)
ROUNDS = st.lists(
    st.builds(
        Round,
        before=EVENTS,
        ask=st.booleans(),
        after=EVENTS,
        take=st.integers(0, 8),
        store=st.booleans(),
        end=st.sampled_from(["goes on", "cut", "cut unnoticed", "crash"]),
    ),
    min_size=1,
    max_size=8,
)


@settings_of_hypothesis(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
async def test_cuts_at_any_point_leave_no_gap_and_what_comes_again_is_marked(
    store: Store, settings: Settings, rounds: list[Round]
) -> None:
    world = World(store, replace(settings, join_window=0))
    await world.connect()
    for each in rounds:
        await live(world, each)
    world.cut()
    await world.connect()
    world.take(10_000)
    judge(world)


async def live(world: World, each: Round) -> None:
    for heard in each.before:
        await world.publish(world.heard if heard else OTHER)
    if each.ask:
        world.ask()
    for heard in each.after:
        await world.publish(world.heard if heard else OTHER)
    world.take(each.take)
    if each.store:
        await world.cursors.settle()
    if each.end == "crash":
        world.start_server()
    elif each.end == "cut":
        world.cut()
    if each.end != "goes on":
        await world.connect()


def judge(world: World) -> None:
    assert {seq for _, seq, _ in world.read} == set(world.published)
    known: dict[int, int] = {}
    before = (0, 0)
    for connection, seq, replayed in world.read:
        assert (connection, seq) > before, "in order, and once a connection"
        before = (connection, seq)
        assert seq not in known or replayed, "what comes again is marked"
        known[seq] = connection


async def test_a_socket_that_was_replaced_moves_the_cursor_no_more(store: Store, settings: Settings) -> None:
    world = World(store, settings)
    await world.connect()
    first, wire = world.session, world.wire
    assert first is not None
    positions = []
    for _ in range(2):
        await world.publish(world.heard)
        first.asked_at = None
        world.ask()
        positions.append([frame for frame in wire.frames if frame[0] == 0x89][-1][2:])

    # The second has looked up where it begins; then the first answers, and once more later.
    start = await world.cursors.start(world.key, Start())
    world.heartbeat.pong(first, positions[0])
    nothing, peer = Coverage(frozenset()), Peer(cursor=world.key)
    world.hub.connect(Wire(), world.formats.channels, NOBODY, (), nothing, door="secure", start=start, peer=peer)
    world.heartbeat.pong(first, positions[1])

    assert wire.closed is not None
    assert wire.closed[0] == 4011
    assert start.after is not None
    assert (await world.cursors.start(world.key, Start())).after == start.after


async def test_a_cursor_of_another_history_is_an_explicit_gap(store: Store, settings: Settings) -> None:
    world = World(store, settings)
    await world.connect()
    await world.cursors.settle()
    world.cut()
    await world.cursors.settle()
    store.log.epoch = "0badcafe"

    start = await world.cursors.start(world.key, Start())

    assert start.after is None
    assert start.gap is not None
    assert start.gap.epoch != "0badcafe"


async def test_an_unused_cursor_is_forgotten_and_a_used_one_is_not(store: Store, settings: Settings) -> None:
    world = World(store, settings)
    other = CursorKey(world.key.credential, world.key.door, "unused")
    await world.cursors.start(other, Start())
    await world.connect()
    week = settings.cursor_retention_days * 86_400_000
    written = store.committer.state.at

    await asyncio.sleep(0.005)
    await store.committer.submit(lambda tx: None)
    await world.cursors.trim(written + week + 1)

    def names(tx: Transaction) -> list[str]:
        from realtime.store.roster_tables import cursors

        return list(tx.read(cursors.select().with_only_columns(cursors.c.name)).scalars())

    assert await store.committer.submit(names) == [world.key.name]
