"""The files that browsers load: named by their content, vendored with their origin, free of what a page must not do."""

from __future__ import annotations

import gzip
import json
import re
from hashlib import sha256
from pathlib import PurePosixPath

import pytest

from realtime.assets import FOLDER, VENDOR, Asset, Assets, assets, source_hash, without_comments
from realtime.words import catalogue

ROWS = json.loads((FOLDER / VENDOR).read_text("utf-8"))
COMMENT = re.compile(rb"^[ \t]*//.*$|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/", re.MULTILINE)
OURS = sorted([*FOLDER.glob("*.js"), *FOLDER.glob("js/**/*.js")])


def test_every_vendored_part_is_what_its_manifest_says() -> None:
    vendor = FOLDER / "vendor"
    for row in ROWS:
        assert sha256((vendor / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", row["version"])
        assert row["licence"] in ("MIT", "Apache-2.0")
        licence = (vendor / row["licence_file"]).read_text("utf-8")
        assert ("MIT" if row["licence"] == "MIT" else "Apache License") in licence
    told = {row[key] for row in ROWS for key in ("file", "licence_file")} | {"manifest.json"}
    assert told == {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}


def test_a_hashed_name_means_these_bytes_for_ever() -> None:
    one, other = Assets({"js/a.js": b"1"}), Assets({"js/a.js": b"2"})

    assert re.fullmatch(r"js/a\.[0-9a-f]{12}\.js", one["js/a.js"].hashed)
    assert one["js/a.js"].hashed != other["js/a.js"].hashed
    assert one.find("js/a.js") == (one["js/a.js"], False)
    assert one.find(one["js/a.js"].hashed) == (one["js/a.js"], True)
    assert one.find(other["js/a.js"].hashed) is None
    assert one.find("../a.js") is None


def test_a_zipped_body_is_the_body() -> None:
    css = assets()["css/site.css"]

    assert css.zipped is not None
    assert gzip.decompress(css.zipped) == css.body
    assert Assets({"LICENSE": b"short"})["LICENSE"].zipped is None


def test_the_import_map_leads_every_import_to_a_hashed_file() -> None:
    for language in ("en", "pt-BR", "es"):
        imports = json.loads(assets().import_map("../", "js/pages/overview.js", language))["imports"]
        assert set(imports.values()) <= {f"../static/{asset.hashed}" for asset in assets()}
        assert imports["words"].startswith(f"../static/locales/overview.{language}.")
        assert imports["preact"].startswith("../static/vendor/preact/preact.")
        assert imports["../static/js/feed.js"] == f"../static/{assets()['js/feed.js'].hashed}"


def test_a_page_knows_all_modules_that_it_will_load() -> None:
    entry, *rest = names(assets().modules("js/pages/overview.js", "es"))

    assert entry == "js/pages/overview.js"
    assert {"js/components/row.js", "js/place.js", "locales/overview.es.js", "vendor/preact/hooks.mjs"} <= set(rest)
    assert len(rest) == len(set(rest))


def names(found: list[Asset]) -> list[str]:
    return [asset.name for asset in found]


FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|srcdoc|createContextualFragment"
    r"|\beval\b|new Function|setAttribute\(\s*[\"']on|javascript:|localStorage|sessionStorage|document\.cookie"
)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_script_makes_text_and_never_markup(path: object) -> None:
    assert FORBIDDEN.findall(path.read_text("utf-8")) == []  # type: ignore[attr-defined]


def test_nothing_of_ours_names_another_place() -> None:
    own = [*OURS, *FOLDER.glob("css/*.css"), *FOLDER.glob("*.html"), *FOLDER.parent.glob("templates/*.html")]
    places = {place for path in own for place in re.findall(r"(?:https?:)?//[a-z][\w.:-]+", path.read_text("utf-8"))}

    assert places <= {"http://localhost:8000", "//localhost:8000"}


def test_the_hash_of_a_source_is_that_of_the_standard() -> None:
    # The example of CSP 3 §8.4.
    assert source_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


def test_a_page_loads_no_comments_and_its_errors_name_the_lines_of_the_source() -> None:
    source = b'/** Told. */\nlet a = "// b"; // c\n  // d\n/*\n * e\n */\nlet f = a /* g */;\n'

    assert without_comments(source) == b'\nlet a = "// b"; // c\n\n\n\n\nlet f = a /* g */;\n'
    for path in [*FOLDER.glob("js/**/*.js"), *FOLDER.glob("css/*.css")]:
        whole, sent = path.read_bytes(), assets()[path.relative_to(FOLDER).as_posix()].body
        assert sent.count(b"\n") == whole.count(b"\n")
        assert not re.search(rb"^\s*//", sent, re.MULTILINE)
        for lost in COMMENT.finditer(whole):
            # A text over several lines would lose such a line.
            assert whole[: lost.start()].count(b"`") % 2 == 0, (path, lost[0])
    assert assets()["vendor/htm/htm.mjs"].body == (FOLDER / "vendor/htm/htm.mjs").read_bytes()


@pytest.mark.parametrize("language", ["pt-BR", "es"])
@pytest.mark.parametrize("entry", sorted(asset.name for asset in assets() if asset.name.startswith("js/pages/")))
def test_a_page_gets_every_word_that_its_modules_say_and_not_those_of_others(entry: str, language: str) -> None:
    called = f"locales/{PurePosixPath(entry).stem}.{language}.js"
    sent = json.loads(assets()[called].body.decode().removeprefix("export default ").rstrip(";\n"))
    # What a page imports later, when something is opened, says its words too.
    rooms = {
        "js/pages/sensors.js": FOLDER.glob("js/sensors/*.js"),
        "js/pages/settings.js": FOLDER.glob("js/settings/*.js"),
    }
    sources = [asset.body.decode() for asset in assets().modules(entry, language) if asset.name.startswith("js/")]
    sources += [path.read_text("utf-8") for path in rooms.get(entry, ())]
    said = set(re.findall(r'\bt\(\s*"([^"]+)"', "\n".join(sources)))
    said |= set(re.findall(r'\btn\(\s*"[^"]+",\s*"([^"]+)"', "\n".join(sources)))

    assert len(said) > 20
    assert said <= set(sent)
    assert len(sent) < len(catalogue(language)) * 2 // 3
