"""The audit log by REST: its check. Its entries are events on the channel `audit`."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from realtime import keys
from realtime.channels import AUDIT
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.policy import Action
from realtime.store.audit import verify


async def verify_chain(request: web.Request) -> web.Response:
    """`GET /api/v1/audit-logs/verify/`: `{ok, entries, first, last, head, broken}`."""
    require(request, Action.READ, AUDIT)
    store = request.app[keys.STORE]
    report = await verify(store.database, store.log)
    return answer({"ok": report.ok, **asdict(report)})


ROUTES = [web.get("/api/v1/audit-logs/verify/", verify_chain)]
