"""For those who watch over the server: is it alive, is it ready, and its figures."""

from __future__ import annotations

from aiohttp import web

from realtime import __version__, keys
from realtime.errors import Problem
from realtime.handlers.access import require
from realtime.handlers.answers import answer
from realtime.metrics import exposition
from realtime.policy import Action, Role


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: 200 while the process answers at all."""
    return answer({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200 while requests are served, 503 from the beginning of the stop."""
    if request.app[keys.HUB].stopping:
        raise Problem("stopping", "The server is stopping.", retry_after=2)
    return answer({"status": "ready", "version": __version__}, headers={"Cache-Control": "no-store"})


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: the server's figures for Prometheus (text format 0.0.4); a device has no business with them."""
    if require(request, Action.READ).role is Role.DEVICE:
        raise Problem("not_permitted", "A device reads its own channels; figures are for a viewer's token.")
    body = exposition(
        request.app[keys.REQUESTS],
        request.app[keys.STORE],
        request.app[keys.HUB],
        request.app[keys.ADMISSION],
        request.app[keys.ROSTER],
        request.app[keys.ACCOUNTS].passwords.outcomes,
    )
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


ROUTES = [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
