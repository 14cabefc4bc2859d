"""Tokens: secrets for programs, each with a role, an end, and perhaps limits of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from realtime.channels import is_channel
from realtime.clock import DAY
from realtime.config import Settings
from realtime.errors import CloseCode, Problem, invalid
from realtime.jsonio import dumps
from realtime.policy import ASSIGNABLE, BELOW, Action, Principal, Role
from realtime.services.credentials import Changed, Credentials, words
from realtime.services.secrets import Kind, digest, draw
from realtime.services.users import ROLES, create_user, folded, note, unlimited
from realtime.store import accounts
from realtime.store.accounts import BUILT_IN
from realtime.store.opening import Store
from realtime.store.tables import tokens
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

TOKENS_PER_USER: Final = 1_000
"""Live tokens that one user may have; more are refused."""

CHANNELS_LIMIT: Final = 100
"""Channels that one token's limit may name."""

MOST_DAYS: Final = 36_500

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A token to be made: for `user` (id, uuid or name; None for oneself), with `role` (None
    for as much as may be), good for `days` (None for the default).

    With `make_user`, a user of that name and role is made where there is none.
    """

    name: str = ""
    user: int | str | None = None
    role: Role | None = None
    channels: Iterable[str] | None = None
    verbs: Iterable[Action] | None = None
    days: int | None = None
    make_user: bool = False


class Tokens:
    """Making, listing and revoking tokens."""

    def __init__(self, store: Store, credentials: Credentials, settings: Settings) -> None:
        self._store = store
        self._credentials = credentials
        self._days = settings.token_days

    async def list(
        self, who: Principal, stretch: Stretch, *, user_id: int | None = None, revoked: bool = False
    ) -> tuple[int, list[Row]]:
        """
        How many tokens `who` may see that are, or are not, revoked, and one page of them:
        an admin everybody's (or those of `user_id`), others their own.
        """
        unlimited(who)
        wanted = user_id if who.role is Role.ADMIN else _own_user(who)
        async with self._store.database.read() as connection:
            return await accounts.list_tokens(connection, wanted, revoked=revoked, stretch=stretch)

    async def create(self, who: Principal, wanted: Wanted) -> tuple[Row, str]:
        """
        Make a token; returns its row and the secret, which is told this once.

        Never above its user's role, nor above the maker's; a maker that is no admin makes
        tokens only for itself, and by a token only such as end when that token ends.
        Raises Problem `not_permitted`, `not_found` (the user), `invalid`, `conflict`.
        """
        unlimited(who)
        secret = draw(Kind.TOKEN)
        hashed = digest(secret)
        row = await self._credentials.change(lambda tx: Changed(self._create(tx, who, wanted, hashed)))
        return row, secret

    async def revoke(self, who: Principal, id: int) -> None:
        """
        Revoke a token, for good; its sockets close with 4500. One that is revoked already
        stays so. Raises Problem `not_found`, also for what is another user's.
        """
        if who.credential != f"token:{id}":
            unlimited(who)
        mine = None if who.role is Role.ADMIN else _own_user(who)
        await self._credentials.change(lambda tx: _revoke(tx, who, id, mine))

    def _create(self, tx: Transaction, who: Principal, wanted: Wanted, hashed: str) -> Row:
        user = _user(tx, who, wanted)
        role = _role(who, user, wanted)
        channels, verbs = _limits(wanted)
        if len(accounts.live_tokens(tx, user["id"])) >= TOKENS_PER_USER:
            raise Problem("conflict", f"{user['name']} has {TOKENS_PER_USER} tokens already; revoke some first.")
        row: dict[str, Any] = {
            "id": tx.next_id(tokens),
            "user_id": user["id"],
            "name": wanted.name or str(role),
            "hash": hashed,
            "role": str(role),
            "channels": channels,
            "verbs": verbs,
            "created_at": tx.at,
            "expires_at": _end(who, wanted.days, self._days, tx.at),
            "revoked_at": None,
        }
        tx.insert(tokens, row)
        shown = {key: row[key] for key in ("name", "role", "expires_at")} | {
            "channels": None if channels is None else words(channels),
            "verbs": None if verbs is None else words(verbs),
        }
        note(tx, who, "token_created", {"token_id": row["id"], "user_id": user["id"], **shown})
        # The row itself waits for its commit: what is left out of the answer stays in it.
        return {name: value for name, value in row.items() if name != "hash"} | {"user": user["name"]}


def _own_user(who: Principal) -> int:
    if who.is_guest or who.user_id is None:
        raise Problem("not_permitted", "Tokens belong to users; a guest has none.")
    return who.user_id


def _user(tx: Transaction, who: Principal, wanted: Wanted) -> Row:
    admin = who.role is Role.ADMIN
    key = wanted.user
    if key is None:
        if who.user_id is None:
            raise invalid(user="Whose token is it to be? Name the user.")
        key = _own_user(who)
    if isinstance(key, int) or _UUID.fullmatch(key):
        row = accounts.user_in(tx, key)
    else:
        row = accounts.user_folded(tx, folded(key))
        if row is None and wanted.make_user and admin:
            row = create_user(tx, who, key, wanted.role or Role.VIEWER)
    if not admin and (row is None or row["id"] != _own_user(who)):
        raise Problem("not_permitted", "You can make tokens for yourself alone.")
    if row is None:
        raise Problem("not_found", "There is no such user.")
    if row["id"] in BUILT_IN:
        raise Problem("conflict", f"The user {row['name']} is built in and cannot have tokens.")
    if not row["active"]:
        raise Problem("conflict", f"The user {row['name']} is disabled and cannot have tokens.")
    return row


def _role(who: Principal, user: Row, wanted: Wanted) -> Role:
    most = Role(user["role"]) if who.role is Role.ADMIN else who.role
    role = most if wanted.role is None else wanted.role
    if role not in ASSIGNABLE:
        raise invalid(role=f"Must be one of: {ROLES}.")
    if role not in BELOW[Role(user["role"])] or role not in BELOW[most]:
        raise invalid(role=f"A token of {user['name']} cannot have the role {role}: it would be above {most}.")
    return role


def _limits(wanted: Wanted) -> tuple[str | None, str | None]:
    channels = None if wanted.channels is None else sorted(set(wanted.channels))
    verbs = None if wanted.verbs is None else sorted(set(wanted.verbs))
    if channels is not None:
        if len(channels) > CHANNELS_LIMIT:
            raise invalid(channels=f"At most {CHANNELS_LIMIT} channels.")
        if wrong := [name for name in channels if not is_channel(name)]:
            raise invalid(channels=f"No channel can have this name: {wrong[0][:64]}.")
    if verbs is not None and not set(verbs) <= set(Action):
        raise invalid(verbs=f"Must be of: {', '.join(Action)}.")
    return (None if channels is None else dumps(channels).decode(), None if verbs is None else dumps(verbs).decode())


def _end(who: Principal, days: int | None, usual: int, at: int) -> int:
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise invalid(days=f"Must be a whole number from 1 to {MOST_DAYS}.")
    end = at + (usual if days is None else days) * DAY
    # Else a stolen token could make itself immortal. A browser's login is a person.
    if who.role is not Role.ADMIN and who.credential.startswith("token:") and who.expires_at is not None:
        if days is not None and end > who.expires_at:
            raise invalid(days="A token that you make with a token cannot outlive it.")
        return min(end, who.expires_at)
    return end


def _revoke(tx: Transaction, who: Principal, id: int, mine: int | None) -> Changed[None]:
    row = accounts.token_in(tx, id)
    if row is None or (mine is not None and row["user_id"] != mine):
        raise Problem("not_found", "There is no such token.")
    if row["revoked_at"] is not None:
        return Changed(None)
    accounts.revoke_token(tx, id)
    note(tx, who, "token_revoked", {"token_id": id, "user_id": row["user_id"], "name": row["name"]})
    return Changed(None, {f"token:{id}": (CloseCode.BAD_TOKEN, "the token was revoked")})
