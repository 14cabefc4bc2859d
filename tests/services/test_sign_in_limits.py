"""How long tries at passwords wait: longer with each failure, and never for ever."""

import pytest

from realtime.errors import Problem
from realtime.services import sign_in_limits
from realtime.services.sign_in_limits import ACCOUNT_TRIES, ACCOUNT_WAIT, ADDRESS_WAIT, FORGIVEN, SignInLimits, Waits


class Clock:
    """A clock that goes when it is told."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock that stands still."""
    return Clock()


def waited(limits, clock, account, address):
    """Begin a try as soon as that may be; returns how long it had to wait."""
    total = 0
    while True:
        try:
            limits.begin(account, address)
        except Problem as problem:
            seconds = int(problem.headers["Retry-After"])
            clock.now += seconds
            total += seconds
        else:
            return total


def test_the_wait_doubles_with_each_failure_up_to_its_longest(clock):
    limits = SignInLimits(1_000, clock)

    waits = [waited(limits, clock, "ana", f"198.51.100.{number}") for number in range(ACCOUNT_TRIES + 10)]

    assert waits == [0] * (ACCOUNT_TRIES + 1) + [1, 2, 4, 8, 16, 32, *[int(ACCOUNT_WAIT)] * 3]


def test_an_address_that_tries_many_accounts_waits_longer_still(clock):
    limits = SignInLimits(3, clock)

    waits = [waited(limits, clock, f"user-{number}", "203.0.113.9") for number in range(20)]

    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == int(ADDRESS_WAIT)


def test_the_addresses_of_one_ipv6_network_wait_together(clock):
    limits = SignInLimits(1, clock)
    for number in range(2):
        limits.begin(f"user-{number}", f"2001:db8:1:2::{number}")

    with pytest.raises(Problem):
        limits.begin("eva", "2001:db8:1:2:ffff::1")
    limits.begin("eva", "2001:db8:1:3::1")


def test_the_right_password_frees_the_account_and_not_its_address(clock):
    limits = SignInLimits(3, clock)
    for _ in range(3):
        limits.begin("ana", "203.0.113.9")
    limits.begin("ana", "203.0.113.9")
    limits.succeeded("ana", "203.0.113.9")

    assert limits.accounts.wait("ana") == 0
    limits.begin("eva", "203.0.113.9")
    with pytest.raises(Problem):
        limits.begin("eva", "203.0.113.9")


def test_one_good_account_pays_for_no_tries_at_others(clock):
    """Signing in between the tries must not make an address new."""
    limits = SignInLimits(3, clock)

    def alternate():
        limits.begin("my-own", "203.0.113.9")
        limits.succeeded("my-own", "203.0.113.9")
        limits.begin("ana", "203.0.113.9")

    for _ in range(4):
        alternate()
    with pytest.raises(Problem):
        alternate()


def test_what_was_not_looked_at_does_not_count(clock):
    limits = SignInLimits(2, clock)

    for _ in range(100):
        limits.begin("ana", "203.0.113.9")
        limits.cancelled("ana", "203.0.113.9")


def test_failures_are_forgotten_after_a_while(clock):
    limits = SignInLimits(3, clock)
    for _ in range(ACCOUNT_TRIES + 5):
        waited(limits, clock, "ana", "203.0.113.9")

    clock.now += FORGIVEN + 1

    assert [waited(limits, clock, "ana", "203.0.113.9") for _ in range(3)] == [0, 0, 0]


def test_the_memory_has_a_limit_and_forgets_who_failed_longest_ago(clock, monkeypatch):
    monkeypatch.setattr(sign_in_limits, "KEYS_LIMIT", 50)
    waits = Waits(1, 60.0, clock)
    for number in range(500):
        waits.failed(f"user-{number}")
        waits.failed("ana")

    assert len(waits) == 50
    assert waits.wait("ana") == 60


def test_a_great_many_failures_are_no_great_number(clock):
    waits = Waits(1, 60.0, clock)
    for _ in range(5_000):
        waits.failed("ana")

    assert waits.wait("ana") == 60
