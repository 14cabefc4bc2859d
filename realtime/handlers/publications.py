"""The channels there are, and publishing to those of the users' own, by REST."""

from __future__ import annotations

from aiohttp import web

from realtime import keys
from realtime.channels import RESERVED
from realtime.errors import Problem
from realtime.events import Event
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.bodies import aside, parse_json, read_body
from realtime.handlers.idempotency import once
from realtime.handlers.pagination import page, window
from realtime.jsonio import dumps
from realtime.policy import Action
from realtime.store.idempotency import Key


async def channels(request: web.Request) -> web.Response:
    """`GET /api/v1/channels/`: a page of what the caller may read, the server's own first, then by name."""
    who = require(request, Action.READ)
    readable = request.app[keys.POLICY].readable(who)
    names = (*sorted(RESERVED), *sorted(request.app[keys.PUBLICATIONS].known))
    found = [{"name": name, "own": name not in RESERVED} for name in names if name in readable]
    shown = window(request)
    return answer(page(request, shown, len(found), found[shown.offset : shown.offset + shown.limit]))


async def publish(request: web.Request) -> web.Response:
    """
    `POST /api/v1/channels/{name}`: 201 `{seq, channel, at}`.

    `application/json` is JSON or 400; `text/*` a string; any other type JSON if it begins
    with `{` or `[`, else a string.
    """
    who = require(request, Action.PUBLISH)
    channel = request.match_info["name"]
    publications = request.app[keys.PUBLICATIONS]
    body = await read_body(request)
    draft = publications.draft(who, channel, await aside(len(body), lambda: data_of(request, body)))

    async def do(key: Key | None) -> Event:
        return await publications.publish(draft, key)

    event = await once(request, body, do, lambda outcome: publications.published(outcome.seq or 0))
    return answer({"seq": event.seq, "channel": channel, "at": event.time}, 201, seq=event.seq)


def data_of(request: web.Request, body: bytes) -> bytes:
    """The JSON text that a body of this type means. Raises Problem `malformed`."""
    if not body:
        raise Problem("malformed", "The body is empty: there is nothing to publish.")
    kind = request.content_type if "Content-Type" in request.headers else ""
    if kind == "application/json" or kind.endswith("+json"):
        return dumps(parse_json(body))
    if not kind.startswith("text/") and body.lstrip()[:1] in (b"{", b"["):
        return dumps(parse_json(body))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("malformed", "The body is neither JSON nor text in UTF-8.") from None
    if "\0" in text:
        raise Problem("malformed", "The text holds the character NUL.")
    return dumps(text)


ROUTES = [web.get("/api/v1/channels/", channels), web.post("/api/v1/channels/{name}", publish)]
