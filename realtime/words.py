"""
The words of the screen in the reader's language: one catalogue for templates and scripts.

English stands in the source and is the key: `_("Sign in")` in a template, `t("Sign
in")` in a script. `locales/<language>/*.json`, a file for each room of the pages, maps
it to the translation; where a number decides the form, to an object of the forms that CLDR
names (`{"one": …, "other": …}`), under the English plural. `%(name)s` stands for a value. A
text without a translation is shown in English.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale

NAMES: Final = {"en": "English", "pt-BR": "Português (Brasil)", "es": "Español"}
"""The languages of the pages, each by its own name, for who does not read the page's."""

LANGUAGES: Final = tuple(NAMES)
"""The first is the language of the source, and of whoever asks for none of these."""

Catalogue = dict[str, str | dict[str, str]]

_FOLDER: Final = Path(__file__).parent / "locales"
_ITEMS_LIMIT: Final = 20
"""Items of an `Accept-Language` header that are looked at."""


@cache
def catalogue(language: str) -> Catalogue:
    """The translations of one of LANGUAGES; empty for English."""
    if language == LANGUAGES[0]:
        return {}
    found: Catalogue = {}
    for path in sorted((_FOLDER / language).glob("*.json")):
        found |= json.loads(path.read_text("utf-8"))
    return found


@cache
def own_catalogue(language: str) -> Catalogue:
    """What the server alone translates, in its answers: no page loads it. Empty for English."""
    found: Catalogue = {}
    for path in sorted((_FOLDER / language / "server").glob("*.json")):
        found |= json.loads(path.read_text("utf-8"))
    return found


def own_text(language: str, message: str) -> str:
    """`message`, which is the server's own, in `language`."""
    found = own_catalogue(language).get(message)
    return found if isinstance(found, str) else message


def text(language: str, message: str) -> str:
    """`message` in `language`, placeholders still in it."""
    found = catalogue(language).get(message)
    return found if isinstance(found, str) else message


def plural(language: str, one: str, many: str, count: int) -> str:
    """The form for `count` of a message whose English is `one` or `many`."""
    found = catalogue(language).get(many)
    if not isinstance(found, dict):
        return one if count == 1 else many
    form = Locale.parse(language, sep="-").plural_form(count)
    return found.get(form, found["other"])


def negotiate(accept_language: str) -> str:
    """The one of LANGUAGES that an `Accept-Language` header (RFC 9110 §12.5.4) likes best."""
    wanted = sorted(_items(accept_language), key=lambda item: -item[1])
    for tag, weight in wanted:
        if weight > 0 and (found := _match(tag)):
            return found
    return LANGUAGES[0]


def _items(header: str) -> list[tuple[str, float]]:
    items = []
    for item in header.split(",")[:_ITEMS_LIMIT]:
        tag, _, rest = item.partition(";")
        name, _, weight = rest.strip().partition("=")
        try:
            items.append((tag.strip().lower(), float(weight) if name == "q" else 1.0))
        except ValueError:
            continue
    return items


def _match(tag: str) -> str | None:
    """The whole tag, or the same language of another country: who reads pt-PT reads pt-BR before English."""
    for language in LANGUAGES:
        if tag == language.lower():
            return language
    for language in LANGUAGES:
        if tag.partition("-")[0] == language.lower().partition("-")[0]:
            return language
    return None
