"""The words of the screen: every one of them in every language, and the right language for the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from babel import Locale

from realtime.assets import FOLDER
from realtime.words import LANGUAGES, catalogue, negotiate, plural, text

TEMPLATES = sorted((FOLDER.parent / "templates").glob("*.html"))
SCRIPTS = sorted(FOLDER.glob("js/**/*.js"))
STRING = r'"((?:[^"\\]|\\.)*)"'
TRANSLATED = LANGUAGES[1:]
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def used() -> tuple[set[str], set[str]]:
    """The messages that the source uses, and the plurals."""
    messages, plurals = set(), set()
    for path in SCRIPTS:
        source = path.read_text("utf-8")
        messages |= set(re.findall(rf"\bt\(\s*{STRING}", source))
        plurals |= {many for _, many in re.findall(rf"\btn\(\s*{STRING},\s*{STRING}", source)}
    for path in TEMPLATES:
        messages |= set(re.findall(rf"\b_\(\s*{STRING}", path.read_text("utf-8")))
    return messages, plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_string_is_missing_and_none_is_left_over(language: str) -> None:
    messages, plurals = used()
    found = catalogue(language)

    assert len(messages) > 40
    assert plurals
    assert {key for key, value in found.items() if isinstance(value, str)} == messages
    assert {key for key, value in found.items() if isinstance(value, dict)} == plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_string_is_translated_in_one_file_alone(language: str) -> None:
    files = sorted((FOLDER.parent / "locales" / language).glob("*.json"))

    assert sum(len(json.loads(path.read_text("utf-8"))) for path in files) == len(catalogue(language))
    assert [path.name for path in files] == [
        path.name for path in sorted((FOLDER.parent / "locales" / TRANSLATED[0]).glob("*.json"))
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_values_of_its_source(language: str) -> None:
    for message, value in catalogue(language).items():
        for form in value.values() if isinstance(value, dict) else [value]:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(message)), message
            assert form.strip()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_plural_has_its_forms(language: str) -> None:
    known = Locale.parse(language, sep="-").plural_form.tags | {"other"}
    for value in catalogue(language).values():
        if isinstance(value, dict):
            assert {"one", "other"} <= set(value) <= known


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS], ids=lambda path: path.name)
def test_no_word_of_the_screen_stands_outside_the_catalogue(path: Path) -> None:
    source = path.read_text("utf-8")
    if path.suffix == ".js":
        source = " ".join(re.findall(r"html`((?:[^`$]|\$(?!\{)|\$\{(?:[^`{}]|`[^`]*`|\{[^{}]*\})*\})*)`", source))
        source = re.sub(r"\$\{(?:[^`{}]|`[^`]*`|\{[^{}]*\})*\}", "", source)
    else:
        source = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    source = re.sub(r"<(code|style|script)\b.*?</\1>", "", source, flags=re.DOTALL)
    words = set(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", source)))

    assert words <= {"realtime"}


def test_a_message_is_translated_or_stays_as_it_is() -> None:
    assert text("es", "Live") == "En vivo"
    assert text("en", "Live") == "Live"
    assert text("es", "never heard of") == "never heard of"


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [("en", 1, "%(n)s new event"), ("en", 0, "%(n)s new events"), ("es", 1, "%(n)s evento nuevo"),
     ("es", 2, "%(n)s eventos nuevos"), ("pt-BR", 0, "%(n)s evento novo"), ("pt-BR", 2, "%(n)s eventos novos")],
)  # fmt: skip
def test_a_number_chooses_the_form(language: str, count: int, said: str) -> None:
    assert plural(language, "%(n)s new event", "%(n)s new events", count) == said


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("pt-BR,pt;q=0.9,en-US;q=0.8", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("de-DE,de;q=0.9", "en"),
        ("de, es;q=0.5, pt-BR;q=0.7", "pt-BR"),
        ("en;q=0.1, es", "es"),
        ("es;q=0, en", "en"),
        ("*", "en"),
        ("ES-mx;q=1.0", "es"),
        ("es;q=much, pt", "pt-BR"),
        (";;;,,,=", "en"),
    ],
)
def test_the_readers_language_is_that_of_the_browser(header: str, language: str) -> None:
    assert negotiate(header) == language
