"""
Passwords: setting one, and signing in with a name and one.

Whoever tries learns nothing but that it did not fit: for a name that nobody has, a user
without a password and one who is disabled, the answer and what it costs are the same.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from realtime.config import Settings
from realtime.errors import CloseCode, Problem, invalid
from realtime.policy import ASSIGNABLE, Principal, Role
from realtime.services.credentials import Changed, Credentials, Ended, unauthenticated
from realtime.services.hashing import Hasher
from realtime.services.logins import Login, Logins
from realtime.services.password_rules import weakness
from realtime.services.secrets import Kind, digest, draw
from realtime.services.sign_in_limits import SignInLimits
from realtime.services.users import folded, note, unlimited
from realtime.store import accounts, passwords
from realtime.store.accounts import BUILT_IN
from realtime.store.opening import Store
from realtime.store.transaction import Row, Transaction

OUTCOMES: Final = ("ok", "wrong", "limited", "busy")
"""How a sign-in by password can end; counted in `Passwords.outcomes`, and nowhere kept by name."""

_NAME_LIMIT: Final = 65
"""Characters of a tried name that count: no name has more than 64."""


class Passwords:
    """Setting, removing and trying passwords; ended by `stop`."""

    def __init__(self, store: Store, credentials: Credentials, logins: Logins, settings: Settings) -> None:
        self._store = store
        self._credentials = credentials
        self._logins = logins
        self._least = settings.password_length
        self.hasher = Hasher(settings.password_memory)
        self.limits = SignInLimits(settings.sign_in_attempts)
        self.outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))

    async def stop(self) -> None:
        """End when what is being hashed is."""
        await self.hasher.stop()

    async def set(
        self, who: Principal, key: int | str, password: str, *, current: str | None = None, address: str = ""
    ) -> None:
        """
        Give the user `key` (id or uuid) a password. Their other logins end, and close with
        4500; sign-in links are void; tokens stay.

        An admin sets anybody's. Others set their own, signed in in a browser, and say the
        `current` one where there is one: tries at it count like sign-ins from `address`.

        Raises Problem `not_permitted`, `not_found`, `conflict` (built in, disabled),
        `invalid` (too weak, or not the current one), `too_many_requests`, `busy`.
        """
        user = await self._user(who, key)
        if said := weakness(password, user["name"], self._least):
            raise invalid(password=said)
        if who.role is not Role.ADMIN and user["hash"] is not None:
            await self._check_current(user, current, address)
        hashed = await self.hasher.hash(password)
        await self._credentials.change(lambda tx: self._set(tx, who, user, hashed))

    async def remove(self, who: Principal, key: int | str) -> None:
        """
        Take a user's password away: sign-in links stay as the way in, logins as they are.
        Whoever calls has checked that `who` is an admin. Raises Problem `not_found`, also
        where there is none.
        """
        unlimited(who)
        user = await self._user(who, key)
        await self._credentials.change(lambda tx: _remove(tx, who, user))

    async def sign_in(self, name: str, password: str, address: str) -> Login:
        """
        A new login of the user of that name. Raises Problem `unauthenticated` where that
        cannot be, whatever the reason; `too_many_requests`, `busy`.
        """
        account = folded(name)[:_NAME_LIMIT]
        try:
            self.limits.begin(account, address)
        except Problem:
            self.outcomes["limited"] += 1
            raise
        async with self._store.database.read() as connection:
            user = await passwords.find_folded(connection, account)
        fits = await self._fits(user, password, account, address)
        if user is None or not fits or not user["active"] or Role(user["role"]) not in ASSIGNABLE:
            self.outcomes["wrong"] += 1
            raise _wrong()
        try:
            login = await self._enter(user, password)
        except Problem as problem:
            self.outcomes["wrong"] += problem.code == "unauthenticated"
            raise
        self.limits.succeeded(account, address)
        self.outcomes["ok"] += 1
        return login

    async def _fits(self, user: Row | None, password: str, account: str, address: str) -> bool:
        try:
            return await self.hasher.verify(None if user is None else user["hash"], password)
        except Problem:
            self.outcomes["busy"] += 1
            self.limits.cancelled(account, address)
            raise

    async def _enter(self, user: Row, password: str) -> Login:
        fresh = await self._fresh(user["hash"], password)
        secret = draw(Kind.LOGIN)
        hashed = digest(secret)

        def enter(tx: Transaction) -> Changed[str]:
            now = passwords.user_in(tx, user["id"])
            # While the password was looked at, it may have been changed, or its user disabled.
            if now["hash"] != user["hash"] or not now["active"] or Role(now["role"]) not in ASSIGNABLE:
                raise _wrong()
            if fresh is not None:
                passwords.rewrite(tx, user["id"], fresh)
            return self._logins.enter(tx, now, hashed, "password")

        return self._logins.entered(secret, await self._credentials.change(enter))

    async def _fresh(self, hash: str, password: str) -> str | None:
        """The password's hash with the parameters of now, where it has others; it can wait until there is time."""
        if not self.hasher.outdated(hash):
            return None
        try:
            return await self.hasher.hash(password)
        except Problem:
            return None

    async def _user(self, who: Principal, key: int | str) -> Row:
        """The user whose password `who` may set."""
        unlimited(who)
        async with self._store.database.read() as connection:
            user = await passwords.find_user(connection, key)
        if who.role is not Role.ADMIN:
            if user is None or who.user_id != user["id"]:
                raise Problem("not_permitted", "You can set your own password alone.")
            # A token that was stolen must not become a way in for good.
            if not who.credential.startswith("login:"):
                raise Problem("not_permitted", "Sign in in a browser to set your password; a token cannot.")
        if user is None:
            raise Problem("not_found", "There is no such user.")
        _check_may_sign_in(user)
        return user

    async def _check_current(self, user: Row, current: str | None, address: str) -> None:
        if current is None:
            raise invalid(current="Your present password is needed.")
        account = user["folded"]
        self.limits.begin(account, address)
        if not await self._fits(user, current, account, address):
            raise invalid(current="Is not your present password.")
        self.limits.succeeded(account, address)

    def _set(self, tx: Transaction, who: Principal, user: Row, hashed: str) -> Changed[None]:
        before = passwords.user_in(tx, user["id"])
        _check_may_sign_in(before)
        if who.role is not Role.ADMIN and before["hash"] != user["hash"]:
            raise Problem("conflict", "The password was changed meanwhile.")
        own = who.credential.removeprefix("login:") if who.user_id == user["id"] else ""
        kept = int(own) if own.isdigit() else None
        ended: Ended = {
            f"login:{login}": (CloseCode.BAD_TOKEN, "the password was changed")
            for login in accounts.live_logins(tx, user["id"])
            if login != kept
        }
        accounts.end_logins(tx, user["id"], kept)
        accounts.void_links(tx, user["id"])
        passwords.write(tx, user["id"], hashed)
        note(tx, who, "password_set", {"user_id": user["id"], "name": user["name"], "ended": sorted(ended)})
        return Changed(None, ended)


def _remove(tx: Transaction, who: Principal, user: Row) -> Changed[None]:
    if not passwords.remove(tx, user["id"]):
        raise Problem("not_found", f"The user {user['name']} has no password.")
    note(tx, who, "password_removed", {"user_id": user["id"], "name": user["name"]})
    return Changed(None)


def _check_may_sign_in(user: Row) -> None:
    if user["id"] in BUILT_IN:
        raise Problem("conflict", f"The user {user['name']} is built in and cannot sign in.")
    if not user["active"]:
        raise Problem("conflict", f"The user {user['name']} is disabled and cannot sign in.")


def _wrong() -> Problem:
    return unauthenticated("Name or password is wrong.", wrong=False)
