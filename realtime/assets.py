"""
The files that browsers load: read once from the package, and named by their content.

A file has two names. The plain one (`js/feed.js`) means whatever it holds today, so a
browser must ask each time. The other carries a piece of its hash (`js/feed.1f0c9a7b42de.js`),
means these bytes for ever, and may be kept for ever.

Modules import each other by their plain names; an import map tells the browser the hashed
ones. So what stands in the source works as it stands, without a build. It is sent as it
stands too, but for the comments, which are a seventh of what a page loads: the lines that
they filled are empty, so that an error names the line of the source.
"""

from __future__ import annotations

import gzip
import json
import posixpath
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from realtime.words import LANGUAGES, catalogue

FOLDER: Final = Path(__file__).parent / "static"
VENDOR: Final = "vendor/manifest.json"
"""The parts of others: a list of `{file, package, version, licence, licence_file, sha256, import}`."""

KINDS: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    "": "text/plain; charset=utf-8",
}
"""Content types by suffix; a file with another suffix is not served."""

WORDS: Final = "words"
"""What a module imports to get the catalogue in the reader's language: as much of it as its page can need."""

_COMPRESSED_ALREADY: Final = frozenset({".png", ".woff2"})
_IMPORT: Final = re.compile(r"""(?:^|[;}])\s*(?:import|export)\b(?!\s+default)[^"'();=]*["']([^"']+)["']""", re.M)
"""An import as a statement: the word itself may stand in any text."""

_OTHER: Final = re.compile(r"""["'](\.{1,2}/[^"']+\.js)["']""")
"""The name of another module of ours, however it is imported."""

_PAGES: Final = "js/pages/"

_OWN: Final = ("css/", "js/")
"""What loses its comments. The parts of others hold their licences, and are what their hashes say."""

_COMMENT: Final = re.compile(rb"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
"""Comments that have their lines to themselves. No text of ours has a line that begins like one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `name` is its path below `static/`, `hashed` the same with a piece of its hash."""

    name: str
    kind: str
    body: bytes
    digest: str
    zipped: bytes | None = None
    """The body in gzip, where that is worth it."""

    @property
    def hashed(self) -> str:
        """The name that means these bytes for ever."""
        path = PurePosixPath(self.name)
        return str(path.with_name(f"{path.stem}.{self.digest[:12]}{path.suffix}"))


class Assets:
    """All files of the package's pages, by both names."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._plain = {name: _asset(name, body) for name, body in files.items()}
        self._hashed = {asset.hashed: asset for asset in self._plain.values()}
        vendored = json.loads(files[VENDOR]) if VENDOR in files else []
        self._bare = {row["import"]: f"vendor/{row['file']}" for row in vendored if "import" in row}

    def find(self, name: str) -> tuple[Asset, bool] | None:
        """The file of a plain or hashed name, and whether it was the hashed one."""
        if asset := self._hashed.get(name):
            return asset, True
        return (self._plain[name], False) if name in self._plain else None

    def __getitem__(self, name: str) -> Asset:
        """The file of a plain name. Raises KeyError."""
        return self._plain[name]

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._plain.values())

    def import_map(self, root: str, entry: str, language: str) -> str:
        """
        The import map (JSON) of the page that runs `entry`: bare names of vendored parts, plain addresses of
        our own modules, and `words` in `language`. `root` leads from the page to the site's root.
        """
        below = f"{root}static/"
        imports = {bare: below + self[name].hashed for bare, name in self._bare.items()}
        imports |= {below + asset.name: below + asset.hashed for asset in self if asset.name.startswith("js/")}
        imports[WORDS] = below + self[_words_of(entry, language)].hashed
        return json.dumps({"imports": imports}, separators=(",", ":"))

    def modules(self, entry: str, language: str) -> list[Asset]:
        """The module `entry` and all that it imports, so that a browser can load them side by side."""
        found: dict[str, Asset] = {}
        waiting = [entry]
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found[name] = self[name]
            here = PurePosixPath(name).parent
            for specifier in _IMPORT.findall(self[name].body.decode()):
                waiting.append(self._resolve(specifier, here) or _words_of(entry, language))
        return list(found.values())

    def _resolve(self, specifier: str, here: PurePosixPath) -> str | None:
        """The file that a module below `here` imports; None for the words."""
        if specifier == WORDS:
            return None
        return posixpath.normpath(here / specifier) if specifier.startswith(".") else self._bare[specifier]


@cache
def assets() -> Assets:
    """The package's own; read at the first call."""
    files = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.suffix in KINDS
    }
    files |= {name: without_comments(body) for name, body in files.items() if name.startswith(_OWN)}
    for entry in [name for name in files if name.startswith(_PAGES)]:
        source = _reached(files, entry)
        files |= {_words_of(entry, language): _words(source, language) for language in LANGUAGES}
    return Assets(files)


def _words_of(entry: str, language: str) -> str:
    return f"locales/{PurePosixPath(entry).stem}.{language}.js"


def _words(source: str, language: str) -> bytes:
    """The messages that stand in `source`, as a module: JSON is an expression of JavaScript."""
    used = {message: said for message, said in catalogue(language).items() if f'"{message}"' in source}
    return f"export default {json.dumps(used, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def _reached(files: Mapping[str, bytes], entry: str) -> str:
    """The text of `entry` and of every module of ours that it ever imports, at once or later."""
    found: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in files and name not in found:
            found[name] = files[name].decode()
            here = posixpath.dirname(name)
            waiting += (posixpath.normpath(f"{here}/{other}") for other in _OTHER.findall(found[name]))
    return "\n".join(found.values())


def without_comments(source: bytes) -> bytes:
    """The same script or stylesheet, with empty lines where there were nothing but comments."""
    return _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), source)


def source_hash(text: str) -> str:
    """What a Content-Security-Policy calls an inline text that it allows (CSP 3 §2.3.1)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _asset(name: str, body: bytes) -> Asset:
    suffix = PurePosixPath(name).suffix
    zipped = None if suffix in _COMPRESSED_ALREADY else gzip.compress(body, mtime=0)
    if zipped is not None and len(zipped) > len(body) * 9 // 10:
        zipped = None
    return Asset(name, KINDS[suffix], body, sha256(body).hexdigest(), zipped)
