"""
Fields that take a JSON value of the right type and nothing else: no `"5"` for 5, no `true`
for 1. Each says in its error what is allowed, and in the OpenAPI document the same.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from realtime import clock
from realtime.jsonio import dumps

LARGEST_ID: Final = 2**63 - 1
NULL: Final = "This field may not be null."
_NEEDED: Final = "This field is needed."


def text(most: int = 200, *, counted: bool = True, **more: Any) -> fields.String:
    """A string of 1 to `most` characters, not only spaces; with `counted` false, who takes it refuses a longer one."""
    said = _messages(f"A string of 1 to {most} characters, not blank.")
    return _Text(most if counted else None, error_messages=said, **more)


def short(most: int, **more: Any) -> fields.String:
    """A string of at most `most` characters; the empty one means none."""
    said = f"A string of at most {most} characters."
    return _Word(validate=validate.Length(max=most, error=said), error_messages=_messages(said), **more)


def whole(least: int, most: int, **more: Any) -> fields.Integer:
    """A whole number, within the limits."""
    said = f"A whole number from {least} to {most}."
    limits = validate.Range(least, most, error=said)
    return fields.Integer(strict=True, validate=limits, error_messages=_messages(said), **more)


def identifier(**more: Any) -> fields.Integer:
    """The id of a row."""
    return whole(1, LARGEST_ID, **more)


def number(least: float | None = None, most: float | None = None, **more: Any) -> fields.Float:
    """A finite number, within the limits where given."""
    said = "A number." if least is None else f"A number from {least:g} to {most:g}."
    limits = None if least is None else validate.Range(least, most, error=said)
    return _Number(validate=limits, error_messages=_messages(said) | {"too_large": said}, **more)


def flag(**more: Any) -> fields.Boolean:
    """`true` or `false`."""
    return _Flag(error_messages=_messages("true or false."), **more)


def choice(*words: str, **more: Any) -> fields.String:
    """One of the words."""
    said = f"One of {', '.join(words)}."
    return _Word(validate=validate.OneOf(words, error=said), error_messages=_messages(said), **more)


def moment(**more: Any) -> fields.Field[int]:
    """An RFC 3339 time, loaded as milliseconds since 1970."""
    shape = {"type": "string", "format": "date-time"}
    return Moment(error_messages=_messages(Moment.said), metadata=shape, **more)


def anything(most: int, **more: Any) -> fields.Field[Any]:
    """Any JSON value, of at most `most` bytes."""
    return _Anything(most, **more)


class _Text(fields.String):
    def __init__(self, most: int | None, **more: Any) -> None:
        super().__init__(validate=validate.Length(1, most, error=more["error_messages"]["invalid"]), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.make_error("invalid")
        return value


class _Word(fields.String):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value


class _Number(fields.Float):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.make_error("invalid")
        return float(value)


class _Flag(fields.Boolean):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Moment(fields.Field[int]):
    """See `moment`."""

    said = "A time as in 2025-07-20T00:05:37.123Z, from 1970 to 9999."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return clock.parse(value)
        except (ValueError, OverflowError, AttributeError):
            raise self.make_error("invalid") from None


class _Anything(fields.Raw):
    def __init__(self, most: int, **more: Any) -> None:
        super().__init__(validate=self._fits, **more)
        self._most = most

    def _fits(self, value: Any) -> None:
        if len(dumps(value)) > self._most:
            raise ValidationError(f"At most {self._most} bytes of JSON.")


def _messages(said: str) -> dict[str, Any]:
    return {"invalid": said, "required": f"{_NEEDED} {said}", "null": f"{NULL} {said}"}
