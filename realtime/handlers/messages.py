"""Messages and reactions by REST: in a conversation, and each by itself."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.errors import invalid
from realtime.handlers import filters
from realtime.handlers.access import require, shown
from realtime.handlers.answers import answer, empty
from realtime.handlers.bodies import parse_json, read_body, read_json, require_json
from realtime.handlers.desk import CHAT, DELIVERED, MESSAGE_TYPE, NAME, SENDER, key_of, listed, seq_of
from realtime.handlers.idempotency import once
from realtime.handlers.pagination import page, window
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.desk import Edit, MessageChange, NewMessage, Reaction
from realtime.policy import Action, Principal
from realtime.services.desk_rows import NO_EVENT, Written
from realtime.services.messages import Place, Speaker
from realtime.store.accounts import SYSTEM_ID
from realtime.store.idempotency import Key, Outcome
from realtime.store.messages import MessageFilter

AGENT: Final = "agent"
"""What whoever writes by REST is, where nothing else is said."""

_MESSAGE: Final = NewMessage()
_EDIT: Final = Edit()
_CHANGE: Final = MessageChange()
_REACTION: Final = Reaction()


async def list_messages(request: web.Request) -> web.Response:
    """`GET /api/v1/conversations/{id or uuid}/messages/?sender=&status=&message_type=&search=&since=&until=`."""
    require(request, Action.READ, CHAT)
    wanted = window(request)
    part = filters.stretch(request, wanted)
    since, until = filters.times(request)
    which = MessageFilter(
        sender=filters.value(request, "sender", SENDER),
        status=filters.value(request, "status", DELIVERED),
        message_type=filters.value(request, "message_type", MESSAGE_TYPE),
        search=filters.value(request, "search", filters.TEXT),
        since=since,
        until=until,
    )
    count, rows = await request.app[keys.MESSAGES].list(key_of(request, "conversation"), which, part)
    return listed(request, wanted, part, count, rows)


async def create_message(request: web.Request) -> web.Response:
    """`POST /api/v1/conversations/{id or uuid}/messages/`: 201 and the row."""
    who = require(request, Action.WRITE, CHAT)
    require_json(request)
    body = await read_body(request)
    values = check(_MESSAGE, parse_json(body))
    place, messages = Place(key_of(request, "conversation")), request.app[keys.MESSAGES]
    # Whoever may write here is an agent or more, and may record what others said.
    speaker = Speaker(who, values["sender"])

    async def do(key: Key | None) -> Written:
        kind = values["message_type"]
        return await messages.send(speaker, place, values["content"], message_type=kind, key=key)

    async def again(outcome: Outcome) -> Written:
        return Written(await messages.get(outcome.ids[0]), outcome.seq or NO_EVENT)

    return _made(request, await once(request, body, do, again))


async def get_message(request: web.Request) -> web.Response:
    """`GET /api/v1/messages/{id or uuid}/`; a deleted one has no content."""
    require(request, Action.READ, CHAT)
    return answer(await request.app[keys.MESSAGES].get(key_of(request, "message")))


async def replace_message(request: web.Request) -> web.Response:
    """`PUT /api/v1/messages/{id or uuid}/`: another text."""
    who = require(request, Action.WRITE, CHAT)
    return await _change(request, who, check(_EDIT, await read_json(request)))


async def change_message(request: web.Request) -> web.Response:
    """`PATCH /api/v1/messages/{id or uuid}/`: another text, or how far its delivery is."""
    who = require(request, Action.WRITE, CHAT)
    return await _change(request, who, check(_CHANGE, await read_json(request), partial=True))


async def delete_message(request: web.Request) -> web.Response:
    """`DELETE /api/v1/messages/{id or uuid}/`: its text is gone for good. 204, also the second time."""
    who = require(request, Action.WRITE, CHAT)
    written = await request.app[keys.MESSAGES].delete(key_of(request, "message"), Speaker(who, AGENT))
    return empty(seq=seq_of(written))


async def list_reactions(request: web.Request) -> web.Response:
    """`GET /api/v1/messages/{id or uuid}/reactions/`: a page of `{user_id, username, reaction}`."""
    require(request, Action.READ, CHAT)
    wanted = window(request)
    message = await request.app[keys.MESSAGES].get(key_of(request, "message"))
    found: list[dict[str, Any]] = message["reactions"]
    return answer(page(request, wanted, len(found), found[wanted.offset : wanted.offset + wanted.limit]))


async def react(request: web.Request) -> web.Response:
    """`POST /api/v1/messages/{id or uuid}/reactions/`: one's own reaction is this; an empty one removes it. 200."""
    who = require(request, Action.WRITE, CHAT)
    require_json(request)
    body = await read_body(request)
    reaction = check(_REACTION, parse_json(body))["reaction"]
    message, messages = key_of(request, "message"), request.app[keys.MESSAGES]

    async def do(key: Key | None) -> Written:
        return await messages.react(message, reaction, who, once=key)

    async def again(outcome: Outcome) -> Written:
        return Written(await _own_reaction(request, who, outcome.ids[0]), outcome.seq or NO_EVENT)

    written = await once(request, body, do, again)
    return answer(written.row, seq=seq_of(written))


