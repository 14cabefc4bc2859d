"""
Who is connected, who has just left, and of whom the log says something else: what
`presence.py` knows, without clock, log or sockets of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from realtime.services.presence_identity import Identity


@dataclass(slots=True, eq=False)
class Person:
    """One who is connected, was a moment ago, or is online as far as the log goes."""

    identity: Identity
    uuid: str
    told: bool = False
    """Whether the log says that they are online."""
    sessions: set[int] = field(default_factory=set)
    left_at: int = 0
    """When the last session left (milliseconds, UTC), and with which credential."""
    left_with: str = ""
    waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def answer(self, error: Exception | None = None) -> None:
        """Tell those who wait for the log to agree that it does, or why it does not."""
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)


@dataclass(frozen=True, slots=True)
class Change:
    """What the log is to be told of somebody; `last_seen` (milliseconds) is for those who have left."""

    identity: Identity
    online: bool
    last_seen: int


class Roll:
    """
    Everybody who counts, by key. Times are seconds of one monotonic clock, the caller's.

    One is online with a session, or for `grace` seconds after the last has left. `take`
    gives what the log has to be told, `told` says that it was, `not_told` that it was not;
    one batch at a time, so what the log says of somebody always alternates.
    """

    def __init__(self, grace: float) -> None:
        self.people: dict[str, Person] = {}
        self._grace = grace
        self._where: dict[int, Person] = {}
        # The grace is the same for all: who left first is due first, and stands first.
        self._graces: dict[str, float] = {}
        self._unsettled: dict[str, None] = {}

    def __contains__(self, session_id: int) -> bool:
        return session_id in self._where

    @property
    def unsettled(self) -> bool:
        """Whether there may be something that the log has to be told."""
        return bool(self._unsettled)

    @property
    def next_due(self) -> float | None:
        """When the next grace ends."""
        return next(iter(self._graces.values()), None)

    def restore(self, identity: Identity, left_at: int, now: float) -> None:
        """The log says that they are online, of a time before this start: they have the grace to return."""
        if (person := self.people.get(identity.key)) is not None:
            person.told = True
            return
        self.people[identity.key] = Person(identity, identity.uuid, told=True, left_at=left_at)
        self._graces[identity.key] = now + self._grace

    def enter(self, session_id: int, identity: Identity) -> Person:
        """The session is this one's from now on; it must be nobody else's."""
        person = self.people.get(identity.key)
        if person is None:
            person = self.people[identity.key] = Person(identity, identity.uuid)
        person.sessions.add(session_id)
        self._where[session_id] = person
        self._graces.pop(identity.key, None)
        self._unsettled[identity.key] = None
        return person

    def watch(self, person: Person, waiter: asyncio.Future[None]) -> None:
        """Answer `waiter` when the log says of `person`, who has just entered or left, what is true."""
        person.waiters.append(waiter)
        self._unsettled[person.identity.key] = None

    def of(self, session_id: int) -> Person | None:
        """Whose session it is."""
        return self._where.get(session_id)

    def leave(self, session_id: int, credential: str, left_at: int, now: float | None) -> Person | None:
        """
        The session of this credential has left, at that time (milliseconds, UTC). If it was
        its person's last, they have the grace from `now` on to return, or none where that is None.
        """
        person = self._where.pop(session_id, None)
        if person is None:
            return None
        person.sessions.discard(session_id)
        if not person.sessions:
            person.left_at, person.left_with = left_at, credential
            if now is not None:
                self._graces[person.identity.key] = now + self._grace
            self._unsettled[person.identity.key] = None
        return person

    def end_grace(self, credentials: Collection[str]) -> None:
        """Whoever left with one of these will not return with it."""
        for key in [key for key in self._graces if self.people[key].left_with in credentials]:
            self._end_grace(key)

    def expire(self, now: float) -> None:
        """End the graces that are due."""
        while (due := self.next_due) is not None and due <= now:
            self._end_grace(next(iter(self._graces)))

    def take(self, limit: int) -> list[Change]:
        """
        At most `limit` changes that the log has to be told; of those who need none, who wait
        are answered, and who have gone are forgotten.
        """
        changes: list[Change] = []
        while self._unsettled and len(changes) < limit:
            key = next(iter(self._unsettled))
            del self._unsettled[key]
            person = self.people.get(key)
            if person is None:
                continue
            online = self._is_online(person)
            if online != person.told:
                changes.append(Change(person.identity, online, person.left_at))
                continue
            person.answer()
            if not online:
                del self.people[key]
        return changes

    def told(self, changes: Collection[Change], uuids: dict[str, str]) -> None:
        """The log was told of those of the changes whose keys are in `uuids`."""
        for change in changes:
            key = change.identity.key
            person = self.people[key]
            if key in uuids:
                person.told, person.uuid = change.online, uuids[key]
                self._unsettled[key] = None
            else:
                # There is no such account: nothing can be said of it.
                person.answer()

    def not_told(self, changes: Collection[Change], error: Exception) -> None:
        """It was not; whoever waits hears why, and it has to be told again."""
        for change in changes:
            self.people[change.identity.key].answer(error)
            self._unsettled[change.identity.key] = None

    def online(self) -> Iterator[Person]:
        """Those of whom the log says that they are online."""
        return (person for person in self.people.values() if person.told)

    def _end_grace(self, key: str) -> None:
        del self._graces[key]
        self._unsettled[key] = None

    def _is_online(self, person: Person) -> bool:
        return bool(person.sessions) or person.identity.key in self._graces
