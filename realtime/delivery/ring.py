"""The newest events, in memory, so that a thousand clients that come back cost no query."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from realtime.channels import Coverage
from realtime.delivery.frames import Format
from realtime.events import Event

DELETED_LIMIT: Final = 1_000
"""The last deletions that are known by name; past so many at once any stretch counts as spoilt."""

_DELETED: Final = "message.deleted"


class Entry:
    """An event with the frames that were made of it, each made once."""

    __slots__ = ("_frames", "event", "size")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.size = len(event.data) + 400  # the objects around the data, by sys.getsizeof
        self._frames: dict[tuple[Format, bool], bytes | None] = {}

    def frame(self, format: Format, *, replayed: bool) -> bytes | None:
        """The event in that format."""
        key = (format, replayed)
        if key not in self._frames:
            self._frames[key] = format.event(self.event, replayed=replayed)
        return self._frames[key]

    def forget_frames(self) -> None:
        """Give the frames back; they are made again when asked for."""
        self._frames.clear()


class Ring:
    """
    The last events, without a hole: at most `limit` of them, of at most `size_limit` bytes
    (payloads; the frames made of them are bounded by `size_limit` times the formats in use).

    It empties itself when a message is deleted: in the log all events of that message have
    been rewritten, here they would still have its text.
    """

    def __init__(self, limit: int, size_limit: int) -> None:
        self._limit = limit
        self._size_limit = size_limit
        self._entries: deque[Entry] = deque()
        self._deleted: deque[int | None] = deque(maxlen=DELETED_LIMIT)
        self.size = 0
        self.deletions = 0
        """Messages that were deleted so far, as a mark for `spoilt`."""

    def append(self, event: Event) -> Entry:
        """Add the next event; the oldest make room, and all for a deletion."""
        if event.type == _DELETED:
            self.clear()
            self._deleted.append(event.entity_id)
            self.deletions += 1
        entry = Entry(event)
        entries = self._entries
        entries.append(entry)
        self.size += entry.size
        while len(entries) > self._limit or (self.size > self._size_limit and entries):
            self.size -= entries.popleft().size
        return entry

    def covers(self, after: int, tip: int) -> bool:
        """Whether all events after `after`, up to `tip`, are here."""
        return after >= tip or (bool(self._entries) and self._entries[0].event.seq <= after + 1)

    def spoilt(self, events: Iterable[Event], since: int) -> bool:
        """Whether some of these, which were read when there were `since` deletions, are of a message deleted later."""
        new = self.deletions - since
        if new > DELETED_LIMIT:
            return True
        deleted = set(list(self._deleted)[-new:]) if new else set()
        return any(event.channel == "chat" and event.entity_id in deleted for event in events)

    def since(self, after: int, coverage: Coverage) -> Iterator[Entry]:
        """
        The covered entries after `after`, oldest first. The ring must not change while
        they are taken, so take them without an await.
        """
        if not self._entries:
            return iter(())
        # No seq is missing in the ring, so the place of an entry is known from its seq.
        skip = max(0, after + 1 - self._entries[0].event.seq)
        names = coverage
        return (entry for entry in islice(self._entries, skip, None) if entry.event.channel in names)

    def clear(self) -> None:
        """Forget everything: what is asked for comes from the log."""
        self._entries.clear()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)
