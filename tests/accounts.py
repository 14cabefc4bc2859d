"""For tests of the accounts as a service: what they begin with, and what they look at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from realtime.errors import Problem
from realtime.events import Event
from realtime.policy import Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from realtime.services.logins import Login
from realtime.services.tokens import Wanted
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row

ALL = Stretch(limit=100)


@contextlib.contextmanager
def refusal(code: str) -> Iterator[pytest.ExceptionInfo[Problem]]:
    """What is in here is refused with a Problem of this code."""
    with pytest.raises(Problem) as caught:
        yield caught
    assert caught.value.code == code


async def token_of(accounts: Accounts, name: str, role: Role = Role.AGENT, **more: Any) -> tuple[str, Row]:
    """A token of a user, who is made where there is none: the secret and the row."""
    row, secret = await accounts.tokens.create(SYSTEM, Wanted(user=name, role=role, make_user=True, **more))
    return secret, row


async def admin(accounts: Accounts) -> Principal:
    """An admin with a token."""
    return await accounts.principal((await token_of(accounts, "root", Role.ADMIN))[0])


async def login_of(accounts: Accounts, user_id: int) -> Login:
    """A new login of a user."""
    link = await accounts.logins.make_link(SYSTEM, user_id)
    return await accounts.logins.sign_in(link.code)


def audited(heard: Iterable[Event]) -> list[dict[str, Any]]:
    """The audit entries among the events."""
    return [json.loads(event.data) for event in heard if event.channel == "audit"]
