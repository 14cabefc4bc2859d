"""Prepared bytes for Socket.IO: each packet in a WebSocket frame of its own, as its websocket transport wants it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from realtime.delivery.frames import text_frame
from realtime.dialects import control, socketio
from realtime.dialects.chat import CHAT, SEPARATOR
from realtime.events import Event, Position, Signal

PING: Final = text_frame(socketio.PING.encode())


class SocketIOFormat:
    """
    The chat dialect over Socket.IO. `hello`, `recovered` and `gap` are events of these
    names, with the payloads of the JSON dialects' frames.

    The same bytes serve both transports: polling takes the packets out again (`packets`).
    """

    name = CHAT.name
    heartbeat = PING

    def event(self, event: Event, *, replayed: bool) -> bytes | None:
        """See Format; an event that has several words in this dialect is several frames."""
        content = CHAT.event(event, replayed=replayed)
        if content is None:
            return None
        if SEPARATOR not in content:
            return _frame(content)
        return b"".join(map(_frame, content.split(SEPARATOR)))

    def signal(self, signal: Signal) -> bytes | None:
        """See Format."""
        content = CHAT.signal(signal)
        return None if content is None else _frame(content)

    def hello(self, position: Position, tip: int, heartbeat: int) -> bytes:
        """See Format."""
        return _frame(socketio.event("hello", control.hello(position, tip, heartbeat)))

    def recovered(self, position: Position, replayed: int) -> bytes:
        """See Format."""
        return _frame(socketio.event("recovered", control.recovered(position, replayed)))

    def gap(self, after: Position, to: Position) -> bytes:
        """See Format."""
        return _frame(socketio.event("gap", control.gap(after, to)))


def packets(frames: bytes, start: int) -> Iterator[tuple[bytes, int]]:
    """The packets in `frames` from `start` on, each with where the next one starts."""
    end = len(frames)
    while start < end:
        # The second byte is the length, or says how many bytes hold it (RFC 6455 §5.2).
        size = frames[start + 1]
        start += 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[start : start + width], "big")
            start += width
        yield frames[start : start + size], start + size
        start += size


def _frame(content: bytes) -> bytes:
    return text_frame(socketio.packet(content))
