"""Ratings by REST: those of a conversation, and all."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.handlers import filters
from realtime.handlers.access import require, shown
from realtime.handlers.answers import answer
from realtime.handlers.bodies import parse_json, read_body, require_json
from realtime.handlers.desk import ANSWERED, CSAT, KEY, NAME, RATING, key_of, listed
from realtime.handlers.idempotency import once
from realtime.handlers.pagination import window
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.desk import NewRating
from realtime.policy import Action
from realtime.services.desk_rows import NO_EVENT, Written
from realtime.store.csat import CsatFilter
from realtime.store.idempotency import Key, Outcome

_RATING: Final = NewRating()


async def list_ratings(request: web.Request) -> web.Response:
    """`GET /api/v1/csat/?rating=&conversation_id=&answered=&since=&until=`: a page of ratings."""
    require(request, Action.READ, CSAT)
    return await _list(request, filters.value(request, "conversation_id", KEY))


async def list_ratings_of(request: web.Request) -> web.Response:
    """`GET /api/v1/conversations/{id or uuid}/csat/`: a page of one conversation's ratings, a row for each cycle."""
    require(request, Action.READ, CSAT)
    conversation = await request.app[keys.CONVERSATIONS].get(key_of(request, "conversation"))
    return await _list(request, conversation["id"])


async def rate(request: web.Request) -> web.Response:
    """`POST /api/v1/conversations/{id or uuid}/csat/`: 201 and the row of the conversation's present cycle."""
    who = require(request, Action.WRITE, CSAT)
    require_json(request)
    body = await read_body(request)
    values = check(_RATING, parse_json(body))
    conversation, csat = key_of(request, "conversation"), request.app[keys.CSAT]

    async def do(key: Key | None) -> Written:
        return await csat.rate(conversation, values["rating"], values["feedback"], who, key)

    async def again(outcome: Outcome) -> Written:
        return Written(await csat.get(outcome.ids[0]), outcome.seq or NO_EVENT)

    written = await once(request, body, do, again)
    place = f"/api/v1/conversations/{written.row['conversation_id']}/csat/"
    return answer(shown(request, written.row, CSAT), 201, seq=written.seq, headers={"Location": place})


async def _list(request: web.Request, conversation: int | str | None) -> web.Response:
    wanted = window(request)
    part = filters.stretch(request, wanted)
    since, until = filters.times(request)
    rating, answered = filters.value(request, "rating", RATING), filters.value(request, "answered", ANSWERED)
    which = CsatFilter(conversation, rating, answered, since, until)
    count, rows = await request.app[keys.CSAT].list(which, part)
    return listed(request, wanted, part, count, rows)


_OF_CONVERSATION: Final = f"/api/v1/conversations/{{conversation:{NAME}}}/csat/"

ROUTES = [
    web.get("/api/v1/csat/", list_ratings),
    web.get(_OF_CONVERSATION, list_ratings_of),
    web.post(_OF_CONVERSATION, rate),
]
