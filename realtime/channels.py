"""
Channels: the named streams that events belong to, and what a subscription covers.

Reserved channels belong to the product; all other permitted names are the users' own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

GENERAL: Final = "general"
SENSOR_DOMAIN: Final = ("sensors", "readings", "locations", "anomalies", "predictions")
SEED_CHANNELS: Final = (GENERAL, *SENSOR_DOMAIN)
EVERY: Final = "*"
"""Said where names are asked for: all channels that the reader may read, those not yet made included."""

AUDIT: Final = "audit"
PRIVATE: Final = ("chat", "csat", AUDIT, "users")
RESERVED: Final = frozenset((*SEED_CHANNELS, *PRIVATE))
_RESERVED_PREFIX: Final = "conversation:"

OWN_NAME: Final = "1 to 64 of a-z 0-9 . _ : - beginning with a letter or digit, and no reserved name"
_OWN: Final = re.compile(r"[a-z0-9][a-z0-9._:-]{0,63}\Z")


def is_reserved(name: str) -> bool:
    """Whether `name` is the product's own, and so nobody else's."""
    return name in RESERVED or name.startswith(_RESERVED_PREFIX)


def is_own(name: str) -> bool:
    """Whether `name` may be a channel of the users' own (`OWN_NAME` says it in words)."""
    return bool(_OWN.match(name)) and not is_reserved(name)


def is_channel(name: str) -> bool:
    """Whether `name` can name a channel at all."""
    return name in RESERVED or is_own(name)


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    The channels that a subscription covers: those named, or all but those named.

    Hashable, so that sessions with the same coverage and format share one audience.
    """

    names: frozenset[str]
    all_but: bool = False

    def __contains__(self, channel: str) -> bool:
        return (channel in self.names) is not self.all_but

    def __bool__(self) -> bool:
        return self.all_but or bool(self.names)


NOTHING: Final = Coverage(frozenset())
EVERYTHING: Final = Coverage(frozenset(), all_but=True)


def covering(names: Iterable[str]) -> Coverage:
    """What a subscription to `names` covers: `general` stands for the whole sensor domain."""
    covered: set[str] = set()
    for name in names:
        covered.update(SEED_CHANNELS if name == GENERAL else (name,))
    return Coverage(frozenset(covered))
