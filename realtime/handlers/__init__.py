"""The doors of the server: each handler parses, calls one service, and answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Final

from aiohttp import web

MODULES: Final = (
    "about",
    "accounts",
    "asyncapi",
    "audit",
    "backups",
    "channels",
    "chat",
    "conversations",
    "csat",
    "dashboard",
    "deliveries",
    "exports",
    "health",
    "history",
    "latest",
    "logins",
    "messages",
    "metrics",
    "openapi",
    "pages",
    "preferences",
    "publications",
    "settings",
    "streams",
    "telemetry",
    "websockets",
)
"""The modules of this folder that have ROUTES."""


def routes() -> list[web.AbstractRouteDef]:
    """The one table of routes; every path works with and without its final slash."""
    found: list[web.AbstractRouteDef] = []
    for name in MODULES:
        found.extend(both_spellings(import_module(f"{__name__}.{name}").ROUTES))
    return found


def both_spellings(written: Iterable[web.AbstractRouteDef]) -> Iterator[web.AbstractRouteDef]:
    """The routes as they are written, and with the final slash added or left out."""
    for route in written:
        yield route
        if isinstance(route, web.RouteDef) and route.path != "/" and "." not in route.path.rpartition("/")[2]:
            other = route.path[:-1] if route.path.endswith("/") else route.path + "/"
            yield web.RouteDef(route.method, other, route.handler, dict(route.kwargs))
