"""
The writable end of a Socket.IO client: a WebSocket, or answers to its polling, or first the
one and then the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from realtime.delivery.frames import text_frame
from realtime.delivery.outlet import CLOSE_GRACE, HIGH_WATER, WebSocketOutlet, send_queue
from realtime.delivery.socketio_format import packets
from realtime.dialects import socketio
from realtime.errors import CloseCode

PACKETS_LIMIT: Final = 16
"""Packets in one answer to a poll: python-engineio's client takes no more."""

GOODBYE: Final = text_frame(socketio.DISCONNECT)
_CLOSE: Final = text_frame(socketio.CLOSE.encode())


class SocketIOOutlet:
    """
    Takes WebSocket frames, one packet each (see SocketIOFormat), in whatever way the client
    can get them just now.

    While the client polls, what it has not fetched waits here; `take` gives the next
    packets, under `carried` they are on their way. From `attach` on everything goes
    straight to the WebSocket, what waits first: so their order is that of the writes.
    `on_end` is called once, by the loop, when nothing can be written any more.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._waiting: deque[bytes] = deque()
        self._offset = 0
        self._held = 0
        self._taken = 0
        self._answer: tuple[asyncio.Transport, int] | None = None
        self._socket: WebSocketOutlet | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self.closing = False
        self.ended = False

    # -- what a session does with it (see Outlet) ---------------------------------------

    def write(self, data: bytes) -> int:
        """See Outlet. What is written after the end is dropped."""
        if self._socket is not None:
            return self._socket.write(data)
        if self.closing:
            return 0
        self._hold(data)
        return self.pending()

    def pending(self) -> int:
        """See Outlet."""
        if self._socket is not None:
            return self._socket.pending()
        return self._held + (0 if self._answer is None else self._answer[1])

    def outstanding(self) -> int:
        """See Outlet."""
        if self._socket is not None:
            return self._socket.outstanding()
        return self._held + self._under_way()

    def acknowledged(self) -> int:
        """See Outlet: an answer counts as far as the peer's system has taken it."""
        if self._socket is not None:
            return self._taken + self._socket.acknowledged()
        return self._taken - self._under_way()

    async def drained(self, patience: float | None = None) -> bool:
        """See Outlet."""
        try:
            async with asyncio.timeout(patience):
                while self._socket is None and not self.ended and self.pending() > HIGH_WATER:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        if self.ended:
            raise ConnectionResetError("the client has gone")
        return True if self._socket is None else await self._socket.drained(patience)

    def close(self, code: int, reason: str) -> None:
        """
        See Outlet. The official clients come back by themselves when the transport ends,
        and do not after a DISCONNECT packet: so it is sent where they must not.
        """
        if self.closing:
            return
        self.closing = True
        for_good = not CloseCode(code).come_back
        if self._socket is not None:
            if for_good:
                self._socket.write(GOODBYE)
            self._socket.close(code, reason)
            return
        if for_good:
            self._hold(GOODBYE + _CLOSE)
        # Whoever polls again in time gets what waits. Without a CLOSE packet its next poll
        # fails, which to every client is a lost transport. One that does not even poll for
        # the question whether it is there is waited for no longer.
        self._loop.call_later(CLOSE_GRACE if self._held and code != CloseCode.NO_PONG else 0, self.end)

    # -- what the transports do with it -------------------------------------------------

    @property
    def on_websocket(self) -> bool:
        """Whether the client no longer polls, or never has."""
        return self._socket is not None

    async def news(self) -> None:
        """Wait until a poll has something to answer: packets, a `nudge`, a WebSocket instead, or the end."""
        while not self._held and not self.ended and self._socket is None:
            self._news.clear()
            await self._news.wait()
            if not self._held:
                return

    def nudge(self) -> None:
        """Answer the poll that waits, though there is nothing for it."""
        self._news.set()

    def take(self) -> list[bytes]:
        """The next packets for a poll; none where none wait."""
        found: list[bytes] = []
        while self._waiting and len(found) < PACKETS_LIMIT:
            frames, start = self._waiting[0], self._offset
            for packet, self._offset in packets(frames, start):
                found.append(packet)
                if len(found) == PACKETS_LIMIT:
                    break
            self._held -= self._offset - start
            self._taken += self._offset - start
            if self._offset == len(frames):
                self._waiting.popleft()
                self._offset = 0
        return found

    @contextmanager
    def carried(self, transport: asyncio.Transport, size: int) -> Iterator[None]:
        """While an answer of `size` bytes is written to a poll's connection, it counts as not yet taken."""
        self._answer = (transport, size)
        try:
            yield
        finally:
            self._answer = None
            self._room.set()
            if self.closing and not self._held:
                self._loop.call_soon(self.end)

    def attach(self, socket: WebSocketOutlet) -> None:
        """From now on everything goes to `socket`, first what waits."""
        self._socket = socket
        if self._waiting:
            first = self._waiting.popleft()[self._offset :]
            socket.write(b"".join((first, *self._waiting)))
            self._waiting.clear()
            self._held = self._offset = 0
        self._room.set()
        self._news.set()

    def end(self) -> None:
        """Nothing can be written any more: what waits is dropped, and polls fail."""
        if self.ended:
            return
        self.ended = self.closing = True
        self._waiting.clear()
        self._held = self._offset = 0
        if self._socket is not None:
            self._socket.close(CloseCode.NORMAL, "the session has ended")
        self._room.set()
        self._news.set()
        self._on_end()

    def _hold(self, data: bytes) -> None:
        self._waiting.append(data)
        self._held += len(data)
        self._news.set()

    def _under_way(self) -> int:
        if self._answer is None:
            return 0
        transport, size = self._answer
        return min(size, transport.get_write_buffer_size() + send_queue(transport))
