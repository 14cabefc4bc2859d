"""A page that runs scripts: its template, and a policy that allows exactly what it loads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aiohttp import web
from markupsafe import Markup

from realtime.assets import assets, source_hash
from realtime.handlers.answers import packed
from realtime.middleware.headers import content_security_policy
from realtime.middleware.templating import language_of, render_page, root_of

PAGES_LIMIT: Final = 256
"""Import maps that are remembered: one for each page in each language, by either spelling of its path."""


def screen(request: web.Request, template: str, entry: str, **given: object) -> web.Response:
    """
    The page of `template`, which runs the module `entry` (below `static/`).

    Its policy allows our own files and this page's import map, and nothing else.
    """
    import_map, modules = _modules(root_of(request), language_of(request), entry)
    response = render_page(request, template, {**given, "import_map": Markup(import_map), "modules": modules})
    response.headers["Content-Security-Policy"] = policy(request, {"script-src": source_hash(import_map)})
    response.headers["Vary"] = "Accept-Language, Cookie"
    # Three quarters of a page are the addresses of its modules.
    return packed(request, response)


def policy(request: web.Request, more: Mapping[str, str]) -> str:
    """The Content-Security-Policy of all pages, with more sources in some of its directives."""
    lines = content_security_policy(request.host).split("; ")
    return "; ".join(f"{line} {more[name]}" if (name := line.partition(" ")[0]) in more else line for line in lines)


@lru_cache(PAGES_LIMIT)
def _modules(root: str, language: str, entry: str) -> tuple[str, list[str]]:
    """The import map of a page, and the addresses of all modules that it will load, `entry` first."""
    found = assets().modules(entry, language)
    return assets().import_map(root, entry, language), [f"{root}static/{asset.hashed}" for asset in found]
