"""Telling every process (this one included) what is committed, in order, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from realtime.events import Event


class Relay(Protocol):
    """What the committer tells, and what a hub hears."""

    def announce(self, events: list[Event]) -> None:
        """These events are committed."""

    def heard(self, hear: Callable[[list[Event]], None]) -> None:
        """Call `hear` with all that is committed from now on."""


class LocalRelay:
    """The relay of a server that is one process: those who hear are called at once."""

    def __init__(self) -> None:
        self._hearers: list[Callable[[list[Event]], None]] = []

    def announce(self, events: list[Event]) -> None:
        """See Relay."""
        for hear in self._hearers:
            hear(events)

    def heard(self, hear: Callable[[list[Event]], None]) -> None:
        """See Relay."""
        self._hearers.append(hear)
