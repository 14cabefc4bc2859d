"""Clients without a socket: what the hub has written to them, and how they were closed."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from realtime.channels import EVERYTHING, Coverage
from realtime.delivery.frames import WebSocketFormat
from realtime.delivery.hub import Hub
from realtime.delivery.session import Session, Start
from realtime.dialects.canonical import CANONICAL
from realtime.jsonio import loads
from realtime.policy import Principal, Role
from realtime.store.accounts import GUEST_ID

CANONICAL_FORMAT = WebSocketFormat(CANONICAL)
GUEST = Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=GUEST_ID)
_credentials = count(1)


def someone(user_id: int, name: str, role: Role = Role.AGENT) -> Principal:
    """A user who has come with a token of its own."""
    return Principal(name, role, f"token:{next(_credentials)}", user_id=user_id)


class Ear:
    """An outlet that remembers. While it is `deaf`, all that it is written waits in it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.closed: int | None = None
        self._waiting = 0
        self._taken = 0
        self._hears = asyncio.Event()
        self._hears.set()

    @property
    def deaf(self) -> bool:
        """Whether it takes nothing now."""
        return not self._hears.is_set()

    @deaf.setter
    def deaf(self, is_so: bool) -> None:
        if is_so:
            self._hears.clear()
        else:
            self._taken, self._waiting = self._taken + self._waiting, 0
            self._hears.set()

    def frames(self) -> list[Any]:
        """What it was written, decoded; none of it twice."""
        taken, self.heard = self.heard, []
        return [loads(_payload(frame)) for data in taken for frame in _split(data)]

    def write(self, data: bytes) -> int:
        """See Outlet."""
        self.heard.append(data)
        if self.deaf:
            self._waiting += len(data)
        else:
            self._taken += len(data)
        return self._waiting

    def pending(self) -> int:
        """See Outlet."""
        return self._waiting

    def acknowledged(self) -> int:
        """See Outlet."""
        return self._taken

    def outstanding(self) -> int:
        """See Outlet."""
        return self._waiting

    async def drained(self, patience: float | None = None) -> bool:
        """See Outlet."""
        try:
            async with asyncio.timeout(patience):
                await self._hears.wait()
        except TimeoutError:
            return False
        return True

    def close(self, code: int, reason: str) -> None:
        """See Outlet."""
        self.closed = code


def connect(hub: Hub, who: Principal, door: str = "secure", coverage: Coverage = EVERYTHING) -> tuple[Session, Ear]:
    """A client that has connected to the hub, and its ear."""
    ear = Ear()
    session = hub.connect(ear, CANONICAL_FORMAT, who, ("users",), coverage, door=door, start=Start())
    return session, ear


def _split(data: bytes) -> list[bytes]:
    frames = []
    while data:
        head, size = _head(data)
        frames.append(data[: head + size])
        data = data[head + size :]
    return frames


def _payload(frame: bytes) -> bytes:
    return frame[_head(frame)[0] :]


def _head(data: bytes) -> tuple[int, int]:
    """Bytes before the payload, and of it (RFC 6455 §5.2)."""
    if data[1] < 126:
        return 2, data[1]
    size = 2 if data[1] == 126 else 8
    return 2 + size, int.from_bytes(data[2 : 2 + size], "big")
