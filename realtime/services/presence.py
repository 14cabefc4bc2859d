"""
Who is online, over all doors and tabs: told as `user.online` and `user.offline` on the
channel `users`, the row of `presence` and its event in one unit of work.

One is online from the first connection on, and offline when the last has ended and the
grace (`presence_grace`) has passed without a new one; at once after `user:disconnected`,
and after a logout, a revocation or a kick. What the log says of somebody alternates, and
in the end is the truth: somebody who comes and goes faster than it can be stored is not
told, and what could not be stored is told later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import structlog

from realtime import clock
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.errors import CloseCode, Problem
from realtime.events import Signal
from realtime.jsonio import dumps
from realtime.services.credentials import Ended
from realtime.services.presence_events import CHANNEL, write
from realtime.services.presence_identity import Identity, account_key, account_of, claim_of
from realtime.services.presence_roll import Person, Roll
from realtime.services.users import folded
from realtime.store import presence as rows
from realtime.store.opening import Store

log = structlog.get_logger(__name__)

LEFT_FOR_GOOD: Final = frozenset({CloseCode.BAD_TOKEN, CloseCode.KICKED})
"""Codes after which there is no grace: logout, revocation, kick."""

BATCH: Final = 500
"""People of whom one unit of work tells, so that a crowd does not keep other writes waiting."""

PEOPLE_LIMIT: Final = 20_000
"""People present at once, past which the claim of a further guest is refused."""

RETRY: Final = 2.0
"""Seconds after which what could not be stored is tried again."""

PATIENCE: Final = 5.0
"""Seconds that a client's own word about itself may take to be stored."""

INSIDE: Final = "inside"
"""The credential of who needs none, being part of this process."""

LIST_INTERVAL: Final = 1.0
"""Seconds between two `users:list` to all, at least."""

LIST_RATE: Final = 32 * 2**20
"""Bytes a second that `users:list` may cost; a long list to many goes out less often."""


