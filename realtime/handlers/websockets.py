"""The roster by REST (seed 000): `/api/v1/websockets/`, every connection seen and steered."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from realtime import keys
from realtime.channels import AUDIT, GENERAL, PRIVATE, SEED_CHANNELS, is_channel
from realtime.dialects.roster import DIALECTS, status_of
from realtime.errors import CloseCode, Problem, invalid
from realtime.handlers.access import require
from realtime.handlers.answers import answer, empty
from realtime.handlers.bodies import read_json
from realtime.handlers.filters import FLAG, stretch, value, whole
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.pagination import base_url, page, page_after, parameter, window
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.handlers.schemas.roster import ConnectionChange, NewConnection, Notice, no_choice
from realtime.handlers.websocket_docs import operations
from realtime.policy import Action
from realtime.services.roster_declaring import Declaration
from realtime.services.roster_steering import Kick
from realtime.store.roster import Wanted

MOST_SECONDS: Final = 86_400
_BLOCK: Final = whole(0, MOST_SECONDS)

DESK: Final = tuple(name for name in PRIVATE if name != AUDIT)
"""What somebody without an account may read at the doors of the support desk."""

_NEW: Final = NewConnection()
_CHANGE: Final = ConnectionChange()
_NOTICE: Final = Notice()


async def list_connections(request: web.Request) -> web.Response:
    """`GET /api/v1/websockets/?user=&status=&dialect=&channel=`: a page of connections."""
    require(request, Action.ROSTER)
    shown = window(request)
    part = stretch(request, shown)
    roster = request.app[keys.ROSTER]
    count, found = await roster.list(wanted(request), part)
    views = [roster.view(row) for row in found]
    return answer((page if part.id_after is None else page_after)(request, shown, count, views))


async def declare(request: web.Request) -> web.Response:
    """`POST /api/v1/websockets/`: 201, the row, and once the `ticket` and `url` of its socket."""
    who = require(request, Action.ROSTER)
    refuse_key(request)
    body = check(_NEW, await read_json(request))
    channels = _channels(request, body["dialect"], body.pop("channels"))
    row, ticket = await request.app[keys.DECLARING].declare(who, Declaration(**body, channels=channels))
    out = {"ticket": ticket, "expires_in": request.app[keys.ACCOUNTS].tickets.seconds}
    out["url"] = _url(request, body["dialect"], channels, ticket)
    place = {"Location": f"/api/v1/websockets/{row['id']}/"}
    return answer(request.app[keys.ROSTER].view(row) | out, 201, headers=place)


async def get_connection(request: web.Request) -> web.Response:
    """`GET /api/v1/websockets/{id}/`."""
    require(request, Action.ROSTER)
    roster, number = request.app[keys.ROSTER], _id(request)
    row = await roster.find(number)
    if row is None:
        raise Problem("not_found", f"There is no connection {number}.")
    return answer(roster.view(row))


async def replace_connection(request: web.Request) -> web.Response:
    """`PUT /api/v1/websockets/{id}/`: `user` and `status`."""
    return await _change(request, partial=False)


async def change_connection(request: web.Request) -> web.Response:
    """`PATCH /api/v1/websockets/{id}/?block=&reconnect=`: `Inativa` closes an open connection."""
    return await _change(request, partial=True)


async def delete_connection(request: web.Request) -> web.Response:
    """`DELETE /api/v1/websockets/{id}/?block=&reconnect=`: closed, and gone from the list. 204."""
    who = require(request, Action.ROSTER)
    await request.app[keys.STEERING].delete(who, _id(request), _kick(request))
    return empty()


async def notify(request: web.Request) -> web.Response:
    """`POST /api/v1/websockets/{id}/messages/`: a signal to one connection; 202 with what was said."""
    require(request, Action.ADMIN)
    refuse_key(request)
    body = check(_NOTICE, await read_json(request))
    await request.app[keys.STEERING].notify(_id(request), body["level"], body["message"])
    return answer(body, 202)


def wanted(request: web.Request) -> Wanted:
    """The connections that the query selects. Raises Problem `invalid` for a word that is none of those allowed."""
    given = {name: parameter(request, name) or None for name in ("user", "status", "dialect", "channel")}
    status = given["status"]
    if status is not None:
        given["status"] = status_of(status)
        if given["status"] is None:
            raise invalid(status=no_choice(status))
    if given["dialect"] is not None and given["dialect"] not in DIALECTS:
        raise invalid(dialect=no_choice(given["dialect"]))
    if given["channel"] is not None and not is_channel(given["channel"]):
        raise invalid(channel=no_choice(given["channel"]))
    return Wanted(**given)


async def _change(request: web.Request, *, partial: bool) -> web.Response:
    who = require(request, Action.ROSTER)
    values = check(_CHANGE, await read_json(request), partial=partial)
    return answer(await request.app[keys.STEERING].change(who, _id(request), values, _kick(request)))


def _kick(request: web.Request) -> Kick:
    seconds = value(request, "block", _BLOCK)
    if value(request, "reconnect", FLAG):
        return Kick(CloseCode.RECONNECT)
    return Kick(block=request.app[keys.SETTINGS].block_seconds if seconds is None else seconds)


def _channels(request: web.Request, dialect: str, given: list[str] | None) -> tuple[str, ...]:
    """The channels that a declared connection is for."""
    if given is None:
        return (GENERAL,) if dialect in ("channels", "realtime") else DESK
    wrong = [name for name in given if not is_channel(name)]
    if wrong:
        raise invalid(channels=f"There is no channel {wrong[0][:64]}.")
    return tuple(dict.fromkeys(given))


def _url(request: web.Request, dialect: str, channels: tuple[str, ...], ticket: str) -> str:
    """Where the socket of a declared row connects; `ws` or `wss` as this request came."""
    query = {"ticket": ticket}
    if dialect == "dashboard":
        path = "/ws/dashboard/"
    elif dialect == "chat":
        path, query = "/socket.io/", {"EIO": "4", "transport": "websocket", **query}
    else:
        public = {*SEED_CHANNELS, *request.app[keys.SETTINGS].public_channels}
        path = "/api/v1/ws" if public.issuperset(channels) else "/api/v1/ws/secure"
        query = {"channel": ",".join(channels), **query}
    return f"{base_url(request).replace('http', 'ws', 1)}{path}?{urlencode(query, safe=',:')}"


def _id(request: web.Request) -> int:
    # No connection has an id past the largest: it is looked for like any other, and not found.
    return min(int(request.match_info["id"]), LARGEST_ID)


_MANY: Final = "/api/v1/websockets/"
_ONE: Final = "/api/v1/websockets/{id:[0-9]{1,19}}/"

ROUTES: list[Any] = [
    web.get(_MANY, list_connections),
    web.post(_MANY, declare),
    web.get(_ONE, get_connection),
    web.put(_ONE, replace_connection),
    web.patch(_ONE, change_connection),
    web.delete(_ONE, delete_connection),
    web.post(f"{_ONE}messages/", notify),
]

DOCS = operations()
