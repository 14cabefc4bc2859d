"""What tests share: settings over an empty data folder, a store, a server on a real socket."""

from __future__ import annotations

import asyncio
import functools
import inspect
import io
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient

from realtime import logs
from realtime.config import Settings
from realtime.events import Event
from realtime.store.opening import Store, open_store
from tests.serving import Server

# A shell without job control lets its background jobs ignore SIGINT, and they pass that on to
# the programs that they start: of those, some are here to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The machine may be busy with something else: a test that takes long is no failure.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

LONGEST = 300.0
"""Seconds after which a test that waits for a fact fails: it will not come any more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no test wait for ever."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = bounded(item.obj)


def bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The test, ended with TimeoutError when it has taken LONGEST."""

    @functools.wraps(test)
    async def run(*given: Any, **more: Any) -> None:
        async with asyncio.timeout(LONGEST):
            await test(*given, **more)

    return run


Client = TestClient[web.Request, web.Application]
MakeClient = Callable[..., Awaitable[Client]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults over an empty data folder."""
    return Settings(data=tmp_path / "data")


@pytest.fixture
def heard() -> list[Event]:
    """Every event that the `store` has announced."""
    return []


@pytest.fixture
async def store(settings: Settings, heard: list[Event]) -> AsyncIterator[Store]:
    """An open store, closed at the end."""
    opened = await open_store(settings, heard.extend)
    yield opened
    await opened.close()


@pytest.fixture
async def make_client(tmp_path: Path) -> AsyncIterator[MakeClient]:
    """Starts a server with the settings given, on a real socket of the loopback address."""
    clients: list[Client] = []

    async def make(**given: object) -> Client:
        folder = given.pop("data", tmp_path / f"data{len(clients)}")
        from realtime.app import create_app

        app = create_app(Settings(data=folder, shutdown_spread=0, **given))  # type: ignore[arg-type]
        client: Client = TestClient(Server(app))
        clients.append(client)
        await client.start_server()
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def client(make_client: MakeClient) -> Client:
    """A guest of an open server."""
    return await make_client()


@pytest.fixture
async def closed(make_client: MakeClient) -> Client:
    """Nobody yet, before a server where everything needs a credential."""
    return await make_client(access="closed")


@pytest.fixture
def log_lines(settings: Settings) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is written to the log while the test runs, at its most talkative."""
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure(Settings(data=settings.data, log_format="json", log_level="debug", access_log=True), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root = logging.getLogger()
    root.handlers[:], root.level = before
    logging.captureWarnings(False)
    structlog.reset_defaults()
