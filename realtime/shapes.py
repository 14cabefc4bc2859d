"""
The JSON Schema of what a dialect says, found by letting it speak.

A dialect is a pure translator, so its frames need no second description: every field of an
event's data is given a value that nothing else has, the dialect makes its frame of it, and
each value that comes out tells which field it came from, and so what it may be. What comes
out and was not put in is the dialect's own word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import count
from typing import Any, Final

from realtime.clock import timestamp
from realtime.jsonio import dumps

Schema = dict[str, Any]

MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
NULL: Final[Schema] = {"type": "null"}
_FIRST: Final = 900_000_001
"""Where the whole numbers begin that stand for fields: nothing else is so large."""


def whole(properties: Mapping[str, Schema], description: str = "") -> Schema:
    """The schema of an object that always has these members, and no others."""
    shape = {"type": "object", "required": list(properties), "properties": dict(properties)}
    return {**shape, "additionalProperties": False, **({"description": description} if description else {})}


class Sample:
    """
    A value of a schema in which every leaf is unlike all others. `sparse`: null, wherever that is
    allowed. `fixed` gives some members of the outermost object their values.
    """

    def __init__(self, schema: Schema, *, sparse: bool = False, fixed: Mapping[str, Any] | None = None) -> None:
        self._sparse = sparse
        self._numbers = count()
        self.origins: dict[bytes, Schema] = {}
        self.value = self._fill({**schema, "fixed": fixed or {}}, "data")

    def knows(self, value: Any, schema: Schema) -> None:
        """From now on, what is `value` in a frame is of this schema."""
        self.origins[dumps(value)] = schema

    def _fill(self, schema: Schema, place: str) -> Any:
        if "const" in schema:
            value: Any = schema["const"]
        elif "properties" in schema:
            given = schema.get("fixed", {})
            members = schema["properties"].items()
            return {name: given[name] if name in given else self._fill(each, name) for name, each in members}
        elif "items" in schema:
            return [self._fill(schema["items"], place)]
        elif self._sparse and "null" in _types(schema):
            return None
        else:
            value = self._leaf(schema, place)
        self.knows(value, without_null(schema))
        return value

    def _leaf(self, schema: Schema, place: str) -> Any:
        types, number = _types(schema), next(self._numbers)
        if schema.get("format") == "date-time":
            # Dialects that tell whole seconds leave the rest out.
            time = timestamp((_FIRST + number) * 1_000)
            self.knows(f"{time[:19]}Z", {**MOMENT, "pattern": ":[0-9]{2}Z$"})
            return time
        if "integer" in types:
            return _FIRST + number
        if "number" in types:
            return _FIRST + number + 0.5
        if "boolean" in types:
            # Dialects mark what is replayed by true.
            return False
        return {place: number} if "object" in types else f"<{place}>"


def shape(value: Any, origins: Mapping[bytes, Schema]) -> Schema:
    """The schema of one frame that was made of a sample with these `origins`."""
    found = origins.get(dumps(value))
    if found is not None:
        return found
    if isinstance(value, dict):
        return whole({name: shape(each, origins) for name, each in value.items()})
    if isinstance(value, list):
        return {"type": "array", "items": merged(shape(each, origins) for each in value)}
    return NULL if value is None else {"const": value}


def merged(shapes: Iterable[Schema]) -> Schema:
    """The schema of what may be any of these."""
    return reduce(_both, shapes)


def without_null(schema: Schema) -> Schema:
    """The schema of what is there."""
    types = [each for each in _types(schema) if each != "null"]
    kept = {name: each for name, each in schema.items() if name not in ("type", "fixed", "default", "readOnly")}
    if "enum" in kept:
        kept["enum"] = [each for each in kept["enum"] if each is not None]
    return {**({"type": types[0] if len(types) == 1 else types} if types else {}), **kept}


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _both(one: Schema, other: Schema) -> Schema:
    if one == other:
        return one
    if "properties" in one and "properties" in other:
        return _either_object(one, other)
    for first, second in ((one, other), (other, one)):
        if first == NULL:
            return _or_null(second)
        if _types(second) == ["string"] and "enum" not in second and isinstance(first.get("const"), str):
            return second
    choices = [*one.get("anyOf", [one]), *(each for each in other.get("anyOf", [other]))]
    if len(choices) > 2 or not (_words(one) and _words(other)):
        return {"anyOf": [each for at, each in enumerate(choices) if each not in choices[:at]]}
    words = [*_words(one), *(word for word in _words(other) if word not in _words(one))]
    return {"type": "string", "enum": words}


def _either_object(one: Schema, other: Schema) -> Schema:
    ours, theirs = one["properties"], other["properties"]
    names = [*ours, *(name for name in theirs if name not in ours)]
    found = whole({name: merged(each[name] for each in (ours, theirs) if name in each) for name in names})
    return {**found, "required": [name for name in names if name in one["required"] and name in other["required"]]}


def _or_null(schema: Schema) -> Schema:
    if "null" in _types(schema) or NULL in schema.get("anyOf", ()):
        return schema
    if "type" not in schema:
        return {"anyOf": [schema, NULL]}
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*_types(schema), "null"], **more}


def _words(schema: Schema) -> list[Any]:
    return [schema["const"]] if isinstance(schema.get("const"), str) else schema.get("enum", [])
