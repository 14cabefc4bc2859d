"""Holding a body against its schema, and saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError

from realtime.errors import Problem

ERRORS_SHOWN: Final = 20
"""Fields named in one answer; a body may hold any number of wrong ones."""

_TYPES: Final = {dict: "an object", list: "an array", str: "a string", bool: "a truth value", type(None): "null"}


class Body(Schema):
    """A JSON object with these fields and no others; those that only the server sets count as others."""

    class Meta:
        unknown = RAISE


class View(Schema):
    """What an answer holds; it documents, and checks nothing."""

    class Meta:
        unknown = EXCLUDE


def check(schema: Schema, value: Any, *, partial: bool = False) -> dict[str, Any]:
    """
    The checked fields of `value`, defaults filled in (with `partial`, only those given).

    Raises Problem `invalid`, which names each wrong field and what it may be.
    """
    errors = faults(schema, value, partial=partial)
    if isinstance(errors, Faults):
        raise Problem("invalid", errors.sentence, errors=errors.fields)
    return errors


class Faults:
    """What is wrong: `fields` (name → sentences, at most `ERRORS_SHOWN`), and one sentence for all."""

    def __init__(self, fields: Mapping[str, list[str]], sentence: str) -> None:
        self.fields = fields
        self.sentence = sentence


def faults(schema: Schema, value: Any, *, partial: bool = False) -> dict[str, Any] | Faults:
    """The checked fields of `value`, or what is wrong with them."""
    if not isinstance(value, dict):
        return Faults({}, f"A JSON object is expected, not {_TYPES.get(type(value), 'a number')}.")
    if len(value) > len(schema.fields) + ERRORS_SHOWN:
        value = _shortened(schema, value)
    try:
        loaded: dict[str, Any] = schema.load(value, partial=partial)
    except ValidationError as error:
        # An object has its errors under the names of its fields.
        said: dict[Any, Any] = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        shown = islice(said.items(), ERRORS_SHOWN)
        fields = {str(name)[:64]: _sentences(schema, str(name), what) for name, what in shown}
        return Faults(fields, " ".join(f"{name}: {' '.join(what)}" for name, what in islice(fields.items(), 5)))
    return loaded


def _shortened(schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    """No more wrong fields than are named: a body of a megabyte may have a hundred thousand."""
    strange = islice((name for name in value if name not in schema.fields), ERRORS_SHOWN)
    return {name: value[name] for name in (*(name for name in schema.fields if name in value), *strange)}


def _sentences(schema: Schema, name: str, said: Any) -> list[str]:
    if said == ["Unknown field."]:
        if name in schema.dump_fields:
            return ["This field is set by the server alone."]
        return [f"Unknown field; known are {', '.join(schema.load_fields)}."]
    if isinstance(said, dict):
        return [f"{place}: {' '.join(_sentences(schema, '', what))}" for place, what in said.items()]
    return [str(sentence) for sentence in (said if isinstance(said, list) else [said])]
