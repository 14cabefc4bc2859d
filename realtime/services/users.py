"""Users: who there is, what each is, and taking that away."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any, Final

from realtime.errors import CloseCode, Problem, invalid
from realtime.policy import ASSIGNABLE, Principal, Role
from realtime.services.credentials import Changed, Credentials, Ended, narrowed
from realtime.store import accounts
from realtime.store.accounts import BUILT_IN
from realtime.store.opening import Store
from realtime.store.tables import users
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

NAME: Final = "1 to 64 letters, digits and . _ @ + - beginning with a letter or digit"
ROLES: Final = ", ".join(ASSIGNABLE)

USER: Final = "user:"
"""What stands for a user, with the id behind it, among credentials that have ended."""


def clean_name(text: str) -> str:
    """The name in the one form in which it is kept (NFKC); raises Problem `invalid` for what is none."""
    name = unicodedata.normalize("NFKC", text)
    if not 1 <= len(name) <= 64 or not name[0].isalnum() or not all(c.isalnum() or c in "._@+-" for c in name):
        raise invalid(name=f"Must be {NAME}.")
    return name


def folded(name: str) -> str:
    """What two names share that only differ in case."""
    return unicodedata.normalize("NFKC", name).casefold()


def unlimited(who: Principal) -> None:
    """Refuse a token with limits of its own: whoever manages accounts could take its own limits away."""
    if who.channels is not None or who.verbs is not None:
        raise Problem("not_permitted", "A token that is limited to channels or verbs cannot manage accounts.")


class Users:
    """Reading, making and changing users. Whoever calls has checked that `who` is an admin."""

    def __init__(self, store: Store, credentials: Credentials) -> None:
        self._store = store
        self._credentials = credentials

    async def list(self, where: Mapping[str, object], stretch: Stretch, *, search: str = "") -> tuple[int, list[Row]]:
        """
        How many users have these values (`name` in any case, `role`, `active`), and `search` in
        their names; and one page of their rows.
        """
        where = {("folded" if key == "name" else key): value for key, value in where.items()}
        if "folded" in where:
            where["folded"] = folded(str(where["folded"]))
        async with self._store.database.read() as connection:
            return await accounts.list_users(connection, where, stretch, part=folded(search))

    async def get(self, key: int | str) -> Row:
        """The user with this id (an integer) or uuid. Raises Problem `not_found`."""
        async with self._store.database.read() as connection:
            row = await accounts.find_user(connection, key)
        if row is None:
            raise Problem("not_found", "There is no such user.")
        return row

    async def create(self, who: Principal, name: str, role: Role) -> Row:
        """
        Make a user. Raises Problem `conflict` when the name is taken, in any case of its
        letters, `invalid` for a name or a role that cannot be given.
        """
        unlimited(who)
        return await self._credentials.change(lambda tx: Changed(create_user(tx, who, name, role)))

    async def update(
        self, who: Principal, key: int | str, *, role: Role | None = None, active: bool | None = None
    ) -> Row:
        """
        Change what is given. To deactivate is to revoke: tokens, logins and sign-in links
        of the user end for good, and their sockets close with 4500. Where another role
        changes what a credential may do, its sockets close with 4011: they come back as
        what they are now.

        Raises Problem `not_found`; `conflict` for a built-in user, and where no active
        admin would be left.
        """
        unlimited(who)
        given: dict[str, Any] = {"role": role, "active": active}
        values = {name: value for name, value in given.items() if value is not None}
        return await self._credentials.change(lambda tx: _update(tx, who, key, values))


def create_user(tx: Transaction, who: Principal, name: str, role: Role) -> Row:
    """What `Users.create` does, inside a unit of work."""
    name = clean_name(name)
    if role not in ASSIGNABLE:
        raise invalid(role=f"Must be one of: {ROLES}.")
    if accounts.user_folded(tx, folded(name)) is not None:
        raise Problem("conflict", f"The name {name} is taken.")
    row = {
        "id": tx.next_id(users),
        "uuid": str(uuid.uuid4()),
        "name": name,
        "folded": folded(name),
        "role": str(role),
        "active": True,
        "created_at": tx.at,
        "updated_at": tx.at,
    }
    tx.insert(users, row)
    note(tx, who, "user_created", {"user_id": row["id"], "name": name, "role": row["role"]})
    return row


def note(tx: Transaction, who: Principal, action: str, details: Mapping[str, Any]) -> None:
    """Write an audit entry: `who` did this, with that credential."""
    tx.audit(action, {**details, "credential": who.credential}, user_id=who.user_id, username=who.name)


def _update(tx: Transaction, who: Principal, key: int | str, values: Mapping[str, Any]) -> Changed[Row]:
    before = accounts.user_in(tx, key)
    if before is None:
        raise Problem("not_found", "There is no such user.")
    if before["id"] in BUILT_IN:
        raise Problem("conflict", f"The user {before['name']} is built in and cannot be changed.")
    if values.get("role", Role.ADMIN) not in ASSIGNABLE:
        raise invalid(role=f"Must be one of: {ROLES}.")
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return Changed(before)
    after = {**before, **changed, "updated_at": tx.at}
    if _is_admin(before) and not _is_admin(after) and accounts.other_admins(tx, before["id"]) == 0:
        raise Problem("conflict", f"{before['name']} is the last active admin; make another one first.")

    ended = _ended(tx, before, after)
    accounts.change_user(tx, before["id"], {**changed, "updated_at": tx.at})
    if not after["active"]:
        accounts.revoke_all(tx, before["id"])
    details = {
        "user_id": before["id"],
        "name": before["name"],
        "before": {name: before[name] for name in changed},
        "after": changed,
        "ended": sorted(name for name in ended if not name.startswith(USER)),
    }
    note(tx, who, "user_disabled" if "active" in changed and not after["active"] else "user_updated", details)
    return Changed(after, ended)


def _is_admin(row: Row) -> bool:
    return bool(row["active"]) and row["role"] == Role.ADMIN


def _ended(tx: Transaction, before: Row, after: Row) -> Ended:
    """The credentials of a user to which this change does something."""
    old, new = Role(before["role"]), Role(after["role"])
    disabled = before["active"] and not after["active"]
    ended: dict[str, tuple[CloseCode, str]] = {}
    if disabled or (old is not new and after["active"]):
        for token in accounts.live_tokens(tx, before["id"]):
            was, is_now = (narrowed(Role(token["role"]), role) for role in (old, new))
            if was is not None and (disabled or was is not is_now):
                ended[f"token:{token['id']}"] = _CHANGED if is_now is not None and not disabled else _REVOKED
        for login in accounts.live_logins(tx, before["id"]):
            ended[f"login:{login}"] = _REVOKED if disabled else _CHANGED
        # Whom an admin has let in under this name has a credential of the admin's.
        ended[f"{USER}{before['id']}"] = _REVOKED if disabled else _CHANGED
    return ended


_REVOKED: Final = (CloseCode.BAD_TOKEN, "the credential was revoked")
_CHANGED: Final = (CloseCode.RECONNECT, "the role changed")
