"""The OpenAPI document of all routes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from aiohttp import web

import realtime
from realtime.handlers.access import require
from realtime.handlers.schemas.examples import BODIES
from realtime.jsonio import dumps
from realtime.openapi import Operation, document
from realtime.policy import Action

SPEAKING_FOR_OTHERS: Final = ("desk_docs", "event_docs", "site_docs")


async def openapi(request: web.Request) -> web.Response:
    """`GET /openapi.json`."""
    require(request, Action.READ)
    # It takes a tenth of a second the first time.
    await asyncio.to_thread(zipped)
    return described(request, encoded(), zipped())


def described(request: web.Request, body: bytes, shorter: bytes) -> web.Response:
    """A document as JSON, or what it is in gzip for a client that takes that: a tenth of it."""
    headers = {"Content-Type": "application/json", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=shorter, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=body, headers=headers)


def operations() -> dict[str, Operation]:
    """The `DOCS` of every module that has routes, and of those that speak for other modules."""
    handlers = import_module("realtime.handlers")
    found: dict[str, Operation] = {}
    for name in (*handlers.MODULES, *SPEAKING_FOR_OTHERS):
        docs: Mapping[str, Operation] = getattr(import_module(f"realtime.handlers.{name}"), "DOCS", {})
        found.update(docs)
    return found


@cache
def encoded() -> bytes:
    """The document, as it is sent."""
    return dumps(document(operations(), realtime.__version__, BODIES))


@cache
def zipped() -> bytes:
    """The same in gzip."""
    return gzip.compress(encoded())


ROUTES = [web.get("/openapi.json", openapi)]

DOCS = {
    "GET /openapi.json": Operation(
        "This document", "operations", answer={"type": "object"}, errors=("unauthenticated", "not_permitted")
    )
}
