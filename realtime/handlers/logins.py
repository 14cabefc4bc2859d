"""
Signing a browser in and out: by name and password, or by a one-time link.

A link is opened by mail scanners and previews too, so opening it only shows a page; the
button on that page is what uses the link up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from realtime import keys
from realtime.auth import AUTHENTICATOR
from realtime.errors import Problem
from realtime.handlers.bodies import read_form
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.pagination import base_url
from realtime.middleware.errors import prefers_page
from realtime.middleware.templating import FORM_PAGE, render_page
from realtime.middleware.ways import START, go_on, own_way
from realtime.services.first_start import own_url
from realtime.services.logins import Login

# What the page itself says, with its form to try again; anything else is a page of its own.
_SAID_HERE: Final = ("unauthenticated", "too_many_requests", "busy")


async def show_login(request: web.Request) -> web.Response:
    """`GET /login?next=`: how to sign in: name and password, or a field for a link that was sent as text."""
    return _login_page(request, way=own_way(request.query.get("next", START)))


async def show_link(request: web.Request) -> web.Response:
    """`GET /login/{code}`: whom the link signs in, and the button that does it. 410 when it is used."""
    try:
        user = await request.app[keys.ACCOUNTS].logins.look_at_link(request.match_info["code"])
    except Problem:
        request.app[AUTHENTICATOR].failed(request)
        raise
    return _login_page(request, user=user)


async def use_form(request: web.Request) -> web.Response:
    """
    `POST /login` with `name` and `password`, or with `code`, in a form: the login's cookie,
    and on to the path of ours in `next`.
    """
    refuse_key(request)
    fields = await read_form(request)
    name, password, way = fields.get("name", "").strip(), fields.get("password", ""), own_way(fields.get("next", START))
    if not name or not password:
        return await _with_code(request, _code(fields), way)
    try:
        login = await request.app[keys.ACCOUNTS].passwords.sign_in(name, password, request[keys.ADDRESS])
    except Problem as problem:
        if problem.code not in _SAID_HERE or not prefers_page(request.headers.get("Accept", "")):
            raise
        return _login_page(request, problem, name=name, way=way)
    return _signed_in(request, login, way)


async def use_link(request: web.Request) -> web.Response:
    """`POST /login/{code}`: the login's cookie, and on to `/`."""
    refuse_key(request)
    return await _with_code(request, request.match_info["code"], START)


async def show_logout(request: web.Request) -> web.Response:
    """`GET /logout`: the button that signs out; a link alone must not."""
    return _page(request, "logout.html", {"user": request[keys.PRINCIPAL].name})


async def sign_out(request: web.Request) -> web.Response:
    """`POST /logout`: the login ends, and with it its sockets."""
    accounts = request.app[keys.ACCOUNTS]
    await accounts.logins.sign_out(request[keys.PRINCIPAL])
    response = go_on(request, "/login")
    response.del_cookie(accounts.cookie, httponly=True, samesite="Lax")
    return response


def link_url(request: web.Request, code: str) -> str:
    """The address of a sign-in link, as a browser reaches it."""
    # Whoever asks over the Unix socket names no host that a browser could use.
    base = base_url(request) if request.remote else own_url(request.app[keys.SETTINGS])
    return f"{base}/login/{code}"


async def _with_code(request: web.Request, code: str, way: str) -> web.Response:
    try:
        login = await request.app[keys.ACCOUNTS].logins.sign_in(code)
    except Problem:
        request.app[AUTHENTICATOR].failed(request)
        raise
    return _signed_in(request, login, way)


def _signed_in(request: web.Request, login: Login, way: str) -> web.Response:
    response = go_on(request, way)
    secure = (request.app[keys.SETTINGS].public_url or "").startswith("https:")
    name = request.app[keys.ACCOUNTS].cookie
    response.set_cookie(name, login.secret, max_age=login.seconds, httponly=True, samesite="Lax", secure=secure)
    return response


def _code(fields: Mapping[str, str]) -> str:
    """The code in a form: perhaps with the link around it."""
    code = fields.get("code", "").strip()
    if not code:
        raise Problem("invalid", "The form needs name and password, or the sign-in link or its code in the field code.")
    return code.rstrip("/").rpartition("/")[2]


def _login_page(
    request: web.Request, problem: Problem | None = None, *, user: str | None = None, name: str = "", way: str = START
) -> web.Response:
    """The page to sign in on: with a link's `user`; or with the `name` that was tried, and why it was refused."""
    refused = "" if problem is None else problem.code
    headers = {} if problem is None else problem.headers
    given = {"user": user, "name": name, "way": way, "refused": refused, "seconds": headers.get("Retry-After", "")}
    response = _page(request, "login.html", given, 200 if problem is None else problem.status)
    response.headers.update(headers)
    return response


def _page(request: web.Request, template: str, given: Mapping[str, object], status: int = 200) -> web.Response:
    response = render_page(request, template, given, status=status)
    response.headers.update(FORM_PAGE)
    return response


ROUTES = [
    web.get("/login", show_login),
    web.post("/login", use_form),
    web.get("/login/{code}", show_link),
    web.post("/login/{code}", use_link),
    web.get("/logout", show_logout),
    web.post("/logout", sign_out),
]
