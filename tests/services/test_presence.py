"""Who is online: told once, in order, and in the end truly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, text

from realtime import clock
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.errors import CloseCode
from realtime.events import Draft, Event
from realtime.policy import Principal, Role
from realtime.services import presence as module
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from realtime.services.presence import Presence
from realtime.services.presence_identity import Identity
from realtime.services.presence_roll import Roll
from realtime.store.desk_tables import presence as table
from realtime.store.opening import Store
from realtime.store.tables import users
from tests.accounts import refusal
from tests.ears import GUEST, Ear, connect, someone

GRACE = 15.0


@dataclass
class Site:
    """A store, its accounts, a hub, and presence under a clock that the test turns."""

    store: Store
    accounts: Accounts
    settings: Settings
    heard: list[Event]
    now: float = 0.0
    hub: Hub = field(init=False)
    presence: Presence = field(init=False)
    users: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """What a start of the server does."""
        self.hub = Hub(self.store.log, self.settings)
        self.presence = Presence(self.store, self.hub, self.settings, now=lambda: self.now)
        await self.presence.begin()

    async def user(self, name: str, role: Role = Role.AGENT) -> Principal:
        """A user, made at the first mention, with a new token."""
        if name not in self.users:
            self.users[name] = (await self.accounts.users.create(SYSTEM, name, role))["id"]
        return someone(self.users[name], name, role)

    async def join(self, name: str, door: str = "secure") -> Session:
        """A connection of a user."""
        return connect(self.hub, await self.user(name), door)[0]

    def leave(self, session: Session, code: CloseCode | None = None) -> None:
        """The connection ends, closed by the server where there is a code."""
        if code is not None:
            session.close(code, "")
        self.hub.leave(session)

    async def after(self, seconds: float = 0.0) -> list[str]:
        """What has been told so far, once that time has passed: `ana online`."""
        self.now += seconds
        await self.presence.advance()
        await self.presence.advance()
        return self.told()

    async def done(self, word: Any, step: float = 0.0) -> Any:
        """What a client's own word about itself brings; so many seconds pass at a time."""
        task = asyncio.ensure_future(word)
        while not task.done():
            await self.presence.advance()
            await asyncio.sleep(0)
            self.now += step
        return task.result()

    def told(self) -> list[str]:
        values = [event.value for event in self.heard if event.channel == "users"]
        return [f"{value['username']} {value['status']}" for value in values]

    def names(self) -> list[str]:
        return [user["username"] for user in self.presence.users()]

    async def rows(self) -> dict[str, tuple[bool, int]]:
        """What the table says, by key."""
        async with self.store.database.read() as connection:
            found = await connection.execute(select(table))
            return {row.key: (row.online, row.last_seen) for row in found}


@pytest.fixture
async def site(store: Store, settings: Settings, accounts: Accounts, heard: list[Event]) -> Site:
    """Presence over a new database, at the beginning of time."""
    site = Site(store, accounts, settings, heard)
    await site.begin()
    return site


# -- accounts --------------------------------------------------------------------------


async def test_a_user_is_online_from_the_first_connection_to_the_end_of_the_grace_after_the_last(site: Site) -> None:
    first = await site.join("ana", "channels")
    assert await site.after() == ["ana online"]
    second = await site.join("ana", "dashboard")
    site.leave(first)
    assert await site.after(2 * GRACE) == ["ana online"]
    site.leave(second)
    assert await site.after(GRACE - 1) == ["ana online"]
    assert await site.after(1) == ["ana online", "ana offline"]
    await site.join("ana", "chat")
    assert await site.after() == ["ana online", "ana offline", "ana online"]


