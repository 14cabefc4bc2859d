"""
Rows of the roster that somebody declares before anybody is connected: whose socket it is
going to be, and what the ticket lets it do. Nobody gains by it what the declarer has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from realtime.channels import covering
from realtime.dialects.roster import ACTIVE
from realtime.errors import Problem
from realtime.policy import Action, Policy, Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.roster import DECLARED_FOR, Roster
from realtime.services.roster_rows import declared_row
from realtime.services.users import folded, note
from realtime.store import accounts as account_rows
from realtime.store import roster as rows
from realtime.store.accounts import BUILT_IN
from realtime.store.roster import Moves, kind_of
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class Declaration:
    """A connection to come: `dialect` and `channels` say where its ticket leads."""

    user: str
    status: str
    dialect: str
    channels: tuple[str, ...]


class Declaring:
    """Declaring rows, and changing them as long as nobody is connected as them."""

    def __init__(self, roster: Roster, accounts: Accounts) -> None:
        self._roster = roster
        self._accounts = accounts

    async def declare(self, who: Principal, wanted: Declaration) -> tuple[Row, str]:
        """
        Make the row, and the single-use ticket of its socket, which signs in as an account
        (one's own, or, for an admin, any), or, for a name without one, reads `channels` alone.

        Raises Problem `not_permitted` for another's account and for channels that `who` may
        not read; `conflict` for an account that is disabled; `too_many_requests`, `busy`
        when too many tickets wait.
        """
        account = await self._account(wanted.user)
        number = self._roster.draw_id()
        stands_for = replace(_stand_in(who, account, wanted, self._roster.policy), connection=number)
        values: dict[str, Any] = {
            "user": stands_for.name,
            "status": wanted.status,
            "dialect": wanted.dialect,
            "channels": wanted.channels,
        }

        def work(tx: Transaction) -> Row:
            if account is not None and account_rows.user_in(tx, account["id"]) != account:
                raise Problem("conflict", f"The account {account['name']} is being changed; try again.")
            row = declared_row(number, {**values, "credential": who.credential, "user_id": stands_for.user_id}, tx.at)
            rows.store(tx, row)
            note(tx, who, "connection_declared", {"connection_id": number, **values})
            return row

        ticket = self._accounts.tickets.issue(stands_for)
        try:
            return await self._roster.book.tally.submit(work, self._declared), ticket
        except Problem:
            self._accounts.tickets.forget_connection(number)
            raise

    async def change(self, who: Principal, id: int, values: Mapping[str, str]) -> Row:
        """
        Set `user` or `status` of a row that nobody is connected as; with another user its
        ticket is void. Raises Problem `not_found`, `not_permitted` for another's account,
        `conflict` when somebody has connected meanwhile.
        """
        account = await self._account(values["user"]) if "user" in values else None
        _refuse_others(who, account, self._roster.policy)
        if account is not None:
            values = {**values, "user": account["name"]}

        def work(tx: Transaction) -> tuple[Row, Row]:
            before = rows.row_in(tx, id)
            if before is None:
                raise Problem("not_found", f"There is no connection {id}.")
            if before["connected_at"] is not None or self._roster.book.get(id) is not None:
                raise Problem("conflict", "Somebody has connected as this row meanwhile.")
            changed = {name: value for name, value in values.items() if before[name] != value}
            if not changed:
                return before, before
            after = {**before, **changed, "touched_at": tx.at}
            if "user" in changed:
                after["user_id"] = None if account is None else account["id"]
            rows.store(tx, after)
            was = {name: before[name] for name in changed}
            note(tx, who, "connection_updated", {"connection_id": id, "before": was, "after": changed})
            return before, after

        if "user" in values:
            self.void(id, unless=values["user"])
        return (await self._roster.book.tally.submit(work, self._changed))[1]

    def void(self, id: int, *, unless: str | None = None) -> None:
        """Nobody connects as this row any more, `unless` that is its user already."""
        declared = self._roster.declared.get(id)
        if declared is not None and declared["user"] != unless:
            del self._roster.declared[id]
            self._accounts.tickets.forget_connection(id)

    def _declared(self, row: Row) -> Moves:
        self._roster.declared[row["id"]] = row
        self._expiring(row)
        return {kind_of(row): 1}

    def _changed(self, change: tuple[Row, Row]) -> Moves:
        before, after = change
        if before is after:
            return {}
        if after["id"] in self._roster.declared:
            self._roster.declared[after["id"]] = after
        self._expiring(after)
        if connection := self._roster.book.get(after["id"]):
            connection.counted = kind_of(after)
        return {kind_of(before): -1, kind_of(after): 1} if kind_of(before) != kind_of(after) else {}

    def _expiring(self, row: Row) -> None:
        if row["status"] == ACTIVE:
            self._roster.expire_at(row["touched_at"] + DECLARED_FOR)

    async def _account(self, name: str) -> Row | None:
        """The account of that name, in any case of its letters, or None."""
        async with self._roster.store.database.read() as reader:
            _, found = await account_rows.list_users(reader, {"folded": folded(name)}, Stretch(limit=1))
        return found[0] if found else None


def _stand_in(who: Principal, account: Row | None, wanted: Declaration, policy: Policy) -> Principal:
    """
    Whom the ticket stands for. It has the limits and the end of the declarer's credential,
    and goes when that does.
    """
    _refuse_others(who, account, policy)
    if account is None:
        return _nameless(who, wanted, policy)
    if account["id"] == who.user_id:
        return who
    if not account["active"]:
        raise Problem("conflict", f"The account {account['name']} is disabled.")
    role = Role(account["role"])
    return replace(who, name=account["name"], role=role, user_id=account["id"], browser=False, lent=True)


def _nameless(who: Principal, wanted: Declaration, policy: Policy) -> Principal:
    """Somebody without an account: a reader of the channels, as far as the declarer is one."""
    readable = frozenset(name for name in covering(wanted.channels).names if policy.may(who, Action.READ, name))
    # A guest stays one: no proxy may bring it in.
    role = Role.GUEST if who.is_guest else Role.VIEWER
    found = replace(
        who,
        name=wanted.user,
        role=role,
        user_id=None,
        channels=readable,
        verbs=_READING,
        browser=who.is_guest,
        lent=True,
    )
    barred = [
        name for name in wanted.channels if not any(policy.may(found, Action.READ, n) for n in covering([name]).names)
    ]
    if barred:
        raise Problem("not_permitted", f"Somebody without an account may not read: {', '.join(barred)}.")
    return found


def _refuse_others(who: Principal, account: Row | None, policy: Policy) -> None:
    if account is None or account["id"] == who.user_id:
        return
    if account["id"] in BUILT_IN or not policy.may(who, Action.ADMIN):
        raise Problem("not_permitted", f"The account {account['name']} is another's.")


_READING: Final = frozenset({Action.READ})
