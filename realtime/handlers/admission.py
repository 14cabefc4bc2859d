"""A place for a socket or a stream, among those that the limits allow."""

from __future__ import annotations

from contextlib import AbstractContextManager

from aiohttp import web

from realtime import keys
from realtime.addresses import is_loopback


def place(request: web.Request) -> AbstractContextManager[None]:
    """Held while the connection lasts; raises Problem `busy` or `too_many_requests`."""
    address = request[keys.ADDRESS]
    return request.app[keys.ADMISSION].place(address, exempt=is_loopback(address) or address == "")
