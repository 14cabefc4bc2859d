"""What a list is narrowed by: the filters of the query, read by one table that also documents them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from realtime.errors import invalid
from realtime.handlers.pagination import Window, parameter
from realtime.handlers.positions import moment
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.handlers.schemas.telemetry import SEVERITIES, STATES
from realtime.services.series import LEAST_POINTS
from realtime.store.telemetry import ANOMALY, LOCATION, PREDICTION, READING, SENSOR, Kind, Selection, Stretch

MOST_POINTS: Final = 10_000
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
TIME: Final = 'An age ("10m", "2h", "7d") or a time ("2025-07-20T00:05:37Z").'


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter: how its text is read (None: not good), what is allowed, its JSON schema."""

    read: Callable[[str], Any]
    allowed: str
    schema: Mapping[str, Any]


def whole(least: int, most: int) -> Filter:
    """The rule of a parameter that is a whole number."""

    def read(text: str) -> int | None:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        return found if least <= (found := int(text)) <= most else None

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Filter(read, f"A whole number from {least} to {most}.", schema)


def one_of(*words: str) -> Filter:
    """The rule of a parameter that is one of these words."""
    return Filter(
        lambda text: text if text in words else None,
        f"One of {', '.join(words)}.",
        {"type": "string", "enum": list(words)},
    )


IDENTIFIER: Final = whole(1, LARGEST_ID)
TEXT: Final = Filter(str, "A string.", {"type": "string"})
FLAG: Final = Filter(lambda text: _FLAGS.get(text.lower()), "true or false.", {"type": "boolean"})
_MOMENT: Final = {
    "type": "string",
    "pattern": r"^([0-9]{1,6}[smhd]|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?$",
}
TIMES: Final = {name: Filter(moment, TIME, _MOMENT) for name in ("since", "until")}
ID_AFTER: Final = whole(0, LARGEST_ID)
POINTS: Final = whole(LEAST_POINTS, MOST_POINTS)

FILTERS: Final[dict[Kind, dict[str, Filter]]] = {
    SENSOR: {"ubicacion_id": IDENTIFIER, "tipo": TEXT, "activo": FLAG},
    READING: {"sensor_id": IDENTIFIER},
    LOCATION: {},
    ANOMALY: {
        "sensor_id": IDENTIFIER,
        "lectura_id": IDENTIFIER,
        "tipo": TEXT,
        "severidad": one_of(*SEVERITIES),
    },
    PREDICTION: {"sensor_id": IDENTIFIER, "estado": one_of(*STATES)},
}


def selection(request: web.Request, kind: Kind) -> Selection:
    """
    The rows that the query selects; unknown and empty parameters are ignored.

    Raises Problem `invalid` for a filter's bad value.
    """
    given = {name: value(request, name, rule) for name, rule in FILTERS[kind].items()}
    return Selection({name: found for name, found in given.items() if found is not None}, *times(request))


def times(request: web.Request) -> tuple[int | None, int | None]:
    """`since` and `until` in milliseconds: from `since` on, before `until`."""
    return value(request, "since", TIMES["since"]), value(request, "until", TIMES["until"])


def stretch(request: web.Request, window: Window) -> Stretch:
    """
    Which of the selected rows the query wants; an unknown `ordering` is by id. After an
    id, one row more than the window, which tells whether there are more.
    """
    newest_first = parameter(request, "ordering") == "-id"
    id_after = value(request, "id_after", ID_AFTER)
    # The links tell the offset as it came; SQLite counts up to 64 bits only, and no table is longer.
    offset = min(window.offset, LARGEST_ID)
    return Stretch(window.limit + (id_after is not None), offset, id_after, newest_first)


def value(request: web.Request, name: str, rule: Filter) -> Any:
    """The value of the parameter `name`, None for none. Raises Problem `invalid`."""
    text = parameter(request, name)
    if not text:
        return None
    found = rule.read(text)
    if found is None:
        raise invalid(**{name: rule.allowed})
    return found
