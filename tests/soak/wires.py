"""
Clients of every door on bare sockets, thousands to a process: a client library would cost more
than the server that is looked at. `crowd` reads for them.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import re
import socket
from array import array
from typing import Final

DOORS: Final = ("channels", "secure", "realtime", "dashboard", "chat", "polling", "sse", "ndjson")
SO_ATTACH_FILTER: Final = 26
"""socket(7): a program of the Berkeley packet filter that sees all that arrives before TCP does."""

_SEQ: Final = re.compile(rb'"seq":(\d+)')
_EPOCH: Final = re.compile(rb'"epoch":"([^"]+)"')
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATHS: Final = {
    "channels": "/api/v1/ws",
    "secure": "/api/v1/ws/secure",
    "realtime": "/api/v1/ws/secure",
    "dashboard": "/ws/dashboard/",
    "chat": "/socket.io/?EIO=4&transport=websocket",
    "polling": "/socket.io/?EIO=4&transport=polling",
    "sse": "/api/v1/events/stream",
    "ndjson": "/api/v1/events/ndjson",
}


class Wire:
    """
    One client: `begin`, then `take` whatever arrives. `opened` once it is let in; `refused` is
    the status line when it was not; `ended` when its connection is over, with the `code` of a
    WebSocket. `seqs` are those of the events it has got, `epoch` that of their history.
    """

    def __init__(self, name: str, door: str, query: str = "", token: str = "") -> None:
        self.name, self.door, self.query, self.token = name, door, query, token
        self.seqs = array("q")
        self.epoch = ""
        self.restart()

    def restart(self) -> None:
        """It is going to connect (again); what it has got stays."""
        self.opened = self.ended = False
        self.refused = ""
        self.code: int | None = None
        self._rest = b""
        self._inside = False

    def begin(self, port: int) -> None:
        """Connect; `greet` when the socket can be written to."""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def greet(self) -> None:
        """Ask to be let in."""
        self.send(self.ask("GET", self.path()))

    def path(self) -> str:
        """Where it asks, with its query."""
        path = _PATHS[self.door]
        return path + ("&" if "?" in path else "?") + self.query if self.query else path

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
        """A request; whoever has a token sends it."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"User-Agent: {self.name}", *headers]
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        lines += [f"Content-Length: {len(body)}"] if method == "POST" else []
        return "\r\n".join((*lines, "", "")).encode() + body

    def send(self, data: bytes) -> None:
        """Little enough to go at once."""
        self.socket.send(data)

    def take(self, data: bytes) -> None:
        """Something has arrived; nothing means that the connection is over."""
        if not data:
            self.ended = True
            return
        data = self._rest + data
        if not self._inside:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if not self.accept(head):
                self.refused, self.ended = head.split(b"\r\n")[0].decode(), True
                return
            self._inside = True
        self._rest = self.parts(data)

    def accept(self, head: bytes) -> bool:
        """Whether the head of the answer lets it in."""
        self.opened = b" 200 " in head
        return self.opened

    def parts(self, data: bytes) -> bytes:
        """Deal with what is complete; returns what is not."""
        raise NotImplementedError

    def heard(self, said: bytes) -> None:
        """An event, or something else that the server says."""
        if found := _SEQ.search(said):
            self.seqs.append(int(found[1]))
        elif not self.epoch and (epoch := _EPOCH.search(said)):
            self.epoch = epoch[1].decode()

    def vanish(self) -> None:
        """
        Be as a machine that has lost its power: from now on nothing that arrives is seen or
        acknowledged, and nothing is sent, not even an end.
        """
        # One instruction: keep 0 bytes of the packet (BPF_RET | BPF_K).
        instruction = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\0\0", 8)
        program = (1).to_bytes(2, "little") + b"\0" * 6 + ctypes.addressof(instruction).to_bytes(8, "little")
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


