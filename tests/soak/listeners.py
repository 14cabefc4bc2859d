"""
Many WebSocket clients in one process, which note when each event reached each of them; some
read nothing at all. Started by `stalled`, which talks to it by lines of JSON.

They read from bare sockets: a client library would cost more than the server that is measured.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import select
import socket
import sys
import time
from array import array
from typing import Any, Final

BUFFER: Final = bytearray(256 * 1024)
PONG: Final = b"\x8a\x80\0\0\0\0"
"""Masked, as a client's frames are; the mask of zeros changes nothing."""


class Listener:
    """One client: it counts the text frames that it gets, and notes when each was complete."""

    def __init__(self, port: int, path: str, *, reads: bool) -> None:
        self.socket = socket.socket()
        if not reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        if b" 101 " not in answer:
            raise ConnectionError(answer.decode())
        self.socket.setblocking(False)
        self.arrivals = array("d")
        self.closed = False
        self._head = b""
        self._skip = 0
        self._text = False

    def read(self) -> None:
        """Take what has arrived."""
        try:
            size = self.socket.recv_into(BUFFER)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if size == 0:
            self.closed = True
            return
        self._take(self._head + bytes(memoryview(BUFFER)[:size]), time.monotonic())

    def _take(self, data: bytes, now: float) -> None:
        at, size = self._skip, len(data)
        while at <= size:
            if self._text:
                self.arrivals.append(now)
                self._text = False
            if size - at < 2:
                break
            length, head = data[at + 1], 2
            if length > 125:
                head = 4 if length == 126 else 10
                if size - at < head:
                    break
                length = int.from_bytes(data[at + 2 : at + head], "big")
            opcode = data[at] & 0x0F
            if opcode == 9:
                self.socket.send(PONG)
            self.closed = self.closed or opcode == 8
            self._text = opcode == 1
            at += head + length
        # What is left is the beginning of a head, or a frame of which `skip` bytes are still to come.
        self._head, self._skip = (data[at:], 0) if at <= size else (b"", at - size)


def listen(port: int, path: str, readers: int, stalled: int) -> None:
    """Connect; say so; read until told to stop; then tell of each event when it reached each reader."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listeners = [Listener(port, path, reads=True) for _ in range(readers)]
    idle = [Listener(port, path, reads=False) for _ in range(stalled)]
    _say({"connected": len(listeners) + len(idle)})
    ready = select.epoll()
    for listener in listeners:
        ready.register(listener.socket, select.EPOLLIN)
    ready.register(sys.stdin, select.EPOLLIN)
    by_file = {listener.socket.fileno(): listener for listener in listeners}
    expected = None
    while expected is None or any(len(one.arrivals) < expected and not one.closed for one in by_file.values()):
        for file, _ in ready.poll(1.0):
            if file in by_file:
                listener = by_file[file]
                listener.read()
                if listener.closed:
                    ready.unregister(file)
            else:
                expected = json.loads(sys.stdin.readline())["expected"]
                ready.unregister(sys.stdin)
    closed = sum(listener.closed for listener in listeners)
    _say({"closed": closed, "arrivals": [list(listener.arrivals) for listener in listeners]})


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
