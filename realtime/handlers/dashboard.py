"""
The door of the support desk's dashboard (seed 001): `WS /ws/dashboard/?token=`.

Its clients hear conversations, ratings, the audit log and who is online, as far as they
may, and do the work of the desk by commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.channels import PRIVATE, Coverage
from realtime.delivery.frames import Format
from realtime.dialects import dashboard_commands
from realtime.dialects.dashboard_commands import (
    DeleteMessage,
    EditMessage,
    MarkRead,
    React,
    SendMessage,
    Typing,
)
from realtime.dialects.incoming import Authenticate, Command, Ping
from realtime.errors import Problem
from realtime.handlers.sockets import ClientSocket, Opening, upgrade
from realtime.policy import Action, Principal
from realtime.services.desk_rows import NO_EVENT, Written
from realtime.services.messages import Place, Speaker
from realtime.services.typing import Typist

CHAT: Final = "chat"
CSAT: Final = "csat"
AGENT: Final = "agent"
READ: Final = "read"

Writing = SendMessage | EditMessage | DeleteMessage | React | MarkRead


class DashboardSocket(ClientSocket):
    """A client of the dashboard. Whoever it is, it speaks as an agent, and as nobody else."""

    door = "dashboard"

    @property
    def format(self) -> Format:
        """See ClientSocket."""
        return self.app[keys.FORMATS].dashboard

    @property
    def channels(self) -> tuple[str, ...]:
        """See ClientSocket: always these, as far as the client may read them."""
        return PRIVATE

    def check(self, principal: Principal) -> None:
        """See ClientSocket."""
        if not self.coverage(principal):
            raise Problem("not_permitted", f"You may read none of: {', '.join(PRIVATE)}.")

    def coverage(self, principal: Principal) -> Coverage:
        """See ClientSocket."""
        return Coverage(frozenset(name for name in PRIVATE if self.policy.may(principal, Action.READ, name)))

    async def greet(self) -> None:
        """
        The figures of now. Asked for when the session hears what changes them, and written
        without a further await, so that no older figures follow newer ones.
        """
        self._typist = Typist(self.session, self.hub, self.app[keys.STORE])
        if CSAT in self.session.coverage:
            signal = await self.app[keys.METRICS].signal()
            self.outlet.write(self.session.format.signal(signal) or b"")

    def read(self, text: str) -> Command:
        """See ClientSocket."""
        return dashboard_commands.read(text)

    async def obey(self, command: dashboard_commands.Command) -> None:
        """See ClientSocket."""
        match command:
            case Ping():
                self.result(command.id, self.app[keys.ROSTER].standing(self.session))
            case Authenticate():
                await self.renew(command)
            case Typing():
                self._require_writing()
                await self._typist.tell(command.conversation, typing=command.typing)
                self.result(command.id, {"typing": command.typing})
            case _:
                self._require_writing()
                # Tasks begin in the order in which they are made, and each submits its unit of
                # work before it waits: so they commit in the order in which they came.
                writing = asyncio.ensure_future(self._write(command))
                await self.result_when_done(command.id, writing, _told)

    def end(self) -> None:
        """See ClientSocket."""
        self._typist.stop()

    def _require_writing(self) -> None:
        who = self.session.principal
        if not self.policy.may(who, Action.WRITE, CHAT):
            raise Problem("not_permitted", f"Writing is not permitted to {who.name} ({who.role}).")

    def _write(self, command: Writing) -> Coroutine[Any, Any, Written]:
        """The one call of the services that a command stands for."""
        messages, who = self.app[keys.MESSAGES], self.session.principal
        speaker = Speaker(who, AGENT)
        match command:
            case SendMessage(conversation=place, content=content, message_type=kind, ident=ident):
                return messages.send(speaker, Place(place), content, message_type=kind, ident=ident)
            case EditMessage():
                return messages.edit(command.message, command.content, speaker)
            case DeleteMessage():
                return messages.delete(command.message, speaker)
            case React():
                return messages.react(command.message, command.reaction, who)
            case MarkRead():
                if command.conversation is None:
                    return messages.mark(command.message, READ, who)
                return messages.mark_read_up_to(command.conversation, command.message, who)


def _told(written: Written) -> dict[str, Any]:
    """The data of a result; `seq` is that of the event, None where there was nothing to change."""
    row = written.row
    return {
        "conversation_id": row["conversation_id"],
        "message_id": row["id"] if "id" in row else row["message_id"],
        "seq": None if written.seq == NO_EVENT else written.seq,
    }


async def socket(request: web.Request) -> web.StreamResponse:
    """`WS /ws/dashboard/?token=`: all of the desk that the credential may read."""

    def made(opening: Opening) -> DashboardSocket:
        client = DashboardSocket(request, opening)
        client.check(request[keys.PRINCIPAL])
        return client

    return await upgrade(request, made)


ROUTES = [web.get("/ws/dashboard/", socket, allow_head=False)]
