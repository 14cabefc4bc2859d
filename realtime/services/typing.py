"""
Who is writing just now, passed on to those who want to hear it: the signal `typing` on the
channel `chat`. It is never stored, and whoever has no room for it misses it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from realtime.delivery.hub import Hub
from realtime.delivery.session import Session
from realtime.errors import Problem
from realtime.events import Signal
from realtime.jsonio import dumps
from realtime.store import accounts, conversations
from realtime.store.accounts import SYSTEM_ID
from realtime.store.opening import Store

CHANNEL: Final = "chat"
TYPING: Final = "typing"

INTERVAL: Final = 0.2
"""Seconds between two signals of one client, at least."""

WAITING_LIMIT: Final = 16
"""Conversations of one client of which a signal may wait for its turn; the oldest goes first."""

PLACES_LIMIT: Final = 64
"""Conversations that are remembered for one client, so that its next signal costs no query."""


class Typist:
    """
    What one client lets the others know while it writes; one for each session that does.

    A signal leaves at once, and then none for `INTERVAL`: of what is said meanwhile, the
    newest of each conversation waits. The clients that opted in hear it, and those of
    Socket.IO, but not the client itself. `stop` when its session ends.
    """

    def __init__(self, session: Session, hub: Hub, store: Store) -> None:
        self._session = session
        self._hub = hub
        self._store = store
        self._places: dict[int | str, tuple[int, str]] = {}
        self._known: tuple[int, str, str] | None = None
        self._waiting: dict[int, Signal] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def tell(
        self, conversation: int | str, *, typing: bool, sender_id: str | None = None, username: str | None = None
    ) -> None:
        """
        The client has begun to write in the conversation (its id or uuid), or stopped.

        Its account is told, or in its place what a guest claims to be. Raises Problem
        `not_found` for a conversation that does not exist.
        """
        conversation_id, chat_id = await self._place(conversation)
        user_id, uuid, name = await self._account()
        data = {
            "conversation_id": conversation_id,
            "chat_id": chat_id,
            "user_id": user_id,
            "sender_id": uuid if sender_id is None else sender_id,
            "username": name if username is None else username,
            "typing": typing,
        }
        self._waiting.pop(conversation_id, None)
        self._waiting[conversation_id] = Signal(CHANNEL, TYPING, dumps(data))
        if len(self._waiting) > WAITING_LIMIT:
            del self._waiting[next(iter(self._waiting))]
        if self._timer is None:
            self._next()

    def stop(self) -> None:
        """The session has ended: what waits is dropped."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _next(self) -> None:
        self._timer = None
        if self._waiting:
            signal = self._waiting.pop(next(iter(self._waiting)))
            self._hub.signal(signal, self._hears)
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._next)

    def _hears(self, session: Session) -> bool:
        # The seeds' own dashboards would take it for a type that they do not know.
        return session is not self._session and (session.opted_in or session.door == "chat")

    async def _place(self, key: int | str) -> tuple[int, str]:
        if key not in self._places:
            async with self._store.database.read() as connection:
                row = await conversations.get(connection, key)
            if row is None:
                raise Problem("not_found", f"There is no conversation {key}.")
            if len(self._places) >= PLACES_LIMIT:
                self._places.clear()
            self._places[key] = row["id"], row["uuid"]
        return self._places[key]

    async def _account(self) -> tuple[int, str, str]:
        """Id, uuid and name of the client's account; the built-in `system` for who has none of their own."""
        who = self._session.principal
        user_id = SYSTEM_ID if who.user_id is None else who.user_id
        if self._known is None or self._known[0] != user_id:
            async with self._store.database.read() as connection:
                row = await accounts.find_user(connection, user_id)
            self._known = user_id, "" if row is None else str(row["uuid"]), who.name if row is None else row["name"]
        return self._known
