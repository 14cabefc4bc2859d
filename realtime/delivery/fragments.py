"""
WebSocket frames that no handler ever sees: parts of messages, counted as they arrive.

aiohttp hands out whole messages. A message may come in any number of parts (RFC 6455 §5.4),
empty ones too, so a client that never ends its message could keep the loop busy for good,
and no limit on messages, bytes or pings would notice. Nor would one notice that what a
thousand clients have begun and do not end waits in memory, as much as `frame_limit` of each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from aiohttp import web

from realtime.delivery.admission import LARGE
from realtime.delivery.rate import Rate
from realtime.errors import CloseCode

SMALL: Final = 1024
"""Bytes below which a part is counted; larger ones are paid for by the limits on bytes."""

SMALL_PER_SECOND: Final = 1000
"""Small parts that a client may send: a message of `frame_limit` in pieces of a kilobyte, say."""

_LENGTH_LIMITS: Final = 125
"""Payloads up to here have their length in the second byte of the frame (RFC 6455 §5.2)."""

_CLOSE: Final = 0x8

_NO_REQUESTS: Final[deque[Any]] = deque(maxlen=0)
"""The requests that wait on a connection which has become a WebSocket: one for all, and it takes none."""

Breach = tuple[CloseCode, str]
"""How a client is to be closed, and why."""

_CROWDED: Final = (CloseCode.TOO_MANY_COMMANDS, "too many large messages have begun and not ended")
_FLOOD: Final = (CloseCode.FLOOD, "too many small fragments")
_UNMASKED: Final = (CloseCode.PROTOCOL_ERROR, "frames of a client are masked")


class Parser(Protocol):
    """What aiohttp gives a connection to read a WebSocket with."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what has arrived; True when the connection is at its end."""

    def feed_eof(self) -> None:
        """Nothing more comes."""