class Presence:
    """
    Who is online. `start` after the hub exists and before anybody connects, `stop` when the
    sockets are closed; `ended` belongs in `accounts.on_revoked`.

    The hub calls `entered` and `left`, the Socket.IO door `claim`, `withdraw` and
    `list_signal`. `now` is the monotonic clock, in seconds.
    """

    def __init__(self, store: Store, hub: Hub, settings: Settings, *, now: Callable[[], float] | None = None) -> None:
        self._store = store
        self._hub = hub
        self._now = now or asyncio.get_running_loop().time
        self._roll = Roll(settings.presence_grace / 1_000)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._resume_at = 0.0
        # Numbers of attendances: those of sessions are above 0.
        self._inside = 0
        self._list: Signal | None = None
        self._list_is_new = False
        self._list_at = 0.0

    # -- from start to stop -------------------------------------------------------------

    async def start(self) -> None:
        """`begin`, and do what is due when it is due from now on; ended by `stop`."""
        await self.begin()
        self._task = asyncio.create_task(self._run(), name="presence")

    async def begin(self) -> None:
        """Listen to the hub, and give those who were online the grace to return."""
        last = self._store.committer.state.at
        async with self._store.database.read() as connection:
            found = await rows.online_rows(connection)
        for row in found:
            identity = Identity(row["key"], row["username"], row["user_id"], row["uuid"])
            # After a crash nobody has noted when they were last seen: it was before the last commit.
            self._roll.restore(identity, max(row["last_seen"], last), self._now())
        self._hub.on_connect.append(self.entered)
        self._hub.on_leave.append(self.left)

    async def stop(self) -> None:
        """
        End. Nobody is told offline: who is online has the grace to return after the next
        start. When they were last seen is noted.
        """
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        now = clock.now()
        seen = {person.identity.key: now if person.sessions else person.left_at for person in self._roll.online()}
        for person in self._roll.people.values():
            person.answer(_stopping())
        if seen:
            try:
                await self._store.committer.submit(lambda tx: rows.note_seen(tx, seen))
            except Exception as error:  # noqa: BLE001 - a full disk must not keep the server from stopping
                log.warning("could not note who was last seen when", reason=str(error))

    # -- who comes and goes -------------------------------------------------------------

    def entered(self, session: Session) -> None:
        """A session has connected, or stands for somebody else now."""
        identity = None if session.close_code is not None else account_of(session)
        before = self._roll.of(session.id)
        if before is not None and (identity is None or before.identity.key != identity.key):
            self._leave(session, with_grace=True)
        if identity is not None and session.id not in self._roll:
            self._roll.enter(session.id, identity)
            self._wake.set()

    def left(self, session: Session) -> None:
        """A session has left the hub."""
        self._leave(session, with_grace=session.close_code not in LEFT_FOR_GOOD)

    def attend(self, user_id: int, name: str) -> int:
        """An account takes part from within this process, without a connection; the answer ends it (`retire`)."""
        self._inside -= 1
        self._roll.enter(self._inside, Identity(account_key(user_id), name, user_id))
        self._wake.set()
        return self._inside

    def retire(self, attendance: int) -> None:
        """It takes part no longer; it has the grace to return."""
        self._roll.leave(attendance, INSIDE, clock.now(), self._now())
        self._wake.set()

    def ended(self, ended: Ended) -> None:
        """These credentials have ended: who has just left with one of them will not return with it."""
        self._roll.end_grace({credential for credential, (code, _) in ended.items() if code in LEFT_FOR_GOOD})
        self._wake.set()

    async def claim(self, session: Session, user_id: str, username: str) -> None:
        """
        The client of a `chat` session says who it is (`user:connected`); returns when that
        is stored. Of one who is online already nothing happens. An account is online as
        itself, whatever the client says; a guest as the `user_id` and `username` (or, where
        that is empty, the `user_id`) that it claims.

        Raises Problem, and then nothing has happened: `invalid`; `not_permitted` for a
        device, another door, and the id, uuid or name of an account, in any case of its
        letters; `busy` when PEOPLE_LIMIT people are present; what the store raises.
        """
        if session.id in self._roll:
            return
        identity = account_of(session)
        if identity is None:
            if len(self._roll.people) >= PEOPLE_LIMIT:
                raise Problem("busy", f"{PEOPLE_LIMIT} people are present already.", retry_after=30)
            identity = await claim_of(session, user_id, username, self._store)
        if session.id in self._roll or session.id not in self._hub.sessions or session.close_code is not None:
            return
        person = self._roll.enter(session.id, identity)
        try:
            await self._settled(person)
        except Problem:
            if self._roll.of(session.id) is person:
                self._leave(session, with_grace=False)
            raise

    async def withdraw(self, session: Session) -> None:
        """
        The client says that it leaves (`user:disconnected`): it alone does, and its person
        without a grace if it was their last; returns when that is stored. `claim` takes it back.

        Raises Problem when it could not be stored yet; it is told as soon as it can be.
        """
        person = self._leave(session, with_grace=False)
        if person is not None:
            await self._settled(person)

    # -- who is there -------------------------------------------------------------------

    def users(self) -> list[dict[str, Any]]:
        """Who is online as far as the log goes, each once, by name: `[{"user_id": uuid, "username"}]`."""
        found = sorted(self._roll.online(), key=lambda person: (folded(person.identity.username), person.identity.key))
        return [{"user_id": person.uuid, "username": person.identity.username} for person in found]

    def list_signal(self) -> Signal:
        """The `users:list` of this moment. Who joins gets it at once; all get it after a change."""
        if self._list is None:
            self._list = Signal(CHANNEL, "users:list", dumps({"users": self.users()}), key="users:list")
        return self._list

    async def seen(self, user_ids: Collection[int]) -> Mapping[int, tuple[bool, int]]:
        """(online, last seen: when they last came or left, in milliseconds) of the accounts that ever were online."""
        async with self._store.database.read() as connection:
            found = await rows.rows_of(connection, [account_key(user_id) for user_id in user_ids])
        return {row["user_id"]: (row["online"], row["last_seen"]) for row in found}

    # -- telling ------------------------------------------------------------------------

    async def advance(self) -> None:
        """Do what is due now: end graces, store one batch of changes, pass the list on."""
        self._wake.clear()
        if self._hub.stopping:
            return
        self._roll.expire(self._now())
        if self._now() >= self._resume_at:
            await self._tell()
        if self._list_is_new and self._now() >= self._list_at:
            self._list_is_new = False
            written = self._hub.signal(self.list_signal())
            self._list_at = self._now() + max(LIST_INTERVAL, written / LIST_RATE)

    async def _run(self) -> None:
        while True:
            try:
                await self._due()
                await self.advance()
            except Exception as error:  # whatever it is, it must not end presence for ever
                log.error("presence failed", exc_info=error)
                await asyncio.sleep(RETRY)

    async def _due(self) -> None:
        """Wait until somebody comes or goes, or something falls due."""
        due = [] if self._roll.next_due is None else [self._roll.next_due]
        due += [self._resume_at] if self._roll.unsettled else []
        due += [self._list_at] if self._list_is_new else []
        if due and min(due) <= self._now() and not self._hub.stopping:
            return
        try:
            async with asyncio.timeout_at(None if self._hub.stopping else min(due, default=None)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _tell(self) -> None:
        changes = self._roll.take(BATCH)
        if not changes:
            return
        try:
            uuids = await self._store.committer.submit(lambda tx: write(tx, changes))
        except Exception as error:  # noqa: BLE001 - whatever it was, it is told later
            said = error if isinstance(error, Problem) else Problem("internal", "The server failed.")
            log.warning("presence could not be stored; it will be tried again", people=len(changes), reason=str(error))
            self._resume_at = self._now() + RETRY
            self._roll.not_told(changes, said)
            return
        self._roll.told(changes, uuids)
        self._list = None
        self._list_is_new = True

    def _leave(self, session: Session, *, with_grace: bool) -> Person | None:
        now = self._now() if with_grace else None
        person = self._roll.leave(session.id, session.principal.credential, clock.now(), now)
        if person is not None:
            self._wake.set()
        return person

    async def _settled(self, person: Person) -> None:
        """Wait until the log says of `person` what is true."""
        if self._hub.stopping:
            raise _stopping()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._roll.watch(person, waiter)
        self._wake.set()
        try:
            async with asyncio.timeout(PATIENCE):
                await waiter
        except TimeoutError:
            raise Problem("busy", "It takes too long to be stored; try again in a moment.", retry_after=1) from None


def _stopping() -> Problem:
    return Problem("stopping", "The server is stopping; try again in a moment.", retry_after=2)
