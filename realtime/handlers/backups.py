"""Backups by REST: make one, watch it, take it away, delete it. For admins."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.clock import timestamp
from realtime.handlers.access import require
from realtime.handlers.answers import answer, empty
from realtime.handlers.filters import Filter, value
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.pagination import page, parameter, window
from realtime.openapi import STRING, Operation, Parameter, page_of
from realtime.policy import Action
from realtime.services.backup_files import ID
from realtime.services.backups import Backup

KIND: Final = "application/vnd.sqlite3"

_PATH: Final = "/api/v1/backups/"
_ONE_PATH: Final = _PATH + "{backup:" + ID + "}/"
_FLAG: Final = Filter({"true": True, "false": False}.get, "true or false.", {"type": "boolean"})


async def list_backups(request: web.Request) -> web.Response:
    """`GET /api/v1/backups/`: a page of backups, the oldest first; `ordering=-id`: the newest."""
    require(request, Action.ADMIN)
    wanted = window(request)
    found = await request.app[keys.BACKUPS].list()
    if parameter(request, "ordering") == "-id":
        found.reverse()
    shown = found[wanted.offset : wanted.offset + wanted.limit]
    return answer(page(request, wanted, len(found), [view(backup) for backup in shown]))


async def begin_backup(request: web.Request) -> web.Response:
    """`POST /api/v1/backups/?kept=`: 202 and the backup that was begun; `Location` tells how far it is."""
    who = require(request, Action.ADMIN)
    refuse_key(request)
    kept = value(request, "kept", _FLAG)
    backup = await request.app[keys.BACKUPS].begin(who, kept=kept is not False)
    return answer(view(backup), 202, headers={"Location": f"{_PATH}{backup.id}/"})


async def get_backup(request: web.Request) -> web.Response:
    """`GET /api/v1/backups/{backup}/`: its state, and how far it is."""
    require(request, Action.ADMIN)
    return answer(view(await request.app[keys.BACKUPS].get(request.match_info["backup"])))


async def download_backup(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/backups/{backup}/file`: the database file; takes `Range`."""
    who = require(request, Action.ADMIN)
    path = await request.app[keys.BACKUPS].download(who, request.match_info["backup"])
    name = path.with_suffix(".db").name
    return web.FileResponse(
        path, headers={"Content-Type": KIND, "Content-Disposition": f'attachment; filename="{name}"'}
    )


async def delete_backup(request: web.Request) -> web.Response:
    """`DELETE /api/v1/backups/{backup}/`: gone; one that is being made is called off. 204."""
    who = require(request, Action.ADMIN)
    await request.app[keys.BACKUPS].delete(who, request.match_info["backup"])
    return empty()


def view(backup: Backup) -> dict[str, Any]:
    """A backup as answers show it."""
    shown = {name: getattr(backup, name) for name in ("id", "state", "kept", "position", "size", "sha256")}
    progress = {"written": backup.written, "expected": backup.expected}
    return {**shown, "created_at": timestamp(backup.created_at), **progress, "error": backup.error}


ROUTES = [
    web.get(_PATH, list_backups),
    web.post(_PATH, begin_backup),
    web.get(_ONE_PATH, get_backup),
    web.get(f"{_ONE_PATH}file", download_backup, allow_head=False),
    web.delete(_ONE_PATH, delete_backup),
]

_ASKED: Final = ("unauthenticated", "not_permitted")
_BYTES: Final = {"type": "integer", "minimum": 0}
_NULLABLE: Final = {"type": ["string", "null"]}
_ROW: Final = {
    "type": "object",
    "required": ["id", "state", "kept", "created_at", "written", "expected"],
    "properties": {
        "id": {"type": "string", "pattern": f"^{ID}$"},
        "state": {"type": "string", "enum": ["running", "done", "failed"]},
        "kept": {"type": "boolean", "description": "False: made for one download."},
        "position": {**_NULLABLE, "description": "Of the last event in it, when it is done."},
        "size": {"type": ["integer", "null"], "description": "In bytes, when it is done."},
        "sha256": {**_NULLABLE, "description": "In hexadecimal, when it is done."},
        "created_at": {"type": "string", "format": "date-time"},
        "written": {**_BYTES, "description": "Bytes that are there."},
        "expected": {**_BYTES, "description": "About how many there will be."},
        "error": {
            "type": ["object", "null"],
            "properties": {"code": STRING, "message": STRING},
            "description": "Why it failed.",
        },
    },
}

DOCS: Final = {
    "GET /api/v1/backups/": Operation(
        "List backups",
        "backups",
        "The oldest first; those that failed since the server's start, too.",
        answer=page_of(_ROW),
        parameters=(
            Parameter("limit", "How many.", {"type": "integer", "minimum": 1}),
            Parameter("offset", "How many to leave out.", _BYTES),
            Parameter("ordering", "`-id`: the newest first.", STRING),
        ),
        errors=_ASKED,
    ),
    "POST /api/v1/backups/": Operation(
        "Begin a backup",
        "backups",
        "One at a time, in the background; writers do not wait for it. `Location` names it.",
        answer=_ROW,
        status=202,
        parameters=(
            Parameter(
                "kept",
                "False: for one download; it goes when the next backup begins, or at a restart.",
                {"type": "boolean"},
            ),
        ),
        errors=("invalid", *_ASKED, "conflict", "internal", "disk_full"),
    ),
    "GET /api/v1/backups/{backup}/": Operation(
        "One backup, and how far it is", "backups", answer=_ROW, errors=(*_ASKED, "not_found")
    ),
    "GET /api/v1/backups/{backup}/file": Operation(
        "Take a backup away",
        "backups",
        "A SQLite database; `restore` takes it. Each download is audited.",
        answer=STRING,
        media=KIND,
        errors=(*_ASKED, "not_found", "conflict"),
    ),
    "DELETE /api/v1/backups/{backup}/": Operation(
        "Delete a backup, or call it off", "backups", status=204, errors=(*_ASKED, "not_found")
    ),
}
