"""
A client that costs little: requests made once, sent as they are, answers read in big pieces.

Counting is by the bytes: an event replayed to a client ends in `REPLAYED`, and nothing else does.
"""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from benchmarks.load import LoadFailed

READ = 1 << 20
PATIENCE = 60.0
REPLAYED = b',"replayed":true}'
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SEQ = re.compile(rb'"seq":(\d+)' + re.escape(REPLAYED))
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def request(method: str, path: str, port: int, token: str = "", *, body: bytes = b"", more: str = "") -> bytes:
    """The bytes of a request; a body is JSON."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Line:
    """One connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, prepared: bytes) -> bytes:
        """Send a request and return the body of its answer. Raises LoadFailed for one that is not 2xx."""
        self.socket.sendall(prepared)
        head, body = self._head()
        if head[9:10] != b"2":
            raise LoadFailed(f"refused: {head[9:60]!r} {body[:300]!r}")
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        parts, got = [body], len(body)
        while got < length:
            parts.append(self._read())
            got += len(parts[-1])
        return b"".join(parts)

    def get(self, path: str, token: str) -> Any:
        """The JSON that `GET path` answers."""
        return json.loads(self.ask(request("GET", path, self.port, token)))

    def open_socket(self, path: str, token: str) -> bytes:
        """Upgrade to a WebSocket; returns the bytes that came behind the answer."""
        self.socket.sendall(request("GET", path, self.port, token, more=_UPGRADE))
        head, rest = self._head()
        if head[9:12] != b"101":
            raise LoadFailed(f"no upgrade: {head[:60]!r} {rest[:300]!r}")
        return rest

    def more(self) -> bytes:
        """What has come next on a WebSocket."""
        return self._read()

    def _head(self) -> tuple[bytes, bytes]:
        got = self._read()
        while b"\r\n\r\n" not in got:
            got += self._read()
        head, _, rest = got.partition(b"\r\n\r\n")
        return head, rest

    def _read(self) -> bytes:
        try:
            data = self.socket.recv(READ)
        except TimeoutError:
            raise LoadFailed(f"nothing came for {PATIENCE:.0f} s") from None
        if not data:
            raise LoadFailed("connection ended by the server")
        return data


@dataclass(frozen=True)
class Followed:
    """One replay: seconds from the request to the first event and to the last of those asked for."""

    first: float
    last: float


def follow(port: int, path: str, token: str, after: int, events: int) -> Followed:
    """
    Come back at `after` and read the next `events` events, none of which may be missing.

    `path` must select a channel that all of them are in. Raises LoadFailed when another
    event came last than must have.
    """
    began = time.perf_counter()
    with Line(port) as line:
        data = line.open_socket(f"{path}&since={after}", token)
        first, seen, kept = 0.0, 0, b""
        while True:
            # The end of the last read stays in front: a mark may be cut, and then is whole only now.
            seen += (kept + data).count(REPLAYED)
            if seen and not first:
                first = time.perf_counter() - began
            if seen >= events:
                break
            kept = (kept + data)[-len(REPLAYED) + 1 :]
            data = line.more()
        last = time.perf_counter() - began
        # It may have read past those that were asked for, to where other channels have events in between.
        numbers = [int(found) for found in _SEQ.findall(data)][: events - seen or None]
        if numbers and numbers[-1] != after + events:
            raise LoadFailed(f"after {after} came {events} events, the last of them {numbers[-1]}")
    return Followed(first, last)
