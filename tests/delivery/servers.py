"""A server whose sockets hold little, so that a slow reader is felt at once."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector, web

from realtime.app import create_app
from realtime.config import Settings
from tests.serving import Runner


def small_socket(*address: Any) -> socket.socket:
    """A socket for which the system holds little."""
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.setblocking(False)
    return made


def small_client() -> ClientSession:
    """A client with such sockets."""
    return ClientSession(connector=TCPConnector(limit=0, socket_factory=lambda info: small_socket(*info[:3])))


class Server:
    """One server over one folder, that can be stopped and started again on the same port."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = {"data": folder, "shutdown_spread": 0, "retention_interval": 0, **settings}
        self.port = 0
        self.runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen; what was stored before is there again."""
        self.runner = Runner(create_app(Settings(**self.settings)))
        await self.runner.setup()
        listening = small_socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        await web.SockSite(self.runner, listening).start()
        self.port = listening.getsockname()[1]

    async def stop(self) -> None:
        """Close every socket, and stop."""
        assert self.runner is not None
        await self.runner.cleanup()

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def app(self) -> web.Application:
        """The application that runs now."""
        assert self.runner is not None
        return self.runner.app

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"
