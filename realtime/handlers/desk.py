"""What the doors of the support desk share: ids of two kinds, lists, writes that may change nothing."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.errors import Problem
from realtime.handlers.answers import answer
from realtime.handlers.bodies import parse_json, read_body, require_json
from realtime.handlers.filters import FLAG, Filter, one_of, value, whole
from realtime.handlers.pagination import Window, page, page_after
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.desk import Nothing
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.services.desk_checks import DELIVERY, MESSAGE_TYPES, RATINGS, SENDERS, STATUSES
from realtime.services.desk_rows import Written
from realtime.store.telemetry import Stretch

CHAT: Final = "chat"
CSAT: Final = "csat"

NAME: Final = "[A-Za-z0-9._:-]{1,64}"
"""In a path: an id or a uuid, which for a client of the chat dialect is any of these."""

STATUS: Final = one_of(*STATUSES)
SENDER: Final = one_of(*SENDERS)
MESSAGE_TYPE: Final = one_of(*MESSAGE_TYPES)
DELIVERED: Final = one_of(*DELIVERY)
RATING: Final = whole(RATINGS[0], RATINGS[-1])
ANSWERED: Final = FLAG

_NOTHING: Final = Nothing()


def _key(text: str) -> int | str | None:
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 20 and 1 <= int(text) <= LARGEST_ID else None
    return text


KEY: Final = Filter(_key, "An id or a uuid.", {"type": "string"})


def key_of(request: web.Request, what: str) -> int | str:
    """The id (digits alone) or the uuid in the path, under the name of what it is. Raises Problem `not_found`."""
    text = request.match_info[what]
    key = _key(text)
    if key is None:
        raise Problem("not_found", f"There is no {what} {text}.")
    return key


async def user_filter(request: web.Request, name: str) -> int | str | None:
    """The user that a parameter names by id, uuid or name, as an id or a uuid; None for none."""
    key: int | str | None = value(request, name, KEY)
    if not isinstance(key, str):
        return key
    _, found = await request.app[keys.ACCOUNTS].users.list({"name": key}, Stretch(1))
    return int(found[0]["id"]) if found else key.lower()


def listed(request: web.Request, wanted: Window, part: Stretch, count: int, rows: list[dict[str, Any]]) -> web.Response:
    """The page of a list that was asked for by an offset, or by an id."""
    paged = page if part.id_after is None else page_after
    return answer(paged(request, wanted, count, rows))


def seq_of(written: Written) -> int | None:
    """The `seq` of the event of a write; None where there was nothing to change."""
    return written.seq or None


async def no_body(request: web.Request) -> bytes:
    """The body of what takes none: empty, or `{}`. Raises Problem `invalid` for another."""
    if (body := await read_body(request)).strip():
        require_json(request)
        check(_NOTHING, parse_json(body))
    return body
