"""
Secrets: how one looks, and what is kept of it.

Each is a prefix that says what it is and 256 random bits (43 characters of base64url).
With so much chance in it, a single SHA-256 is all that a stored one needs.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum
from typing import Final

_SHAPE: Final = re.compile(r"(rt_|rl_|rk_|tk_)[A-Za-z0-9_-]{43}")


class Kind(StrEnum):
    """What a secret is good for, as the prefix that it begins with."""

    TOKEN = "rt_"  # noqa: S105 - a prefix, not a secret
    LOGIN = "rl_"
    LINK = "rk_"
    TICKET = "tk_"


def draw(kind: Kind) -> str:
    """A new secret."""
    return kind + secrets.token_urlsafe(32)


def kind_of(text: str) -> Kind | None:
    """What `text` is by its shape, or None where no secret of ours looks so."""
    match = _SHAPE.fullmatch(text)
    return None if match is None else Kind(match[1])


def digest(secret: str) -> str:
    """What is stored of a secret, and by what it is found: SHA-256 in hexadecimal."""
    # Headers may bring bytes that are no UTF-8; they arrive as lone surrogates.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
