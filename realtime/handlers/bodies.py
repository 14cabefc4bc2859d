"""
Reading the body of a request: within its size, within its time, in one encoding; and taking
it apart without keeping the loop from others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

from aiohttp import hdrs, web

from realtime import keys
from realtime.config import Settings
from realtime.errors import Problem
from realtime.jsonio import BadJSON, loads
from realtime.services.credentials import unauthenticated

T = TypeVar("T")

FORM_LIMIT: Final = 4096
"""Bytes of a form."""

FIELDS_LIMIT: Final = 10
"""Fields of a form."""

INLINE_LIMIT: Final = 64 * 1024
"""Bytes that are taken apart on the event loop (20 ms at worst); larger bodies in a thread."""

_WORKER: Final = ThreadPoolExecutor(1, "bodies")
"""One: the values of a large body take many times its size, so only one is taken apart at a time."""


async def read_body(request: web.Request, limit: int | None = None) -> bytes:
    """
    The whole body, of at most `limit` bytes (the setting `body_limit` where none is given).

    Raises Problem: `too_large`, `stalled_body` when nothing comes for `body_timeout` or, in
    more than that time, less than `body_minimum_rate`; `unsupported_media_type`
    for a compressed body, which might unpack to any size; `unauthenticated` when the
    credential has ended meanwhile; `busy` when the bodies of all requests, which are held
    until each is answered, would take more than `bodies_limit`.
    """
    settings = request.app[keys.SETTINGS]
    limit = settings.body_limit if limit is None else limit
    _check_head(request, limit)
    # Small bodies come with the head of the request: no timer for them.
    return _read_now(request, limit) if request.content.is_eof() else await _read_on(request, limit, settings)


async def read_json(request: web.Request, limit: int | None = None) -> Any:
    """
    The value of a JSON body.

    Raises what `read_body` raises, and Problem `unsupported_media_type` for another type
    (none at all is taken as JSON), `malformed` for what is not JSON.
    """
    require_json(request)
    body = await read_body(request, limit)
    return await aside(len(body), lambda: parse_json(body))


async def read_form(request: web.Request) -> dict[str, str]:
    """
    The fields of a form that a page has sent, of each name the first value.

    Raises what `read_body` raises, and Problem `invalid` for more than FIELDS_LIMIT fields.
    """
    form = await read_body(request, FORM_LIMIT)
    try:
        fields = parse_qs(form.decode("utf-8", "replace"), max_num_fields=FIELDS_LIMIT)
    except ValueError:
        raise Problem("invalid", f"The form has more than {FIELDS_LIMIT} fields.") from None
    return {name: values[0] for name, values in fields.items()}


async def aside(size: int, work: Callable[[], T]) -> T:
    """
    The result of `work`, which takes apart `size` bytes: small ones at once, large ones in
    a thread, one after the other, while the loop goes on.
    """
    if size <= INLINE_LIMIT:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_WORKER, work)


def require_json(request: web.Request) -> None:
    """Refuse a request that says its body is something else than JSON in UTF-8."""
    if hdrs.CONTENT_TYPE not in request.headers:
        return
    kind = request.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        raise Problem(
            "unsupported_media_type", f"The body is {kind[:64]}; send it as application/json (curl: --json '…')."
        )
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Problem("unsupported_media_type", "JSON is UTF-8; leave the charset out.")


def parse_json(body: bytes) -> Any:
    """The value of a JSON text; raises Problem `malformed`, with the reason."""
    if not body.strip():
        raise Problem("malformed", "The body is empty; JSON is expected.")
    try:
        return loads(body)
    except BadJSON as error:
        raise Problem("malformed", f"The body cannot be taken: {error}.") from None


def _check_head(request: web.Request, limit: int) -> None:
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower() != "identity":
        raise Problem("unsupported_media_type", "Send the body as it is, without a Content-Encoding.")
    size = request.content_length or 0
    if size > limit:
        raise _too_large(limit)
    if size > INLINE_LIMIT:
        # Before it comes. It is counted as it comes: a promise to send much holds nothing.
        _room(request, 0, size)


def _read_now(request: web.Request, limit: int) -> bytes:
    body = request.content.read_nowait()
    if len(body) > limit:
        raise _too_large(limit)
    _hold(request, len(body))
    return body


async def _read_on(request: web.Request, limit: int, settings: Settings) -> bytes:
    body = await _read(request, limit, settings)
    if not request.app[keys.ACCOUNTS].is_current(request[keys.PRINCIPAL]):
        raise unauthenticated("The credential ended, or changed, while the body was on its way.")
    return body


async def _read(request: web.Request, limit: int, settings: Settings) -> bytes:
    loop = asyncio.get_running_loop()
    grace, rate = settings.body_timeout / 1000, settings.body_minimum_rate
    due, body = loop.time() + grace, bytearray()
    while not request.content.at_eof():
        try:
            async with asyncio.timeout(due - loop.time()):
                piece = await request.content.readany()
        except TimeoutError:
            raise _stalled() from None
        if len(body) + len(piece) > limit:
            raise _too_large(limit)
        _hold(request, len(piece))
        body += piece
        # What came fast is no credit: it would hold its room for as long as a slow one may take.
        latest = loop.time() + grace
        due = min(due + len(piece) / rate, latest) if rate else latest
    return bytes(body)


def _hold(request: web.Request, more: int) -> None:
    """Count `more` bytes; the middleware gives all of them back when the request is answered."""
    own = request.get(keys.BODY, 0)
    _room(request, own, more)
    request.app[keys.ADMISSION].bodies.held += more
    request[keys.BODY] = own + more


def _room(request: web.Request, own: int, more: int) -> None:
    try:
        request.app[keys.ADMISSION].bodies.check(own, more)
    except Problem as problem:
        problem.headers[hdrs.CONNECTION] = "close"  # the rest of the body is not waited for
        raise


def _too_large(limit: int) -> Problem:
    # What is left of the body must not be taken for the next request.
    return Problem("too_large", f"The body is larger than {limit} bytes.", headers={hdrs.CONNECTION: "close"})


def _stalled() -> Problem:
    return Problem("stalled_body", "The body came too slowly, or stopped coming.", headers={hdrs.CONNECTION: "close"})
