"""The body of many readings: a JSON array, or a JSON object a line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from realtime.errors import Problem
from realtime.handlers.bodies import parse_json
from realtime.handlers.schemas.checking import ERRORS_SHOWN, Faults, faults
from realtime.handlers.schemas.telemetry import SCHEMAS, quick_reading
from realtime.jsonio import BadJSON, loads
from realtime.store.telemetry import READING

T = TypeVar("T")

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
INLINE_LIMIT: Final = 256 * 1024
"""Bytes that are taken apart on the event loop (some 20 ms); larger bodies in a thread."""

Batch = tuple[list[dict[str, Any]], Sequence[int]]
"""The checked readings, and the line of each in the body."""


async def read_lines(body: bytes) -> Batch:
    """The readings of a body with one JSON object a line; raises what `read_array` raises."""
    return await _aside(len(body), lambda: _lines_of(body))


async def read_value(body: bytes) -> Any:
    """The value of a JSON body that may be large; raises Problem `malformed`."""
    return await _aside(len(body), lambda: parse_json(body))


async def read_array(value: list[Any], size: int) -> Batch:
    """
    The readings of an array, `size` bytes long as a text; the n-th is line n.

    Raises Problem `invalid`, which names the bad lines (the first twenty).
    """
    return await _aside(size, lambda: _checked(value, range(1, len(value) + 1)))


async def _aside(size: int, work: Callable[[], T]) -> T:
    return work() if size <= INLINE_LIMIT else await asyncio.to_thread(work)


def _lines_of(body: bytes) -> Batch:
    numbers, values, errors = [], [], {}
    for number, line in _filled_lines(body):
        try:
            values.append(loads(line))
            numbers.append(number)
        except BadJSON as error:
            errors[str(number)] = [f"This line is {error}."]
            if len(errors) == ERRORS_SHOWN:
                break
    if errors:
        raise _refusal(errors)
    return _checked(values, numbers)


def _filled_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip())


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
