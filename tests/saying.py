"""Who says something at the desk, and what becomes of it: for tests of messages."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from realtime.channels import EVERYTHING
from realtime.errors import Problem
from realtime.events import Event
from realtime.policy import Principal, Role
from realtime.services.messages import Speaker
from realtime.store.opening import Store
from realtime.store.telemetry import Stretch

BOSS = Principal("boss", Role.ADMIN, "socket")
GUEST = Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=2)
VISITOR = Speaker(GUEST, "customer", "visitor-9", "Inês")
ALL = Stretch(1_000)


def chat(heard: list[Event]) -> list[Event]:
    """The events of the desk, without the audit entries."""
    return [event for event in heard if event.channel == "chat"]


def kinds(heard: list[Event]) -> list[str]:
    """Their types."""
    return [event.type for event in chat(heard)]


async def refused(code: str, asked: Awaitable[Any]) -> Problem:
    """What is asked for must be refused so."""
    with pytest.raises(Problem) as problem:
        await asked
    assert problem.value.code == code
    return problem.value


async def everything(store: Store) -> list[Event]:
    """The whole log, as it is now."""
    return (await store.log.since(0, EVERYTHING, upto=store.log.tip, limit=10_000)).events
