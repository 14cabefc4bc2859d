"""Sending a message, inside a unit of work: into a conversation, which it may open, or open again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from realtime.errors import Problem
from realtime.events import Draft
from realtime.jsonio import dumps
from realtime.services import conversation_work, metrics
from realtime.services import desk_checks as checks
from realtime.services.conversation_work import CHANNEL, CLOSED, OPEN, Desk, Moves
from realtime.services.desk_rows import Written, message_view
from realtime.services.message_work import within
from realtime.services.people import Person
from realtime.services.speech import Place, Speaker
from realtime.store import conversations as conversation_rows
from realtime.store import messages as rows
from realtime.store import scrub
from realtime.store.accounts import GUEST_ID
from realtime.store.desk_tables import conversations, messages
from realtime.store.transaction import Row

CUSTOMER: Final = "customer"
SENT: Final = "sent"

ROOM: Final = 64
"""Bytes that later events of a message say more than its first: how far it is, and what changed."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said: checked content, its type, and the id that the client gave it, or the one drawn for it."""

    content: str
    message_type: str
    uuid: str
    named: bool
    """Whether the client gave the id."""
    data_limit: int


def send(desk: Desk, speaker: Speaker, place: Place, words: Words) -> Written:
    """What `Messages.send` does."""
    conversation = _find(desk, place)
    person = desk.people.of(desk.tx, speaker.who)
    _refuse_claims(desk, speaker, person)
    if words.named and (known := rows.find(desk.tx, words.uuid)) is not None:
        return _again(desk, speaker, person, conversation, known)
    moves: Moves = ()
    if conversation is None:
        conversation = _open(desk, speaker, place, person)
        moves = ((OPEN, 1),)
    elif conversation["status"] == CLOSED and speaker.sender == CUSTOMER:
        conversation, _ = conversation_work.reopen(desk, conversation)
        moves = ((CLOSED, -1), (OPEN, 1))
    return _store(desk, _message(desk, speaker, person, conversation, words), conversation, words.data_limit, moves)


def _find(desk: Desk, place: Place) -> Row | None:
    """The conversation; None for one that is to be opened."""
    key = place.conversation
    conversation = conversation_rows.find(desk.tx, key)
    if conversation is None:
        if isinstance(key, int) or not place.open:
            raise conversation_work.missing(key)
        checks.identifier("chat_id", key)
    return conversation


def _refuse_claims(desk: Desk, speaker: Speaker, person: Person) -> None:
    """A guest may call itself what it likes, but not somebody who has an account."""
    if person.id != GUEST_ID:
        return
    for claim in {speaker.sender_id, speaker.name} - {None, person.uuid, person.name}:
        assert claim is not None
        if desk.people.has_account(desk.tx, claim):
            raise Problem("not_permitted", f"{claim} is an account of this server; sign in to be it.")


def _again(desk: Desk, speaker: Speaker, person: Person, conversation: Row | None, known: Row) -> Written:
    """What the first sending of this id did, if it was the same sender's."""
    own = (
        conversation is not None
        and known["conversation_id"] == conversation["id"]
        and known["user_id"] == person.id
        and known["sender"] == speaker.sender
        and known["sender_id"] == _sender_id(speaker, person, conversation)
    )
    if conversation is None or not own:
        raise Problem("conflict", f"There is a message {known['uuid']} already, which is not this one.")
    return Written(message_view(known, conversation["uuid"]), scrub.first_event(desk.tx, known["id"]))


def _open(desk: Desk, speaker: Speaker, place: Place, person: Person) -> Row:
    uuid, name, contact = str(place.conversation), place.contact_name, None
    if speaker.sender == CUSTOMER:
        name, contact = name or speaker.name, speaker.sender_id
    row = conversation_work.make(
        desk,
        uuid=uuid,
        contact_uuid=contact or conversation_work.new_id(),
        contact_name=name or uuid,
        origin=place.origin_channel,
        assignee=None,
    )
    conversation_work.tell_made(desk, row)
    return row


def _message(desk: Desk, speaker: Speaker, person: Person, conversation: Row, words: Words) -> Row:
    at = desk.tx.at
    contact = conversation["contact_name"] if speaker.sender == CUSTOMER else person.name
    return {
        "id": desk.tx.next_id(messages),
        "uuid": words.uuid,
        "conversation_id": conversation["id"],
        "content": words.content,
        "sender": speaker.sender,
        "sender_id": _sender_id(speaker, person, conversation),
        "sender_name": speaker.name or contact,
        "user_id": person.id,
        "message_type": words.message_type,
        "status": SENT,
        "salt": None,
        "edited_at": None,
        "deleted_at": None,
        "deleted_by": None,
        "created_at": at,
        "updated_at": at,
    }


def _store(desk: Desk, row: Row, conversation: Row, data_limit: int, moves: Moves) -> Written:
    tx = desk.tx
    view = message_view(row, conversation["uuid"])
    data = within(dumps(view), data_limit - ROOM)
    rows.insert(tx, row)
    event = tx.emit(Draft(CHANNEL, "message.created", data, row["id"], desk.who.name))
    noted = metrics.message_sent(tx, conversation, row)
    tx.change(conversations, conversation, {**noted, "last_message_at": tx.at})
    return Written(view, event.seq, moves)


def _sender_id(speaker: Speaker, person: Person, conversation: Row) -> str:
    if speaker.sender_id is not None:
        return speaker.sender_id
    return str(conversation["contact_uuid"]) if speaker.sender == CUSTOMER else person.uuid
