"""
One JSON decoder for every door, and one encoder.

The decoder takes RFC 8259 less what two parsers may read differently (RFC 8259 §4, §8.2,
§6): duplicate keys, lone surrogates, NUL, NaN and Infinity, integers past 64 bits, and
nesting deeper than 32.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

import orjson

DEPTH_LIMIT: Final = 32
_INTEGER_LIMIT: Final = 2**63
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class BadJSON(ValueError):
    """The text is not JSON that this server takes; the message says why, fit for a user."""


def loads(text: str | bytes) -> Any:
    """
    The value that `text` (UTF-8) holds.

    Raises BadJSON, and nothing else, for whatever cannot be taken.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadJSON(f"not UTF-8 (byte {error.start})") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadJSON(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise BadJSON(f"nested deeper than {DEPTH_LIMIT}") from None
    if text.count("{") + text.count("[") > DEPTH_LIMIT and _depth(value) > DEPTH_LIMIT:
        raise BadJSON(f"nested deeper than {DEPTH_LIMIT}")
    if "\\u" in text and (_SURROGATE.search(text) or "\\u0000" in text):
        _refuse_strings(value)
    return value


def loads_trusted(text: bytes) -> Any:
    """The value of JSON that this server encoded itself."""
    return orjson.loads(text)


def dumps(value: Any) -> bytes:
    """
    `value` as compact JSON, UTF-8. Raises TypeError for what JSON cannot say, lone
    surrogates and integers past 64 bits included; NaN and Infinity must not come here.
    """
    # A copy: orjson 3.13 leaves its whole buffer of 4 KiB with even the shortest result, and
    # what is encoded here is kept by the thousand (in the log's ring, in frames that wait).
    return bytes(memoryview(orjson.dumps(value)))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJSON(f"the key {twice[:64]!r} stands twice in one object")
    return result


def _integer(digits: str) -> int:
    # Long before the limit on int() of str, and before anyone pays for thousands of digits.
    if len(digits) > 20 or not -_INTEGER_LIMIT <= (value := int(digits)) < _INTEGER_LIMIT:
        raise BadJSON(f"the integer {digits[:24]} does not fit in 64 bits")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BadJSON(f"the number {digits[:24]} is too large")
    return value


def _constant(name: str) -> Any:
    raise BadJSON(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > DEPTH_LIMIT:
            break
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def _refuse_strings(value: Any) -> None:
    """Lone surrogates and NUL may stand in keys and values at any depth (at most 32 here)."""
    if isinstance(value, str):
        if "\0" in value:
            raise BadJSON("a string holds the character NUL (\\u0000)")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise BadJSON("a string holds half of a surrogate pair")
    elif isinstance(value, list):
        for item in value:
            _refuse_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_strings(key)
            _refuse_strings(item)
