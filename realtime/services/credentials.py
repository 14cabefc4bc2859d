"""
Which credentials are good now, and telling everyone the moment one no longer is.

Reading is cached in memory: this process is the only writer, so a change is known here
first and the cache is never older than the last commit.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from realtime import clock
from realtime.errors import CloseCode, Problem
from realtime.jsonio import loads_trusted
from realtime.policy import ASSIGNABLE, BELOW, Action, Principal, Role
from realtime.services.secrets import Kind, digest, kind_of
from realtime.store import accounts
from realtime.store.opening import Store
from realtime.store.transaction import Row, Transaction

T = TypeVar("T")

CACHE_LIMIT: Final = 10_000
"""Credentials kept in memory; the one unused for longest makes room, and costs a query when it returns."""

CHALLENGE: Final = 'Bearer realm="realtime"'
"""`WWW-Authenticate` (RFC 6750 §3) of every 401."""

_KEPT: Final = ("token:", "login:")

Ended = Mapping[str, tuple[CloseCode, str]]
"""
Credentials (`token:7`) that no longer stand for what they stood for, and how their sockets
close; and users (`user:3`) who do not, for whoever stands for them by another's credential.
"""

OnRevoked = Callable[[Ended], object]


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """What a unit of work brings, and the credentials that it ended."""

    value: T
    ended: Ended = field(default_factory=dict)


def unauthenticated(sentence: str, *, wrong: bool = True) -> Problem:
    """A 401 with its challenge; `wrong` where a credential was presented."""
    challenge = f'{CHALLENGE}, error="invalid_token"' if wrong else CHALLENGE
    return Problem("unauthenticated", sentence, headers={"WWW-Authenticate": challenge})


def narrowed(token: Role, user: Role) -> Role | None:
    """
    The role that a token has while its user has another: never above the user's, and None
    where the two have nothing in common (device and viewer).
    """
    if token in BELOW[user]:
        return token
    return user if user in BELOW[token] else None


class Credentials:
    """The cache of who is who, the way in for changes, and `on_revoked`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, Principal] = OrderedDict()
        self._hashes: dict[str, str] = {}
        self._changes = 0
        self.on_revoked: list[OnRevoked] = []

    async def principal(self, secret: str) -> Principal:
        """
        Whom a token or a login stands for.

        Raises Problem `unauthenticated`, which says why but never repeats the secret.
        """
        hashed = digest(secret)
        who = self._known.get(hashed)
        if who is None:
            who = await self._look_up(secret, hashed)
        else:
            self._known.move_to_end(hashed)
        if who.expires_at is not None and who.expires_at <= clock.now():
            raise unauthenticated("The credential has expired.")
        return who

    def is_current(self, who: Principal) -> bool:
        """
        Whether `who`, as it was found some awaits ago, may still be taken at its word:
        its credential has neither ended nor changed since. (Nor been forgotten: one that
        was not used while `CACHE_LIMIT` others were has to be looked up again.)
        """
        if not who.credential.startswith(_KEPT):
            return True
        known = self._known.get(self._hashes.get(who.credential, ""))
        # Who was declared in the roster may be another user than the one who did that.
        return known == who or (known is not None and who.connection is not None)

    async def change(self, work: Callable[[Transaction], Changed[T]]) -> T:
        """
        Do a unit of work and, once it is committed, end what it ended.

        A caller that is cancelled (its client went away) changes nothing of that: what is
        committed is ended, here and on all live sockets, before anyone hears of it.
        """
        future = self._store.committer.submit(work)
        future.add_done_callback(self._apply)
        return (await asyncio.shield(future)).value

    def _apply(self, future: asyncio.Future[Changed[Any]]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        ended = future.result().ended
        if not ended:
            return
        self._changes += 1
        for credential in ended:
            self._known.pop(self._hashes.pop(credential, ""), None)
        for tell in self.on_revoked:
            tell(ended)

    async def _look_up(self, secret: str, hashed: str) -> Principal:
        kind = kind_of(secret)
        if kind not in (Kind.TOKEN, Kind.LOGIN):
            raise unauthenticated("The credential is not one of this server's.")
        while True:
            changes = self._changes
            async with self._store.database.read() as connection:
                find = accounts.find_token if kind is Kind.TOKEN else accounts.find_login
                row = await find(connection, hashed)
            # Something was ended while we read: what we have may be from before.
            if changes == self._changes:
                break
        who = _token_principal(row) if kind is Kind.TOKEN else _login_principal(row)
        self._keep(hashed, who)
        return who

    def _keep(self, hashed: str, who: Principal) -> None:
        self._known[hashed] = who
        self._hashes[who.credential] = hashed
        if len(self._known) > CACHE_LIMIT:
            _, oldest = self._known.popitem(last=False)
            self._hashes.pop(oldest.credential, None)


def _token_principal(row: Row | None) -> Principal:
    if row is None:
        raise unauthenticated("The token is not one of this server's.")
    if row["revoked_at"] is not None:
        raise unauthenticated("The token was revoked.")
    role = narrowed(Role(row["role"]), Role(row["user_role"]))
    if not row["user_active"] or role is None:
        raise unauthenticated("The token's user may no longer use it.")
    return Principal(
        row["user_name"],
        role,
        f"token:{row['id']}",
        user_id=row["user_id"],
        channels=None if row["channels"] is None else frozenset(words(row["channels"])),
        verbs=None if row["verbs"] is None else frozenset(map(Action, words(row["verbs"]))),
        expires_at=row["expires_at"],
    )


def _login_principal(row: Row | None) -> Principal:
    if row is None:
        raise unauthenticated("You are no longer signed in.")
    role = Role(row["user_role"])
    if not row["user_active"] or role not in ASSIGNABLE:
        raise unauthenticated("The account may no longer sign in.")
    return Principal(
        row["user_name"],
        role,
        f"login:{row['id']}",
        user_id=row["user_id"],
        expires_at=row["expires_at"],
        browser=True,
    )


def words(text: str) -> list[str]:
    """The words of a token's limit, as its row keeps them."""
    return list(loads_trusted(text.encode()))
