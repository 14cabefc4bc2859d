"""Errors as answers: `application/problem+json` (RFC 9457), or a small page for a person in a browser."""

from __future__ import annotations

from typing import Any, Final

import structlog
from aiohttp import web

from realtime import keys
from realtime.errors import ERRORS, Problem
from realtime.jsonio import dumps
from realtime.middleware.templating import FORM_PAGE, render_page
from realtime.middleware.ways import way_back

PROBLEM_JSON: Final = "application/problem+json"

CLIENT_GONE: Final = 499
"""The status that is counted where the client left before there was an answer."""

log = structlog.get_logger(__name__)

# What aiohttp refuses by itself; the code is that of the table with the same status.
_REFUSALS: Final = {
    400: ("malformed", "The request could not be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take the method {method}; it takes {allowed}."),
    413: ("too_large", "The body is larger than this address takes."),
    415: ("unsupported_media_type", "This address does not take a body of this type."),
    426: ("upgrade_required", "This address speaks WebSocket."),
}


def render(request: web.Request, problem: Problem) -> web.Response:
    """The answer that tells a problem, in the form that the client prefers."""
    return _answer(request, problem.status, problem.body(), problem.headers)


def render_refusal(request: web.Request, refusal: web.HTTPException) -> web.Response:
    """What was raised as aiohttp's own exception, as a problem; a redirection or the like as the answer that it is."""
    if refusal.status < 400:
        answer = web.Response(status=refusal.status, headers=refusal.headers, body=refusal.body)
        answer.cookies.update(refusal.cookies)
        return answer
    headers = {}
    allowed = ""
    if isinstance(refusal, web.HTTPMethodNotAllowed):
        allowed = headers["Allow"] = ", ".join(sorted(refusal.allowed_methods))
    code, sentence = _REFUSALS.get(refusal.status, ("invalid", "The request was refused."))
    body = Problem(code, sentence.format(method=request.method[:16], allowed=allowed)).body()
    if refusal.status != ERRORS[code].status:
        body |= {"title": refusal.reason, "status": refusal.status}
    return _answer(request, refusal.status, body, headers)


def render_failure(request: web.Request, error: Exception) -> web.Response:
    """
    500 for what nobody foresaw; the log has the story, the answer only the request's name.

    A client that has gone is no failure. Where an answer has begun already, another one in
    its midst would be read as part of it: the connection is cut instead.
    """
    link = request.transport
    if isinstance(error, ConnectionError) and (link is None or link.is_closing()):
        return web.Response(status=CLIENT_GONE)
    name = request[keys.REQUEST_ID]
    log.error("request failed", request_id=name, method=request.method, path=request.path, exc_info=error)
    if request.writer.output_size > 0:
        if link is not None:
            link.abort()
        return web.Response(status=500)
    problem = Problem(
        "internal", "The server failed; its log says why, under this request id.", extra={"request_id": name}
    )
    return render(request, problem)


def prefers_page(accept: str) -> bool:
    """Whether an `Accept` header (RFC 9110 §12.5.1) asks for HTML rather than for JSON."""
    if "text/html" not in accept:
        return False
    weights = {"text/html": 0.0, "application/json": 0.0, PROBLEM_JSON: 0.0}
    for item in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in item.split(";"))
        if kind in weights:
            weights[kind] = _weight(parameters)
    html = weights.pop("text/html")
    return html > max(weights.values())


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _answer(request: web.Request, status: int, body: dict[str, Any], headers: dict[str, str]) -> web.Response:
    if prefers_page(request.headers.get("Accept", "")):
        # A 401 is the page to sign in on, and so is a link that is good no more: they need what that one needs.
        # All let a language be chosen.
        way = way_back(request)
        form = {"refused": "", "name": "", "way": way, "here": way}
        context: dict[str, Any] = {"problem": body, "request_id": request[keys.REQUEST_ID], **form}
        response = render_page(request, "error.html", context, status=status)
        response.headers.extend({**headers, "Vary": "Accept"})
        response.headers.update(FORM_PAGE)
        return response
    return web.Response(status=status, body=dumps(body) + b"\n", headers={**headers, "Content-Type": PROBLEM_JSON})
