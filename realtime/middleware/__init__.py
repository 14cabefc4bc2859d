"""
What every request passes on its way in and every answer on its way out.

One middleware, because each costs every request: a name for the request, the host that it
asks for, who sends it; then the handler; and whatever was raised becomes an answer. The
headers of all answers, streams and sockets included, are set as the answer begins
(`headers`).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from time import perf_counter
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from realtime import keys
from realtime.auth import AUTHENTICATOR, Authenticator
from realtime.config import Settings
from realtime.errors import Problem
from realtime.middleware.errors import CLIENT_GONE, render, render_failure, render_refusal
from realtime.middleware.headers import finish_with
from realtime.middleware.templating import set_up_templates
from realtime.origins import Origins, preflight_headers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOSTS_LIMIT: Final = 256
"""Spellings of good `Host` headers that are remembered."""

log = structlog.get_logger(__name__)


def install(app: web.Application, settings: Settings) -> None:
    """
    Give `app` its authenticator, its middleware, the headers of its answers, and templates.

    Answers are counted in `app[keys.REQUESTS]`, which must be there; `app[keys.ACCOUNTS]`
    must be there before the first request.
    """
    authenticator = app[AUTHENTICATOR] = Authenticator(settings)
    app.middlewares.append(_guard(app[keys.REQUESTS], authenticator, told=settings.access_log))
    app.on_response_prepare.append(finish_with(authenticator.origins))
    set_up_templates(app)


def _guard(answers: Counter[tuple[str, str, int]], authenticator: Authenticator, *, told: bool) -> Middleware:
    origins = authenticator.origins
    admit = _admission(authenticator)
    run, numbers = secrets.token_hex(3), count(1)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun, status = perf_counter() if told else 0.0, CLIENT_GONE
        request[keys.REQUEST_ID] = f"{run}-{next(numbers):x}"
        request[keys.ADDRESS] = origins.address(request.remote or "", request.headers)
        try:
            try:
                response = await admit(request, handler)
            except Problem as problem:
                begun_already = request.writer.output_size > 0
                response = render_failure(request, problem) if begun_already else render(request, problem)
            except web.HTTPException as refusal:
                response = render_refusal(request, refusal)
            except Exception as error:  # noqa: BLE001 - the border: what nobody foresaw is answered here
                response = render_failure(request, error)
            status = response.status
            return response
        finally:
            if held := request.get(keys.BODY):
                request.app[keys.ADMISSION].bodies.held -= held
            resource = request.match_info.route.resource
            answers[request.method, "" if resource is None else resource.canonical.rstrip("/") or "/", status] += 1
            if told:
                _log_request(request, status, perf_counter() - begun)

    return guard


def _admission(authenticator: Authenticator) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """What lets a request through to its handler, or raises."""
    origins = authenticator.origins
    good_hosts: set[str] = set()

    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if host not in good_hosts:
            _check_host(request, origins, host)
            if len(good_hosts) < HOSTS_LIMIT:
                good_hosts.add(host)
        if request.method == "OPTIONS":
            return _options(request, origins, host)
        request[keys.PRINCIPAL] = await authenticator.principal(request)
        return await handler(request)

    return admit


def _check_host(request: web.Request, origins: Origins, host: str) -> None:
    here = None if request.transport is None else request.transport.get_extra_info("sockname")
    local = here[0].removeprefix("::ffff:") if isinstance(here, tuple | list) else None
    if not origins.serves(host, local):
        raise Problem(
            "unknown_host",
            "This server answers for localhost, the address it listens on, and the host of the setting public_url.",
        )


def _options(request: web.Request, origins: Origins, host: str) -> web.Response:
    """204 with what may be asked here; for a preflight, what pages of its origin may ask."""
    refusal = request.match_info.http_exception
    methods = refusal.allowed_methods if isinstance(refusal, web.HTTPMethodNotAllowed) else set()
    headers = {"Allow": ", ".join(sorted({*methods, "OPTIONS"}))}
    origin = request.headers.get("Origin")
    if origin is not None and "Access-Control-Request-Method" in request.headers:
        if not origins.may_send_token(origin, request.scheme, host):
            raise Problem("foreign_origin", "Pages of this origin may not send requests here (setting cors_origins).")
        headers = preflight_headers(headers)
    return web.Response(status=204, headers=headers)


def _log_request(request: web.Request, status: int, seconds: float) -> None:
    who = request.get(keys.PRINCIPAL)
    log.info(
        "request",
        request_id=request[keys.REQUEST_ID],
        method=request.method,
        path=request.path,
        status=status,
        milliseconds=round(seconds * 1_000, 2),
        address=request[keys.ADDRESS],
        # Not "token:7": what follows "token:" is taken out of every line.
        who=None if who is None else who.credential.replace(":", " "),
    )
