"""What the OpenAPI document says of the roster, and of what became of an event."""

from __future__ import annotations

from typing import Any, Final

from realtime.dialects.roster import DIALECTS, STATUSES
from realtime.handlers.schemas.roster import Connection, ConnectionChange, NewConnection, Notice
from realtime.handlers.telemetry_docs import PAGING
from realtime.openapi import STRING, Operation, Parameter, page_of
from realtime.services.deliveries import STATES

_ASKED: Final = ("unauthenticated", "not_permitted")
_ONE: Final = (*_ASKED, "not_found")
_BODY: Final = ("invalid", "malformed", *_ASKED, "stalled_body", "too_large", "unsupported_media_type")
_TAG: Final = "connections"
_MANY: Final = "/api/v1/websockets/"
_CONNECTION: Final = "/api/v1/websockets/{id}/"
_EVENT: Final = "/api/v1/events/{seq}/"
_STATUS: Final = {"type": "string", "examples": list(STATUSES)}

FILTERS: Final = (
    Parameter("user", "Connections of this user.", STRING),
    Parameter("status", "`Ativa` or `Inativa`, in Portuguese, Spanish or English, in any case.", _STATUS),
    Parameter("dialect", "Connections that speak it.", {"type": "string", "enum": list(DIALECTS)}),
    Parameter("channel", "Connections that name this channel.", STRING),
)
_KICK: Final = (
    Parameter(
        "block",
        "Seconds that the credential is kept out of the door of a connection that is closed; 0 for none.",
        {"type": "integer", "minimum": 0, "maximum": 86_400},
    ),
    Parameter("reconnect", "`true`: the client is to come back (4011), and nothing is blocked.", {"type": "boolean"}),
)
_FRAMES: Final = {
    "type": "object",
    "description": "The frame in each dialect, several in an array, null where the dialect has no word for it.",
    "properties": {name: {} for name in DIALECTS if name not in ("sse", "ndjson")},
}
_DELIVERY: Final = {
    "type": "object",
    "required": ["id", "user", "status", "dialect", "delivery"],
    "properties": {
        "id": {"type": "integer"},
        "user": STRING,
        "status": {"type": "string", "enum": list(STATUSES)},
        "dialect": {"type": "string", "enum": list(DIALECTS)},
        "delivery": {"type": "string", "enum": list(STATES)},
    },
}


def _changing(summary: str, said: str, body: Any) -> Operation:
    errors = (*_BODY, "not_found", "conflict")
    return Operation(summary, _TAG, said, answer=Connection(), body=body, parameters=_KICK, errors=errors)


def operations() -> dict[str, Operation]:
    """The routes of the roster."""
    return {
        f"GET {_MANY}": Operation(
            "List connections",
            _TAG,
            "Every connection that is open, and those that were, for the retention time.",
            answer=page_of(Connection()),
            parameters=(*FILTERS, *PAGING),
            errors=("invalid", *_ASKED),
        ),
        f"POST {_MANY}": Operation(
            "Declare a connection",
            _TAG,
            "The socket that connects with the ticket becomes this row.",
            answer=_declared(),
            status=201,
            body=NewConnection(),
            errors=(*_BODY, "conflict", "too_many_requests", "busy"),
        ),
        f"GET {_CONNECTION}": Operation("One connection", _TAG, answer=Connection(), errors=_ONE),
        f"PUT {_CONNECTION}": _changing("Replace a connection", "See PATCH.", ConnectionChange()),
        f"PATCH {_CONNECTION}": _changing(
            "Change or close a connection", "`Inativa` closes one that is open.", ConnectionChange(partial=True)
        ),
        f"DELETE {_CONNECTION}": Operation(
            "Close and delete a connection", _TAG, status=204, parameters=_KICK, errors=("invalid", *_ONE)
        ),
        f"POST {_CONNECTION}messages/": Operation(
            "Say something to one connection",
            _TAG,
            "A signal: `system_event` in the channels dialect, `system_notice` in the others.",
            answer=Notice(),
            status=202,
            body=Notice(),
            errors=(*_BODY, "not_found", "conflict", "busy"),
        ),
    }


def event_operations() -> dict[str, Operation]:
    """The routes of one event."""
    return {
        f"GET {_EVENT}": Operation(
            "One event, with its frame in every dialect",
            "events",
            answer={
                "type": "object",
                "required": ["seq", "channel", "type", "entity_id", "data", "actor", "at", "frames"],
                "properties": {"seq": {"type": "integer"}, "channel": STRING, "type": STRING, "frames": _FRAMES},
            },
            errors=_ONE,
        ),
        f"GET {_EVENT}deliveries/": Operation(
            "What became of an event, connection by connection",
            "events",
            "Reckoned from positions: nothing is recorded per event.",
            answer=page_of(_DELIVERY),
            parameters=(*FILTERS, *PAGING),
            errors=("invalid", *_ONE),
        ),
    }


def _declared() -> dict[str, Any]:
    ticket = {"ticket": STRING, "expires_in": {"type": "integer"}, "url": {"type": "string", "format": "uri"}}
    return {"allOf": [Connection(), {"type": "object", "required": list(ticket), "properties": ticket}]}
