"""The pages of the built-in site, and the files that they load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from aiohttp import ETag, web

from realtime import keys
from realtime.assets import Asset, assets, source_hash
from realtime.errors import Problem
from realtime.handlers.access import require, rights_of
from realtime.handlers.pagination import base_url
from realtime.handlers.screens import policy, screen
from realtime.policy import Action

CLIENT: Final = "websocket_client.html"

_FOREVER: Final = "public, max-age=31536000, immutable"
ASK: Final = "no-cache"
"""Keep it, but ask each time whether it is still the same."""

_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Screen:
    """
    A page of the built-in site: `title` (English; translated like all words), the module that it
    runs and its own stylesheets, both below `static/`.
    """

    title: str
    entry: str
    styles: tuple[str, ...] = ()


SCREENS: Final[Mapping[str, Screen]] = {
    "/": Screen(
        "Overview",
        "js/pages/overview.js",
        ("css/feed.css", "css/rows.css", "css/chart.css", "css/live.css", "css/overview.css"),
    ),
    "/conversations": Screen(
        "Conversations",
        "js/pages/conversations.js",
        ("css/conversations.css", "css/conversation_list.css", "css/thread.css", "css/messages.css"),
    ),
    "/connections": Screen("Connections", "js/pages/connections.js", ("css/connections.css", "css/roster.css")),
    "/events": Screen("Events", "js/pages/events.js", ("css/feed.css", "css/events.css", "css/event.css")),
    "/settings": Screen("Settings", "js/pages/settings.js", ("css/settings.css", "css/taken.css", "css/facts.css")),
    "/sensors": Screen("Sensors", "js/pages/sensors.js", ("css/chart.css", "css/sensors.css", "css/sensor.css")),
    "/docs": Screen("API", "js/pages/docs.js", ("css/docs.css",)),
}
"""The pages by path. Whoever is let in at all gets each of them; a page itself says what its reader may not see."""


async def page(request: web.Request) -> web.Response:
    """`GET` of a path of SCREENS."""
    who = require(request, Action.READ)
    found = SCREENS[request.path.rstrip("/") or "/"]
    rights = rights_of(request, who)
    access = request.app[keys.SETTINGS].access_mode
    given = {"who": who, "rights": rights, "access": access, "origin": base_url(request)}
    return screen(request, "page.html", found.entry, screen=found, **given)


async def websocket_client(request: web.Request) -> web.Response:
    """`GET /websocket_client.html`: the test client, which also works as a file."""
    response = file(request, assets()[CLIENT], ASK)
    response.headers["Content-Security-Policy"] = policy(request, _client_sources())
    return response


async def websocket_client_script(request: web.Request) -> web.Response:
    """`GET /websocket_client.js`: its script."""
    return file(request, assets()["websocket_client.js"], ASK)


async def icon(request: web.Request) -> web.Response:
    """`GET /favicon.ico`: for browsers that look there without being told."""
    return file(request, assets()["icon.svg"], ASK)


async def static(request: web.Request) -> web.Response:
    """`GET /static/{name}`: a file of the package by its plain name, or by its hashed one for ever."""
    found = assets().find(request.match_info["name"])
    # A page needs the policy of its own address.
    if found is None or found[0].name.endswith(".html"):
        raise Problem("not_found", "There is no such file.")
    asset, hashed = found
    return file(request, asset, _FOREVER if hashed else ASK)


def file(request: web.Request, asset: Asset, caching: str) -> web.Response:
    """The file, zipped where the client takes that; 304 when it has it already."""
    zipped = asset.zipped if "gzip" in request.headers.get("Accept-Encoding", "") else None
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    # Two encodings are two representations, so each has a tag of its own (RFC 9110 §8.8.3.3).
    tag = ETag(asset.digest[:32] + ("-gzip" if zipped else ""))
    if any(known.value in (tag.value, "*") for known in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        headers["Content-Type"] = asset.kind
        if zipped:
            headers["Content-Encoding"] = "gzip"
        response = web.Response(body=zipped or asset.body, headers=headers)
    # What means these bytes for ever is never asked for again; on sixty files the tag would be 4 kB of a first load.
    if caching != _FOREVER:
        response.etag = tag
    return response


@cache
def _client_sources() -> dict[str, str]:
    """What the test client needs beyond other pages: its own style, and any server that is typed into it."""
    style = _STYLE.search(assets()[CLIENT].body.decode())
    hashed = source_hash(style[1]) if style else ""
    return {"style-src": hashed, "connect-src": "http: https: ws: wss:"}


ROUTES = [
    *(web.get(path, page) for path in SCREENS),
    web.get("/websocket_client.html", websocket_client),
    web.get("/websocket_client.js", websocket_client_script),
    web.get("/favicon.ico", icon),
    web.get("/static/{name:.+}", static),
]
