"""Events as lines of a table (CSV, RFC 4180), which a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from realtime.jsonio import dumps

COLUMNS: Final = ("seq", "channel", "type", "entity_id", "actor", "at", "data")

# A cell that begins like this is a formula, or becomes one once what stands before it is taken away.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def heading() -> bytes:
    """The first line."""
    return _line(COLUMNS)


def line(event: Mapping[str, Any]) -> bytes:
    """One event: `data` as JSON, texts of others with a `'` before what would be a formula."""
    return _line([_cell(event.get(name), as_json=name == "data") for name in COLUMNS])


def _cell(value: Any, *, as_json: bool) -> str:
    text = dumps(value).decode() if as_json else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
