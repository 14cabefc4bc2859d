"""
A small simulated support team (`--demo`): customers write, agents answer, correct
themselves and close, customers rate. An agent is online while it has a visit. What they
say stands in `demo_dialogues.py`.

Every contact's name ends with `(demo)`, every account's with `-demo`. Each contact has one
conversation, found again by its uuid and reopened at the next visit: however long the
demo runs there are no more of them than contacts, and at most `SEATS` are open.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any, Final

import structlog

from realtime.delivery.hub import Hub
from realtime.errors import Problem
from realtime.events import Signal
from realtime.jsonio import dumps
from realtime.policy import Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.demo import DEMO
from realtime.services.demo_dialogues import BOT, CONTACTS, CUSTOMERS, DIALOGUES, TEAM, Contact, Dialogue, Line
from realtime.services.messages import Messages, Place, Speaker
from realtime.services.presence import Presence
from realtime.services.typing import CHANNEL, TYPING
from realtime.store.telemetry import Stretch

log = structlog.get_logger(__name__)

SEATS: Final = 3
"""Conversations that go on at the same time, and so the most that are open."""

SPEED: Final = 18.0
"""Characters that somebody types in a second."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account that takes part."""

    who: Principal
    uuid: str


@dataclass(slots=True)
class Visit:
    """A conversation while it is played. `last` is its newest message, as far as the visit knows."""

    contact: Contact
    agent: Person
    customer: Person
    bot: Person
    contact_id: str = ""
    last: dict[str, Any] | None = None
    pending: bool = False

    def cast(self, sender: str) -> Person:
        """Who plays that sender."""
        return {"agent": self.agent, "bot": self.bot}.get(sender, self.customer)


