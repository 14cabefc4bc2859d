"""Where a browser goes on to when it has sent a form: a page of ours, and never another place."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from realtime import keys
from realtime.redaction import redact

START: Final = "/"
WAY_LIMIT: Final = 2_000
"""Characters of a way that is remembered."""

# A browser takes `//x` and `/\x` for another host, and passes over tabs and line feeds in between.
_OWN: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)
_NOWHERE: Final = re.compile(r"/(?:login|logout)(?:[/?#]|$)")


def own_way(text: str) -> str:
    """`text` where it is the path of a page of ours, with its query; else the start page."""
    return START if _NOWHERE.match(text) else same_way(text)


def same_way(text: str) -> str:
    """The same, where it may also lead to a page to sign in or out on."""
    return text if len(text) <= WAY_LIMIT and _OWN.fullmatch(text) else START


def way_back(request: web.Request) -> str:
    """The way to what was asked for, where a browser may come back to it: without a secret that stood in it."""
    return START if request.method != "GET" else own_way(way_here(request))


def way_here(request: web.Request) -> str:
    """The way to this page, without a secret that stood in its query."""
    way = request.raw_path
    return way if redact(way) == way else request.rel_url.raw_path


def go_on(request: web.Request, way: str) -> web.Response:
    """303: on to a page of ours, below the path of the public URL."""
    prefix = urlsplit(request.app[keys.SETTINGS].public_url or "").path.rstrip("/")
    return web.Response(status=303, headers={"Location": f"{prefix}{way}"})
