"""Live events over plain HTTP: Server-Sent Events and newline-delimited JSON, for `curl -N`."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import HttpVersion11, web

from realtime import keys
from realtime.channels import Coverage
from realtime.delivery.outlet import StreamOutlet
from realtime.delivery.session import Session, Start
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.control import gap
from realtime.errors import Problem
from realtime.events import Position
from realtime.handlers import subscriptions
from realtime.handlers.admission import place
from realtime.handlers.entrance import Opening, entrance
from realtime.store.log import Page

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def sse(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/events/stream?channel=&since=`: an event stream (WHATWG HTML §9.2); 204 to who is kept out."""
    try:
        return await _stream(request, "sse", "text/event-stream; charset=utf-8")
    except Problem as problem:
        if problem.code != "blocked":
            raise
        # The one answer after which a browser does not come back by itself (WHATWG HTML §9.2.3).
        return web.Response(status=204)


async def ndjson(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/events/ndjson?channel=&since=`: a line an event; `poll=1` ends at the tip."""
    return await _stream(request, "ndjson", "application/x-ndjson")


async def _stream(request: web.Request, name: str, kind: str) -> web.StreamResponse:
    _, coverage = subscriptions.asked(request)
    opening = await entrance(request, name, request[keys.PRINCIPAL])
    response = web.StreamResponse(headers={**_HEADERS, "Content-Type": kind})
    with place(request):
        if name == "ndjson" and request.query.get("poll") == "1":
            return await _poll(request, response, coverage, opening.start)
        outlet = await _open(request, response)
        session = _connect(request, outlet, name, coverage, opening)
        try:
            await outlet.ended.wait()
        finally:
            request.app[keys.HUB].leave(session)
        await response.write_eof()
        await outlet.emptied()
        return response


async def _open(request: web.Request, response: web.StreamResponse) -> StreamOutlet:
    writer = await response.prepare(request)
    assert writer is not None  # it is for HEAD only, which has no route here
    return StreamOutlet(request, writer, grace=request.app[keys.SETTINGS].close_timeout / 1_000)


def _connect(request: web.Request, outlet: StreamOutlet, name: str, coverage: Coverage, opening: Opening) -> Session:
    app = request.app
    session = app[keys.HUB].connect(
        outlet,
        app[keys.FORMATS].stream(name, chunked=request.version >= HttpVersion11),
        request[keys.PRINCIPAL],
        subscriptions.named(request),
        coverage,
        door=name,
        start=opening.start,
        opted_in=opening.opted_in,
        heartbeat=app[keys.SETTINGS].stream_heartbeat,
        peer=opening.peer,
    )
    app[keys.HEARTBEAT].watch(session)
    return session


async def _poll(
    request: web.Request, response: web.StreamResponse, coverage: Coverage, start: Start
) -> web.StreamResponse:
    """What there is, then the end: for those who come by now and then."""
    log = request.app[keys.STORE].log
    tip, limit = log.tip, request.app[keys.SETTINGS].replay_page
    after = tip if start.after is None else start.after
    await response.prepare(request)
    if start.gap is not None:
        await response.write(gap(start.gap, Position(log.epoch, tip)) + b"\n")
    while after < tip:
        page = await log.since(after, coverage, upto=tip, limit=limit)
        await response.write(b"".join(line + b"\n" for _, line in sorted(_told(page, log.epoch))))
        after = max(page.upto, page.trimmed)
    await response.write_eof()
    return response


def _told(page: Page, epoch: str) -> Iterator[tuple[int, bytes]]:
    """A page's lines, each with its place: events, and gaps for what was trimmed or is damaged."""
    if page.gap:
        yield page.trimmed, gap(Position(epoch, page.after), Position(epoch, page.trimmed))
    for event in page.events:
        yield event.seq, CANONICAL.event(event)
    for seq in page.damaged:
        yield seq, gap(Position(epoch, seq - 1), Position(epoch, seq))


ROUTES = [
    web.get("/api/v1/events/stream", sse, allow_head=False),
    web.get("/api/v1/events/ndjson", ndjson, allow_head=False),
]
