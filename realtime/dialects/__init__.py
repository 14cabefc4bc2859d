"""
Dialects: pure translators from an event to a frame, and from a client's frame to a command.

A dialect knows the words and envelopes of one protocol, and nothing of sockets or rows.
"""

from __future__ import annotations

from typing import Protocol

from realtime.events import Event, Signal


class Dialect(Protocol):
    """
    What the hub asks of every dialect. Frames are JSON text (UTF-8), without framing.

    An event for which the dialect has no word gives None, and is not sent in it.
    """

    name: str

    def event(self, event: Event, *, replayed: bool) -> bytes | None:
        """The frame of an event; `replayed` marks one from before the connection."""

    def signal(self, signal: Signal) -> bytes | None:
        """The frame of a signal."""
