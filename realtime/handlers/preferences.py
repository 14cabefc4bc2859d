"""How a browser wants its pages: theme and language, kept in cookies, so that they are right from the first byte."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import clock, keys
from realtime.handlers.answers import empty
from realtime.handlers.bodies import read_form, read_json
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.schemas import fields
from realtime.handlers.schemas.checking import Body, check
from realtime.middleware.templating import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from realtime.middleware.ways import START, go_on, same_way
from realtime.openapi import Operation
from realtime.words import LANGUAGES

FORM: Final = "application/x-www-form-urlencoded"

SYSTEM: Final = "system"
"""As the browser has it: the cookie goes."""

_KEPT: Final = 366 * clock.DAY // clock.SECOND
_COOKIES: Final = {"theme": THEME_COOKIE, "language": LANGUAGE_COOKIE}


class Preferences(Body):
    """What is to be another from now on; what is not named stays."""

    theme = fields.choice(SYSTEM, *THEMES)
    language = fields.choice(SYSTEM, *LANGUAGES)


_PREFERENCES: Final = Preferences()


async def prefer(request: web.Request) -> web.Response:
    """
    `POST /preferences {theme?, language?}`: 204, and the cookies that the next page is made
    by. In a form, with the path of ours in `next`: 303, on to that.
    """
    refuse_key(request)
    if request.content_type == FORM:
        fields = await read_form(request)
        response = go_on(request, same_way(fields.pop("next", START)))
        _keep(request, response, check(_PREFERENCES, fields))
    else:
        response = empty()
        _keep(request, response, check(_PREFERENCES, await read_json(request)))
    return response


def _keep(request: web.Request, response: web.Response, wishes: dict[str, str]) -> None:
    secure = (request.app[keys.SETTINGS].public_url or "").startswith("https:")
    for name, wanted in wishes.items():
        if wanted == SYSTEM:
            response.del_cookie(_COOKIES[name], httponly=True, samesite="Lax")
        else:
            response.set_cookie(_COOKIES[name], wanted, max_age=_KEPT, httponly=True, samesite="Lax", secure=secure)


ROUTES = [web.post("/preferences", prefer)]

DOCS = {
    "POST /preferences": Operation(
        "Choose theme and language of the pages",
        "pages",
        "For the browser that asks, in cookies; `system` goes back to what the browser itself wants.",
        status=204,
        body=Preferences(),
        errors=("invalid", "malformed", "foreign_origin"),
    ),
}
