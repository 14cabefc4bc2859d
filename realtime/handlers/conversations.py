"""Conversations by REST: `/api/v1/conversations/`. They are closed and reopened, and never deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aiohttp import web

from realtime import keys
from realtime.handlers import filters
from realtime.handlers.access import require, shown
from realtime.handlers.answers import answer
from realtime.handlers.bodies import parse_json, read_body, read_json, require_json
from realtime.handlers.desk import CHAT, NAME, STATUS, key_of, listed, no_body, seq_of, user_filter
from realtime.handlers.idempotency import once
from realtime.handlers.pagination import parameter, window
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.desk import Conversation
from realtime.policy import Action, Principal
from realtime.services.desk_rows import NO_EVENT, Written
from realtime.store.conversations import ConversationFilter
from realtime.store.idempotency import Key, Outcome
from realtime.store.telemetry import Stretch

BY_ACTIVITY: Final = "-activity"
"""The `ordering` of a list in which the conversation with the newest message comes first."""

_CONVERSATION: Final = Conversation()


class Turn(Protocol):
    """Closing or reopening: what takes no values."""

    async def __call__(self, key: int | str, who: Principal, *, once: Key | None) -> Written:
        """Do it to the conversation with this id or uuid."""


async def list_conversations(request: web.Request) -> web.Response:
    """
    `GET /api/v1/conversations/?status=&assignee=&assigned=&contact=&search=&since=&until=&ordering=&summary=`:
    a page of conversations.
    """
    require(request, Action.READ, CHAT)
    wanted = window(request)
    part = filters.stretch(request, wanted)
    if by_activity := parameter(request, "ordering") == BY_ACTIVITY:
        # What comes after an id is another question in another order.
        part = Stretch(wanted.limit, part.offset)
    which, summary = await _filter(request), filters.value(request, "summary", filters.FLAG) or False
    conversations = request.app[keys.CONVERSATIONS]
    count, rows = await conversations.list(which, part, by_activity=by_activity, summary=summary)
    return listed(request, wanted, part, count, rows)


async def _filter(request: web.Request) -> ConversationFilter:
    since, until = filters.times(request)
    return ConversationFilter(
        status=filters.value(request, "status", STATUS),
        assignee=await user_filter(request, "assignee"),
        assigned=filters.value(request, "assigned", filters.FLAG),
        contact=filters.value(request, "contact", filters.TEXT),
        search=filters.value(request, "search", filters.TEXT),
        since=since,
        until=until,
    )


async def create_conversation(request: web.Request) -> web.Response:
    """`POST /api/v1/conversations/`: 201 and the row."""
    who = require(request, Action.WRITE, CHAT)
    require_json(request)
    body = await read_body(request)
    values = check(_CONVERSATION, parse_json(body))
    conversations = request.app[keys.CONVERSATIONS]

    async def do(key: Key | None) -> Written:
        return await conversations.create(values, who, key=key)

    written = await once(request, body, do, _again(request))
    place = f"/api/v1/conversations/{written.row['id']}/"
    return answer(shown(request, written.row, CHAT), 201, seq=written.seq, headers={"Location": place})


async def get_conversation(request: web.Request) -> web.Response:
    """`GET /api/v1/conversations/{id or uuid}/?summary=`."""
    require(request, Action.READ, CHAT)
    summary = filters.value(request, "summary", filters.FLAG) or False
    return answer(await request.app[keys.CONVERSATIONS].get(key_of(request, "conversation"), summary=summary))


async def replace_conversation(request: web.Request) -> web.Response:
    """`PUT /api/v1/conversations/{id or uuid}/`: all that can change; what is not given gets its default."""
    return await _update(request, partial=False)


async def change_conversation(request: web.Request) -> web.Response:
    """`PATCH /api/v1/conversations/{id or uuid}/`: what is given."""
    return await _update(request, partial=True)


async def close_conversation(request: web.Request) -> web.Response:
    """`POST /api/v1/conversations/{id or uuid}/close/`: 200 and the row; one that is closed stays so."""
    return await _turn(request, request.app[keys.CONVERSATIONS].close)


async def reopen_conversation(request: web.Request) -> web.Response:
    """`POST /api/v1/conversations/{id or uuid}/reopen/`: 200 and the row; one that is not closed stays as it is."""
    return await _turn(request, request.app[keys.CONVERSATIONS].reopen)


async def _turn(request: web.Request, turn: Turn) -> web.Response:
    who = require(request, Action.WRITE, CHAT)
    body = await no_body(request)
    conversation = key_of(request, "conversation")

    async def do(key: Key | None) -> Written:
        return await turn(conversation, who, once=key)

    written = await once(request, body, do, _again(request))
    return answer(shown(request, written.row, CHAT), seq=seq_of(written))


def _again(request: web.Request) -> Callable[[Outcome], Awaitable[Written]]:
    """What answers a request that was done before: the row as it is now, the `seq` of then."""

    async def again(outcome: Outcome) -> Written:
        return Written(await request.app[keys.CONVERSATIONS].get(outcome.ids[0]), outcome.seq or NO_EVENT)

    return again


async def _update(request: web.Request, *, partial: bool) -> web.Response:
    who = require(request, Action.WRITE, CHAT)
    values = check(_CONVERSATION, await read_json(request), partial=partial)
    written = await request.app[keys.CONVERSATIONS].update(key_of(request, "conversation"), values, who)
    return answer(shown(request, written.row, CHAT), seq=seq_of(written))


_ONE: Final = f"/api/v1/conversations/{{conversation:{NAME}}}/"

ROUTES = [
    web.get("/api/v1/conversations/", list_conversations),
    web.post("/api/v1/conversations/", create_conversation),
    web.get(_ONE, get_conversation),
    web.put(_ONE, replace_conversation),
    web.patch(_ONE, change_conversation),
    web.post(f"{_ONE}close/", close_conversation),
    web.post(f"{_ONE}reopen/", reopen_conversation),
]
