"""
The header `Idempotency-Key`: a POST that may be sent again without being done again.

The key belongs to the credential (a guest's address) and the path. Kept are status, ids
and `seq`; the body of the answer is built from the rows as they are now.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final, TypeVar

from aiohttp import web

from realtime import keys
from realtime.errors import Problem
from realtime.store.idempotency import Key, Outcome

T = TypeVar("T")

HEADER: Final = "Idempotency-Key"
_ALLOWED: Final = re.compile(r"[\x20-\x7e]{1,255}\Z")


async def once(
    request: web.Request,
    body: bytes,
    do: Callable[[Key | None], Awaitable[T]],
    again: Callable[[Outcome], Awaitable[T]],
) -> T:
    """
    The result of `do(key)`, which keeps the key in its unit of work (`Key.keep`); when the
    same request was done before, that of `again`. Without the header, of `do(None)`.

    Raises Problem: `invalid` for a bad key, `key_reused`, `in_progress`.
    """
    key = _key(request, body)
    if key is None:
        return await do(None)
    return await request.app[keys.IDEMPOTENCY].once(key, do, again)


def refuse_key(request: web.Request) -> None:
    """
    For what hands out secrets or is not kept in rows: the answer could not be given again.

    Raises Problem `invalid` when the request carries a key.
    """
    if HEADER in request.headers:
        raise Problem("invalid", f"{HEADER} is not possible here: the answer is given only once.")


def _key(request: web.Request, body: bytes) -> Key | None:
    given = request.headers.getall(HEADER, ())
    if not given:
        return None
    if len(given) > 1 or not given[0].strip() or not _ALLOWED.match(given[0]):
        raise Problem("invalid", f"{HEADER} is one header of 1 to 255 printable ASCII characters.")
    # What the body means depends on its type too.
    digest = sha256(request.content_type.encode("utf-8", "replace") + b"\0" + body).hexdigest()
    return Key(request[keys.PRINCIPAL].credential, request.path.rstrip("/"), given[0], digest)
