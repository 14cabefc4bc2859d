"""A support desk of the real services, for tests: what happens in it, in short words."""

from __future__ import annotations

from realtime.policy import Principal
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.desk_rows import Written
from realtime.services.messages import Messages, Place, Speaker
from realtime.store.opening import Store


class Desk:
    """Conversations, messages and ratings of one store; all that happens is done by `who`."""

    def __init__(self, store: Store, who: Principal) -> None:
        self.who = who
        self.conversations = Conversations(store)
        self.messages = Messages(store, self.conversations)
        self.csat = Csat(store)

    async def create(self, contact_name: str) -> Written:
        return await self.conversations.create({"contact_name": contact_name}, self.who)

    async def close(self, conversation: int) -> Written:
        return await self.conversations.close(conversation, self.who)

    async def reopen(self, conversation: int) -> Written:
        return await self.conversations.reopen(conversation, self.who)

    async def pend(self, conversation: int) -> Written:
        return await self.conversations.update(conversation, {"status": "pending"}, self.who)

    async def rate(self, conversation: int, rating: int) -> Written:
        return await self.csat.rate(conversation, rating, None, self.who)

    async def say(self, conversation: int, sender: str) -> Written:
        speaker = Speaker(self.who, sender)
        return await self.messages.send(speaker, Place(conversation), "¿Hola?")

    async def edit(self, message: int) -> Written:
        """Raises Problem `not_found` for a deleted one."""
        return await self.messages.edit(message, "¡Hola!", Speaker(self.who, "agent"))

    async def delete(self, message: int) -> Written:
        return await self.messages.delete(message, Speaker(self.who, "agent"))