async def test_an_event_says_who_it_is_about_and_when_they_were_last_seen(site: Site) -> None:
    session = await site.join("ana")
    await site.after()
    earliest = clock.now()
    site.leave(session)
    latest = clock.now()
    await site.after(GRACE)

    online, offline = (event for event in site.heard if event.channel == "users")
    row = await site.accounts.users.get(site.users["ana"])
    who = {"user_id": row["id"], "uuid": row["uuid"], "username": "ana"}
    assert (online.type, online.entity_id, online.actor) == ("user.online", row["id"], "ana")
    assert online.value == {**who, "status": "online", "last_seen": clock.timestamp(online.at)}
    assert offline.type == "user.offline"
    seen = clock.parse(offline.value.pop("last_seen"))
    assert earliest <= seen <= latest
    assert {**offline.value, "last_seen": None} == {**who, "status": "offline", "last_seen": None}
    assert (await site.rows())[f"user:{row['id']}"] == (False, seen)
    assert await site.presence.seen([row["id"], SYSTEM.user_id or 0]) == {row["id"]: (False, seen)}


async def test_who_returns_within_the_grace_was_never_away(site: Site) -> None:
    for _ in range(5):
        session = await site.join("ana")
        await site.after(GRACE - 1)
        site.leave(session)
        await site.after(GRACE - 1)
    await site.join("ana")
    assert await site.after(2 * GRACE) == ["ana online"]


async def test_who_comes_and_goes_before_it_can_be_stored_is_not_told(site: Site) -> None:
    site.leave(await site.join("ana"), CloseCode.BAD_TOKEN)
    assert await site.after(GRACE) == []
    assert site.presence.users() == []


@pytest.mark.parametrize("code", [CloseCode.BAD_TOKEN, CloseCode.KICKED])
async def test_after_a_logout_a_revocation_or_a_kick_there_is_no_grace(site: Site, code: CloseCode) -> None:
    session = await site.join("ana")
    await site.after()
    site.leave(session, code)
    assert await site.after() == ["ana online", "ana offline"]


@pytest.mark.parametrize("code", [CloseCode.EXPIRED, CloseCode.SLOW, CloseCode.RECONNECT, CloseCode.NO_PONG])
async def test_whoever_is_asked_to_come_back_has_the_grace_to_do_so(site: Site, code: CloseCode) -> None:
    session = await site.join("ana")
    site.leave(session, code)
    await site.join("eva")
    assert await site.after() == ["ana online", "eva online"]
    assert await site.after(GRACE) == ["ana online", "eva online", "ana offline"]


async def test_a_logout_within_the_grace_ends_it(site: Site) -> None:
    ana, eva = await site.join("ana"), await site.join("eva")
    await site.after()
    site.leave(ana)
    site.leave(eva)
    changed = (CloseCode.RECONNECT, "the role changed")
    ended = {ana.principal.credential: (CloseCode.BAD_TOKEN, ""), eva.principal.credential: changed}
    site.presence.ended(ended)
    assert await site.after() == ["ana online", "eva online", "ana offline"]


async def test_devices_guests_streams_and_the_command_line_are_no_presence(site: Site) -> None:
    connect(site.hub, await site.user("probe", Role.DEVICE))
    connect(site.hub, await site.user("ana"), "sse")
    connect(site.hub, await site.user("ana"), "ndjson")
    connect(site.hub, Principal("root", Role.ADMIN, "socket"))
    for door in ("channels", "chat"):
        connect(site.hub, GUEST, door)
    assert await site.after() == []


async def test_a_connection_that_is_refused_as_it_joins_is_no_presence(site: Site) -> None:
    site.hub.is_current = lambda who: False
    session = await site.join("ana")
    assert session.close_code is CloseCode.RECONNECT
    assert await site.after() == []
    site.leave(session)
    assert await site.after(GRACE) == []


async def test_a_connection_that_becomes_somebody_elses_takes_its_presence_along(site: Site) -> None:
    session = await site.join("ana")
    await site.after()
    site.hub.identify(session, await site.user("ana"))
    assert await site.after(GRACE) == ["ana online"]
    site.hub.identify(session, await site.user("eva"))
    assert await site.after() == ["ana online", "eva online"]
    assert await site.after(GRACE) == ["ana online", "eva online", "ana offline"]


# -- the word of a client --------------------------------------------------------------


