"""What the server is made of, and how it stands. For admins: versions and sizes are nobody else's business."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.clock import timestamp
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.openapi import STRING, Operation
from realtime.policy import Action


async def about(request: web.Request) -> web.Response:
    """`GET /api/v1/about`: `{versions, started_at, access, epoch, tip, oldest, damaged, clients, waiting, disk}`."""
    require(request, Action.ADMIN)
    found = await request.app[keys.ABOUT].now()
    return answer({**found, "started_at": timestamp(found["started_at"])})


ROUTES = [web.get("/api/v1/about", about)]

_COUNT: Final = {"type": "integer", "minimum": 0}

DOCS: Final = {
    "GET /api/v1/about": Operation(
        "What the server is made of, and how it stands",
        "operations",
        answer={
            "type": "object",
            "properties": {
                "versions": {
                    "type": "object",
                    "additionalProperties": STRING,
                    "description": "Of the server, Python, SQLite and the libraries, by name.",
                },
                "started_at": {"type": "string", "format": "date-time"},
                "access": {"type": "string", "enum": ["open", "closed"]},
                "epoch": {"type": "string", "description": "The name of this history."},
                "tip": {**_COUNT, "description": "The `seq` of the last event."},
                "oldest": {**_COUNT, "description": "The first `seq` that may still be kept."},
                "damaged": {**_COUNT, "description": "Events met, since the start, whose checksum does not agree."},
                "clients": {**_COUNT, "description": "Sockets and streams that are connected."},
                "waiting": {**_COUNT, "description": "Units of work that wait for a commit."},
                "disk": {
                    "type": "object",
                    "description": "Bytes of the database and of what lies beside it, and those that are free.",
                    "properties": dict.fromkeys(("database", "wal", "free"), _COUNT),
                },
            },
        },
        errors=("unauthenticated", "not_permitted"),
    ),
}
