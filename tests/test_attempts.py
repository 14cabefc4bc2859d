"""How often an address may be wrong about a credential."""

import pytest

from realtime import attempts
from realtime.attempts import Attempts
from realtime.errors import Problem


def refused(counter, address):
    try:
        counter.failed(address)
    except Problem as problem:
        return problem
    return None


def test_past_the_limit_an_address_is_told_when_to_come_back():
    counter = Attempts(3)

    assert [refused(counter, "203.0.113.9") for _ in range(3)] == [None] * 3
    problem = refused(counter, "203.0.113.9")
    assert problem.code == "too_many_requests"
    assert 1 <= int(problem.headers["Retry-After"]) <= 60


def test_addresses_are_counted_apart():
    counter = Attempts(1)
    counter.failed("203.0.113.9")

    assert refused(counter, "203.0.113.9")
    assert refused(counter, "203.0.113.10") is None


@pytest.mark.parametrize(
    ("other", "same"), [("2001:db8:1:2::ffff", True), ("2001:db8:1:2:9:9:9:9", True), ("2001:db8:1:3::1", False)]
)
def test_the_addresses_of_one_ipv6_network_count_as_one(other, same):
    counter = Attempts(1)
    counter.failed("2001:db8:1:2::1")

    assert (refused(counter, other) is not None) is same


def test_the_memory_for_addresses_has_a_limit(monkeypatch):
    monkeypatch.setattr(attempts, "ADDRESSES_LIMIT", 50)
    counter = Attempts(1)

    for number in range(500):
        counter.failed(f"10.0.{number // 250}.{number % 250}")

    assert counter.remembered <= 50
