"""The figures of the support desk by REST, and their recount."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.handlers.access import require
from realtime.handlers.answers import answer, packed
from realtime.handlers.filters import TIMES, times
from realtime.openapi import Operation, Parameter
from realtime.policy import Action
from realtime.services.metrics import CSAT
from realtime.services.metrics_figures import RATINGS, SERIES_DAYS, TIMED, WINDOW_DAYS


async def report(request: web.Request) -> web.Response:
    """`GET /api/v1/metrics/?since=&until=`."""
    require(request, Action.READ, CSAT)
    return packed(request, answer(await request.app[keys.METRICS].report(*times(request))))


async def verify(request: web.Request) -> web.Response:
    """`GET /api/v1/metrics/verify/`: `{ok, conversations, messages, samples, days, disagreed, disagreements}`."""
    require(request, Action.READ, CSAT)
    recount = await request.app[keys.METRICS].verify()
    return answer({"ok": recount.ok, **asdict(recount)})


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_COUNT: Final = {"type": "integer", "minimum": 0}
_SECONDS: Final = {"type": ["integer", "null"], "minimum": 0, "description": "Whole seconds; null without a sample."}
_SHARE: Final = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_RATING: Final = {"type": ["number", "null"], "minimum": 1, "maximum": 5}
_TIME: Final = {"type": "string", "format": "date-time"}
_DAY: Final = _object(
    day={"type": "string", "format": "date"},
    created=_COUNT,
    closed=_COUNT,
    responses=_COUNT,
    ratings=_COUNT,
    average_satisfaction=_RATING,
    resolution_rate=_SHARE,
    **dict.fromkeys(TIMED, _SECONDS),
    csat_score=_SHARE,
    open={**_COUNT, "description": "Not closed when the day ended, or at the end of what is asked for."},
    response_time_p50=_SECONDS,
    response_time_p90=_SECONDS,
)
_REPORT: Final = _object(
    since=_TIME,
    until=_TIME,
    total_conversations=_COUNT,
    open_conversations=_COUNT,
    closed_conversations=_COUNT,
    average_satisfaction=_RATING,
    resolution_rate=_SHARE,
    response_time=_SECONDS,
    first_response_time=_SECONDS,
    resolution_time=_SECONDS,
    csat_score=_SHARE,
    distribution=_object(**{str(rating): _COUNT for rating in RATINGS}),
    percentiles=_object(**{name: _object(p50=_SECONDS, p90=_SECONDS) for name in TIMED}),
    counts=_object(
        **dict.fromkeys(("created", "created_closed", "closed", "responses", "first_responses", "ratings"), _COUNT)
    ),
    days={"type": "array", "maxItems": SERIES_DAYS, "items": _DAY},
)
_RECOUNT: Final = _object(
    ok={"type": "boolean"},
    conversations=_COUNT,
    messages=_COUNT,
    samples=_COUNT,
    days=_COUNT,
    disagreed=_COUNT,
    disagreements={"type": "array", "items": _object(what={"type": "string"}, recounted={}, stored={})},
)
_ASKED: Final = ("unauthenticated", "not_permitted")

ROUTES = [web.get("/api/v1/metrics/", report), web.get("/api/v1/metrics/verify/", verify)]

DOCS = {
    "GET /api/v1/metrics/": Operation(
        "The figures of the support desk",
        "metrics",
        f"Of the last {WINDOW_DAYS} UTC days, today included, unless `since` or `until` are given; the numbers of"
        " conversations are of all time.",
        answer=_REPORT,
        parameters=(
            Parameter("since", f"What happened then or later. {TIMES['since'].allowed}", TIMES["since"].schema),
            Parameter("until", f"What happened earlier. {TIMES['until'].allowed}", TIMES["until"].schema),
        ),
        errors=("invalid", *_ASKED),
    ),
    "GET /api/v1/metrics/verify/": Operation(
        "Count the figures again and compare",
        "metrics",
        "From conversations, cycles, messages and ratings; names the first disagreements with what was noted.",
        answer=_RECOUNT,
        errors=_ASKED,
    ),
}
