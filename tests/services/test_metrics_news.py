"""`dashboard_metrics`: told when the figures change, seldom, and the last of them always."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from realtime.channels import covering
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.delivery.relay import LocalRelay
from realtime.policy import Principal, Role
from realtime.services.metrics import Metrics
from realtime.services.metrics_news import MetricsNews
from realtime.store.opening import open_store
from tests.desk import Desk
from tests.ears import connect, someone

ADMIN = Principal("system", Role.ADMIN, "socket")
PATIENCE = 30


class Room:
    """A desk, and one who listens to its figures."""

    def __init__(self, desk: Desk, ear) -> None:
        self.desk, self._ear = desk, ear
        self.types, self.told = [], []

    def listen(self) -> None:
        for frame in self._ear.frames():
            self.types.append(frame["type"])
            if frame["type"] == "dashboard_metrics":
                self.told.append(frame["data"])

    async def until(self, **figures) -> dict:
        """Wait until such figures are told."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.listen()
                if self.told and figures.items() <= self.told[-1].items():
                    return self.told[-1]
                await asyncio.sleep(0.005)


@pytest.fixture
def room(settings: Settings):
    """Return a context with a desk whose figures are told so many seconds apart."""

    @asynccontextmanager
    async def enter(interval: float):
        relay = LocalRelay()
        store = await open_store(settings, relay.announce)
        hub, metrics = Hub(store.log, settings), Metrics(store)
        relay.heard(hub.deliver)
        relay.heard(metrics.heard)
        news = MetricsNews(metrics, hub, settings, interval=interval)
        await news.start()
        _, ear = connect(hub, someone(7, "ana"), coverage=covering(["csat"]))
        try:
            yield Room(Desk(store, ADMIN), ear)
        finally:
            await news.stop()
            await store.close()

    return enter


async def test_a_change_is_told_at_once(room):
    async with room(3_600) as here:
        await here.desk.create("Zoë")

        assert (await here.until(total_conversations=1))["open_conversations"] == 1


async def test_a_rush_is_told_by_its_first_and_its_last_figures(room):
    async with room(0.3) as here:
        await here.desk.create("Zoë")
        await here.until(total_conversations=1)
        for _ in range(50):
            await here.desk.create("Zoë")
        await here.until(total_conversations=51)

        assert len(here.told) < 50


async def test_between_two_signals_lies_the_interval_whatever_happens(room):
    async with room(3_600) as here:
        await here.desk.create("Zoë")
        await here.until(total_conversations=1)
        for _ in range(20):
            await here.desk.rate((await here.desk.create("Zoë")).row["id"], 5)
        here.listen()

        assert len(here.told) == 1


async def test_the_same_figures_are_not_told_again(room):
    async with room(0) as here:
        for number in range(1, 6):
            one = (await here.desk.create("Zoë")).row["id"]
            await here.until(total_conversations=number)
            await here.desk.say(one, "customer")
            await here.desk.say(one, "bot")

        assert all(before != after for before, after in pairwise(here.told))


async def test_the_signal_follows_the_event_that_it_comes_from(room):
    async with room(0) as here:
        one = (await here.desk.create("Zoë")).row["id"]
        await here.until(total_conversations=1)
        for rating in range(1, 6):
            await here.desk.rate(one, rating)
            await here.until(average_satisfaction=float(rating))

        assert here.types == ["dashboard_metrics", *["csat.created", "dashboard_metrics"] * 5]
