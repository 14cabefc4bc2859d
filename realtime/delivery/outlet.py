"""
The writable end of a session: a WebSocket, or a stream over HTTP.

Writing goes straight to the transport (frames are prepared bytes, and a transport takes a
write whole or queues it whole), so its buffer is the only queue that a live client has.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from typing import Final, Protocol

from aiohttp.abc import AbstractStreamWriter
from aiohttp.web import Request, WebSocketResponse

from realtime.delivery.fragments import CountingHandler
from realtime.delivery.frames import close_frame, close_reason
from realtime.errors import CloseCode

CLOSE_GRACE: Final = 2.0
"""Seconds that a peer has to take its close before its transport is cut, where `close_timeout` does not say."""

EMPTIED_SWEEP: Final = 0.05
"""Seconds between two looks at a buffer from which the last is being taken: no transport tells of that."""

HIGH_WATER: Final = 64 * 1024
"""Bytes in a transport's buffer above which `drained` waits."""


class Outlet(Protocol):
    """Where a session writes to."""

    def write(self, data: bytes) -> int:
        """Write, and tell how many bytes wait in this process now. Never blocks, never raises."""

    def pending(self) -> int:
        """How many bytes wait in this process."""

    def acknowledged(self) -> int:
        """How many bytes the peer's system has acknowledged, of all that were written."""

    def outstanding(self) -> int:
        """How many bytes it has not."""

    async def drained(self, patience: float | None = None) -> bool:
        """
        Wait until there is room again, for at most `patience` seconds; tells whether there
        is. Raises ConnectionError when the peer is gone.
        """

    def close(self, code: int, reason: str) -> None:
        """End in an orderly way, by force when the peer takes too long to take it."""


class TransportOutlet:
    """What both kinds of outlet do with a transport; `grace` is how many seconds a close may take."""

    __slots__ = (
        *("_draining", "_grace", "_loop", "_protocol", "_transport", "_writer", "_written", "closing"),
        "__weakref__",
    )

    def __init__(self, request: Request, writer: AbstractStreamWriter, *, grace: float = CLOSE_GRACE) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self._protocol = request.protocol
        self._grace = grace
        self._transport = transport
        self._writer = writer
        self._written = 0
        self._loop = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None
        self.closing = False

    def write(self, data: bytes) -> int:
        """See Outlet. What is written after the end is dropped."""
        transport = self._transport
        if transport.is_closing() or self.closing:
            return 0
        transport.write(data)
        self._written += len(data)
        return transport.get_write_buffer_size()

    def pending(self) -> int:
        """See Outlet."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def outstanding(self) -> int:
        """See Outlet: what waits here and in the system's send queue (tcp(7), SIOCOUTQ)."""
        return self.pending() + send_queue(self._transport)

    def acknowledged(self) -> int:
        """See Outlet."""
        return self._written - self.outstanding()

    async def drained(self, patience: float | None = None) -> bool:
        """See Outlet."""
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if self._draining is None:
            if self._transport.get_write_buffer_size() <= HIGH_WATER:
                return True
            # A task of its own: all who wait for a connection share one future in aiohttp,
            # and a wait that times out would cancel it for the next.
            self._draining = self._loop.create_task(self._writer.drain())
            self._draining.add_done_callback(_look)
        done, _ = await asyncio.wait([self._draining], timeout=patience)
        if not done:
            return False
        task, self._draining = self._draining, None
        if task is not None:
            task.result()
        return True

    async def emptied(self) -> None:
        """Wait until nothing waits in this process any more, or the client is gone."""
        while self._protocol.connected and self._transport.get_write_buffer_size():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(EMPTIED_SWEEP)

    def abort(self) -> None:
        """Cut the connection; what waits is dropped."""
        if self._protocol.connected:
            self._transport.abort()


class ClientWebSocket(WebSocketResponse):
    """A WebSocket whose transport is its outlet's to close, where the outlet says the goodbye."""

    outlet: WebSocketOutlet | None = None

    def _close_transport(self) -> None:
        if self.outlet is None or not self.outlet.closing:
            super()._close_transport()


class WebSocketOutlet(TransportOutlet):
    """The end of a WebSocket; only its handler reads from it."""

    __slots__ = ("_connection", "_ending", "_socket")

    def __init__(
        self, request: Request, writer: AbstractStreamWriter, socket: ClientWebSocket, *, grace: float = CLOSE_GRACE
    ) -> None:
        super().__init__(request, writer, grace=grace)
        self._socket = socket
        socket.outlet = self
        self._ending: asyncio.Task[None] | None = None
        self._connection = request.protocol if isinstance(request.protocol, CountingHandler) else None
        if self._connection is not None:
            self._connection.on_breach = self.close

    def report_breaches(self, close: Callable[[CloseCode, str], None]) -> None:
        """Whom to tell when the client breaks the rules of frames: `close` is to close this outlet."""
        if self._connection is not None:
            self._connection.on_breach = close

    def close(self, code: int, reason: str) -> None:
        """See Outlet. The handler's `receive` ends."""
        if self.closing:
            return
        if self._connection is not None and code == CloseCode.FLOOD:
            self._connection.stop_listening()
            self.write(close_frame(code, reason))
            self._ending = self._loop.create_task(self._cut())
        else:
            self._ending = self._loop.create_task(self._close(code, reason))
        self.closing = True

    async def finish(self) -> None:
        """Wait until a close that is under way is over."""
        if self._ending is not None:
            await self._ending

    async def _cut(self) -> None:
        # A client that floods on would have to be read to the end of it in search of its answer;
        # and cut at once, with all that it has sent unread, it could lose the goodbye (RFC 9293 §3.10.7).
        await asyncio.sleep(self._grace)
        self.abort()

    async def _close(self, code: int, reason: str) -> None:
        parted = None if self._connection is None else self._connection.part()
        goodbye = self._loop.create_task(
            self._socket.close(code=code, message=close_reason(reason), drain=False), name="goodbye"
        )
        try:
            async with asyncio.timeout(self._grace):
                # Closed at once, with something of the client's unread or still to come, the
                # connection would be reset, and our goodbye could be lost (RFC 9293 §3.10.7).
                await (parted or goodbye)
                self._transport.close()
                await self.emptied()
        except (TimeoutError, ConnectionError):
            pass
        finally:
            self.abort()
            goodbye.cancel()
            await asyncio.wait([goodbye])


class StreamOutlet(TransportOutlet):
    """The end of an SSE or NDJSON response; `ended` is set when the handler is to finish it."""

    def __init__(self, request: Request, writer: AbstractStreamWriter, *, grace: float = CLOSE_GRACE) -> None:
        super().__init__(request, writer, grace=grace)
        self.ended = asyncio.Event()

    def close(self, code: int, reason: str) -> None:
        """See Outlet. A stream has no room for a code: it ends."""
        if not self.closing:
            self.closing = True
            self.ended.set()
            self._loop.call_later(self._grace, self.abort)


def _look(done: asyncio.Task[None]) -> None:
    # Whoever waited may have gone before its client did: then nobody else asks how it ended.
    if not done.cancelled():
        done.exception()


def send_queue(transport: asyncio.Transport) -> int:
    """Bytes in the system's send queue that the peer's system has not acknowledged; 0 where that is not known."""
    socket = transport.get_extra_info("socket")
    try:
        return int(struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
    except (OSError, ValueError, AttributeError):
        return 0
