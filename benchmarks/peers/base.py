"""What every server that is measured has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
DATA = BENCHMARKS / ".data"
BENCH_CHANNEL = "bench"


class Missing(Exception):
    """A peer cannot be measured here; the text says why and what to install."""


class Way(StrEnum):
    """How events are published."""

    POST = "post"
    """A request each."""
    COMMANDS = "commands"
    """`{"action":"publish","channel","id","data"}` on a WebSocket, answered by `{"type":"result","id","success"}`."""
    SOCKET_IO = "socketio"
    """`message:send`, emitted and acknowledged (`{"ok"}`) on the websocket transport; subscribers speak it too."""


@dataclass(frozen=True)
class Door:
    """Where the load publishes and subscribes, and what it sends there beside the events."""

    publish: str
    subscribe: str = ""
    publish_headers: tuple[str, ...] = ("Content-Type: application/json",)
    subscribe_headers: tuple[str, ...] = ()
    stream: bool = False  # subscribers read an HTTP stream, not a WebSocket
    auth: str = ""  # JSON in the CONNECT packet of Socket.IO


SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"


@dataclass(frozen=True)
class Start:
    """
    How one server is started: its command, its extra environment, the path that answers 200
    when it serves, and its doors, by the way in which one publishes there. A command without
    that path does its work by itself, and tells of it in a line of JSON.
    """

    argv: tuple[str, ...]
    ready: str
    doors: Mapping[Way, Door]
    environment: Mapping[str, str] = field(default_factory=dict)


class Peer(ABC):
    """
    A server that takes part: install it once, then `start` it afresh for each measurement.

    `name` is its word on the command line, `title` its name in the tables, `does` one
    honest sentence about what it does for its figures and what it leaves out.
    """

    name: str
    title: str
    does: str

    @abstractmethod
    def install(self) -> None:
        """Put it in place where it is not yet. Raises Missing."""

    @abstractmethod
    def version(self) -> str:
        """Its version, once installed, with that of what it runs on."""

    @abstractmethod
    def start(self, folder: Path, port: int) -> Start:
        """How to start it with `folder` as its own and `port` of 127.0.0.1. May do what has to come first."""

    def kept(self, folder: Path) -> int | None:
        """Events on disk in `folder` after its end; None for a server that keeps nothing."""
        return None