async def test_a_guest_of_the_chat_is_who_it_claims_to_be(site: Site) -> None:
    session, _ = connect(site.hub, GUEST, "chat")
    await site.done(site.presence.claim(session, "visitor-1", "María"))

    (event,) = (event for event in site.heard if event.channel == "users")
    assert (event.type, event.entity_id, event.actor) == ("user.online", None, "guest")
    assert event.value == {
        "user_id": None,
        "uuid": "visitor-1",
        "username": "María",
        "status": "online",
        "last_seen": clock.timestamp(event.at),
    }
    assert site.presence.users() == [{"user_id": "visitor-1", "username": "María"}]
    site.leave(session)
    assert await site.after(GRACE) == ["María online", "María offline"]
    assert await site.rows() == {}


async def test_a_client_that_is_online_says_so_again_and_nothing_happens(site: Site) -> None:
    session, _ = connect(site.hub, GUEST, "chat")
    await site.done(site.presence.claim(session, "v1", ""))
    await site.done(site.presence.claim(session, "v2", "another"))
    account = await site.join("ana", "chat")
    await site.done(site.presence.claim(account, "v3", "somebody else"))
    assert await site.after() == ["v1 online", "ana online"]


async def test_a_client_leaves_for_itself_alone_and_without_a_grace(site: Site) -> None:
    sessions = [connect(site.hub, GUEST, "chat")[0] for _ in range(2)]
    for session in sessions:
        await site.done(site.presence.claim(session, "v1", "Vera"))
    await site.done(site.presence.withdraw(sessions[0]))
    assert site.told() == ["Vera online"]
    await site.done(site.presence.withdraw(sessions[1]))
    assert site.told() == ["Vera online", "Vera offline"]
    await site.done(site.presence.withdraw(sessions[1]))
    for session in sessions:
        site.leave(session)
    assert await site.after(GRACE) == ["Vera online", "Vera offline"]


async def test_a_user_who_has_left_by_word_may_come_back_as_itself_only(site: Site) -> None:
    session = await site.join("ana", "chat")
    await site.after()
    await site.done(site.presence.withdraw(session))
    await site.done(site.presence.claim(session, "v1", "somebody else"))
    assert site.told() == ["ana online", "ana offline", "ana online"]


@pytest.mark.parametrize("door", ["secure", "dashboard", "sse"])
async def test_only_the_chat_takes_a_guests_word(site: Site, door: str) -> None:
    session, _ = connect(site.hub, GUEST, door)
    with refusal("not_permitted"):
        await site.done(site.presence.claim(session, "v1", "Vera"))


async def test_nobody_claims_to_be_an_account(site: Site) -> None:
    await site.user("ana")
    row = await site.accounts.users.get(site.users["ana"])
    session, _ = connect(site.hub, GUEST, "chat")
    spoofs = [
        str(row["id"]),
        f"0{row['id']}",
        row["uuid"],
        row["uuid"].upper(),
        "ana",
        "ANA",
        " Ana ",
        "ａｎａ",
        "system",
    ]
    for spoof in spoofs:
        for claim in ((spoof, "Vera"), ("v1", spoof)):
            with refusal("not_permitted"):
                await site.done(site.presence.claim(session, *claim))
    assert await site.after() == []
    await site.done(site.presence.claim(session, str(row["id"] + 1), "anna"))
    assert site.told() == ["anna online"]


@pytest.mark.parametrize("bad", ["", "   ", "x" * 65, "a\0b", "a\nb", "a\u202eb", "a\u200bb", "\ud800"])
async def test_a_claim_is_short_and_printable(site: Site, bad: str) -> None:
    session, _ = connect(site.hub, GUEST, "chat")
    with refusal("invalid"):
        await site.done(site.presence.claim(session, bad, "Vera"))
    if bad.strip():
        with refusal("invalid"):
            await site.done(site.presence.claim(session, "v1", bad))
    assert await site.after() == []


async def test_past_a_number_of_people_no_guest_is_taken_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PEOPLE_LIMIT", 2)
    sessions = [connect(site.hub, GUEST, "chat")[0] for _ in range(3)]
    for number in range(2):
        await site.done(site.presence.claim(sessions[number], f"v{number}", ""))
    with refusal("busy"):
        await site.done(site.presence.claim(sessions[2], "v2", ""))
    await site.join("ana")
    assert await site.after() == ["v0 online", "v1 online", "ana online"]


