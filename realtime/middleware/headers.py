"""The headers of every answer: what browsers may do with it, and who may read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from realtime import keys
from realtime.origins import Origins

_EVERY: Final = {
    # aiohttp's own value names its version and Python's.
    "Server": "realtime",
    "X-Content-Type-Options": "nosniff",
}

# What a browser would run scripts in, as a document of this origin.
_DOCUMENTS: Final = ("text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml")

_PAGE: Final = {"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}

_CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "manifest-src 'self'",
        # Safari before 15.4 does not take 'self' for a WebSocket.
        "connect-src 'self'{sockets}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)


def content_security_policy(host: str) -> str:
    """The policy of a page that was asked for at `host`: everything from here, and nothing inline."""
    return _CSP.format(sockets=f" ws://{host} wss://{host}" if host else "")


def finish_with(origins: Origins) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What to append to `on_response_prepare`; what a handler has set stays as it is."""

    async def finish(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.update(_EVERY)
        headers["X-Request-Id"] = request.get(keys.REQUEST_ID, "")
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        if "Referrer-Policy" not in headers:
            # An address may hold what is nobody else's business.
            headers["Referrer-Policy"] = "no-referrer"
        host = request.headers.get("Host", "")
        if headers.get("Content-Type", "").startswith(_DOCUMENTS):
            headers.update(_PAGE)
            if "Content-Security-Policy" not in headers:
                headers["Content-Security-Policy"] = content_security_policy(host if origins.serves(host) else "")
        origin = request.headers.get("Origin")
        if origin is not None:
            for name, value in origins.cors_headers(origin, request.scheme, host).items():
                if name == "Vary":
                    headers.add(name, value)
                else:
                    headers[name] = value

    return finish
