"""What the OpenAPI document says of the log, the streams, the sockets and the users' own channels."""

from __future__ import annotations

from typing import Any, Final

from realtime.channels import OWN_NAME, SEED_CHANNELS
from realtime.handlers.channels import MESSAGE_LENGTH_LIMIT
from realtime.handlers.history import DEFAULT_LIMIT, MOST
from realtime.handlers.telemetry_docs import IDEMPOTENCY, PAGING
from realtime.openapi import JSON, STRING, Operation, Parameter

_NATURAL: Final = {"type": "integer", "minimum": 0}
_TIME: Final = {"type": "string", "format": "date-time"}
_FLAG: Final = {"type": "boolean"}
_POSITION: Final = {"type": "string", "pattern": "^[A-Za-z0-9]+:[0-9]+$"}
_STREAMED: Final = (
    "bad_position",
    "invalid",
    "unauthenticated",
    "not_permitted",
    "not_found",
    "too_many_requests",
    "busy",
)
_ASKED: Final = ("unauthenticated", "not_permitted")


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_EVENT: Final = {
    **_object(
        seq=_NATURAL,
        channel=STRING,
        type=STRING,
        entity_id={"type": ["integer", "null"]},
        data={},
        actor=STRING,
        at=_TIME,
    ),
    "description": "An event in its canonical form.",
}
_CHANNEL: Final = Parameter(
    "channel", "One or more names, by comma or repeated; all that may be read where not given, or `*`.", STRING
)
_SINCE: Final = (
    Parameter(
        "since",
        "Where to begin: a position (`7`, `epoch:7`), `now`, an age (`10m`, `2h`, `7d`) or a time.",
        STRING,
    ),
    Parameter("after", "A position; what follows it is given.", STRING),
    Parameter("last_event_id", "The same.", STRING),
    Parameter("Last-Event-ID", "The same, as a browser sends it.", STRING, place="header"),
)
_SOCKET: Final = (
    Parameter("channel", "One or more names, by comma or repeated; `general` where not given.", STRING),
    *_SINCE[:2],
    Parameter("Upgrade", "The opening handshake of RFC 6455.", {"const": "websocket"}, required=True, place="header"),
)
_LISTENERS: Final = {"connections": _NATURAL, "users": {"type": "array", "items": STRING}}


def _socket(summary: str, *more: Parameter) -> Operation:
    return Operation(
        summary,
        "sockets",
        status=101,
        parameters=(*_SOCKET, *more),
        errors=(*_STREAMED, "foreign_origin", "upgrade_required"),
    )


DOCS: Final = {
    "GET /api/v1/events": Operation(
        "A page of the log",
        "events",
        "`next` is always a position to go on from; without a position it begins at the oldest event kept.",
        answer=_object(
            epoch=STRING,
            tip=_NATURAL,
            oldest=_NATURAL,
            next=_POSITION,
            more=_FLAG,
            results={"type": "array", "items": _EVENT},
        ),
        parameters=(
            _CHANNEL,
            *_SINCE,
            Parameter("type", "Events of this type alone, as `reading.created`.", STRING),
            Parameter(
                "limit", f"Events on a page: {DEFAULT_LIMIT} where not given or not good, at most {MOST}.", STRING
            ),
        ),
        errors=("bad_position", "invalid", *_ASKED, "not_found", "trimmed"),
    ),
    "GET /api/v1/events/stream": Operation(
        "Live events as Server-Sent Events",
        "events",
        answer=STRING,
        media="text/event-stream",
        parameters=(_CHANNEL, *_SINCE),
        errors=_STREAMED,
    ),
    "GET /api/v1/events/ndjson": Operation(
        "Live events, a JSON object a line",
        "events",
        answer=STRING,
        media="application/x-ndjson",
        parameters=(
            _CHANNEL,
            *_SINCE,
            Parameter("poll", "`1`: what there is, then the end.", {"type": "string", "enum": ["0", "1"]}),
        ),
        errors=_STREAMED,
    ),
    "GET /api/v1/ws": _socket(
        "The sensor event socket (WebSocket)",
        Parameter("user_id", "A label in the statistics; it proves nothing.", STRING),
    ),
    "GET /api/v1/ws/secure": _socket(
        "The same for every channel that the credential may read (WebSocket)",
        Parameter("ticket", "A single-use ticket.", STRING),
        Parameter("token", "A token, for clients that can send no header.", STRING),
    ),
    "GET /ws/dashboard/": Operation(
        "The support desk's dashboard (WebSocket)",
        "sockets",
        status=101,
        parameters=(
            Parameter("token", "A token, for clients that can send no header.", STRING),
            Parameter("ticket", "A single-use ticket.", STRING),
            *_SOCKET[1:],
        ),
        errors=(*(code for code in _STREAMED if code != "not_found"), "foreign_origin", "upgrade_required"),
    ),
    "GET /api/v1/ws/stats": Operation(
        "Who listens to what",
        "sockets",
        answer=_object(
            total_channels=_NATURAL, channels={"type": "object", "additionalProperties": _object(**_LISTENERS)}
        ),
        errors=_ASKED,
    ),
    "GET /api/v1/ws/stats/{channel}": Operation(
        "Who listens to one channel",
        "sockets",
        answer=_object(channel=STRING, **_LISTENERS),
        errors=(*_ASKED, "not_found"),
    ),
    "POST /api/v1/ws/test-event": Operation(
        "Send a test event to those who listen",
        "sockets",
        answer=_object(seq=_NATURAL, matched=_NATURAL),
        parameters=(
            Parameter("channel", "`general` where not given.", {"type": "string", "enum": list(SEED_CHANNELS)}),
            Parameter("message", "`test` where not given.", {"type": "string", "maxLength": MESSAGE_LENGTH_LIMIT}),
        ),
        errors=("invalid", *_ASKED, "not_found"),
        writes=True,
    ),
    "GET /api/v1/channels/": Operation(
        "List the channels that may be read",
        "channels",
        "The server's own first, then those of the users, by name.",
        answer=_object(
            count=_NATURAL,
            next={"type": ["string", "null"]},
            previous={"type": ["string", "null"]},
            results={"type": "array", "items": _object(name=STRING, own=_FLAG)},
        ),
        parameters=tuple(parameter for parameter in PAGING if parameter.name in ("limit", "offset")),
        errors=_ASKED,
    ),
    "POST /api/v1/channels/{name}": Operation(
        "Publish to a channel of the users' own",
        "channels",
        f"The name is {OWN_NAME}. JSON stays JSON, text becomes a string; any other type is JSON if it begins"
        " with `{` or `[`.",
        answer=_object(seq=_NATURAL, channel=STRING, at=_TIME),
        status=201,
        other_bodies={JSON: {}, "text/plain": STRING},
        parameters=(IDEMPOTENCY,),
        errors=(
            "invalid",
            "malformed",
            *_ASKED,
            "conflict",
            "stalled_body",
            "too_large",
            "unsupported_media_type",
            "key_reused",
            "in_progress",
        ),
        writes=True,
    ),
    "GET /api/v1/audit-logs/verify/": Operation(
        "Check the chain of the audit log",
        "audit",
        answer=_object(ok=_FLAG, entries=_NATURAL, first=_NATURAL, last=_NATURAL, head=STRING, broken={}),
        errors=_ASKED,
    ),
}