async def remove_reaction(request: web.Request) -> web.Response:
    """`DELETE /api/v1/messages/{id or uuid}/reactions/`: one's own is gone. 204, also where there was none."""
    who = require(request, Action.WRITE, CHAT)
    written = await request.app[keys.MESSAGES].react(key_of(request, "message"), "", who)
    return empty(seq=seq_of(written))


def _made(request: web.Request, written: Written) -> web.Response:
    place = f"/api/v1/messages/{written.row['id']}/"
    # Nobody has reacted to what was not there before.
    row = {**written.row, "reactions": written.row.get("reactions", [])}
    return answer(shown(request, row, CHAT), 201, seq=written.seq, headers={"Location": place})


async def _own_reaction(request: web.Request, who: Principal, message_id: int) -> dict[str, Any]:
    """The reaction of `who` to a message as it is now, in the form in which its event tells it."""
    message = await request.app[keys.MESSAGES].get(message_id)
    user = await request.app[keys.ACCOUNTS].users.get(SYSTEM_ID if who.user_id is None else who.user_id)
    own = [each["reaction"] for each in message["reactions"] if each["user_id"] == user["id"]]
    return {
        "message_id": message["id"],
        "message_uuid": message["uuid"],
        "conversation_id": message["conversation_id"],
        "chat_id": message["chat_id"],
        "user_id": user["id"],
        "sender_id": user["uuid"],
        "username": user["name"],
        "reaction": own[0] if own else "",
    }


async def _change(request: web.Request, who: Principal, values: dict[str, str]) -> web.Response:
    if len(values) != 1:
        raise invalid(**dict.fromkeys(("content", "status"), "One of the two is changed at a time."))
    messages, key = request.app[keys.MESSAGES], key_of(request, "message")
    if "content" in values:
        written = await messages.edit(key, values["content"], Speaker(who, AGENT))
    else:
        written = await messages.mark(key, values["status"], who)
    return answer(shown(request, await messages.get(written.row["id"]), CHAT), seq=seq_of(written))


_OF_CONVERSATION: Final = f"/api/v1/conversations/{{conversation:{NAME}}}/messages/"
_ONE: Final = f"/api/v1/messages/{{message:{NAME}}}/"

ROUTES = [
    web.get(_OF_CONVERSATION, list_messages),
    web.post(_OF_CONVERSATION, create_message),
    web.get(_ONE, get_message),
    web.put(_ONE, replace_message),
    web.patch(_ONE, change_message),
    web.delete(_ONE, delete_message),
    web.get(f"{_ONE}reactions/", list_reactions),
    web.post(f"{_ONE}reactions/", react),
    web.delete(f"{_ONE}reactions/", remove_reaction),
]
