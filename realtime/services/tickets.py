"""Tickets: single-use stand-ins for a credential, for the URL of one socket."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from realtime.errors import Problem
from realtime.policy import Principal
from realtime.services.credentials import unauthenticated
from realtime.services.secrets import Kind, digest, draw

TICKETS_LIMIT: Final = 10_000
"""Tickets that wait at once; more are answered with 503."""

TICKETS_PER_CREDENTIAL: Final = 100
"""The same for one credential (guests: one address); more are answered with 429."""


@dataclass(frozen=True, slots=True)
class _Ticket:
    who: Principal
    until: float


class Tickets:
    """
    Tickets in memory: they live so short a time that none needs to survive a restart.

    `seconds` is how long one is good, by `monotonic`, a clock that never jumps.
    """

    def __init__(self, seconds: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._now = monotonic
        # All live equally long, so the oldest is always the first to go.
        self._waiting: OrderedDict[str, _Ticket] = OrderedDict()
        self._held: Counter[str] = Counter()

    def issue(self, who: Principal) -> str:
        """
        A ticket that stands for `who`, once.

        Raises Problem `too_many_requests` when the credential has too many that wait,
        `busy` when all together have.
        """
        self._purge()
        if self._held[who.credential] >= TICKETS_PER_CREDENTIAL:
            raise Problem(
                "too_many_requests",
                f"{TICKETS_PER_CREDENTIAL} tickets of this credential wait already; use them, or wait.",
                retry_after=self.seconds,
            )
        if len(self._waiting) >= TICKETS_LIMIT:
            raise Problem("busy", f"{TICKETS_LIMIT} tickets wait already.", retry_after=self.seconds)
        ticket = draw(Kind.TICKET)
        self._waiting[digest(ticket)] = _Ticket(who, self._now() + self.seconds)
        self._held[who.credential] += 1
        return ticket

    def redeem(self, text: str) -> Principal:
        """Whom the ticket stands for; it is used up. Raises Problem `unauthenticated`."""
        self._purge()
        ticket = self._waiting.pop(digest(text), None)
        if ticket is None:
            raise unauthenticated("The ticket is used, or older than it may be; get a new one.")
        self._release(ticket.who.credential)
        return ticket.who

    def forget(self, credentials: Collection[str]) -> None:
        """The tickets of credentials (or users: `user:7`) that have ended are void."""
        self._void(lambda who: who.credential in credentials or f"user:{who.user_id}" in credentials)

    def forget_connection(self, id: int) -> None:
        """The ticket of the declared connection `id` is void."""
        self._void(lambda who: who.connection == id)

    def _void(self, chosen: Callable[[Principal], bool]) -> None:
        for key in [key for key, ticket in self._waiting.items() if chosen(ticket.who)]:
            self._release(self._waiting.pop(key).who.credential)

    def __len__(self) -> int:
        self._purge()
        return len(self._waiting)

    def _purge(self) -> None:
        now = self._now()
        while self._waiting:
            key, ticket = next(iter(self._waiting.items()))
            if ticket.until > now:
                return
            del self._waiting[key]
            self._release(ticket.who.credential)

    def _release(self, credential: str) -> None:
        self._held[credential] -= 1
        if self._held[credential] <= 0:
            del self._held[credential]
