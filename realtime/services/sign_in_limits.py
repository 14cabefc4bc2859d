"""
How fast passwords may be tried: each further failure of an account, and of an address,
makes the next try wait for longer.

A try counts as a failure from its beginning, so that many at once get no further than one
after the other. The wait of an account is short: whoever wants to keep its owner out can
make them wait, and no more (a sign-in link is not counted here).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from realtime import addresses
from realtime.errors import Problem

KEYS_LIMIT: Final = 10_000
"""Accounts, and addresses, whose failures are remembered; the one that failed longest ago makes room."""

FORGIVEN: Final = 3_600.0
"""Seconds without a failure after which all of them are forgotten."""

ACCOUNT_TRIES: Final = 5
"""Failures of one account before the next try has to wait; those of an address are a setting."""

ACCOUNT_WAIT: Final = 60.0
ADDRESS_WAIT: Final = 900.0
"""Seconds that a try waits at most, after as many failures as there are."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Waits:
    """
    Failures by key. Past `tries` of them each makes the key wait: for a second, for two,
    for four, … up to `longest`. `monotonic` is a clock that never jumps.
    """

    def __init__(self, tries: int, longest: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._longest = longest
        self._now = monotonic
        # The one whose last failure is longest ago comes first.
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def failures(self, key: str) -> int:
        """Failures of the key that are remembered."""
        record = self._records.get(key)
        return 0 if record is None else record.failures

    def wait(self, key: str) -> float:
        """Seconds until the key may try again; 0 for now."""
        record = self._records.get(key)
        return 0.0 if record is None else max(0.0, record.until - self._now())

    def failed(self, key: str) -> None:
        """One more failure."""
        now = self._now()
        record = self._records.pop(key, None)
        if record is None or now - record.last > FORGIVEN:
            record = _Record()
        record.failures += 1
        record.last = now
        past = record.failures - self._tries
        # The exponent is bounded: 2 ** 2000 is no number of seconds.
        record.until = now + min(self._longest, 2.0 ** min(past - 1, 30)) if past > 0 else 0.0
        self._records[key] = record
        if len(self._records) > KEYS_LIMIT:
            self._records.popitem(last=False)

    def took_back(self, key: str) -> None:
        """The last failure was none."""
        if record := self._records.get(key):
            record.failures -= 1
            record.until = 0.0

    def forgive(self, key: str) -> None:
        """Forget all failures of the key."""
        self._records.pop(key, None)


class SignInLimits:
    """The waits of accounts and of addresses, together."""

    def __init__(self, address_tries: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.accounts = Waits(ACCOUNT_TRIES, ACCOUNT_WAIT, monotonic)
        self.addresses = Waits(address_tries, ADDRESS_WAIT, monotonic)

    def begin(self, account: str, address: str) -> None:
        """
        A try begins, and counts as failed until `succeeded` or `cancelled` says otherwise.
        Raises Problem `too_many_requests` where the account or the address has to wait.
        """
        address = addresses.network(address)
        wait = ceil(max(self.accounts.wait(account), self.addresses.wait(address)))
        if wait:
            raise Problem(
                "too_many_requests",
                f"Too many wrong passwords; try again in {wait} s, or use a sign-in link.",
                retry_after=wait,
            )
        self.accounts.failed(account)
        self.addresses.failed(address)

    def succeeded(self, account: str, address: str) -> None:
        """The password was right: the account begins anew, the address has one failure less."""
        self.accounts.forgive(account)
        # Forgiving all would let one good account pay for tries at the others.
        self.addresses.took_back(addresses.network(address))

    def cancelled(self, account: str, address: str) -> None:
        """The password was not looked at."""
        self.accounts.took_back(account)
        self.addresses.took_back(addresses.network(address))
