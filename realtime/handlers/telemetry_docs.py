"""What the OpenAPI document says of the routes of the sensor domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from realtime.handlers.bulk import NDJSON
from realtime.handlers.filters import FILTERS, ID_AFTER, IDENTIFIER, POINTS, TIMES
from realtime.handlers.idempotency import HEADER
from realtime.handlers.pagination import DEFAULT_LIMIT, MOST
from realtime.handlers.schemas.telemetry import SCHEMAS
from realtime.openapi import INTEGER, STRING, Operation, Parameter, page_of
from realtime.store.telemetry import ANOMALY, KINDS, READING, Kind

PAGING: Final = (
    Parameter("limit", f"Rows on a page: {DEFAULT_LIMIT} where not given or not good, at most {MOST}.", STRING),
    Parameter("offset", "Rows to leave out; 0 where not given or not good.", STRING),
    Parameter("ordering", "`-id` for the newest first.", {"type": "string", "enum": ["id", "-id"]}),
    Parameter(
        "id_after",
        "Begin after this id, in the order asked for: as fast at the end of a long list as at its beginning.",
        ID_AFTER.schema,
    ),
)
IDEMPOTENCY: Final = Parameter(
    HEADER, "The same request again with the same key is not done again.", STRING, place="header"
)
_READ_ERRORS: Final = ("invalid", "unauthenticated", "not_permitted")
_ONE: Final = ("unauthenticated", "not_permitted", "not_found")
_BODY: Final = ("invalid", "malformed", "unauthenticated", "not_permitted", "too_large", "unsupported_media_type")
_STORED: Final = {
    "type": "object",
    "description": "What many readings at once became.",
    "properties": dict.fromkeys(("count", "first_id", "last_id", "first_seq", "last_seq"), INTEGER),
    "required": ["count", "first_id", "last_id", "first_seq", "last_seq"],
}


def operations() -> dict[str, Operation]:
    """Every route of the sensor domain."""
    found = {f"{method} {path}": operation for kind in KINDS for method, path, operation in _of(kind)}
    found["GET /api/v1/readings/series"] = _series()
    return found


def _of(kind: Kind) -> Iterator[tuple[str, str, Operation]]:
    tag, schema = kind.channel, SCHEMAS[kind]
    many, one = f"/api/v1/{tag}/", f"/api/v1/{tag}/{{id}}/"
    moment = "`timestamp`" if kind is READING else "`created_at`"
    filters = tuple(
        Parameter(name, f"{rule.allowed} {_about(name, moment)}".strip(), rule.schema)
        for name, rule in (*FILTERS[kind].items(), *TIMES.items())
    )
    listed = Operation(f"List {tag}", tag, answer=page_of(schema), parameters=(*filters, *PAGING), errors=_READ_ERRORS)
    yield "GET", many, listed
    yield "POST", many, _create(kind)
    yield "GET", one, Operation(f"One {kind.word}", tag, answer=schema, errors=_ONE)
    errors = (*_BODY, "not_found")
    replaced = Operation(f"Replace {_one(kind)}", tag, answer=schema, body=schema, errors=errors, writes=True)
    yield "PUT", one, replaced
    changes = type(schema)(partial=True)
    yield "PATCH", one, Operation(f"Change {_one(kind)}", tag, answer=schema, body=changes, errors=errors, writes=True)
    said = "Admins only; told as a `system_event` on `readings`." if kind is READING else ""
    yield (
        "DELETE",
        one,
        Operation(f"Delete {_one(kind)}", tag, said, status=204, errors=(*_ONE, "conflict"), writes=True),
    )


def _one(kind: Kind) -> str:
    return f"{'an' if kind is ANOMALY else 'a'} {kind.word}"


def _about(name: str, moment: str) -> str:
    return {"since": f"Rows whose {moment} is this or later.", "until": f"Rows whose {moment} is earlier."}.get(
        name, ""
    )


def _create(kind: Kind) -> Operation:
    schema = SCHEMAS[kind]
    body: Any = schema
    answer: Any = schema
    lines: dict[str, Any] = {}
    said = ""
    if kind is READING:
        # The two are told apart by their type: object and array.
        body = {"oneOf": [schema, {"type": "array", "items": schema, "minItems": 1}]}
        answer = {"oneOf": [schema, _STORED]}
        lines = {NDJSON[0]: {"type": "string", "description": "A reading as a JSON object, a line each."}}
        said = "One reading, or many at once as a JSON array or NDJSON: all of them are stored, or none."
    return Operation(
        f"Create {_one(kind)}",
        kind.channel,
        said,
        answer=answer,
        status=201,
        body=body,
        other_bodies=lines,
        parameters=(IDEMPOTENCY,),
        errors=(*_BODY, "stalled_body", "in_progress", "key_reused"),
        writes=True,
    )


def _series() -> Operation:
    point = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    properties = {
        "sensor_id": INTEGER,
        "points": {"type": "array", "items": point, "description": "Milliseconds since 1970, and `valor`."},
        "count": {"type": "integer", "description": "Readings that the points were chosen from."},
    }
    return Operation(
        "The course of one sensor's readings, thinned out for a plot",
        READING.channel,
        answer={"type": "object", "required": list(properties), "properties": properties},
        parameters=(
            Parameter("sensor_id", IDENTIFIER.allowed, INTEGER, required=True),
            *(
                Parameter(name, f"{rule.allowed} {_about(name, '`timestamp`')}", rule.schema)
                for name, rule in TIMES.items()
            ),
            Parameter("points", f"At most so many, 500 where not given. {POINTS.allowed}", POINTS.schema),
        ),
        errors=(*_READ_ERRORS, "not_found", "too_large"),
    )