class Unfinished:
    """
    The bytes of all messages that have begun and not ended, and are large: at most `limit`
    together. One that is alone may always come.
    """

    __slots__ = ("held", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def resize(self, own: int, wanted: int) -> bool:
        """Hold `wanted` bytes of a message in place of `own`; False, and nothing changes, where there is no room."""
        more = wanted - own
        if more > 0 and self.held > own and self.held + more > self.limit:
            return False
        self.held += more
        return True


class FrameCounter:
    """
    A parser in front of a parser: everything passes as it is until a client floods, sends a
    frame without a mask (RFC 6455 §5.1: that ends it), or goes on with a large message for
    which `unfinished` has no room. Then `breached` is called, once, and nothing passes any more.

    It looks at the head of each frame and skips the rest, and stops looking at the first
    small part that is too much: a thousand at most are looked at in one turn of the loop.
    """

    __slots__ = (
        *("_begun", "_breached", "_head", "_held", "_last", "_parser", "_skip", "_small", "_unfinished"),
        *("deaf", "parted"),
    )

    def __init__(self, parser: Parser, breached: Callable[[Breach], None], unfinished: Unfinished) -> None:
        self._parser = parser
        self._breached = breached
        self._unfinished = unfinished
        self._begun = 0
        """Bytes of the present message, a few more for what lies between its parts."""
        self._held = 0
        """How many of them `unfinished` counts."""
        self._last = True
        """Whether the message has ended when the present frame has."""
        self._small = Rate(SMALL_PER_SECOND)
        self._head = b""
        """The beginning of a head that has not wholly arrived."""
        self._skip = 0
        """Bytes of the present frame that are still to come."""
        self.deaf = False
        self.parted: asyncio.Future[None] | None = None
        """Done when the client says goodbye; while it waits for that, nothing passes."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """See Parser."""
        if self.deaf:  # it was on its way when we stopped listening
            return False, b""
        if breach := self._look(data):
            self.deaf = True
            self._breached(breach)
            return False, b""
        if self.parted is not None:
            return False, b""
        return self._parser.feed_data(data)

    def feed_eof(self) -> None:
        """See Parser."""
        self._parser.feed_eof()

    def release(self) -> None:
        """The connection is gone, and with it what was held."""
        self._unfinished.resize(self._held, 0)
        self._held = 0

    def _look(self, data: bytes) -> Breach | None:
        """Go from head to head; tells what is wrong with them, if anything is."""
        if self._head:
            data = self._head + data
        at, size, small = self._skip, len(data), 0
        ended = at if self._last and at <= size else -1  # where the last message that is whole ends
        while at + 1 < size:
            first, second = data[at], data[at + 1]
            if second < 0x80:
                return _UNMASKED
            length, head = second & 0x7F, 6
            if length > _LENGTH_LIMITS:
                head = 8 if length == _LENGTH_LIMITS + 1 else 14
                if at + head - 4 > size:
                    break
                length = int.from_bytes(data[at + 2 : at + head - 4], "big")
            # Not the last part of its message, or not the first.
            if length < SMALL and (first < 0x80 or not first & 0x0F):
                small += 1
                if small > SMALL_PER_SECOND:
                    return _FLOOD
            if first & 0x0F == _CLOSE and self.parted is not None and not self.parted.done():
                self.parted.set_result(None)
            at += head + length
            if first & 0x0F < _CLOSE:
                self._last = first >= 0x80
            if self._last and at <= size:
                ended = at
        self._head, self._skip = (data[at:], 0) if at < size else (b"", at - size)
        if small and not self._small.allows(asyncio.get_running_loop().time(), small):
            return _FLOOD
        self._begun = self._begun + size if ended < 0 else size - ended
        return None if self._has_room() else _CROWDED

    def _has_room(self) -> bool:
        large = self._begun if self._begun > LARGE else 0
        if large == self._held:
            return True
        if not self._unfinished.resize(self._held, large):
            return False
        self._held = large
        return True


class CountingHandler(web.RequestHandler):
    """
    A connection that counts the frames of its WebSocket.

    Whoever serves the socket sets `on_breach`, which closes it; where nobody did, the
    connection is cut.
    """

    __slots__ = ("_counter", "_unfinished", "on_breach")

    def __init__(self, *arguments: Any, unfinished: Unfinished, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unfinished = unfinished
        self._counter: FrameCounter | None = None
        self.on_breach: Callable[[CloseCode, str], None] | None = None

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """aiohttp's upgrade: from now on what arrives goes to `parser`."""
        self._counter = FrameCounter(parser, self._breached, self._unfinished)
        super().set_parser(self._counter, data_received_cb)  # type: ignore[arg-type]
        # No request follows an upgrade. What reads and keeps requests would stay as long as the
        # socket: a tenth of the memory that an idle one takes.
        self._parser = None
        self._messages = _NO_REQUESTS

    def stop_listening(self) -> None:
        """Take nothing more from this client: what it still sends stays with it."""
        if self._counter is not None:
            self._counter.deaf = True
        self.pause_reading()

    def part(self) -> asyncio.Future[None]:
        """
        Pass nothing more on, and go on reading, so that the client can take our goodbye
        while it still sends; done when it has answered with its own, or is gone.
        """
        parted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._counter is None or not self.connected:
            parted.set_result(None)
        else:
            self._counter.parted = parted
            self.resume_reading()
        return parted

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's
        """aiohttp's: whoever waits for the next message asks for it."""
        if self._counter is None or not self._counter.deaf:
            super().resume_reading(resume_parser)

    def connection_lost(self, error: BaseException | None) -> None:
        """aiohttp's: the end."""
        super().connection_lost(error)
        self.on_breach = None  # it knows us, and we know it
        if self._counter is None:
            return
        self._counter.release()
        if (parted := self._counter.parted) is not None and not parted.done():
            parted.set_result(None)

    def _breached(self, breach: Breach) -> None:
        self.stop_listening()
        if self.on_breach is None:
            self.force_close()
        else:
            self.on_breach(*breach)
