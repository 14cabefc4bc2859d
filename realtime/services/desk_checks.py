"""What the support desk takes: lengths, words, ids. Each check gives the value back or raises Problem `invalid`."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from realtime.errors import Problem, invalid

CONTENT_LIMIT: Final = 64 * 1024
"""Characters of a message."""

URL_LIMIT: Final = 2_048
NAME_LIMIT: Final = 200
FEEDBACK_LIMIT: Final = 2_000
REACTION_LIMIT: Final = 32
"""Characters of a reaction: an emoji may be a sequence of many."""

ORIGIN_LIMIT: Final = 64
CLAIM_LIMIT: Final = 64
"""Characters of the id that a guest claims to have."""

CLAIM: Final = f"1 to {CLAIM_LIMIT} printable characters, not blank"

STATUSES: Final = ("open", "pending", "closed")
SENDERS: Final = ("customer", "agent", "bot", "system")
DELIVERY: Final = ("sent", "delivered", "read")
"""What becomes of a message, in this order; it never goes back."""

TEXT: Final = "text"
MESSAGE_TYPES: Final = (TEXT, "image", "audio", "video", "document")
RATINGS: Final = range(1, 6)

IDENTIFIER: Final = "1 to 64 of A-Z a-z 0-9 . _ : -"
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")


def identifier(name: str, value: str) -> str:
    """An id that a client chose."""
    if not _IDENTIFIER.match(value):
        raise invalid(**{name: f"Must be {IDENTIFIER}."})
    return value


def word(name: str, value: str, words: tuple[str, ...]) -> str:
    """One of the words."""
    if value not in words:
        raise invalid(**{name: f"Must be one of: {', '.join(words)}."})
    return value


def line(name: str, value: str, most: int) -> str:
    """A text of 1 to `most` characters, not only spaces."""
    if not 1 <= len(value) <= most or not value.strip() or not sound(value):
        raise invalid(**{name: f"Must be 1 to {most} characters, not blank."})
    return value


def claim(name: str, value: str) -> str:
    """Who a guest claims to be. What cannot be seen is refused: it would make two names of one look."""
    if not 1 <= len(value) <= CLAIM_LIMIT or not value.isprintable() or not value.strip():
        raise invalid(**{name: f"Must be {CLAIM}."})
    return value


def content(value: str, message_type: str) -> str:
    """The content of a message: its text, or the address of what is not text. Raises Problem `too_large` as well."""
    if len(value) > CONTENT_LIMIT:
        raise Problem("too_large", f"A message holds at most {CONTENT_LIMIT} characters; this one has {len(value)}.")
    line("content", value, CONTENT_LIMIT)
    if message_type != TEXT and not _is_address(value):
        raise invalid(
            content=f"Of type {message_type}, must be an http or https URL of at most {URL_LIMIT} characters."
        )
    return value


def rating(value: int) -> int:
    """A rating."""
    if type(value) is not int or value not in RATINGS:
        raise invalid(rating=f"Must be a whole number from {RATINGS[0]} to {RATINGS[-1]}.")
    return value


def sound(value: str) -> bool:
    """Whether the text can be kept: without NUL, and UTF-8 can say it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _is_address(value: str) -> bool:
    if len(value) > URL_LIMIT or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
