"""
Signing a browser in and out.

A link is opened by mail scanners and previews too, so opening it only shows a page; the
button on that page is what uses the link up.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from realtime import keys
from realtime.auth import AUTHENTICATOR
from realtime.errors import Problem
from realtime.handlers.bodies import read_body
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.pagination import base_url
from realtime.middleware.templating import render_page
from realtime.services.first_start import own_url

FORM_LIMIT: Final = 4096
"""Bytes of a form that is sent here."""

# With "no-referrer" a browser sends `Origin: null` with the form (Fetch standard, "append a
# request Origin header"), as if it came from anywhere.
_FORM_PAGE: Final = {"Referrer-Policy": "same-origin"}


async def show_login(request: web.Request) -> web.Response:
    """`GET /login`: how to sign in, and a field for a link that was sent as text."""
    return _page(request, "login.html", user=None)


async def show_link(request: web.Request) -> web.Response:
    """`GET /login/{code}`: whom the link signs in, and the button that does it. 410 when it is used."""
    try:
        user = await request.app[keys.ACCOUNTS].logins.look_at_link(request.match_info["code"])
    except Problem:
        request.app[AUTHENTICATOR].failed(request)
        raise
    return _page(request, "login.html", user=user)


async def use_link(request: web.Request) -> web.Response:
    """`POST /login/{code}`, or `POST /login` with `code` in a form: the login's cookie, and on to `/`."""
    refuse_key(request)
    code = request.match_info.get("code") or _code(await read_body(request, FORM_LIMIT))
    accounts = request.app[keys.ACCOUNTS]
    try:
        login = await accounts.logins.sign_in(code)
    except Problem:
        request.app[AUTHENTICATOR].failed(request)
        raise
    response = _on(request, "/")
    secure = (request.app[keys.SETTINGS].public_url or "").startswith("https:")
    response.set_cookie(
        accounts.cookie, login.secret, max_age=login.seconds, httponly=True, samesite="Lax", secure=secure
    )
    return response


async def show_logout(request: web.Request) -> web.Response:
    """`GET /logout`: the button that signs out; a link alone must not."""
    return _page(request, "logout.html", user=request[keys.PRINCIPAL].name)


async def sign_out(request: web.Request) -> web.Response:
    """`POST /logout`: the login ends, and with it its sockets."""
    accounts = request.app[keys.ACCOUNTS]
    await accounts.logins.sign_out(request[keys.PRINCIPAL])
    response = _on(request, "/login")
    response.del_cookie(accounts.cookie, httponly=True, samesite="Lax")
    return response


def link_url(request: web.Request, code: str) -> str:
    """The address of a sign-in link, as a browser reaches it."""
    # Whoever asks over the Unix socket names no host that a browser could use.
    base = base_url(request) if request.remote else own_url(request.app[keys.SETTINGS])
    return f"{base}/login/{code}"


def _code(form: bytes) -> str:
    """The code in a form: perhaps with the link around it."""
    fields = parse_qs(form.decode("utf-8", "replace"), max_num_fields=10)
    code = fields.get("code", [""])[0].strip()
    if not code:
        raise Problem("invalid", "The form needs the sign-in link, or its code, in the field code.")
    return code.rstrip("/").rpartition("/")[2]


def _page(request: web.Request, template: str, *, user: str | None) -> web.Response:
    response = render_page(request, template, {"user": user})
    response.headers.update(_FORM_PAGE)
    return response


def _on(request: web.Request, path: str) -> web.Response:
    """303: on to a page of ours, below the path of the public URL."""
    prefix = urlsplit(request.app[keys.SETTINGS].public_url or "").path.rstrip("/")
    return web.Response(status=303, headers={"Location": f"{prefix}{path}"})


ROUTES = [
    web.get("/login", show_login),
    web.post("/login", use_link),
    web.get("/login/{code}", show_link),
    web.post("/login/{code}", use_link),
    web.get("/logout", show_logout),
    web.post("/logout", sign_out),
]
