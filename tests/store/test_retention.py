"""Retention by age, and a clock that is not to be believed at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from realtime import clock
from realtime.channels import covering
from realtime.config import Settings
from realtime.events import Draft
from realtime.store.opening import Store
from realtime.store.retention import Retention


class Clock:
    """The wall clock, set by the test."""

    def __init__(self) -> None:
        self.shows = clock.now()

    def __call__(self) -> int:
        return self.shows


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clock:
    wall = Clock()
    monkeypatch.setattr(clock, "now", wall)
    return wall


@pytest.fixture
def retention(store: Store, settings: Settings) -> Retention:
    return Retention(store.log, store.committer, settings)


async def publish(store: Store) -> int:
    return (await store.committer.submit(lambda tx: tx.emit(Draft.of("a", "publication.created", {})))).seq


async def kept(store: Store) -> list[int]:
    page = await store.log.since(0, covering(["a"]), upto=store.log.tip, limit=1000)
    return [event.seq for event in page.events]


async def test_what_is_older_than_the_days_allowed_is_forgotten(
    store: Store, settings: Settings, retention: Retention, wall: Clock
) -> None:
    days = settings.log_retention_days
    for _ in range(days + 5):
        last = await publish(store)
        await retention.trim()
        wall.shows += clock.DAY

    assert await kept(store) == list(range(5, last + 1))


@pytest.mark.parametrize("told", [False, True], ids=["quiet", "an event at the wrong time"])
async def test_a_clock_that_jumps_ahead_does_not_cost_the_log(
    store: Store, retention: Retention, wall: Clock, log_lines: Callable[[], list[dict[str, Any]]], told: bool
) -> None:
    before = [await publish(store) for _ in range(3)]
    await retention.trim()
    assert not any("clock" in line["event"] for line in log_lines())

    wall.shows += 3650 * clock.DAY
    if told:
        before.append(await publish(store))
    for _ in range(3):
        await retention.trim()

    assert await kept(store) == before
    assert any(line["level"] == "warning" and "clock" in line["event"] for line in log_lines())


async def test_a_log_that_never_was_trimmed_is_safe_from_the_clock_as_well(
    store: Store, retention: Retention, wall: Clock
) -> None:
    before = [await publish(store) for _ in range(3)]
    wall.shows += 3650 * clock.DAY
    await retention.trim()

    assert await kept(store) == before


async def test_after_a_long_time_off_what_is_old_goes_all_the_same(
    store: Store, settings: Settings, retention: Retention, wall: Clock
) -> None:
    await publish(store)
    await retention.trim()
    wall.shows += 2 * settings.log_retention_days * clock.DAY
    new = await publish(store)
    for _ in range(2 * settings.log_retention_days):
        await retention.trim()

    assert await kept(store) == [new]
