"""The doors of the sensor event socket (seed 002): sockets, statistics, the test event."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.channels import EVERY, GENERAL, SEED_CHANNELS
from realtime.delivery.session import Session
from realtime.errors import Problem, invalid
from realtime.handlers import subscriptions
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.channels_socket import ChannelsSocket, SecureSocket
from realtime.handlers.sockets import upgrade
from realtime.policy import Action, Principal, Role
from realtime.services.system import system_event

MESSAGE_LENGTH_LIMIT: Final = 500
DOORS: Final = ("channels", "secure")


async def socket(request: web.Request) -> web.StreamResponse:
    """`WS /api/v1/ws?channel=&user_id=`: sensor-domain and public channels."""
    names = subscriptions.named(request) or (GENERAL,)
    public = request.app[keys.SETTINGS].public_channels
    subscriptions.check(names, request[keys.PRINCIPAL], request.app[keys.POLICY], public=public, secure=False)
    return await upgrade(request, lambda opening: ChannelsSocket(request, opening, names))


async def secure_socket(request: web.Request) -> web.StreamResponse:
    """`WS /api/v1/ws/secure?channel=`: every channel that the credential may read."""
    names = subscriptions.named(request) or (GENERAL,)
    who = request[keys.PRINCIPAL]
    if who.role is not Role.NOBODY:
        subscriptions.check(names, who, request.app[keys.POLICY])
    return await upgrade(request, lambda opening: SecureSocket(request, opening, names))


async def stats(request: web.Request) -> web.Response:
    """`GET /api/v1/ws/stats`: the seed's shape, of the channels that the caller may read."""
    who = require(request, Action.READ)
    listening = _listening(request)
    channels = {
        name: _channel(sessions) for name, sessions in sorted(listening.items()) if _may_hear(request, who, name)
    }
    return answer({"total_channels": len(channels), "channels": channels})


async def channel_stats(request: web.Request) -> web.Response:
    """`GET /api/v1/ws/stats/{channel}`: one channel, zeros when nobody listens; unknown 404."""
    who = require(request, Action.READ)
    name = request.match_info["channel"]
    known = name in SEED_CHANNELS or name in request.app[keys.PUBLICATIONS].known or name in _listening(request)
    if not known or not _may_hear(request, who, name):
        raise Problem("not_found", f'There is no channel "{name[:64]}".')
    return answer({"channel": name, **_channel(_listening(request).get(name, []))})


async def test_event(request: web.Request) -> web.Response:
    """`POST /api/v1/ws/test-event?channel=&message=`: a `system_event` for those who listen."""
    who = require(request, Action.WRITE)
    channel = request.query.get("channel") or GENERAL
    message = request.query.get("message") or "test"
    if channel not in SEED_CHANNELS:
        raise Problem("not_found", f"A test event goes to one of: {', '.join(SEED_CHANNELS)}.")
    if len(message) > MESSAGE_LENGTH_LIMIT:
        raise invalid(message=f"At most {MESSAGE_LENGTH_LIMIT} characters.")
    if "\0" in message or any("\ud800" <= char <= "\udfff" for char in message):
        raise invalid(message="NUL and halves of surrogate pairs cannot be kept.")
    draft = system_event("info", message, {"test": True}, channel=channel, actor=who.name)
    event = await request.app[keys.STORE].committer.submit(lambda transaction: transaction.emit(draft))
    matched = sum(channel in session.coverage for session in request.app[keys.HUB].sessions.values())
    return answer({"seq": event.seq, "matched": matched}, seq=event.seq)


def _listening(request: web.Request) -> dict[str, list[Session]]:
    """The sessions of the channels doors, by the names that they asked for."""
    found: dict[str, list[Session]] = {}
    for session in request.app[keys.HUB].sessions.values():
        if session.door in DOORS:
            for name in session.channels:
                found.setdefault(name, []).append(session)
    return found


def _channel(sessions: list[Session]) -> dict[str, Any]:
    return {
        "connections": len(sessions),
        "users": sorted({session.label for session in sessions if session.label}),
    }


def _may_hear(request: web.Request, who: Principal, name: str) -> bool:
    policy = request.app[keys.POLICY]
    if name == EVERY:
        return False  # no channel, but a way to ask for many
    return any(policy.may(who, Action.READ, part) for part in (SEED_CHANNELS if name == GENERAL else (name,)))


ROUTES = [
    web.get("/api/v1/ws", socket, allow_head=False),
    web.get("/api/v1/ws/secure", secure_socket, allow_head=False),
    web.get("/api/v1/ws/stats", stats),
    web.get("/api/v1/ws/stats/{channel}", channel_stats),
    web.post("/api/v1/ws/test-event", test_event),
]