class Socket(Wire):
    """A WebSocket; it answers pings."""

    def greet(self) -> None:
        """See Wire."""
        upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        upgrade.append(f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}")
        if self.door == "realtime":
            upgrade.append("Sec-WebSocket-Protocol: realtime.v1")
        self.send(self.ask("GET", self.path(), *upgrade))

    def accept(self, head: bytes) -> bool:
        """See Wire."""
        self.opened = b" 101 " in head
        return self.opened

    def parts(self, data: bytes) -> bytes:
        """The frames that are complete (RFC 6455 §5.2)."""
        at, size = 0, len(data)
        while size - at >= 2:
            length, head = data[at + 1], 2
            if length > 125:
                head = 4 if length == 126 else 10
                if size - at < head:
                    break
                length = int.from_bytes(data[at + 2 : at + head], "big")
            end = at + head + length
            if end > size:
                break
            self._frame(data[at] & 0x0F, data[at + head : end])
            at = end
        return data[at:]

    def say(self, opcode: int, payload: bytes) -> None:
        """One frame, masked as a client's are; a mask of zeros changes nothing."""
        self.send(bytes((0x80 | opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload)

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 1:
            self.heard(payload)
        elif opcode == 9:
            self.say(10, payload)
        elif opcode == 8:
            self.code = int.from_bytes(payload[:2], "big")
            self.say(8, payload[:2])


class Chat(Socket):
    """Socket.IO by WebSocket."""

    def accept(self, head: bytes) -> bool:
        """See Wire."""
        return b" 101 " in head

    def heard(self, said: bytes) -> None:
        """A packet of Engine.IO: its opening, a ping, or one of Socket.IO."""
        if said[:1] == b"0":
            auth = json.dumps({"token": self.token}) if self.token else ""
            self.say(1, f"40{auth}".encode())
        elif said[:1] == b"2":
            self.say(1, b"3")
        elif said[:2] == b"40":
            self.opened = True
        elif said[:2] == b"42":
            super().heard(said)


class Polling(Wire):
    """Socket.IO by long polling, one request after the other on one connection."""

    def greet(self) -> None:
        """See Wire."""
        self._sid, self._waiting = "", [b"40" + (json.dumps({"token": self.token}).encode() if self.token else b"")]
        super().greet()

    def path(self) -> str:
        """See Wire."""
        return super().path() + (f"&sid={self._sid}" if self._sid else "")

    def accept(self, head: bytes) -> bool:
        """See Wire."""
        length = _LENGTH.search(head)
        self._due = 0 if length is None else int(length[1])
        return b" 200 " in head

    def parts(self, data: bytes) -> bytes:
        """The body of an answer; then the next request."""
        if len(data) < self._due:
            return data
        body, rest = data[: self._due], data[self._due :]
        for packet in body.split(b"\x1e"):
            self._packet(packet)
        self._inside = False
        if self._waiting:
            self.send(self.ask("POST", self.path(), body=self._waiting.pop()))
        elif not self.ended:
            self.send(self.ask("GET", self.path()))
        return rest

    def _packet(self, packet: bytes) -> None:
        if packet[:1] == b"0":
            self._sid = json.loads(packet[1:])["sid"]
        elif packet[:1] == b"1":
            self.ended = True
        elif packet[:1] == b"2":
            self._waiting.append(b"3")
        elif packet[:2] == b"40":
            self.opened = True
        elif packet[:2] == b"42":
            self.heard(packet)


class Stream(Wire):
    """SSE or NDJSON, in chunks (RFC 9112 §7.1)."""

    def parts(self, data: bytes) -> bytes:
        """The chunks that are complete."""
        while True:
            size, found, _ = data.partition(b"\r\n")
            if not found:
                return data
            begin, length = len(size) + 2, int(size, 16)
            if len(data) < begin + length + 2:
                return data
            for line in data[begin : begin + length].splitlines():
                self.heard(line)
            self.ended = self.ended or length == 0
            data = data[begin + length + 2 :]


def wire(name: str, door: str, query: str = "", token: str = "") -> Wire:
    """A client of that door."""
    kinds: dict[str, type[Wire]] = {"chat": Chat, "polling": Polling, "sse": Stream, "ndjson": Stream}
    return kinds.get(door, Socket)(name, door, query, token)
