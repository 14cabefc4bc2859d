"""Passing news: to those who have room at once, and the newest of it, later, to those who have not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.channels import Coverage
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.signals import MISSED_LIMIT
from realtime.events import Signal
from realtime.jsonio import dumps
from realtime.store.opening import Store
from tests.ears import GUEST, Ear, connect

LIMIT = 1024


@pytest.fixture
def hub(store: Store, settings: Settings) -> Hub:
    """A hub whose clients may leave little waiting."""
    return Hub(store.log, Settings(data=settings.data, outlet_limit=LIMIT))


def signal(data: Any, *, key: str = "", channel: str = "users") -> Signal:
    return Signal(channel, "news", dumps(data), key)


def fill(ear: Ear) -> None:
    """Its client reads no more, and has left enough."""
    ear.deaf = True
    ear.write(b"\x81\x7e\x04\x00" + b'"' + b"x" * (LIMIT - 2) + b'"')


async def news(ear: Ear, hub: Hub) -> list[Any]:
    """What it has heard once everybody is live again."""
    while any(not session.live for session in hub.sessions.values()):
        await asyncio.sleep(0)
    return [frame["data"] for frame in ear.frames() if isinstance(frame, dict) and frame["type"] == "news"]


async def test_a_signal_goes_to_those_who_cover_its_channel_and_are_meant(hub: Hub) -> None:
    meant, ear = connect(hub, GUEST)
    _, unmeant = connect(hub, GUEST)
    _, elsewhere = connect(hub, GUEST, coverage=Coverage(frozenset({"chat"})))

    written = hub.signal(signal(1), to=lambda session: session is meant)

    assert written == len(b"".join(ear.heard)) > 0
    assert await news(ear, hub) == [1]
    assert (unmeant.frames(), elsewhere.frames()) == ([], [])


async def test_a_client_without_room_gets_the_newest_of_each_key_when_it_has_room_again(hub: Hub) -> None:
    _, ear = connect(hub, GUEST)
    _, other = connect(hub, GUEST)
    fill(ear)
    for number in range(5):
        hub.signal(signal(number, key="list"))
        hub.signal(signal(-number, key="metrics"))
        hub.signal(signal("typing"))
    ear.deaf = False

    assert await news(ear, hub) == [4, -4]
    assert len(await news(other, hub)) == 15
    hub.signal(signal(5, key="list"))
    assert await news(ear, hub) == [5]


async def test_what_has_come_through_is_not_made_up_for(hub: Hub) -> None:
    _, ear = connect(hub, GUEST)
    fill(ear)
    hub.signal(signal("old", key="list"))
    ear.deaf = False
    hub.signal(signal("new", key="list"))
    assert await news(ear, hub) == ["new"]


async def test_what_a_client_may_no_longer_hear_is_not_made_up_for(hub: Hub) -> None:
    session, ear = connect(hub, GUEST)
    fill(ear)
    hub.signal(signal("secret", key="list"))
    hub.change(session, ("chat",), Coverage(frozenset({"chat"})))
    ear.deaf = False
    assert await news(ear, hub) == []


async def test_what_is_kept_for_a_client_without_room_has_a_limit(hub: Hub) -> None:
    _, ear = connect(hub, GUEST)
    fill(ear)
    for number in range(MISSED_LIMIT + 3):
        hub.signal(signal(number, key=f"key {number}"))
    ear.deaf = False
    assert await news(ear, hub) == list(range(3, MISSED_LIMIT + 3))
