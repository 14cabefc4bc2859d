"""
Templates of the pages: Jinja2, everything escaped.

A template writes `{{ asset("css/site.css") }}` for the hashed address of a file,
`_("…")` for words in the reader's `language`, and `{{ root }}` before a path of ours: it
leads from the page to the site's root, so that pages work below any path of a proxy.
`{{ program }}` is what a command line begins with on the server's machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web
from jinja2.runtime import Context

from realtime import words
from realtime.assets import assets
from realtime.middleware.ways import way_here
from realtime.program import program

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "theme"
LANGUAGE_COOKIE: Final = "language"

# With "no-referrer" a browser sends `Origin: null` with a form (Fetch standard, "append a request Origin
# header"), as if it came from anywhere.
FORM_PAGE: Final = {"Referrer-Policy": "same-origin"}


def set_up_templates(app: web.Application) -> jinja2.Environment:
    """Let handlers of `app` render what lies in `templates/`; a name that is not given is an error, not a blank."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("realtime"),
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def language_of(request: web.Request) -> str:
    """The language in which this reader is answered: the one chosen on a page, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in words.LANGUAGES:
        return chosen
    return words.negotiate(request.headers.get("Accept-Language", ""))


def theme_of(request: web.Request) -> str:
    """The one of THEMES that was chosen on a page; empty for the system's."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def root_of(request: web.Request) -> str:
    """The way from the page that was asked for to the site's root: `./`, `../`, …"""
    return "../" * (request.path.count("/") - 1) or "./"


def render_page(
    request: web.Request, template: str, given: Mapping[str, Any] | None = None, *, status: int = 200
) -> web.Response:
    """
    The page of `template`, with what every template may use.

    The library's context processors would be a middleware, which every request pays for.
    """
    root = root_of(request)
    context = {
        "language": language_of(request),
        "theme": theme_of(request),
        "root": root,
        "here": way_here(request),
        "languages": words.NAMES,
        "program": program(),
        "asset": lambda name: f"{root}static/{assets()[name].hashed}",
        **(given or {}),
    }
    return aiohttp_jinja2.render_template(template, request, context, status=status)


@jinja2.pass_context
def _gettext(context: Context, message: str) -> str:
    return words.text(context["language"], message)


@jinja2.pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return words.plural(context["language"], one, many, count)
