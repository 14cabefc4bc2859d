"""Tickets: single-use, short-lived, and never too many."""

import contextlib

import pytest

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services import tickets as room
from realtime.services.tickets import Tickets

ANA = Principal("ana", Role.AGENT, "token:7", user_id=3)


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def tickets(now):
    return Tickets(30, now)


def is_good(tickets, ticket):
    with contextlib.suppress(Problem):
        tickets.redeem(ticket)
        return True
    return False


def test_a_ticket_is_good_for_its_seconds_and_not_longer(tickets, now):
    first, second = tickets.issue(ANA), tickets.issue(ANA)

    now.seconds += 29.9
    assert is_good(tickets, first)
    now.seconds += 0.2
    assert not is_good(tickets, second)


@pytest.mark.parametrize("wrong", ["", "tk_", "tk_" + "A" * 43, "é", "\ud800"])
def test_what_is_no_ticket_is_refused(tickets, wrong):
    tickets.issue(ANA)

    assert not is_good(tickets, wrong)


def test_one_credential_cannot_have_too_many_and_gets_more_when_they_are_used_or_old(tickets, now, monkeypatch):
    monkeypatch.setattr(room, "TICKETS_PER_CREDENTIAL", 2)
    first, _ = tickets.issue(ANA), tickets.issue(ANA)

    with pytest.raises(Problem) as caught:
        tickets.issue(ANA)
    assert (caught.value.code, caught.value.headers["Retry-After"]) == ("too_many_requests", "30")
    tickets.issue(Principal("eva", Role.AGENT, "token:8"))

    assert is_good(tickets, first)
    tickets.issue(ANA)
    now.seconds += 31
    tickets.issue(ANA)
    tickets.issue(ANA)
    assert len(tickets) == 2


def test_all_together_have_a_limit_and_nobody_loses_a_ticket_by_it(tickets, monkeypatch):
    monkeypatch.setattr(room, "TICKETS_LIMIT", 3)
    issued = [tickets.issue(Principal("guest", Role.GUEST, f"guest:10.0.0.{n}")) for n in range(3)]

    with pytest.raises(Problem) as caught:
        tickets.issue(ANA)
    assert caught.value.code == "busy"
    assert all(is_good(tickets, ticket) for ticket in issued)


def test_the_tickets_of_one_credential_are_forgotten_and_no_others(tickets):
    mine, theirs = tickets.issue(ANA), tickets.issue(Principal("eva", Role.AGENT, "token:8"))

    tickets.forget({"token:7", "token:9"})

    assert not is_good(tickets, mine)
    assert is_good(tickets, theirs)
    assert len(tickets._held) == 0
