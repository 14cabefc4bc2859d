"""
What tells a damaged event from a sound one, and a forged audit entry from a true one.

The checksum (CRC-32, zlib) finds every burst of up to 32 flipped bits in an event row.
The chain (SHA-256) ties each audit entry to the one before it.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Final

from realtime.events import Event

FIRST_LINK: Final = "0" * 64


def checksum(event: Event) -> int:
    """The checksum of everything that the event says."""
    return zlib.crc32(_content(event))


def link(previous: str, event: Event) -> str:
    """The chain's next link (64 hexadecimal digits), given the one before."""
    return hashlib.sha256(previous.encode() + b"\0" + _content(event)).hexdigest()


def _content(event: Event) -> bytes:
    head = f"{event.seq}\0{event.channel}\0{event.type}\0{event.entity_id}\0{event.actor}\0{event.at}\0"
    # A damaged name may not be UTF-8: it must give a wrong checksum, not an error.
    return head.encode("utf-8", "surrogateescape") + event.data + b"\0" + (event.metadata or b"")
