"""What the clients of the chat socket do at the support desk: each command is one call of a service."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.delivery.rate import Rate
from realtime.delivery.session import Session
from realtime.dialects.chat_commands import (
    Arrive,
    Command,
    Delete,
    Depart,
    Edit,
    ListUsers,
    Mark,
    React,
    Send,
    Typing,
)
from realtime.errors import Problem
from realtime.jsonio import loads_trusted
from realtime.policy import Action
from realtime.services.desk_rows import NO_EVENT, Written
from realtime.services.messages import Place, Speaker
from realtime.services.typing import Typist

CHAT: Final = "chat"
USERS: Final = "users"
AGENT: Final = "agent"
CUSTOMER: Final = "customer"

ORIGIN: Final = "chat"
"""Where a conversation comes from that is opened here."""

LISTS_PER_SECOND: Final = 5
"""How often one client may ask who is online."""


class ChatDesk:
    """
    The desk, as one session sees it. An account speaks as an agent, and for itself alone;
    a guest as a customer, under the id that each message or its `user:connected` claims.
    """

    def __init__(self, app: web.Application, session: Session) -> None:
        self._app = app
        self._session = session
        self._who = session.principal
        self._typist = Typist(session, app[keys.HUB], app[keys.STORE])
        self._lists = Rate(LISTS_PER_SECOND)
        self._claim: Arrive | None = None
        # A claim is checked and stored before the next word of the client about itself counts.
        self._about_itself = asyncio.Lock()

    def greet(self) -> None:
        """Tell the newcomer who is online."""
        if USERS in self._session.coverage:
            self._write_list()

    def stop(self) -> None:
        """The session has ended."""
        self._typist.stop()

    async def carry_out(self, command: Command, *, answered: bool) -> dict[str, Any]:
        """
        Do what `command` says; returns what its acknowledgement tells beside `ok`. Raises
        Problem, and then nothing has happened. `answered` is whether there is an
        acknowledgement at all.
        """
        match command:
            case ListUsers():
                return self._list(answered=answered)
            case Arrive():
                return await self._arrive(command)
            case Depart():
                return await self._depart()
            case Typing():
                self._require_writing()
                return await self._typing(command)
            case _:
                self._require_writing()
                written = await self._write(command)
                ident = written.row["uuid"] if isinstance(command, Send) else command.message
                return {"id": ident, "seq": None if written.seq == NO_EVENT else written.seq}

    async def _write(self, command: Send | Edit | Delete | React | Mark) -> Written:
        messages = self._app[keys.MESSAGES]
        match command:
            case Send(chat=chat, body=body, message_type=kind, ident=ident):
                place = Place(chat, open=True, origin_channel=ORIGIN)
                return await messages.send(
                    self._speaker(command.sender_id), place, body, message_type=kind, ident=ident
                )
            case Edit():
                return await messages.edit(command.message, command.body, self._speaker())
            case Delete():
                return await messages.delete(command.message, self._speaker())
            case React():
                return await messages.react(command.message, command.reaction, self._who)
            case Mark():
                return await messages.mark(command.message, command.status, self._who)

    def _speaker(self, sender_id: str | None = None) -> Speaker:
        if not self._who.is_guest:
            return Speaker(self._who, AGENT)
        claim = self._claim
        if claim is None or sender_id not in (None, claim.user_id):
            return Speaker(self._who, CUSTOMER, sender_id)
        return Speaker(self._who, CUSTOMER, claim.user_id, claim.username or None)

    async def _typing(self, command: Typing) -> dict[str, Any]:
        speaker = self._speaker()
        await self._typist.tell(command.chat, typing=command.typing, sender_id=speaker.sender_id, username=speaker.name)
        return {}

    async def _arrive(self, command: Arrive) -> dict[str, Any]:
        async with self._about_itself:
            await self._app[keys.PRESENCE].claim(self._session, command.user_id, command.username)
            if self._claim is None:
                self._claim = command
        return {}

    async def _depart(self) -> dict[str, Any]:
        async with self._about_itself:
            self._claim = None
            await self._app[keys.PRESENCE].withdraw(self._session)
        return {}

    def _list(self, *, answered: bool) -> dict[str, Any]:
        if USERS not in self._session.coverage:
            raise Problem("not_permitted", f"Seeing who is online is not permitted to {self._who.name}.")
        if not self._lists.allows(asyncio.get_running_loop().time()):
            raise Problem("too_many_requests", f"Ask at most {LISTS_PER_SECOND} times a second; changes come unasked.")
        if not answered:
            self._write_list()
            return {}
        told: dict[str, Any] = loads_trusted(self._app[keys.PRESENCE].list_signal().data)
        return told

    def _write_list(self) -> None:
        frame = self._session.format.signal(self._app[keys.PRESENCE].list_signal())
        if frame is not None:
            self._session.outlet.write(frame)

    def _require_writing(self) -> None:
        if not self._app[keys.POLICY].may(self._who, Action.WRITE, CHAT):
            raise Problem("not_permitted", f"Writing is not permitted to {self._who.name} ({self._who.role}).")
