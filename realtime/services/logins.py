"""Logins: a browser's cookie, and the one-time link by which it gets one (`passwords` is the other way)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from realtime.clock import DAY, MINUTE, now
from realtime.config import Settings
from realtime.errors import CloseCode, Problem
from realtime.policy import ASSIGNABLE, Principal, Role
from realtime.program import program
from realtime.services.credentials import Changed, Credentials
from realtime.services.secrets import Kind, digest, draw, kind_of
from realtime.services.users import note, unlimited
from realtime.store import accounts
from realtime.store.opening import Store
from realtime.store.tables import login_links, logins
from realtime.store.transaction import Row, Transaction

LOGINS_PER_USER: Final = 100
"""Browsers in which one user is signed in at once; with one more, the login that is oldest ends."""

FIRST_LOGIN: Final = "first-login.txt"
"""Where the first sign-in link lies when there was no terminal to print it on; gone once it was used."""


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time sign-in link: whoever knows `code` can sign in as the user until `expires_at` (milliseconds)."""

    code: str
    user: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Login:
    """A signed-in browser: `secret` is the value of its cookie, good for `seconds`."""

    secret: str
    user: str
    seconds: int


class Logins:
    """Making links, turning one into a login, and ending logins."""

    def __init__(self, store: Store, credentials: Credentials, settings: Settings) -> None:
        self._store = store
        self._credentials = credentials
        self._login_time = settings.login_days * DAY
        self._link_time = settings.link_minutes * MINUTE
        self._note = Path(settings.data) / FIRST_LOGIN

    async def make_link(self, who: Principal, key: int | str) -> Link:
        """
        A new sign-in link for a user; an older one of the same user is void from now on.

        Raises Problem `not_found`, `conflict` for a user who may not sign in.
        """
        unlimited(who)
        code = draw(Kind.LINK)
        hashed = digest(code)
        user, end = await self._credentials.change(lambda tx: Changed(self._make_link(tx, who, key, hashed)))
        return Link(code, user, end)

    async def look_at_link(self, code: str) -> str:
        """Whom the link signs in; it stays good. Raises Problem `link_used`."""
        if kind_of(code) is not Kind.LINK:
            raise _used()
        async with self._store.database.read() as connection:
            row = await accounts.find_link(connection, digest(code))
        return str(_good_link(row, now())["user_name"])

    async def sign_in(self, code: str) -> Login:
        """Use the link up: a new login of its user. Raises Problem `link_used`."""
        if kind_of(code) is not Kind.LINK:
            raise _used()
        secret = draw(Kind.LOGIN)
        hashed = digest(secret)
        user = await self._credentials.change(lambda tx: self._use_link(tx, code, hashed))
        self._forget_note(code)
        return self.entered(secret, user)

    def enter(self, tx: Transaction, user: Row, hashed: str, method: str) -> Changed[str]:
        """
        Make a login of a user (`id`, `name`, `role`), in a unit of work; `hashed` is the
        digest of its secret, `method` how the user came in. Brings the user's name.
        """
        live = accounts.live_logins(tx, user["id"])
        surplus = live[: max(0, len(live) - LOGINS_PER_USER + 1)]
        number = tx.next_id(logins)
        for oldest in surplus:
            accounts.end_login(tx, oldest)
        row = {
            "id": number,
            "user_id": user["id"],
            "hash": hashed,
            "created_at": tx.at,
            "expires_at": tx.at + self._login_time,
        }
        tx.insert(logins, row)
        who = Principal(user["name"], Role(user["role"]), f"login:{number}", user_id=user["id"])
        note(tx, who, "login_created", {"user_id": user["id"], "method": method})
        return Changed(str(user["name"]), {f"login:{oldest}": _TOO_MANY for oldest in surplus})

    def entered(self, secret: str, user: str) -> Login:
        """The login whose `enter` is committed."""
        return Login(secret, user, self._login_time // 1_000)

    async def sign_out(self, who: Principal) -> None:
        """End the login that `who` came with; its sockets close with 4500."""
        kind, _, number = who.credential.partition(":")
        if kind != "login":
            raise Problem("invalid", "Only a browser that is signed in can sign out.")
        await self._credentials.change(lambda tx: _sign_out(tx, who, int(number)))

    def _forget_note(self, code: str) -> None:
        """The note about the very first sign-in has done its duty once its own link is used."""
        with suppress(OSError):
            if code in self._note.read_text("utf-8"):
                self._note.unlink()

    def _make_link(self, tx: Transaction, who: Principal, key: int | str, hashed: str) -> tuple[str, int]:
        user = accounts.user_in(tx, key)
        if user is None:
            raise Problem("not_found", "There is no such user.")
        if Role(user["role"]) not in ASSIGNABLE:
            raise Problem("conflict", f"The user {user['name']} is built in and cannot sign in.")
        if not user["active"]:
            raise Problem("conflict", f"The user {user['name']} is disabled and cannot sign in.")
        end = tx.at + self._link_time
        accounts.void_links(tx, user["id"])
        row = {
            "id": tx.next_id(login_links),
            "user_id": user["id"],
            "hash": hashed,
            "created_at": tx.at,
            "expires_at": end,
        }
        tx.insert(login_links, row)
        note(tx, who, "link_created", {"user_id": user["id"], "name": user["name"]})
        return user["name"], end

    def _use_link(self, tx: Transaction, code: str, hashed: str) -> Changed[str]:
        link = _good_link(accounts.link_in(tx, digest(code)), tx.at)
        tx.delete(login_links, link["id"])
        user = {"id": link["user_id"], "name": link["user_name"], "role": link["user_role"]}
        return self.enter(tx, user, hashed, "link")


def _good_link(row: Row | None, at: int) -> Row:
    if row is None or row["expires_at"] <= at or not row["user_active"] or Role(row["user_role"]) not in ASSIGNABLE:
        raise _used()
    return row


def _used() -> Problem:
    return Problem(
        "link_used",
        "This sign-in link is used, or older than it may be. Ask an admin for a new one; "
        f"on the server itself, {program()} user link NAME makes it.",
    )


def _sign_out(tx: Transaction, who: Principal, id: int) -> Changed[None]:
    if accounts.login_in(tx, id) is None:
        return Changed(None)
    accounts.end_login(tx, id)
    note(tx, who, "login_ended", {"user_id": who.user_id})
    return Changed(None, {who.credential: (CloseCode.BAD_TOKEN, "signed out")})


_TOO_MANY: Final = (CloseCode.BAD_TOKEN, "signed in elsewhere, too often")
