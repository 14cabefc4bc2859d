"""The log by REST: a page of events after a position."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.channels import EVERYTHING
from realtime.dialects.canonical import CANONICAL
from realtime.errors import Problem
from realtime.events import Position
from realtime.handlers import positions, subscriptions
from realtime.jsonio import dumps
from realtime.store.log import EventLog, Page

DEFAULT_LIMIT: Final = 100
MOST: Final = 1000


async def events(request: web.Request) -> web.Response:
    """
    `GET /api/v1/events?since=&channel=&type=&limit=`: `{epoch, tip, oldest, results, next,
    more}`. `next` is always a position to go on from; without one it begins at the oldest
    kept. 410 when the position can no longer be replayed.
    """
    _, coverage = subscriptions.asked(request)
    log = request.app[keys.STORE].log
    tip = log.tip
    after = await _after(request, log, tip)
    page = await log.since(
        after or 0, coverage, upto=max(tip, after or 0), limit=_limit(request), type=request.query.get("type") or None
    )
    if after is not None and page.gap:
        raise _trimmed(log, page.trimmed, tip)
    return web.Response(body=_body(log, page, tip), content_type="application/json")


async def _after(request: web.Request, log: EventLog, tip: int) -> int | None:
    given = positions.given(request)
    if given is None:
        return None
    start = await positions.start_of(*given, log)
    if start.gap is not None:
        raise _trimmed(log, await log.oldest(EVERYTHING), tip)
    return tip if start.after is None else start.after


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "")
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(limit, MOST) if limit else DEFAULT_LIMIT


def _body(log: EventLog, page: Page, tip: int) -> bytes:
    after = max(page.upto, page.trimmed)
    head: dict[str, Any] = {
        "epoch": log.epoch,
        "tip": tip,
        "oldest": page.trimmed + 1,
        "next": str(Position(log.epoch, after)),
        "more": after < tip,
    }
    if page.damaged:
        # Left out because their checksum does not agree: said, not passed over in silence.
        head["damaged"] = page.damaged
    results = b",".join(CANONICAL.event(event) for event in page.events)
    return dumps(head)[:-1] + b',"results":[' + results + b"]}\n"


def _trimmed(log: EventLog, trimmed: int, tip: int) -> Problem:
    return Problem(
        "trimmed",
        "The events after this position cannot be replayed: trimmed, of another history, or of the future. "
        "Begin again from next, or from now.",
        extra={"epoch": log.epoch, "oldest": trimmed + 1, "tip": tip, "next": str(Position(log.epoch, trimmed))},
    )


ROUTES = [web.get("/api/v1/events", events)]
