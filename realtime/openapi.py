"""
The OpenAPI 3.1 document, made from what stands beside the routes.

Each module of `handlers/` says in `DOCS` what its routes take and give, as
`"POST /api/v1/sensors/": Operation(...)`; bodies are the schemas that check them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from realtime.errors import ERRORS

PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"
INTEGER: Final = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
STRING: Final = {"type": "string"}
_CHANGES: Final = "Changes"
_WHOLE_NUMBERS: Final = frozenset({"id", "seq"})
_NULLABLE_LINK: Final = {"type": ["string", "null"], "format": "uri"}
_PARAMETER: Final = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")

Shape = Schema | Mapping[str, Any]
"""A marshmallow schema, or a JSON Schema (in which such schemas may stand)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a request: of the query, a header, or (where its name does not say it all) of the path."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """
    What one route takes and gives.

    `answer` is the body of the `status` answer, None for none; `body` that of the request
    as JSON, `other_bodies` maps further media types; `errors` are codes of the error
    table; `writes` says that the answer carries `Event-Seq`; `public` that no credential
    is ever needed.
    """

    summary: str
    tag: str
    description: str = ""
    answer: Shape | None = None
    status: int = 200
    media: str = JSON
    body: Shape | None = None
    other_bodies: Mapping[str, Shape] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    writes: bool = False
    public: bool = False


def plain_path(path: str) -> str:
    """A route's path without the patterns of its parameters: `/x/{id:[0-9]+}/` is `/x/{id}/`."""
    return _PARAMETER.sub(r"{\1}", path)


def page_of(item: Shape) -> dict[str, Any]:
    """The shape of a page of a list (Django REST Framework's limit/offset pagination)."""
    properties = {
        "count": {"type": "integer", "minimum": 0},
        "next": _NULLABLE_LINK,
        "previous": _NULLABLE_LINK,
        "results": {"type": "array", "items": item},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def document(
    operations: Mapping[str, Operation], version: str, examples: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The document of these operations, each under `METHOD /path`; `examples` are bodies, by their schemas."""
    spec = APISpec(
        title="realtime",
        version=version,
        openapi_version="3.1.0",
        info={"description": "One ordered, durable log of events, told to every client in its own dialect."},
        servers=[{"url": "/"}],
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    spec.components.schema("Problem", _problem())
    spec.components.response("Problem", _problem_answer("What was wrong, and what is allowed."))
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("login", {"type": "apiKey", "in": "cookie", "name": "realtime"})
    paths: dict[str, dict[str, Any]] = {}
    for place, operation in operations.items():
        method, path = place.split(" ", 1)
        paths.setdefault(path, {})[method.lower()] = dict(_operation(method, path, operation))
    for path, methods in paths.items():
        spec.path(path=path, operations=methods)
    whole: dict[str, Any] = spec.to_dict()
    for name, shape in whole["components"]["schemas"].items():
        for member in shape["properties"].values():
            # What a change leaves out stays as it is; an empty text stands for none given.
            if name.endswith(_CHANGES) or member.get("default") == "":
                member.pop("default", None)
        if examples is not None and name in examples:
            shape["examples"] = [examples[name]]
    return whole


def _operation(method: str, path: str, operation: Operation) -> Iterator[tuple[str, Any]]:
    # What lies outside the API may have the name of something inside it.
    words = re.sub(r"\W+", "_", path.removeprefix("/api/v1") if path.startswith("/api/v1/") else f"root{path}")
    yield "operationId", f"{method.lower()}_{words.strip('_')}"
    yield "summary", operation.summary
    if operation.description:
        yield "description", operation.description
    yield "tags", [operation.tag]
    if operation.public:
        yield "security", []
    else:
        # Without a credential: a guest, where the server is open.
        yield "security", [{"token": []}, {"login": []}, {}]
    if parameters := [*_path_parameters(path, operation), *map(_parameter, operation.parameters)]:
        yield "parameters", parameters
    bodies = {**({} if operation.body is None else {JSON: operation.body}), **operation.other_bodies}
    if bodies:
        content = {media: {"schema": shape} for media, shape in bodies.items()}
        yield "requestBody", {"required": True, "content": content}
    yield "responses", dict(_responses(operation))


def _path_parameters(path: str, operation: Operation) -> Iterator[dict[str, Any]]:
    described = {parameter.name for parameter in operation.parameters if parameter.place == "path"}
    for name in _PARAMETER.findall(path):
        if name in described:
            continue
        schema = INTEGER if name in _WHOLE_NUMBERS else STRING
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }


def _responses(operation: Operation) -> Iterator[tuple[str, Any]]:
    good: dict[str, Any] = {"description": "Done."}
    if operation.answer is not None:
        good["content"] = {operation.media: {"schema": operation.answer}}
    if operation.writes:
        good["headers"] = {"Event-Seq": {"description": "The seq of the event of the row.", "schema": INTEGER}}
    yield str(operation.status), good
    by_status: dict[int, list[str]] = {}
    for code in operation.errors:
        by_status.setdefault(ERRORS[code].status, []).append(f"`{code}`: {ERRORS[code].title}.")
    for status, said in sorted(by_status.items()):
        yield str(status), _problem_answer(" ".join(said))
    yield "default", "Problem"


def _problem_answer(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM: {"schema": schema}}}


def _problem() -> dict[str, Any]:
    properties = {
        "title": STRING,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": STRING,
        "code": {"type": "string", "enum": list(ERRORS)},
        "errors": {"type": "object", "description": "Fields (or lines) and what is wrong with each."},
    }
    return {
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["title", "status", "detail", "code"],
        "properties": properties,
    }


def _schema_name(schema: Any) -> str:
    partial = isinstance(schema, Schema) and bool(schema.partial)
    kind = type(schema) if isinstance(schema, Schema) else schema
    return f"{kind.__name__}{_CHANGES}" if partial else str(kind.__name__)
