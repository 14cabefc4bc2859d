"""
Messages and reactions: every change is a row, its event, its audit entry where there is one
and what the metrics note, in one unit of work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from realtime.errors import Problem
from realtime.policy import Principal
from realtime.services import conversation_work, message_sending
from realtime.services import desk_checks as checks
from realtime.services import message_work as work_on
from realtime.services.conversation_work import Desk
from realtime.services.conversations import Conversations
from realtime.services.desk_rows import NO_EVENT, Written, with_reactions
from realtime.services.message_sending import CUSTOMER, Words
from realtime.services.speech import Place as Place
from realtime.services.speech import Speaker as Speaker
from realtime.store import conversations as conversation_rows
from realtime.store import messages as rows
from realtime.store.idempotency import Key
from realtime.store.messages import READ_AT_ONCE, MessageFilter
from realtime.store.opening import Store
from realtime.store.scrub import Scrubber
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Transaction

_DATA_LIMIT: Final = 256 * 1024


class Messages:
    """
    What can be done with messages; whoever calls has checked the right to write.

    A `key` is an id (an integer) or a uuid. Rows are shown as `message_view` makes them;
    those that are read, with their `reactions`. Methods raise Problem: `not_found`,
    `invalid`, `too_large` (content past `CONTENT_LIMIT` characters, an event past
    `data_limit` bytes), `not_permitted` (see `edit`).
    """

    def __init__(self, store: Store, conversations: Conversations, *, data_limit: int = _DATA_LIMIT) -> None:
        self._store = store
        self._conversations = conversations
        self._data_limit = data_limit
        self.scrubber = Scrubber(store.committer)

    def start(self) -> None:
        """Begin to clear away, in the background, what deletions leave in the file. Ended by `stop`."""
        self.scrubber.start()

    async def stop(self) -> None:
        """End; what is left to clear away is cleared at the next start."""
        await self.scrubber.stop()

    async def list(
        self, conversation_key: int | str | None, which: MessageFilter, stretch: Stretch
    ) -> tuple[int, list[dict[str, Any]]]:
        """
        How many messages of the conversation (None: of all) are meant, and those of the
        stretch. A search in all looks at the newest `search.MATCHES` messages that match.
        """
        async with self._store.database.read() as connection:
            conversation_id = None
            if conversation_key is not None:
                conversation = await conversation_rows.get(connection, conversation_key)
                if conversation is None:
                    raise conversation_work.missing(conversation_key)
                conversation_id = conversation["id"]
            count = await rows.count_rows(connection, conversation_id, which)
            if count == 0 or stretch.offset >= count:
                return count, []
            found = await rows.list_rows(connection, conversation_id, which, stretch)
        return count, [with_reactions(row) for row in found]

    async def get(self, key: int | str) -> dict[str, Any]:
        """The message with this id or uuid; a deleted one has no content."""
        async with self._store.database.read() as connection:
            row = await rows.get(connection, key)
        if row is None:
            raise work_on.missing(key)
        return with_reactions(row)

    async def send(
        self,
        speaker: Speaker,
        place: Place,
        content: str,
        *,
        message_type: str = checks.TEXT,
        ident: str | None = None,
        key: Key | None = None,
    ) -> Written:
        """
        Send a message; emits `message.created`, and before it `conversation.created` when
        `place` opens a conversation, `conversation.reopened` when a customer writes into a
        closed one. From others a closed one takes it as it is.

        `ident` becomes the message's uuid. The same one again, by the same sender into the
        same conversation, gives what the first one did, whatever it says (`seq` is
        `NO_EVENT` once retention has removed the event); anybody else's is a `conflict`.
        What a guest claims to be must be nobody's who has an account: `not_permitted`.
        """
        checks.word("message_type", message_type, checks.MESSAGE_TYPES)
        checks.content(content, message_type)
        _check_names(speaker, place)
        uuid = conversation_work.new_id() if ident is None else checks.identifier("id", ident)
        words = Words(content, message_type, uuid, ident is not None, self._data_limit)

        def work(tx: Transaction) -> Written:
            written = message_sending.send(Desk(tx, speaker.who, self._conversations.people), speaker, place, words)
            if key is not None:
                key.keep(tx, 201, [written.row["id"]], written.seq)
            return written

        return await self._conversations.submit(work, size=len(content))

    async def edit(self, key: int | str, content: str, speaker: Speaker) -> Written:
        """
        Replace the text; emits `message.updated` with `"change": "edited"`, unless it is
        the same already (`NO_EVENT`). For the author or an admin (guests: for messages of
        guests), else `not_permitted`; a deleted message is `not_found`.
        """

        def work(desk: Desk) -> Written:
            message = work_on.living(desk, key)
            work_on.require_author(desk, message.row, speaker.who)
            return work_on.edit(desk, message, content, self._data_limit)

        return await self._do(speaker.who, work, size=len(content))

    async def mark(self, key: int | str, status: str, who: Principal) -> Written:
        """
        Note that a message was `delivered` or `read`; emits `message.updated` with
        `"change": "status"`. It never goes back: what is no step on is `NO_EVENT`. A
        deleted message is `not_found`.
        """
        checks.word("status", status, checks.DELIVERY)
        return await self._do(who, lambda desk: work_on.mark(desk, work_on.living(desk, key), status))

    async def mark_read_up_to(
        self, conversation_key: int | str, message_id: int | str, who: Principal, *, reader: str = "agent"
    ) -> Written:
        """
        Note that all messages of a conversation up to this one are read: those of the
        customer when the team reads, those of the others when the `reader` is the customer.

        The row is `{conversation_id, chat_id, message_id, read}` with how many were marked
        now, `seq` that of the last event. Many are marked `READ_AT_ONCE` to a unit of work.
        """
        senders = [sender for sender in checks.SENDERS if (sender == CUSTOMER) is not (reader == CUSTOMER)]

        def work(desk: Desk) -> Written:
            conversation = desk.find(conversation_key)
            upto = work_on.subject(desk, message_id).row
            if upto["conversation_id"] != conversation["id"]:
                raise Problem("not_found", f"The conversation {conversation_key} has no message {message_id}.")
            seq, marked = NO_EVENT, rows.unread(desk.tx, conversation["id"], upto["id"], senders)
            for each in marked:
                seq = work_on.mark(desk, work_on.living(desk, each), "read").seq
            ids = {"conversation_id": conversation["id"], "chat_id": conversation["uuid"], "message_id": upto["id"]}
            return Written({**ids, "read": len(marked)}, seq)

        total = 0
        while (written := await self._do(who, work)).row["read"] == READ_AT_ONCE:
            total += READ_AT_ONCE
            last = written.seq
        seq = last if total and written.seq == NO_EVENT else written.seq
        return Written({**written.row, "read": total + written.row["read"]}, seq)

    async def delete(self, key: int | str, speaker: Speaker) -> Written:
        """
        Delete a message: its text goes from the row, from all its events, from the index,
        and soon after from what the file and its WAL still hold of it. Emits
        `message.deleted`; a message that is deleted already is well (`NO_EVENT`). Who may
        is as with `edit`.
        """

        def work(desk: Desk) -> Written:
            message = work_on.subject(desk, key)
            work_on.require_author(desk, message.row, speaker.who)
            return work_on.delete(desk, message)

        written = await self._do(speaker.who, work)
        if written.seq != NO_EVENT:
            self.scrubber.wake()
        return written

    async def react(self, key: int | str, reaction: str, who: Principal, *, once: Key | None = None) -> Written:
        """
        Set what `who` thinks of a message, in the place of what was there; an empty
        reaction removes it. Emits `reaction.updated`, whose data is the row; the same again
        is `NO_EVENT`. A deleted message is `not_found`. An idempotency key `once` is kept.
        """
        if reaction:
            checks.line("reaction", reaction, checks.REACTION_LIMIT)

        def work(desk: Desk) -> Written:
            message = work_on.living(desk, key)
            written = work_on.react(desk, message, reaction)
            if once is not None:
                once.keep(desk.tx, 200, [message.row["id"]], written.seq or None)
            return written

        return await self._do(who, work)

    async def _do(self, who: Principal, work: Callable[[Desk], Written], *, size: int = 0) -> Written:
        people = self._conversations.people
        return await self._store.committer.submit(lambda tx: work(Desk(tx, who, people)), size=size)


def _check_names(speaker: Speaker, place: Place) -> None:
    checks.word("sender", speaker.sender, checks.SENDERS)
    checks.line("origin_channel", place.origin_channel, checks.ORIGIN_LIMIT)
    for name, value in {"contact_name": place.contact_name, "sender_name": speaker.name}.items():
        if value is not None:
            checks.line(name, value, checks.NAME_LIMIT)
    if speaker.sender_id is not None:
        checks.claim("sender_id", speaker.sender_id)
