"""Taking events away as a file, a line each. Unlike reading, it is audited."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.channels import Coverage
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.control import gap, hello
from realtime.errors import Problem
from realtime.events import Position
from realtime.handlers import positions, subscriptions
from realtime.handlers.access import require
from realtime.handlers.admission import place
from realtime.handlers.idempotency import refuse_key
from realtime.openapi import STRING, Operation, Parameter
from realtime.policy import Action
from realtime.services.users import note
from realtime.store.log import EventLog

KIND: Final = "application/x-ndjson"


async def export(request: web.Request) -> web.StreamResponse:
    """
    `POST /api/v1/events/export?channel=&since=`: a line an event, up to the tip of this
    moment. The first line is a `hello`; a `gap` stands where events cannot be told.
    """
    # Whoever may write makes entries in the log anyway: a reader must not fill the audit log.
    who = require(request, Action.WRITE)
    refuse_key(request)
    names, coverage = subscriptions.asked(request)
    log = request.app[keys.STORE].log
    tip, after = log.tip, await _after(request, log)
    details = {"channels": list(names) or "all", "from": str(Position(log.epoch, after)), "to": str(log.position)}
    with place(request):
        await request.app[keys.STORE].committer.submit(lambda tx: note(tx, who, "events_exported", details))
        return await _send(request, log, coverage, after, tip)


async def _after(request: web.Request, log: EventLog) -> int:
    """After which event to begin: without a position, with the oldest that is kept."""
    given = positions.given(request)
    if given is None:
        return 0
    start = await positions.start_of(*given, log)
    if start.gap is not None:
        raise Problem("trimmed", f"The position {start.gap} is of another history, or of the future.")
    return log.tip if start.after is None else start.after


async def _send(request: web.Request, log: EventLog, coverage: Coverage, after: int, tip: int) -> web.StreamResponse:
    headers = {"Content-Type": KIND, "Content-Disposition": 'attachment; filename="events.ndjson"'}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    settings = request.app[keys.SETTINGS]
    await response.write(hello(Position(log.epoch, after), tip, settings.stream_heartbeat) + b"\n")
    asked = positions.given(request) is not None
    while after < tip:
        page = await log.since(after, coverage, upto=tip, limit=settings.replay_page)
        lines = [CANONICAL.event(event) for event in page.events]
        lines += [gap(Position(log.epoch, seq - 1), Position(log.epoch, seq)) for seq in page.damaged]
        if page.gap and asked:
            lines.insert(0, gap(Position(log.epoch, after), Position(log.epoch, page.trimmed)))
        await response.write(b"".join(line + b"\n" for line in lines))
        after, asked = max(page.upto, page.trimmed), True
    await response.write_eof()
    return response


ROUTES = [web.post("/api/v1/events/export", export)]

DOCS: Final = {
    "POST /api/v1/events/export": Operation(
        "Take events away as a file",
        "events",
        "NDJSON up to the tip of this moment, the first line a `hello`, `gap` where events cannot be told. Audited.",
        answer=STRING,
        media=KIND,
        parameters=(
            Parameter("channel", "Channels, by comma or repeated; without: all that one may read.", STRING),
            Parameter("since", "Where to begin; without: with the oldest that is kept.", STRING),
        ),
        errors=(
            *("invalid", "bad_position", "unauthenticated", "not_permitted", "not_found", "trimmed"),
            *("too_many_requests", "busy", "disk_full"),
        ),
    )
}