# -- starts, stops and failures ---------------------------------------------------------


async def test_after_a_crash_those_who_were_online_have_the_grace_to_return(site: Site) -> None:
    await site.join("ana")
    await site.join("eva")
    visitor, _ = connect(site.hub, GUEST, "chat")
    await site.done(site.presence.claim(visitor, "v1", "Vera"))
    before = await site.after()

    await site.begin()
    assert site.names() == ["ana", "eva", "Vera"]
    await site.join("ana")
    visitor, _ = connect(site.hub, GUEST, "chat")
    await site.done(site.presence.claim(visitor, "v1", "Vera"))
    assert await site.after(GRACE) == [*before, "eva offline"]
    # Nobody has noted when: the server lived at its last commit.
    offline = site.heard[-1]
    assert clock.parse(offline.value["last_seen"]) == site.heard[-2].at


async def test_a_stop_tells_nobody_offline_and_notes_when_they_were_seen(site: Site) -> None:
    presence = Presence(site.store, site.hub, Settings(data=site.settings.data, presence_grace=0))
    site.hub.on_connect.clear()
    site.hub.on_leave.clear()
    await presence.start()
    visitor, _ = connect(site.hub, GUEST, "chat")
    await presence.claim(visitor, "v1", "Vera")
    session = await site.join("ana", "chat")
    session.principal = await site.user("ana")
    await presence.claim(visitor, "v1", "Vera")
    await site.store.committer.submit(lambda tx: None)
    while "ana online" not in site.told():
        await asyncio.sleep(0)

    stopping = asyncio.create_task(site.hub.stop(0))
    await asyncio.sleep(0)
    earliest = clock.now()
    with refusal("stopping"):
        await presence.withdraw(visitor)
    site.leave(visitor)
    site.leave(session)
    await stopping
    await presence.stop()

    assert site.told() == ["Vera online", "ana online"]
    rows = await site.rows()
    assert set(rows) == {"claim:v1", f"user:{site.users['ana']}"}
    assert all(online and last_seen >= earliest for online, last_seen in rows.values())


async def test_what_could_not_be_stored_is_told_later(site: Site) -> None:
    ana, eva, disk = await site.join("ana"), await site.user("eva"), FullDisk(site.store)
    await site.after()
    await disk.fill()
    site.leave(ana, CloseCode.BAD_TOKEN)
    connect(site.hub, eva)
    visitor, _ = connect(site.hub, GUEST, "chat")
    with refusal("disk_full"):
        await site.done(site.presence.claim(visitor, "v1", "Vera"), step=module.RETRY)
    assert await site.after(module.RETRY) == ["ana online"]
    assert site.names() == ["ana"]
    await disk.empty()
    assert await site.after() == ["ana online"]
    assert sorted(await site.after(module.RETRY)) == ["ana offline", "ana online", "eva online"]
    assert site.names() == ["eva"]
    # The guest was told that nothing happened: nothing happens afterwards, until it asks again.
    await site.done(site.presence.claim(visitor, "v1", "Vera"))
    assert site.told()[-1] == "Vera online"


async def test_what_failed_and_is_no_longer_true_is_never_told(site: Site) -> None:
    ana, disk = await site.join("ana"), FullDisk(site.store)
    await site.after()
    await disk.fill()
    site.leave(ana, CloseCode.KICKED)
    await site.after()
    await site.join("ana")
    await disk.empty()
    assert await site.after(module.RETRY) == ["ana online"]


async def test_a_crowd_makes_no_crowd_of_tasks_and_few_commits(site: Site) -> None:
    crowd = 10_000
    async with Running(site) as presence:
        commits, tasks = site.store.committer.counts.commits, len(asyncio.all_tasks())
        who = await site.user("ana")
        ids = await many_users(site.store, crowd)
        sessions = [connect(site.hub, someone(key, name))[0] for key, name in ids.items()]
        assert len(asyncio.all_tasks()) == tasks
        before = len(site.heard)
        while len(site.heard) < before + crowd:
            await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == tasks
        assert site.store.committer.counts.commits - commits < crowd / 100
        assert sorted(site.told()) == sorted(f"{name} online" for name in ids.values())
        while len(presence.users()) < crowd:
            await asyncio.sleep(0)
        for session in sessions:
            site.leave(session)
        assert len(asyncio.all_tasks()) == tasks
        connect(site.hub, who)
        while site.told()[-1] != "ana online":
            await asyncio.sleep(0)
        assert len(site.told()) == crowd + 1


