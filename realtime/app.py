"""Joining the parts: the application that embedders, tests and the command line start."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from aiohttp import web

from realtime import keys
from realtime.config import Settings
from realtime.delivery.admission import Admission
from realtime.delivery.formats import Formats
from realtime.delivery.heartbeat import Heartbeat
from realtime.delivery.hub import Hub
from realtime.delivery.relay import LocalRelay
from realtime.emit import emit
from realtime.handlers import chat, routes
from realtime.middleware import install
from realtime.policy import Policy
from realtime.services.about import About
from realtime.services.accounts import Accounts
from realtime.services.backups import Backups
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.demo import Demo
from realtime.services.demo_team import DemoTeam
from realtime.services.idempotency import Idempotency
from realtime.services.messages import Messages
from realtime.services.metrics import Metrics
from realtime.services.metrics_news import MetricsNews
from realtime.services.presence import Presence
from realtime.services.publications import Publications
from realtime.services.roster import Roster
from realtime.services.roster_declaring import Declaring
from realtime.services.roster_steering import Steering
from realtime.services.system import STARTED, system_event
from realtime.services.telemetry import Telemetry
from realtime.store.opening import Store, open_store
from realtime.store.retention import Retention


def create_app(settings: Settings | None = None, *, announced: bool = True) -> web.Application:
    """
    The whole server as an aiohttp application, to be run by `web.AppRunner`, or embedded
    in a test.

    Starting it takes the data folder (DataInUse when another process has it); its
    clean-up closes every socket with 1001, commits what was submitted and gives it back.
    Its start is an event in the log, unless it is not `announced`: for a program that only
    borrows the application for a moment.
    """
    settings = settings or Settings()
    app = web.Application(
        client_max_size=settings.bulk_body_limit,
        # Without it a stream's handler on an idle channel outlives its client.
        # Compressed bodies are refused, so nothing may unpack them on their way in.
        handler_args={"handler_cancellation": True, "auto_decompress": False},
    )
    app[keys.SETTINGS] = settings
    app[keys.POLICY] = Policy(settings.public_channels)
    app[keys.ADMISSION] = Admission(settings)
    app[keys.REQUESTS] = Counter()
    install(app, settings)
    chat.install(app)
    app.add_routes(routes())
    app.cleanup_ctx.append(_parts)
    if announced:
        app.on_startup.append(_announce)
    # Sockets must end before the server waits for its handlers, or it waits for them.
    app.on_shutdown.append(_say_goodbye)
    app.on_shutdown.append(chat.settle)
    return app


async def _parts(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    relay = LocalRelay()
    async with AsyncExitStack() as stack:
        store = app[keys.STORE] = await open_store(settings, relay.announce)
        stack.push_async_callback(store.close)
        hub = app[keys.HUB] = Hub(store.log, settings)
        hub.more_coming = lambda: store.committer.waiting > 0
        relay.heard(hub.deliver)
        metrics = app[keys.METRICS] = Metrics(store)
        relay.heard(metrics.heard)
        app[keys.FORMATS] = Formats(store.log.epoch)
        app[keys.ABOUT] = About(store, hub, settings)
        heartbeat = app[keys.HEARTBEAT] = Heartbeat(hub, settings)
        heartbeat.start()
        stack.push_async_callback(heartbeat.stop)
        await _open_services(app, store, stack)
        yield


async def _open_services(app: web.Application, store: Store, stack: AsyncExitStack) -> None:
    settings = app[keys.SETTINGS]
    publications = app[keys.PUBLICATIONS] = Publications(store, settings, app[keys.POLICY])
    await publications.load()
    app[keys.TELEMETRY] = Telemetry(store, data_limit=settings.event_data_limit)
    conversations = app[keys.CONVERSATIONS] = Conversations(store)
    messages = app[keys.MESSAGES] = Messages(store, conversations, data_limit=settings.event_data_limit)
    messages.start()
    stack.push_async_callback(messages.stop)
    app[keys.CSAT] = Csat(store)
    idempotency = app[keys.IDEMPOTENCY] = Idempotency(store, settings.idempotency_hours)
    stack.push_async_callback(idempotency.settle)
    accounts = app[keys.ACCOUNTS] = Accounts(store, settings)
    stack.push_async_callback(accounts.stop)
    hub = app[keys.HUB]
    hub.is_current = accounts.is_current
    accounts.on_revoked.append(hub.close_credentials)
    await accounts.start()
    presence = app[keys.PRESENCE] = Presence(store, hub, settings)
    accounts.on_revoked.append(presence.ended)
    stack.push_async_callback(presence.stop)
    news = MetricsNews(app[keys.METRICS], hub, settings)
    await news.start()
    stack.push_async_callback(news.stop)
    roster = await _open_roster(app, store, stack)
    retention = Retention(store.log, store.committer, settings)
    retention.chores.append(roster.trim)
    retention.start()
    stack.push_async_callback(retention.stop)
    backups = app[keys.BACKUPS] = Backups(store, settings)
    await backups.start()
    stack.push_async_callback(backups.stop)
    stack.push_async_callback(emit.bind(store, settings.event_data_limit))
    if settings.demo:
        team = DemoTeam(accounts, conversations, messages, app[keys.CSAT], hub, presence)
        for demo in (Demo(app[keys.TELEMETRY]), team):
            demo.start()
            stack.push_async_callback(demo.stop)


async def _open_roster(app: web.Application, store: Store, stack: AsyncExitStack) -> Roster:
    settings, accounts = app[keys.SETTINGS], app[keys.ACCOUNTS]
    roster = app[keys.ROSTER] = Roster(store, app[keys.HUB], app[keys.POLICY], settings)
    declaring = app[keys.DECLARING] = Declaring(roster, accounts)
    app[keys.STEERING] = Steering(roster, declaring, settings.outlet_limit)
    accounts.on_revoked.append(roster.ended)
    app[keys.HEARTBEAT].on_confirmed.append(roster.cursors.confirmed)
    await roster.start()
    stack.push_async_callback(roster.stop)
    return roster


async def _announce(app: web.Application) -> None:
    # A program that only borrows the application is no start: it ends nobody's grace.
    await app[keys.PRESENCE].start()
    await app[keys.STORE].committer.submit(lambda transaction: transaction.emit(system_event("info", STARTED)))


async def _say_goodbye(app: web.Application) -> None:
    settings = app[keys.SETTINGS]
    try:
        async with asyncio.timeout(settings.shutdown_timeout / 1_000 - 2):
            await app[keys.HUB].stop(settings.shutdown_spread / 1_000)
    except TimeoutError:
        pass  # whoever has not taken its goodbye by now is cut with the transport
