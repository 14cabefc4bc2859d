"""The OpenAPI document of all routes."""

from __future__ import annotations

import asyncio
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
    return web.Response(body=await asyncio.to_thread(encoded), content_type="application/json")


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


ROUTES = [web.get("/openapi.json", openapi)]

DOCS = {
    "GET /openapi.json": Operation(
        "This document", "operations", answer={"type": "object"}, errors=("unauthenticated", "not_permitted")
    )
}
