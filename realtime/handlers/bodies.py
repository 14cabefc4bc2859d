"""Reading the body of a request: within its size, within its time, in one encoding."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import hdrs, web

from realtime import keys
from realtime.config import Settings
from realtime.errors import Problem
from realtime.jsonio import BadJSON, loads
from realtime.services.credentials import unauthenticated


async def read_body(request: web.Request, limit: int | None = None) -> bytes:
    """
    The whole body, of at most `limit` bytes (the setting `body_limit` where none is given).

    Raises Problem: `too_large`, `stalled_body` when nothing comes for `body_timeout` or,
    after that time, less than `body_minimum_rate` on the whole; `unsupported_media_type`
    for a compressed body, which might unpack to any size; `unauthenticated` when the
    credential has ended meanwhile.
    """
    settings = request.app[keys.SETTINGS]
    limit = settings.body_limit if limit is None else limit
    _check_head(request, limit)
    if not request.content.is_eof():
        return await _read_on(request, limit, settings)
    # Small bodies come with the head of the request: no timer for them.
    body = request.content.read_nowait()
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def read_json(request: web.Request, limit: int | None = None) -> Any:
    """
    The value of a JSON body.

    Raises what `read_body` raises, and Problem `unsupported_media_type` for another type
    (none at all is taken as JSON), `malformed` for what is not JSON.
    """
    require_json(request)
    return parse_json(await read_body(request, limit))


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
    if (request.content_length or 0) > limit:
        raise _too_large(limit)


async def _read_on(request: web.Request, limit: int, settings: Settings) -> bytes:
    body = await _read(request, limit, settings)
    if not request.app[keys.ACCOUNTS].is_current(request[keys.PRINCIPAL]):
        raise unauthenticated("The credential ended, or changed, while the body was on its way.")
    return body


async def _read(request: web.Request, limit: int, settings: Settings) -> bytes:
    loop = asyncio.get_running_loop()
    grace, rate = settings.body_timeout / 1000, settings.body_minimum_rate
    begun, body = loop.time(), bytearray()
    while not request.content.at_eof():
        patience = grace
        if rate:
            patience = min(grace, begun + grace + len(body) / rate - loop.time())
        try:
            async with asyncio.timeout(patience):
                body += await request.content.readany()
        except TimeoutError:
            raise _stalled() from None
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> Problem:
    # What is left of the body must not be taken for the next request.
    return Problem("too_large", f"The body is larger than {limit} bytes.", headers={hdrs.CONNECTION: "close"})


def _stalled() -> Problem:
    return Problem("stalled_body", "The body came too slowly, or stopped coming.", headers={hdrs.CONNECTION: "close"})
