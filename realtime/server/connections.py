"""
Connections as this server takes them: the head of a request must arrive in time, and what
is not HTTP is answered like any other error.

aiohttp bounds how long a connection may be idle, but not how long the head of a request
may take: a client that sends a byte a minute would hold its connection for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import RawRequestMessage

from realtime.config import Settings
from realtime.delivery.fragments import CountingHandler, Unfinished
from realtime.errors import Problem
from realtime.jsonio import dumps
from realtime.middleware.errors import PROBLEM_JSON

log = structlog.get_logger(__name__)

KEEP_ALIVE: Final = 75.0
"""Seconds that a connection may wait for its next request."""


_MALFORMED: Final = (
    "This is not a request that can be read as HTTP/1.1: a line or a header is malformed, or longer than 8190 bytes."
)


class HeadDeadline:
    """
    Cuts connections whose request has not wholly arrived (its head, that is) within
    `seconds` of their opening, or, on a connection that is kept alive, of its first bytes.

    Costs a dictionary entry while a head is awaited and one timer for all connections.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        # All wait equally long, so the order of insertion is the order of the deadlines.
        self._waiting: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, connection: Connection) -> None:
        """A head is awaited now, unless it was already."""
        if connection not in self._waiting:
            due = self._waiting[connection] = self._loop.time() + self._seconds
            if self._timer is None:
                self._timer = self._loop.call_at(due, self._sweep)

    def end(self, connection: Connection) -> None:
        """The head is there, or the connection is gone."""
        self._waiting.pop(connection, None)

    def _sweep(self) -> None:
        now = self._loop.time()
        late = []
        self._timer = None
        for connection, due in self._waiting.items():
            if due > now:
                self._timer = self._loop.call_at(due, self._sweep)
                break
            late.append(connection)
        for connection in late:
            del self._waiting[connection]
            connection.force_close()


def connections_of(server: web.Server, settings: Settings) -> Callable[[], Connection]:
    """What makes the connections of `server`, within the limits of `settings`."""
    deadline = HeadDeadline(settings.handshake_timeout / 1_000)
    unfinished = Unfinished(settings.bodies_limit)
    return lambda: Connection(server, deadline=deadline, unfinished=unfinished, access_log=None)


class Connection(CountingHandler):
    """
    aiohttp's connection, under a HeadDeadline, its WebSocket's frames counted.

    It looks at two attributes of its base class that are not public, the count of requests
    and the future of a connection that waits for one: aiohttp says neither otherwise. The
    tests of half-sent heads fail when they change.
    """

    __slots__ = ("_deadline",)

    def __init__(self, server: web.Server, *, deadline: HeadDeadline, **options: Any) -> None:
        # The application's `handler_args` do not come here: compressed bodies are refused, so nothing unpacks them.
        options = {"keepalive_timeout": KEEP_ALIVE, "auto_decompress": False, **options}
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._deadline = deadline

    @property
    def idle(self) -> bool:
        """Whether no request is being answered, nor waits to be."""
        return self._waiter is not None and not self._waiter.done()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to bytes that are no request; the connection ends with it."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return super().handle_error(request, status, exc, message)
        # aiohttp writes a traceback for each: anyone could fill the log.
        log.debug("malformed request", address=request.remote, reason=type(exc).__name__)
        problem = Problem("malformed", _MALFORMED)
        headers = {"Content-Type": PROBLEM_JSON, "Server": "realtime", "X-Content-Type-Options": "nosniff"}
        answer = web.Response(status=problem.status, body=dumps(problem.body()), headers=headers)
        answer.force_close()
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline.begin(self)

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._deadline.end(self)
            self._slim()
        elif self.idle:
            # No request came of it, and none is under way whose body it could belong to.
            self._deadline.begin(self)

    def _slim(self) -> None:
        """An upgrade's message lives as long as its socket; its head as it came, beside the parsed one, need not."""
        if self._messages:
            message, payload = self._messages[-1]
            if isinstance(message, RawRequestMessage) and message.upgrade:
                self._messages[-1] = message._replace(raw_headers=()), payload

    def connection_lost(self, error: BaseException | None) -> None:
        self._deadline.end(self)
        super().connection_lost(error)
