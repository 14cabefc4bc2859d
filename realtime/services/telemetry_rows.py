"""Rows of the sensor domain in the form in which REST, events and the audit log show them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from realtime.clock import timestamp
from realtime.jsonio import dumps, loads_trusted
from realtime.store.telemetry import PREDICTION, Kind

# The rows of one commit share their times, and writing one out costs as much as the rest.
written: Final = lru_cache(maxsize=1024)(timestamp)


def shown(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its times as RFC 3339 and `valores` as the JSON that it is."""
    result = dict(row)
    for name in kind.times:
        result[name] = written(result[name])
    if kind is PREDICTION and result["valores"] is not None:
        result["valores"] = loads_trusted(result["valores"].encode())
    return result


def stored(kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
    """Checked values in the form of the table: `valores` as JSON text."""
    if kind is PREDICTION and values.get("valores") is not None:
        return {**values, "valores": dumps(values["valores"]).decode()}
    return values
