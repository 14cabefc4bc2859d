"""
The sessions of Engine.IO, the transport below Socket.IO: a `Link` is one, whatever transport
it uses just now.

It is known by its `sid`, which only its client knows: so requests that name one need no
other credential. What the messages mean is the `Client`'s.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, Protocol

from aiohttp import web

from realtime.delivery.outlet import CLOSE_GRACE
from realtime.delivery.rate import Rate
from realtime.delivery.socketio_outlet import SocketIOOutlet
from realtime.dialects import socketio
from realtime.errors import CloseCode, Problem
from realtime.handlers.admission import place
from realtime.handlers.sockets import PINGS_PER_SECOND

_SID_BYTES: Final = 18


class Client(Protocol):
    """Whose messages a link carries."""

    def heard(self) -> None:
        """The client has shown a sign of life."""

    def answered(self) -> None:
        """The client has answered the last ping, and so has got all that was written before it."""

    async def hear(self, message: str) -> None:
        """The client has sent a message; returns when it may send the next."""

    def refuse(self, problem: Problem) -> None:
        """The client has sent what is no packet."""

    def close(self, code: CloseCode, reason: str) -> None:
        """End it."""

    def gone(self) -> None:
        """The link has ended."""


class Link:
    """One session of Engine.IO, whatever transport it uses just now; `held` is given back at its end."""

    def __init__(self, links: Links, held: ExitStack) -> None:
        self.sid = secrets.token_urlsafe(_SID_BYTES)
        self.outlet = SocketIOOutlet(self._ended)
        self.client: Client
        self.held = held
        self.polling = False
        """Whether a poll is waiting."""
        self.posting = False
        """Whether a body is on its way."""
        self.probed = False
        """Whether there is a WebSocket that may take over."""
        self.upgrading = False
        """Whether it is about to."""
        self.peer_code: int | None = None
        """The code with which the client closed its WebSocket (RFC 6455 §7.4), where it did."""
        self._links = links
        self._pings = Rate(PINGS_PER_SECOND)

    async def receive(self, packet: str) -> None:
        """One packet from the client, by whatever transport."""
        kind = packet[:1]
        if kind == socketio.MESSAGE:
            await self.client.hear(packet[1:])
        elif kind == socketio.CLOSE:
            self.outlet.end()
        elif kind in (socketio.PONG, socketio.NOOP):
            if self.count_ping() and kind == socketio.PONG:
                self.client.answered()
        else:
            self.client.refuse(Problem("malformed", "That is no packet of Engine.IO that a client may send here."))

    def count_ping(self) -> bool:
        """Whether the client may send one more packet that says nothing; closes the link after too many."""
        allowed = self._pings.allows(asyncio.get_running_loop().time())
        if not allowed:
            self.client.close(CloseCode.FLOOD, "too many pings or pongs")
        return allowed

    def keep(self, task: asyncio.Future[Any]) -> None:
        """What the client has asked for is done, also if it does not wait for the answer."""
        self._links.tasks.add(task)
        task.add_done_callback(self._links.tasks.discard)

    def _ended(self) -> None:
        self._links.forget(self)
        self.client.gone()
        self.held.close()


class Links:
    """The links of one server. `made` makes the client of a new one, or raises Problem to refuse it."""

    def __init__(self, made: Callable[[web.Request, Link], Client]) -> None:
        self._made = made
        self._links: dict[str, Link] = {}
        self.tasks: set[asyncio.Future[Any]] = set()
        """What clients have asked for and is not done yet."""

    def open(self, request: web.Request) -> Link:
        """A link for who sent `request`, with its place among all connections. Raises Problem, by `place` or `made`."""
        with ExitStack() as held:
            held.enter_context(place(request))
            link = Link(self, held)
            link.client = self._made(request, link)
            self._links[link.sid] = link
            link.held = held.pop_all()
        return link

    def find(self, sid: str) -> Link:
        """The link of this `sid`. Raises Problem `invalid`."""
        link = self._links.get(sid)
        if link is None:
            raise ended()
        return link

    def forget(self, link: Link) -> None:
        """It has ended."""
        self._links.pop(link.sid, None)

    async def settle(self) -> None:
        """When all clients are gone: wait until what they have asked for is done."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=CLOSE_GRACE)

    def __len__(self) -> int:
        return len(self._links)


LINKS: Final = web.AppKey("links", Links)


def ended() -> Problem:
    """What is said of a session that is not, or no longer, there: every client then connects anew."""
    return Problem("invalid", "There is no such session, or it has ended: connect again.")
