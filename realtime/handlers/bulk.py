"""The body of many readings: a JSON array, or a JSON object a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import islice
from typing import Any, Final

from realtime.errors import Problem
from realtime.handlers.bodies import aside, parse_json
from realtime.handlers.schemas.checking import ERRORS_SHOWN, Faults, faults
from realtime.handlers.schemas.telemetry import SCHEMAS, quick_reading
from realtime.jsonio import BadJSON, loads
from realtime.store.telemetry import READING

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_ARRAY: Final = re.compile(rb"[ \t\r\n]*\[")
_OBJECTS: Final = re.compile(rb'\{|"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""The beginning of an object, or a whole string, in which braces mean nothing."""

Batch = tuple[list[dict[str, Any]], Sequence[int]]
"""The checked readings, and the line of each in the body."""


def is_array(body: bytes) -> bool:
    """Whether a JSON body is an array, if it is JSON at all."""
    return _ARRAY.match(body) is not None


async def read_lines(body: bytes, most: int) -> Batch:
    """The readings of a body with one JSON object a line; raises what `read_array` raises."""
    return await aside(len(body), lambda: _lines_of(body, most))


async def read_array(body: bytes, most: int) -> Batch:
    """
    The readings of a JSON array, at most `most`; the n-th is line n.

    Raises Problem: `malformed`; `too_large` for more readings; `invalid`, which names the
    bad lines (the first twenty).
    """
    return await aside(len(body), lambda: _array_of(body, most))


def _array_of(body: bytes, most: int) -> Batch:
    # A reading holds no other object. Seen before anything is parsed: as values, the rows
    # of a full-sized body can take thirty times its size.
    if body.count(b"{") > most and _is_longer((found for found in _OBJECTS.finditer(body) if found[0] == b"{"), most):
        raise _too_many(most)
    value = parse_json(body)
    if len(value) > most:
        raise _too_many(most)
    return _checked(value, range(1, len(value) + 1))


def _is_longer(items: Iterator[Any], most: int) -> bool:
    return next(islice(items, most, None), None) is not None


def _too_many(most: int) -> Problem:
    return Problem("too_large", f"One request stores at most {most} readings; this one has more.")


def _lines_of(body: bytes, most: int) -> Batch:
    if _is_longer(_filled_lines(body), most):
        raise _too_many(most)
    numbers, values, errors = [], [], {}
    for number, line in _filled_lines(body):
        try:
            values.append(loads(line))
            numbers.append(number)
        except BadJSON as error:
            errors[str(number)] = [f"This line cannot be taken: {error}."]
            if len(errors) == ERRORS_SHOWN:
                break
    if errors:
        raise _refusal(errors)
    return _checked(values, numbers)


def _filled_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    # A line at a time: ten million empty ones would be a list of ten million.
    return ((number, line.removesuffix(b"\n")) for number, line in enumerate(BytesIO(body), 1) if line.strip())


def _checked(values: list[Any], lines: Sequence[int]) -> Batch:
    if not values:
        raise Problem("invalid", "There is no reading in the body: nothing to store.")
    checked, errors = [], {}
    for line, value in zip(lines, values, strict=True):
        reading = quick_reading(value)
        if reading is None:
            judged = faults(SCHEMAS[READING], value)
            if isinstance(judged, Faults):
                errors[str(line)] = judged.fields or [judged.sentence]
                if len(errors) == ERRORS_SHOWN:
                    break
                continue
            reading = judged
        checked.append(reading)
    if errors:
        raise _refusal(errors)
    return checked, lines


def _refusal(errors: dict[str, Any]) -> Problem:
    line, said = next(iter(errors.items()))
    if isinstance(said, dict):
        said = [f"{name}: {' '.join(sentences)}" for name, sentences in said.items()]
    return Problem("invalid", f"Line {line}: {' '.join(said)} Nothing was stored.", errors=errors)
