"""Lists a page at a time, as Django REST Framework's limit/offset pagination does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from realtime import keys

DEFAULT_LIMIT: Final = 100
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list are asked for: `limit` of them, after leaving out `offset`."""

    limit: int
    offset: int


def window(request: web.Request) -> Window:
    """The window that the query names; a bad limit is the default, a bad offset 0."""
    limit = _whole(parameter(request, "limit"))
    return Window(min(limit, MOST) if limit else DEFAULT_LIMIT, _whole(parameter(request, "offset")) or 0)


def page(request: web.Request, window: Window, count: int, results: list[Any]) -> dict[str, Any]:
    """
    The body of a list of `count` rows, of which `results` are those in the window.

    `next` is null at the end, `previous` at the beginning; both keep the other parameters.
    """
    limit, offset = window.limit, window.offset
    following = _link(request, limit=limit, offset=offset + limit) if offset + limit < count else None
    previous = _link(request, limit=limit, offset=max(offset - limit, 0) or None) if offset > 0 else None
    return {"count": count, "next": following, "previous": previous, "results": results}


def page_after(request: web.Request, window: Window, count: int, results: list[Any]) -> dict[str, Any]:
    """
    The body of a page that began after an id. `results` holds one row more than the
    window where there are more: then `next` goes on after the last row shown. There is no
    way back; `count` is that of the whole list.
    """
    following, shown = None, results[: window.limit]
    if len(results) > window.limit:
        following = _link(request, limit=window.limit, offset=None, id_after=shown[-1]["id"])
    return {"count": count, "next": following, "previous": None, "results": shown}


def parameter(request: web.Request, name: str) -> str | None:
    """The parameter `name` of the query, None for none; of several the last counts."""
    values = request.query.getall(name, ())
    return values[-1] if values else None


def base_url(request: web.Request) -> str:
    """Scheme and host (and the path of `public_url`, where set), without a final slash."""
    public = request.app[keys.SETTINGS].public_url
    return public.rstrip("/") if public else f"{request.scheme}://{request.host}"


def _whole(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return None if number < 0 else number


def _link(request: web.Request, **changes: int | None) -> str:
    split = urlsplit(request.raw_path)
    query = parse_qs(split.query, keep_blank_values=True)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = [str(value)]
    # Sorted, as the framework does it: the same page has one address.
    encoded = urlencode(sorted(query.items()), doseq=True)
    return f"{base_url(request)}{split.path}{'?' + encoded if encoded else ''}"