class DemoTeam:
    """
    Plays one dialogue after the other on each of `SEATS` seats, at the pace of people;
    `pace` multiplies every pause (0: none).
    """

    def __init__(
        self,
        accounts: Accounts,
        conversations: Conversations,
        messages: Messages,
        csat: Csat,
        hub: Hub,
        presence: Presence,
        *,
        pace: float = 1.0,
    ) -> None:
        self._accounts = accounts
        self._conversations = conversations
        self._messages = messages
        self._csat = csat
        self._hub = hub
        self._presence = presence
        self._pace = pace
        self._chance = random.Random()
        self._hiring = asyncio.Lock()
        self._waiting: list[Contact] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; ended by `stop`."""
        self._task = asyncio.create_task(self._run(), name="demo-team")

    async def stop(self) -> None:
        """End; what is being written is finished by the committer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await self._line_up()
        async with asyncio.TaskGroup() as seats:
            for seat in range(SEATS):
                seats.create_task(self._sit(seat))

    async def _line_up(self) -> None:
        """Who comes in which order: first those whose visit the last stop has cut short."""
        cut_short: list[Contact] = []
        for contact in self._chance.sample(CONTACTS, len(CONTACTS)):
            try:
                row = await self._conversations.get(contact.chat)
            except Problem:
                row = {"status": "closed"}
            (self._waiting if row["status"] == "closed" else cut_short).append(contact)
        self._waiting[:0] = cut_short

    async def _sit(self, seat: int) -> None:
        await self._pause(seat * 8, seat * 20)
        while True:
            contact = self._waiting.pop(0)
            try:
                await self._receive(contact)
            except Problem as problem:
                # A full disk, a busy server, a message that somebody deleted: the next one may go better.
                log.info("the demo waits", reason=problem.detail)
                await self._pause(5, 10)
            finally:
                self._waiting.append(contact)
            await self._pause(30, 120)

    async def _receive(self, contact: Contact) -> None:
        """One visit of a contact, from the first word to the rating."""
        dialogue = self._chance.choice([each for each in DIALOGUES if each.language == contact.language])
        agent = self._chance.choice([each.name for each in TEAM if contact.language in each.languages])
        visit = Visit(
            contact,
            agent=await self._account(agent, Role.AGENT),
            customer=await self._account(CUSTOMERS, Role.VIEWER),
            bot=await self._account(BOT, Role.VIEWER),
        )
        agent_id = visit.agent.who.user_id
        assert agent_id is not None
        attendance = self._presence.attend(agent_id, agent)
        try:
            for line in dialogue.lines:
                await self._speak(visit, line)
            await self._pause(3, 8)
            await self._conversations.close(contact.chat, visit.agent.who)
            await self._rate(visit, dialogue)
            # Some notes on the case, and a coffee.
            await self._pause(5, 30)
        finally:
            self._presence.retire(attendance)

    async def _speak(self, visit: Visit, line: Line) -> None:
        """One message, and what becomes of it."""
        person = visit.cast(line.sender)
        text = line.first or line.text
        if person is not visit.bot:
            await self._pause(2, 6)
            await self._attend(visit, person)
            self._typing(visit, person, typing=True)
            await self._pause(1 + len(text) / SPEED, 2 + len(text) / SPEED)
            self._typing(visit, person, typing=False)
        speaker = Speaker(person.who, line.sender)
        place = Place(
            visit.contact.chat, open=True, contact_name=visit.contact.name, origin_channel=visit.contact.origin
        )
        sent = await self._messages.send(speaker, place, text, message_type=line.type)
        visit.last = sent.row
        if person is visit.customer:
            visit.contact_id = sent.row["sender_id"]
        if person is visit.customer and visit.pending:
            await self._set_pending(visit, pending=False)
        await self._follow(visit, line, sent.row["id"])

    async def _follow(self, visit: Visit, line: Line, message: int) -> None:
        """The message arrives, is corrected or taken back, and gets its reaction."""
        person = visit.cast(line.sender)
        other = visit.agent if person is visit.customer else visit.customer
        await self._messages.mark(message, "delivered", other.who)
        if line.first or line.mistaken:
            await self._pause(2, 5)
        if line.first:
            await self._messages.edit(message, line.text, Speaker(person.who, line.sender))
        if line.mistaken:
            await self._messages.delete(message, Speaker(person.who, line.sender))
        if line.reaction:
            await self._pause(1, 4)
            await self._messages.react(message, line.reaction, other.who)
        if line.waits:
            await self._set_pending(visit, pending=True)

    async def _attend(self, visit: Visit, person: Person) -> None:
        """Read what the others have written; an agent takes the conversation over as well."""
        if visit.last is None:
            return
        reader = "customer" if person is visit.customer else "agent"
        await self._messages.mark_read_up_to(visit.contact.chat, visit.last["id"], person.who, reader=reader)
        if person is visit.agent:
            await self._conversations.update(visit.contact.chat, {"assignee": person.who.user_id}, person.who)

    async def _set_pending(self, visit: Visit, *, pending: bool) -> None:
        visit.pending = pending
        status = "pending" if pending else "open"
        await self._conversations.update(visit.contact.chat, {"status": status}, visit.agent.who)
        if pending:
            await self._pause(10, 30)

    async def _rate(self, visit: Visit, dialogue: Dialogue) -> None:
        if dialogue.rating is not None:
            await self._pause(4, 12)
            await self._csat.rate(visit.contact.chat, dialogue.rating, dialogue.feedback, visit.customer.who)

    def _typing(self, visit: Visit, person: Person, *, typing: bool) -> None:
        """Let those who want to hear it know that somebody writes, or has stopped."""
        if visit.last is None:
            return
        customer = person is visit.customer
        data = {
            "conversation_id": visit.last["conversation_id"],
            "chat_id": visit.last["chat_id"],
            "user_id": person.who.user_id,
            "sender_id": visit.contact_id if customer else person.uuid,
            "username": visit.contact.name if customer else person.who.name,
            "typing": typing,
        }
        self._hub.signal(
            Signal(CHANNEL, TYPING, dumps(data)), lambda session: session.opted_in or session.door == "chat"
        )

    async def _account(self, name: str, role: Role) -> Person:
        """The account of that name, made where there is none. Raises Problem `conflict` for one that is disabled."""
        users = self._accounts.users
        async with self._hiring:
            _, found = await users.list({"name": name}, Stretch(1))
            row = found[0] if found else await users.create(DEMO, name, role)
        if not row["active"]:
            raise Problem("conflict", f"The account {name} is disabled.")
        return Person(Principal(name, role, "demo", user_id=row["id"]), row["uuid"])

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._chance.uniform(least, most) * self._pace)
