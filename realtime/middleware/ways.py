"""Where a browser goes on to once it is signed in: a page of ours, and never another place."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from realtime.redaction import redact

START: Final = "/"
WAY_LIMIT: Final = 2_000
"""Characters of a way that is remembered."""

# A browser takes `//x` and `/\x` for another host, and passes over tabs and line feeds in between.
_OWN: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)
_NOWHERE: Final = re.compile(r"/(?:login|logout)(?:[/?#]|$)")


def own_way(text: str) -> str:
    """`text` where it is the path of a page of ours, with its query; else the start page."""
    if len(text) > WAY_LIMIT or not _OWN.fullmatch(text) or _NOWHERE.match(text):
        return START
    return text


def way_back(request: web.Request) -> str:
    """The way to what was asked for, where a browser may come back to it: without a secret that stood in it."""
    if request.method != "GET":
        return START
    way = request.raw_path
    return own_way(way if redact(way) == way else request.rel_url.raw_path)
