"""
What the one writer knows without asking the database: the last `seq`, the last ids, the
audit chain's end. It is replaced when a transaction commits, and thrown away when not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from realtime.store.checksum import FIRST_LINK
from realtime.store.known_rows import KnownRows

KNOWN_IDS_LIMIT: Final = 100_000
"""Ids of each table that are remembered to exist, so that a reading needs no query."""


@dataclass(slots=True)
class State:
    """The end of the log, as of one point in a transaction."""

    seq: int = 0
    at: int = 0
    audits: int = 0
    link: str = FIRST_LINK
    ids: dict[str, int] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    rows: KnownRows = field(default_factory=KnownRows)
    _known: dict[str, set[int]] = field(default_factory=dict)

    def copy(self) -> State:
        """The same, to be changed on its own; what is known of rows is shared, and only of committed ones."""
        return State(
            self.seq, self.at, self.audits, self.link, dict(self.ids), dict(self.links), self.rows, self._known
        )

    def known(self, table: str) -> set[int]:
        """Ids of `table` that are known to exist."""
        ids = self._known.setdefault(table, set())
        if len(ids) > KNOWN_IDS_LIMIT:
            ids.clear()
        return ids

    def forget(self) -> None:
        """After a rollback nothing is known to exist."""
        self._known.clear()
        self.rows.clear()
