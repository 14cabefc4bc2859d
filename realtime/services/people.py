"""Who is who among the accounts, for the support desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from realtime.policy import Principal
from realtime.services.users import folded
from realtime.store import accounts
from realtime.store.accounts import SYSTEM_ID
from realtime.store.tables import users
from realtime.store.transaction import Transaction

PEOPLE_LIMIT: Final = 10_000
"""Accounts that are remembered, and names that are nobody's."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account, as messages and events name it."""

    id: int
    uuid: str
    name: str


class People:
    """
    The accounts that were asked for. Neither id, uuid nor name of one ever changes, so each
    is read once; so is that a name is nobody's, until the next account is made.
    """

    def __init__(self) -> None:
        self._known: dict[int, Person] = {}
        self._strangers: set[str] = set()
        self._newest: int | None = None

    def of(self, tx: Transaction, who: Principal) -> Person:
        """The account behind a credential; the built-in `system` for what has none of its own."""
        person = self.get(tx, SYSTEM_ID if who.user_id is None else who.user_id)
        assert person is not None
        return person

    def name(self, tx: Transaction, user_id: int | None) -> str | None:
        """The name of that account."""
        person = None if user_id is None else self.get(tx, user_id)
        return None if person is None else person.name

    def has_account(self, tx: Transaction, claim: str) -> bool:
        """Whether somebody claims to be an account: its id, uuid or name, in any case, with or without spaces."""
        claim = claim.strip()
        # Each account that is made draws an id: until then a stranger stays a stranger.
        newest = tx.state.ids.get(users.name)
        if newest != self._newest or len(self._strangers) >= PEOPLE_LIMIT:
            self._strangers.clear()
            self._newest = newest
        if claim in self._strangers:
            return False
        if accounts.named_in(tx, claim, folded(claim)):
            return True
        self._strangers.add(claim)
        return False

    def get(self, tx: Transaction, user_id: int) -> Person | None:
        """The account with that id."""
        if (known := self._known.get(user_id)) is not None:
            return known
        row = accounts.user_in(tx, user_id)
        if row is None:
            return None
        if len(self._known) >= PEOPLE_LIMIT:
            self._known.clear()
        person = self._known[user_id] = Person(row["id"], row["uuid"], row["name"])
        return person
