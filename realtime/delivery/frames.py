"""
Prepared bytes: a dialect's frame with the framing of its transport around it.

A server's frame is not masked (RFC 6455 §5.1), so it is the same for every client: its
bytes are built once for a format and written to each transport as they are.
"""

from __future__ import annotations

from typing import Final, Protocol

from realtime.dialects import Dialect, control
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.roster import NOTICE
from realtime.events import Event, Position, Signal


class Format(Protocol):
    """
    One way of writing to clients: a dialect and a framing.

    Sessions with the same format object and coverage share an audience. `heartbeat` is
    what asks a client (or its network) for a sign of life.
    """

    name: str
    heartbeat: bytes

    def event(self, event: Event, *, replayed: bool) -> bytes | None:
        """The event, ready to write; None where the dialect has no word for it."""

    def signal(self, signal: Signal) -> bytes | None:
        """The signal, ready to write."""

    def hello(self, position: Position, tip: int, heartbeat: int) -> bytes:
        """The first frame of a client that opted in."""

    def recovered(self, position: Position, replayed: int) -> bytes:
        """The end of a replay; empty where the format has no word for it."""

    def gap(self, after: Position, to: Position) -> bytes:
        """What cannot be replayed."""


def text_frame(payload: bytes) -> bytes:
    """A final, unmasked text frame (RFC 6455 §5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping (at most 125 bytes of payload, RFC 6455 §5.5)."""
    return bytes((0x8A, len(payload))) + payload


PING: Final = b"\x89\x00"
"""A ping that carries nothing; how a format says that its clients can be asked by `ping_frame`."""


def ping_frame(position: int) -> bytes:
    """A ping that brings back, in its pong, how much had been written before it."""
    payload = b"%d" % position
    return bytes((0x89, len(payload))) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A goodbye. What is longer than a control frame (RFC 6455 §5.5) is left out of the reason."""
    payload = code.to_bytes(2, "big") + close_reason(reason)
    return bytes((0x88, len(payload))) + payload


def close_reason(reason: str) -> bytes:
    """As much of `reason` as there is room for beside the code: 123 bytes, whole characters."""
    return reason.encode()[:123].decode("utf-8", "ignore").encode()


class WebSocketFormat:
    """Text frames of a JSON dialect."""

    heartbeat = PING

    def __init__(self, dialect: Dialect) -> None:
        self.name = dialect.name
        self._dialect = dialect

    def event(self, event: Event, *, replayed: bool) -> bytes | None:
        """See Format."""
        payload = self._dialect.event(event, replayed=replayed)
        return None if payload is None else text_frame(payload)

    def signal(self, signal: Signal) -> bytes | None:
        """See Format."""
        payload = self._dialect.signal(signal)
        return None if payload is None else text_frame(payload)

    def hello(self, position: Position, tip: int, heartbeat: int) -> bytes:
        """See Format."""
        return text_frame(control.hello(position, tip, heartbeat))

    def recovered(self, position: Position, replayed: int) -> bytes:
        """See Format."""
        return text_frame(control.recovered(position, replayed))

    def gap(self, after: Position, to: Position) -> bytes:
        """See Format."""
        return text_frame(control.gap(after, to))


class StreamFormat:
    """
    A stream of canonical lines over HTTP: `sse` (WHATWG HTML §9.2) or `ndjson`.

    Each frame is a chunk of its own where the response is chunked (RFC 9112 §7.1).
    """

    def __init__(self, name: str, epoch: str, *, chunked: bool) -> None:
        self.name = name
        self._epoch = epoch
        self._chunked = chunked
        self._sse = name == "sse"
        self.heartbeat = self.chunk(b":\n\n" if self._sse else b"\n")

    def chunk(self, content: bytes) -> bytes:
        """`content` as the transport carries it."""
        return b"%x\r\n%b\r\n" % (len(content), content) if self._chunked else content

    def event(self, event: Event, *, replayed: bool) -> bytes:
        """See Format."""
        payload = CANONICAL.event(event, replayed=replayed)
        if self._sse:
            return self.chunk(b"id: %b:%d\ndata: %b\n\n" % (self._epoch.encode(), event.seq, payload))
        return self.chunk(payload + b"\n")

    def signal(self, signal: Signal) -> bytes | None:
        """Streams carry events, and of what passes only what is meant for their reader alone."""
        if signal.type != NOTICE:
            return None
        payload = CANONICAL.signal(signal)
        return self.chunk(b"data: %b\n\n" % payload if self._sse else payload + b"\n")

    def hello(self, position: Position, tip: int, heartbeat: int) -> bytes:
        """See Format."""
        return self._control(b"hello", control.hello(position, tip, heartbeat))

    def recovered(self, position: Position, replayed: int) -> bytes:
        """Streams have no word for it."""
        return b""

    def gap(self, after: Position, to: Position) -> bytes:
        """
        See Format. On SSE it carries the id of its end: the browser's next request asks
        from there, instead of for the same gap again.
        """
        return self._control(b"gap", control.gap(after, to), b"id: %b\n" % str(to).encode())

    def _control(self, name: bytes, payload: bytes, id_line: bytes = b"") -> bytes:
        if self._sse:
            return self.chunk(b"%bevent: %b\ndata: %b\n\n" % (id_line, name, payload))
        return self.chunk(payload + b"\n")
