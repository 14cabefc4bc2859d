"""
The kinds of values that a setting can have, and how one is read.

A `Kind` reads what a person wrote (text from a flag, a variable or `.env`) and what a
program passed (a value that already has its type) with the same rules, and reading its
own result again changes nothing. So every setting is checked once and in one way,
whichever way it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from realtime import addresses
from realtime.channels import OWN_NAME, is_own

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

IPNetwork = IPv4Network | IPv6Network

_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": KIB, "mib": MIB, "gib": GIB}
# ASCII digits only, and few: `int` would take other scripts' digits, underscores, and minutes for a million of them.
_WHOLE = re.compile(r"[0-9]{1,15}")
_SIZE = re.compile(r"([0-9]{1,15}) ?([A-Za-z]{0,3})")
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


class Refused(ValueError):
    """A value that is not allowed; its text is a sentence that begins with "must be"."""


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What values are allowed, in words and in code.

    `allowed` completes the sentence "must be …" and stands in the documentation as it
    is; `example` ends the sentence where a wrong value needs more help. `parse` raises
    `ValueError` or `TypeError` for anything else; `read` turns that into `Refused`.
    `show` writes a value as the documentation does.
    """

    allowed: str
    parse: Callable[[object], object]
    show: Callable[[object], str] = str
    example: str = ""
    many: bool = False
    boolean: bool = False

    def read(self, value: object) -> object:
        try:
            return self.parse(value)
        except (ValueError, TypeError) as error:
            raise Refused(f"must be {self.allowed}{self.example}") from error


def show_size(count: object) -> str:
    """A number of bytes in the largest binary unit that divides it: `1 MiB`, `1500 bytes`."""
    assert isinstance(count, int)
    for unit, factor in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} bytes"


def _show_many(values: object) -> str:
    assert isinstance(values, tuple)
    return ", ".join(str(value) for value in values) or "none"


def _show_optional(value: object) -> str:
    return "none" if value is None else str(value)


def _show_boolean(value: object) -> str:
    return "true" if value else "false"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    text = value.strip()
    if not text.isprintable():
        raise ValueError(text)
    return text


def _integer(value: object, pattern: re.Pattern[str] = _WHOLE) -> re.Match[str] | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = pattern.fullmatch(_text(value))
    if match is None:
        raise ValueError(value)
    return match


def _within(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(number)
    return number


def whole(least: int, most: int) -> Kind:
    """A whole number, both ends included."""

    def parse(value: object) -> int:
        found = _integer(value)
        return _within(found if isinstance(found, int) else int(found[0]), least, most)

    return Kind(f"a whole number from {least} to {most}", parse)


def size(least: int, most: int) -> Kind:
    """A number of bytes, written plainly or with a unit (`KiB` is 1024, `KB` is 1000)."""

    def parse(value: object) -> int:
        found = _integer(value, _SIZE)
        if not isinstance(found, int):
            factor = _UNITS.get(found[2].lower())
            if factor is None:
                raise ValueError(value)
            found = int(found[1]) * factor
        return _within(found, least, most)

    allowed = f"a size from {show_size(least)} to {show_size(most)}"
    return Kind(allowed, parse, show_size, ", such as 512KiB, 10MB or a plain number of bytes")


def one_of(*words: str, otherwise: str | None = None) -> Kind:
    """One of a few words, in any case; with `otherwise`, which says what it is, None and the empty text mean None."""

    def parse(value: object) -> str | None:
        if otherwise and value in (None, ""):
            return None
        word = _text(value).lower()
        if word not in words:
            raise ValueError(value)
        return word

    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", parse, lambda value: str(value or otherwise))


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = _text(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(value)
    return word in _TRUE


def _folder(value: object) -> Path:
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(value)
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(value) from error


def _host(value: object) -> str:
    return addresses.host(_text(value))


def _origin(value: object) -> str:
    text = _text(value)
    if urlsplit(text).path or "?" in text or "#" in text:
        raise ValueError(value)
    return addresses.origin(text)


def _cors_origin(value: object) -> str:
    return "*" if value == "*" else _origin(value)


def _cors_origins(value: object) -> tuple[object, ...]:
    found = _many(_cors_origin, 0, 1000)(value)
    if "*" in found and len(found) > 1:
        raise ValueError(value)
    return found


def _public_url(value: object) -> str | None:
    return None if value in (None, "") else addresses.public_url(_text(value))


def _network(value: object) -> IPNetwork:
    network = value if isinstance(value, IPv4Network | IPv6Network) else ip_network(_text(value))
    if network.prefixlen == 0:
        raise ValueError(value)
    return network


def _own_channel(value: object) -> str:
    name = _text(value)
    if not is_own(name):
        raise ValueError(value)
    return name


def _port(value: object) -> int:
    found = whole(0, 65535).read(value)
    assert isinstance(found, int)
    return found


def _many(item: Callable[[object], object], least: int, most: int) -> Callable[[object], tuple[object, ...]]:
    """A reader of several: text with commas, one value, or an iterable of either."""

    def pieces(value: object) -> Iterable[object]:
        if isinstance(value, str):
            return (piece for piece in value.split(",") if piece.strip())
        if isinstance(value, Iterable) and not isinstance(value, IPv4Network | IPv6Network | bytes):
            return (piece for part in value for piece in pieces(part))
        return (value,)

    def parse(value: object) -> tuple[object, ...]:
        # Said twice is meant once; only ephemeral ports are as many as there are zeros.
        found: list[object] = []
        seen = set()
        for piece in map(item, pieces(value)):
            if piece == 0 or piece not in seen:
                found.append(piece)
                seen.add(piece)
        if not least <= len(found) <= most:
            raise ValueError(value)
        return tuple(found)

    return parse


BOOLEAN = Kind("true or false", _boolean, _show_boolean, boolean=True)
FOLDER = Kind("the path of a folder", _folder)
HOST = Kind("a host name or an IP address, without a scheme or a port", _host)
PORTS = Kind("1 to 16 whole numbers from 0 to 65535, separated by commas", _many(_port, 1, 16), _show_many, many=True)
PUBLIC_URL = Kind("an absolute http or https URL without a user, a query or a fragment", _public_url, _show_optional)
NETWORKS = Kind(
    "IP addresses or networks that do not contain every address, separated by commas",
    _many(_network, 0, 1000),
    _show_many,
    ", such as 10.0.0.0/8",
    many=True,
)
ORIGINS = Kind(
    "origins (scheme://host or scheme://host:port, never null), separated by commas",
    _many(_origin, 0, 1000),
    _show_many,
    many=True,
)
CORS_ORIGINS = Kind(
    "* alone or origins (scheme://host[:port]), separated by commas", _cors_origins, _show_many, many=True
)
OWN_CHANNELS = Kind(
    f"channel names ({OWN_NAME}), separated by commas", _many(_own_channel, 0, 10_000), _show_many, many=True
)
