"""One event: its frame in every dialect, and what became of it, connection by connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.dialects import Dialect
from realtime.dialects.canonical import CANONICAL, as_dict
from realtime.dialects.channels import CHANNELS
from realtime.dialects.chat import CHAT, SEPARATOR
from realtime.dialects.dashboard import DASHBOARD
from realtime.errors import Problem
from realtime.events import Event
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.filters import stretch
from realtime.handlers.pagination import page, page_after, window
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.handlers.websocket_docs import event_operations
from realtime.handlers.websockets import wanted
from realtime.jsonio import loads_trusted
from realtime.policy import Action
from realtime.services.deliveries import delivery

SPOKEN: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (DASHBOARD, CHAT, CHANNELS, CANONICAL)}


async def event(request: web.Request) -> web.Response:
    """`GET /api/v1/events/{seq}/`: the canonical form, and `frames`, by dialect."""
    found = await _event(request)
    frames = {name: _frame(dialect, found) for name, dialect in SPOKEN.items()}
    return answer({**as_dict(found), "frames": frames})


async def deliveries(request: web.Request) -> web.Response:
    """`GET /api/v1/events/{seq}/deliveries/?user=&status=&dialect=&channel=`: a page of connections."""
    require(request, Action.ROSTER)
    found = await _event(request)
    shown = window(request)
    part = stretch(request, shown)
    roster = request.app[keys.ROSTER]
    count, rows = await roster.list(wanted(request), part)
    silent = {name for name, dialect in SPOKEN.items() if dialect.event(found, replayed=False) is None}
    told = []
    for row in map(roster.now, rows):
        state = delivery(row, found.seq, found.channel, speaks=row["dialect"] not in silent)
        told.append({**{name: row[name] for name in ("id", "user", "status", "dialect")}, "delivery": state})
    return answer((page if part.id_after is None else page_after)(request, shown, count, told))


async def _event(request: web.Request) -> Event:
    """The event of the path, for whoever may read it."""
    require(request, Action.READ)
    seq = min(int(request.match_info["seq"]), LARGEST_ID)
    found = await request.app[keys.STORE].log.get(seq)
    if found is None:
        raise Problem("not_found", f"There is no event {seq}, or no longer.")
    if not request.app[keys.POLICY].may(request[keys.PRINCIPAL], Action.READ, found.channel):
        raise Problem("not_permitted", f"You may not read the event {seq}.")
    return found


def _frame(dialect: Dialect, found: Event) -> Any:
    """The frame as JSON: one, several, or null."""
    content = dialect.event(found, replayed=False)
    if content is None:
        return None
    if SEPARATOR not in content:
        return loads_trusted(content)
    return [loads_trusted(part) for part in content.split(SEPARATOR)]


ROUTES = [
    web.get("/api/v1/events/{seq:[0-9]{1,19}}/", event),
    web.get("/api/v1/events/{seq:[0-9]{1,19}}/deliveries/", deliveries),
]

DOCS = event_operations()