# -- the list ---------------------------------------------------------------------------


async def test_the_list_names_everybody_once_by_name(site: Site) -> None:
    for name in ("eva", "ana", "ana", "Bea"):
        await site.join(name)
    await site.after()
    assert site.names() == ["ana", "Bea", "eva"]
    row = await site.accounts.users.get(site.users["ana"])
    assert site.presence.users()[0] == {"user_id": row["uuid"], "username": "ana"}


async def test_all_get_the_list_after_a_change_at_most_once_a_second_and_the_last_word_always(site: Site) -> None:
    _, ear = connect(site.hub, GUEST, "chat")
    await site.after()
    assert lists(ear) == []
    await site.join("ana")
    await site.after()
    assert lists(ear) == [["ana"]]
    for name in ("eva", "leo"):
        await site.join(name)
        await site.after(0.4)
    assert lists(ear) == []
    await site.after(0.2)
    assert lists(ear) == [["ana", "eva", "leo"]]
    await site.after(10)
    assert lists(ear) == []
    assert site.presence.list_signal().key == "users:list"


async def test_a_long_list_goes_out_less_often(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIST_RATE", 10)
    _, ear = connect(site.hub, GUEST, "chat")
    await site.join("ana")
    await site.after()
    assert lists(ear) == [["ana"]]
    await site.join("eva")
    await site.after(module.LIST_INTERVAL)
    assert lists(ear) == []
    await site.after(60)
    assert lists(ear) == [["ana", "eva"]]


# -- what the tests need ----------------------------------------------------------------


def lists(ear: Ear) -> list[list[str]]:
    """The names of every list that was heard."""
    frames = [frame for frame in ear.frames() if frame["type"] == "users:list"]
    return [[user["username"] for user in frame["data"]["users"]] for frame in frames]


class Running:
    """The site's presence, doing by itself what is due when it is due."""

    def __init__(self, site: Site) -> None:
        self._presence = Presence(site.store, site.hub, site.settings)
        site.hub.on_connect.clear()
        site.hub.on_leave.clear()

    async def __aenter__(self) -> Presence:
        await self._presence.start()
        return self._presence

    async def __aexit__(self, *_: object) -> None:
        await self._presence.stop()


_PADDING = Draft.of("plaza", "publication.created", "x" * 99)


class FullDisk:
    """A database that may not grow: SQLite then says what it says of a full disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fill(self) -> None:
        """Let nothing more be stored."""
        await self._limit(1)
        with refusal("disk_full"):
            await self._grow()

    async def _grow(self) -> None:
        while True:
            await self._store.committer.submit(lambda tx: tx.emit(_PADDING))

    async def empty(self) -> None:
        """Let it grow again."""
        await self._limit(2**30)

    async def _limit(self, pages: int) -> None:
        await self._store.database.writer.execute(text(f"PRAGMA max_page_count = {pages}"))
        await self._store.database.writer.commit()


async def many_users(store: Store, number: int) -> dict[int, str]:
    """So many users, by id."""

    def work(tx: Any) -> dict[int, str]:
        made = {}
        for _ in range(number):
            key = tx.next_id(users)
            made[key] = f"user{key}"
            row = {"id": key, "uuid": f"uuid-{key}", "name": made[key], "folded": made[key], "role": "agent"}
            tx.insert(users, {**row, "active": True, "created_at": tx.at, "updated_at": tx.at})
        return made

    return await store.committer.submit(work)


def test_who_takes_part_before_the_log_was_read_is_not_made_to_return() -> None:
    roll, ana = Roll(15.0), Identity("user:7", "ana", 7)
    roll.enter(-1, ana)
    roll.restore(ana, 0, 0.0)
    roll.expire(100.0)

    assert [person.identity for person in roll.online()] == [ana]
    assert roll.take(10) == []
