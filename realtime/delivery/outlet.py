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
from typing import Final, Protocol

from aiohttp.abc import AbstractStreamWriter
from aiohttp.web import Request, WebSocketResponse

CLOSE_GRACE: Final = 2.0
"""Seconds that a peer has to take and answer a close before its transport is cut."""

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
        """End in an orderly way, by force after CLOSE_GRACE."""


class TransportOutlet:
    """What both kinds of outlet do with a transport."""

    def __init__(self, request: Request, writer: AbstractStreamWriter) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        transport.set_write_buffer_limits(high=HIGH_WATER)
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
        return self.pending() + _send_queue(self._transport)

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

    def abort(self) -> None:
        """Cut the connection; what waits is dropped."""
        self._transport.abort()


class WebSocketOutlet(TransportOutlet):
    """The end of a WebSocket; only its handler reads from it."""

    def __init__(self, request: Request, writer: AbstractStreamWriter, socket: WebSocketResponse) -> None:
        super().__init__(request, writer)
        self._socket = socket
        self._ending: asyncio.Task[None] | None = None

    def close(self, code: int, reason: str) -> None:
        """See Outlet. The handler's `receive` ends."""
        if not self.closing:
            self.closing = True
            self._ending = self._loop.create_task(self._close(code, reason))

    async def finish(self) -> None:
        """Wait until a close that is under way is over."""
        if self._ending is not None:
            await self._ending

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_GRACE):
                # A reason has room for 123 bytes (RFC 6455 §5.5).
                message = reason.encode()[:123].decode("utf-8", "ignore").encode()
                await self._socket.close(code=code, message=message, drain=False)
        except (TimeoutError, ConnectionError):
            pass
        finally:
            self.abort()


class StreamOutlet(TransportOutlet):
    """The end of an SSE or NDJSON response; `ended` is set when the handler is to finish it."""

    def __init__(self, request: Request, writer: AbstractStreamWriter) -> None:
        super().__init__(request, writer)
        self.ended = asyncio.Event()

    def close(self, code: int, reason: str) -> None:
        """See Outlet. A stream has no room for a code: it ends."""
        if not self.closing:
            self.closing = True
            self.ended.set()
            self._loop.call_later(CLOSE_GRACE, self.abort)


def _look(done: asyncio.Task[None]) -> None:
    # Whoever waited may have gone before its client did: then nobody else asks how it ended.
    if not done.cancelled():
        done.exception()


def _send_queue(transport: asyncio.Transport) -> int:
    socket = transport.get_extra_info("socket")
    try:
        return int(struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
    except (OSError, ValueError, AttributeError):
        return 0
