"""
Credential → Principal: who is asking, at every door.

A request may bring one credential of its own (a header, a subprotocol, a ticket, a token
in the URL of a socket or a stream). Without one, what the browser carries by itself
counts: the login cookie, or a guest's rights on an open server; but only for our own
pages. A credential that was presented and is wrong is always refused, never passed over.
"""

from __future__ import annotations

import pwd
import socket
import struct
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from aiohttp import web

from realtime import addresses, clock, keys
from realtime.attempts import Attempts
from realtime.config import Settings
from realtime.errors import Problem
from realtime.origins import SAFE, Origins, is_forwarded
from realtime.policy import NOBODY, Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.credentials import unauthenticated
from realtime.services.secrets import Kind
from realtime.store.accounts import GUEST_ID

BEARER: Final = "bearer"
"""The subprotocol whose successor in the client's list is a token."""


class Door(StrEnum):
    """What kind of address is asked, as far as credentials go."""

    PLAIN = "plain"
    STREAM = "stream"
    """`?token=` counts: `EventSource` cannot send headers."""
    SOCKET = "socket"
    """`?token=`, `?ticket=` and the subprotocol count."""
    LATE = "late"
    """A socket whose client may also authenticate after it was let in."""


class Presented(NamedTuple):
    """A credential that a request brings of its own; a ticket is good in `?ticket=` alone, nothing else there."""

    secret: str
    ticket: bool = False


def _both(**doors: tuple[str, ...]) -> dict[str, Door]:
    return {spelling: Door(door) for door, paths in doors.items() for path in paths for spelling in (path, path + "/")}


DOORS: Final = _both(
    stream=("/api/v1/events/stream", "/api/v1/events/ndjson"),
    socket=("/ws/dashboard", "/api/v1/ws"),
    late=("/api/v1/ws/secure", "/socket.io"),
)

# Where a `sid` names a session that has begun: only its client knows it, and it goes with
# every request, while the credential of the first (a ticket, say) may be good for that alone.
_SESSIONS: Final = frozenset({"/socket.io", "/socket.io/"})

# Where no credential is looked at, on a closed server too: nothing private is there.
EXEMPT: Final = frozenset(
    spelling
    for path in (
        *("/healthz", "/readyz", "/login", "/preferences", "/favicon.ico"),
        *("/websocket_client.html", "/websocket_client.js", "/socket.io/socket.io.js"),
    )
    for spelling in (path, path + "/")
)
EXEMPT_BELOW: Final = ("/login/", "/static/")

# Where nobody may still read what the settings declare public.
_PUBLIC_READING: Final = frozenset(
    spelling
    for path in ("/api/v1/events", "/api/v1/events/stream", "/api/v1/events/ndjson", "/api/v1/ws")
    for spelling in (path, path + "/")
)


class Authenticator:
    """Says who asks. One for each server; it holds the rules of origin and counts wrong credentials."""

    def __init__(self, settings: Settings) -> None:
        self.origins = Origins.of(settings)
        self._attempts = Attempts(settings.sign_in_attempts)
        self._open = settings.access_mode == "open"
        self._public = bool(settings.public_channels)

    async def principal(self, request: web.Request) -> Principal:
        """
        Who sends this request; NOBODY only where that is enough to be let in.

        Raises Problem: `unauthenticated` for a wrong credential, or for none where one is
        needed; `too_many_requests` for too many wrong ones; `foreign_origin` for another
        site's page; `invalid` for a credential where it must not be.
        """
        path, method = request.path, request.method
        door = DOORS.get(path, Door.PLAIN)
        if path in _SESSIONS and "sid" in request.query:
            return NOBODY
        if door is Door.PLAIN and (path in EXEMPT or path.startswith(EXEMPT_BELOW)):
            # Signing in counts for the browser that does it: another site must not make it do so.
            if method not in SAFE and self.origins.foreign(request.headers, request.scheme, method, path):
                raise _foreign()
            return NOBODY
        own = presented(request, door)
        return await (self._carried(request, door) if own is None else self.check(request, own))

    async def check(self, request: web.Request, own: Presented) -> Principal:
        """Whom a credential of the request's own stands for. Raises Problem as `principal` does."""
        origin = request.headers.get("Origin")
        if origin is not None and not self.origins.may_send_token(origin, request.scheme, request.host):
            raise _foreign()
        accounts = request.app[keys.ACCOUNTS]
        try:
            if own.ticket:
                return self._redeem(request, accounts, own.secret)
            # A cookie's value is good in the cookie alone, where the rules of origin hold.
            if not own.secret.startswith(Kind.TOKEN):
                raise unauthenticated("The credential is not one of this server's.")
            return await accounts.principal(own.secret)
        except Problem as problem:
            if problem.code == "unauthenticated":
                self.failed(request)
            raise

    def failed(self, request: web.Request) -> None:
        """Count a wrong credential. Raises Problem `too_many_requests` past the limit."""
        self._attempts.failed(request[keys.ADDRESS])

    def _redeem(self, request: web.Request, accounts: Accounts, ticket: str) -> Principal:
        who = accounts.tickets.redeem(ticket)
        if who.expires_at is not None and who.expires_at <= clock.now():
            raise unauthenticated("The credential that the ticket stood for has expired.")
        if who.role is Role.GUEST and is_forwarded(request.headers):
            raise unauthenticated(_FORWARDED)
        return who

    async def _carried(self, request: web.Request, door: Door) -> Principal:
        """Who it is by what the browser, or the kind of connection, brings along."""
        headers = request.headers
        accounts = request.app[keys.ACCOUNTS]
        cookie = request.cookies.get(accounts.cookie) if "Cookie" in headers else None
        if not request.remote and (user := _socket_user(request)) is not None:
            return Principal(user, Role.ADMIN, "socket")
        if cookie or self._open:
            if self.origins.foreign(headers, request.scheme, request.method, request.path):
                # They may still say who they are, by a token in their first frame.
                if door is Door.LATE:
                    return NOBODY
                raise _foreign()
            if cookie:
                return await self._login(request, accounts, cookie)
            if not is_forwarded(headers):
                return _guest(request[keys.ADDRESS])
        if door is Door.LATE or (self._public and request.method in SAFE and request.path in _PUBLIC_READING):
            return NOBODY
        raise unauthenticated(_FORWARDED if self._open else _NEEDED, wrong=False)

    async def _login(self, request: web.Request, accounts: Accounts, cookie: str) -> Principal:
        try:
            if not cookie.startswith(Kind.LOGIN):
                raise unauthenticated("You are no longer signed in.")
            return await accounts.principal(cookie)
        except Problem as problem:
            # Without it the browser would bring the same wrong cookie for ever.
            problem.headers["Set-Cookie"] = f"{accounts.cookie}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
            self.failed(request)
            raise


