"""The settings by REST, to be read: what each one is, where it came from, and what it is called. For admins."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.config import TABLE, Setting, Settings, group_of
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.handlers.pagination import page, window
from realtime.handlers.telemetry_docs import PAGING
from realtime.middleware.templating import language_of
from realtime.openapi import STRING, Operation, page_of
from realtime.policy import Action
from realtime.redaction import redact
from realtime.words import own_text


async def list_settings(request: web.Request) -> web.Response:
    """`GET /api/v1/settings/`: a page of settings in the order of the documentation, words in the reader's language."""
    require(request, Action.ADMIN)
    wanted = window(request)
    settings, language = request.app[keys.SETTINGS], language_of(request)
    rows = TABLE[wanted.offset : wanted.offset + wanted.limit]
    body = page(request, wanted, len(TABLE), [view(row, settings, language) for row in rows])
    return answer(body, headers={"Vary": "Accept-Language"})


def view(row: Setting, settings: Settings, language: str) -> dict[str, Any]:
    """A setting as answers show it: its values in words, secrets taken out."""
    return {
        "name": row.name,
        "group": own_text(language, group_of(row.name)),
        "value": _shown(row, getattr(settings, row.name), language),
        "default": _shown(row, row.default, language),
        "source": settings.source_of(row.name),
        "flag": row.flag,
        "variable": row.variable,
        "help": own_text(language, row.help),
    }


def _shown(row: Setting, value: object, language: str) -> str:
    text = redact(row.shown(value))
    if value in (None, ()):
        return own_text(language, text)
    number, _, unit = text.partition(" ")
    return f"{number} {own_text(language, unit)}" if unit == row.unit and number.isdigit() else text


ROUTES = [web.get("/api/v1/settings/", list_settings)]

_ROW: Final = {
    "type": "object",
    "required": ["name", "group", "value", "default", "source", "flag", "variable", "help"],
    "properties": {
        "name": STRING,
        "group": {"type": "string", "description": "The heading under which the documentation has it."},
        "value": {"type": "string", "description": "In words: `1 MiB`, `8000, 8010`, `none`."},
        "default": STRING,
        "source": {
            "type": "string",
            "enum": ["default", "flag", "environment", ".env", "code"],
            "description": "Where the value came from; `code`: from a program that embeds the server.",
        },
        "flag": STRING,
        "variable": {"type": "string", "description": "The environment variable, which may stand in `.env` too."},
        "help": {"type": "string", "description": "What it means, in the language of `Accept-Language`."},
    },
}

DOCS: Final = {
    "GET /api/v1/settings/": Operation(
        "List the settings",
        "operations",
        "To be read alone: a setting changes with its flag or variable, at the next start.",
        answer=page_of(_ROW),
        parameters=PAGING[:2],
        errors=("unauthenticated", "not_permitted"),
    ),
}
