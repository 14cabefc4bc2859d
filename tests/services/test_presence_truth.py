"""Whatever happens, in whatever order: what the log says of somebody alternates, and is the truth."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.errors import CloseCode, Problem
from realtime.events import Event
from realtime.policy import Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from realtime.services.presence import RETRY, Presence
from realtime.store.opening import Store, open_store
from tests.ears import GUEST, connect, someone

GRACE, NAMES = 15, ("ana", "eva")
# Places for a client each: of users (a name), and of guests of the chat (none).
PLACES = ("ana", "ana", "eva", None, None)

slots = st.integers(0, len(PLACES) - 1)
waits = st.tuples(st.just("wait"), st.sampled_from([1, 14, 15]))
# Some things stand here twice: they happen more often.
steps = st.one_of(
    st.tuples(st.just("toggle"), slots),
    st.tuples(st.just("toggle"), slots),
    st.tuples(st.just("log out"), slots),
    st.tuples(st.just("withdraw"), slots),
    st.tuples(st.just("claim"), slots, st.just("v1")),
    st.tuples(st.just("claim"), slots, st.sampled_from(["v2", "ana"])),
    waits,
    st.sampled_from([("fail to store",), ("crash",), ("wait", 40)]),
)
moves = st.lists(st.tuples(steps, st.booleans()), min_size=15, max_size=60)
"""What happens, and whether it is stored before the next thing happens."""


@dataclass
class Model:
    """The rules in as few words as possible: who has which clients, and until when who has gone may return."""

    clients: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    until: dict[str, float] = field(default_factory=dict)

    def key_of(self, slot: int) -> str | None:
        return next((key for key, slots in self.clients.items() if slot in slots), None)

    def enter(self, slot: int, key: str) -> None:
        self.clients[key].add(slot)
        self.until.pop(key, None)

    def leave(self, slot: int, until: float | None) -> None:
        key = self.key_of(slot)
        if key is None:
            return
        self.clients[key].discard(slot)
        if not self.clients[key] and until is not None:
            self.until[key] = until

    def online(self, now: float) -> set[str]:
        here = {key for key, slots in self.clients.items() if slots}
        return here | {key for key, until in self.until.items() if until > now}


class Play:
    """The real thing and the model, side by side."""

    def __init__(self, store: Store, settings: Settings, users: dict[str, int], heard: list[Event]) -> None:
        self.store, self.settings, self.users, self.heard = store, settings, users, heard
        self.now = 0.0
        self.failed = False
        self.model = Model()

    async def begin(self) -> None:
        self.sessions: dict[int, Session] = {}
        self.hub = Hub(self.store.log, self.settings)
        self.presence = Presence(self.store, self.hub, self.settings, now=lambda: self.now)
        await self.presence.begin()

    async def step(self, what: str, *about: Any) -> None:
        match what, about:
            case "toggle", (slot,) if slot not in self.sessions:
                self.connect(slot)
            case "toggle", (slot,):
                self.model.leave(slot, self.now + GRACE)
                self.hub.leave(self.sessions.pop(slot))
            case "log out", (slot,) if slot in self.sessions:
                self.model.leave(slot, None)
                session = self.sessions.pop(slot)
                session.close(CloseCode.BAD_TOKEN, "")
                self.hub.leave(session)
            case "claim", (slot, name) if slot in self.sessions:
                await self.claim(slot, name)
            case "withdraw", (slot,) if slot in self.sessions:
                self.model.leave(slot, None)
                await self.answer(self.presence.withdraw(self.sessions[slot]))
            case "wait", (seconds,):
                self.now += seconds
            case "fail to store", ():
                await self.fail()
            case "crash", ():
                await self.crash()

    def connect(self, slot: int) -> None:
        name = PLACES[slot]
        who: Principal = GUEST if name is None else someone(self.users[name], name)
        self.sessions[slot] = connect(self.hub, who, "chat")[0]
        if name is not None:
            self.model.enter(slot, f"user:{self.users[name]}")

    async def claim(self, slot: int, claimed: str) -> None:
        refused = await self.answer(self.presence.claim(self.sessions[slot], claimed, ""))
        name = PLACES[slot]
        if name is None and claimed in NAMES and self.model.key_of(slot) is None:
            assert refused == "not_permitted"
            return
        assert refused is None
        if self.model.key_of(slot) is None:
            self.model.enter(slot, f"claim:{claimed}" if name is None else f"user:{self.users[name]}")

    async def answer(self, word: Any) -> str | None:
        """The code with which a client's word is refused, once all that failed before has been tried again."""
        self.now += RETRY
        task = asyncio.ensure_future(word)
        while not task.done():
            await self.presence.advance()
            await asyncio.sleep(0)
        error = task.exception()
        assert error is None or isinstance(error, Problem)
        return None if error is None else error.code

    async def settle(self) -> None:
        """Once everything is stored, the log is the truth."""
        if self.failed:
            self.failed = False
            self.now += RETRY
        for _ in range(2):
            await self.presence.advance()
        said = self.said()
        for key, statuses in said.items():
            assert statuses == (["online", "offline"] * len(statuses))[: len(statuses)], key
        truth = self.model.online(self.now)
        assert {key for key, statuses in said.items() if statuses[-1] == "online"} == truth
        assert len(self.presence.users()) == len(truth)

    async def fail(self) -> None:
        """The queue of the one writer is full."""
        filling = [self.store.committer.submit(lambda tx: None) for _ in range(self.settings.commit_queue)]
        await self.presence.advance()
        self.failed = True
        await asyncio.gather(*filling)

    async def crash(self) -> None:
        """What was stored is all that is left."""
        online = {key for key, statuses in self.said().items() if statuses[-1] == "online"}
        self.model = Model(until=dict.fromkeys(online, self.now + GRACE))
        await self.begin()

    def said(self) -> dict[str, list[str]]:
        """What the log says of each, in order."""
        said: dict[str, list[str]] = {}
        for event in self.heard:
            if event.channel == "users":
                value = event.value
                key = f"claim:{value['uuid']}" if value["user_id"] is None else f"user:{value['user_id']}"
                assert event.type == f"user.{value['status']}"
                said.setdefault(key, []).append(value["status"])
        return said


async def play(history: list[tuple[tuple[Any, ...], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder), durability="normal", presence_grace=GRACE * 1_000, commit_queue=4, token_days=1
        )
        heard: list[Event] = []
        store = await open_store(settings, heard.extend)
        try:
            accounts = Accounts(store, settings)
            users = {name: (await accounts.users.create(SYSTEM, name, Role.AGENT))["id"] for name in NAMES}
            game = Play(store, settings, users, heard)
            await game.begin()
            for (what, *about), stored in history:
                await game.step(what, *about)
                if stored:
                    await game.settle()
            await game.settle()
            await game.step("wait", GRACE)
            await game.settle()
        finally:
            await store.close()


@hypothesis.settings(max_examples=60, deadline=None)
@given(moves)
def test_the_log_alternates_and_in_the_end_is_the_truth(history: list[tuple[tuple[Any, ...], bool]]) -> None:
    asyncio.run(play(history))