AUTHENTICATOR: Final = web.AppKey("authenticator", Authenticator)

_NEEDED: Final = "A token is needed: send it as Authorization: Bearer rt_…"
_FORWARDED: Final = "A request that came through a proxy is never a guest; send a token as Authorization: Bearer rt_…"


async def principal_of_token(request: web.Request, text: str) -> Principal:
    """
    Whom a token in a frame stands for, from the client of `request`.

    Raises Problem `unauthenticated` or `too_many_requests`, and `foreign_origin` for a page
    that may not send tokens.
    """
    return await request.app[AUTHENTICATOR].check(request, Presented(text))


def presented(request: web.Request, door: Door) -> Presented | None:
    """
    The credential that a request brings of its own, None for none; an empty one is none.

    Raises Problem `invalid` for two that differ, and for one in the URL of a plain request;
    `unauthenticated` for a scheme of `Authorization` that is not ours.
    """
    found = [_authorization(request, header) for header in request.headers.getall("Authorization", ())]
    if request.query_string:
        found += _in_query(request, door)
    if door in (Door.SOCKET, Door.LATE):
        found.append(Presented(_in_subprotocol(request)))
    found = [own for own in found if own.secret]
    if not found:
        return None
    if any(own != found[0] for own in found):
        raise Problem("invalid", "The request brings two different credentials; send one.")
    return found[0]


def _authorization(request: web.Request, header: str) -> Presented:
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() in ("bearer", "token", ""):
        return Presented(value.strip())
    request.app[AUTHENTICATOR].failed(request)
    raise unauthenticated("Authorization must be Bearer or Token, and then a token.")


def _in_query(request: web.Request, door: Door) -> list[Presented]:
    tokens = [Presented(value) for value in request.query.getall("token", ()) if value]
    tickets = [Presented(value, ticket=True) for value in request.query.getall("ticket", ()) if value]
    if door is Door.PLAIN and (tokens or tickets):
        raise Problem(
            "invalid", "A credential in the URL ends in logs and histories; send it as Authorization: Bearer rt_…"
        )
    if door is Door.STREAM and tickets:
        raise Problem("invalid", "A ticket is for a socket: a stream that reconnects would need it twice.")
    return tokens + tickets


def _in_subprotocol(request: web.Request) -> str:
    offered = _offered(request)
    if BEARER not in offered:
        return ""
    after = offered.index(BEARER) + 1
    return offered[after] if after < len(offered) else ""


def _offered(request: web.Request) -> list[str]:
    lines = request.headers.getall("Sec-WebSocket-Protocol", ())
    return [name for line in lines for item in line.split(",") if (name := item.strip())]


@lru_cache(maxsize=1024)
def _guest(address: str) -> Principal:
    # A program that names this machine "localhost" comes now from ::1, now from 127.0.0.1.
    known_as = "127.0.0.1" if addresses.is_loopback(address) else address
    return Principal("guest", Role.GUEST, f"guest:{known_as}", user_id=GUEST_ID, browser=True)


def _socket_user(request: web.Request) -> str | None:
    """The name of who sits at the other end of the Unix socket; None for any other connection, or a proxy's."""
    link = None if request.transport is None else request.transport.get_extra_info("socket")
    if link is None or link.family != socket.AF_UNIX:
        return None
    headers = request.headers
    # A proxy or a page that reaches the socket lends it to the world.
    if is_forwarded(headers) or "Origin" in headers or "Sec-Fetch-Site" in headers:
        return None
    try:
        # Linux: process, user and group of the peer (unix(7)).
        _, user, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    except (AttributeError, OSError):
        return "admin"
    return _user_name(user)


@lru_cache(maxsize=64)
def _user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return "admin"


def _foreign() -> Problem:
    return Problem(
        "foreign_origin",
        "A page of another origin needs a token of its own, or its origin in the setting allowed_origins.",
    )
