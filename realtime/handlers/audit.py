"""The audit log by REST: a list, and its check. Its entries are events on the channel `audit`."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from realtime import keys
from realtime.channels import AUDIT
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.filters import stretch, times
from realtime.handlers.pagination import page, page_after, parameter, window
from realtime.policy import Action
from realtime.services.users import folded
from realtime.store.audit import verify
from realtime.store.audit_entries import Entries, list_entries


async def list_audit(request: web.Request) -> web.Response:
    """
    `GET /api/v1/audit-logs/?action=&user=&since=&until=`: a page of entries, as seed 001
    shows them: `{id, action, details, user: {id, username}, timestamp}`.
    """
    require(request, Action.READ, AUDIT)
    wanted = window(request)
    part = stretch(request, wanted)
    store = request.app[keys.STORE]
    count, results = await list_entries(store.database, store.log, _entries(request), part)
    paged = page if part.id_after is None else page_after
    return answer(paged(request, wanted, count, results))


async def verify_chain(request: web.Request) -> web.Response:
    """`GET /api/v1/audit-logs/verify/`: `{ok, entries, first, last, head, broken}`."""
    require(request, Action.READ, AUDIT)
    store = request.app[keys.STORE]
    report = await verify(store.database, store.log)
    return answer({"ok": report.ok, **asdict(report)})


def _entries(request: web.Request) -> Entries:
    user = parameter(request, "user") or None
    return Entries(
        parameter(request, "action") or None,
        user,
        None if user is None else folded(user),
        *times(request),
    )


ROUTES = [
    web.get("/api/v1/audit-logs/", list_audit),
    web.get("/api/v1/audit-logs/verify/", verify_chain),
]
