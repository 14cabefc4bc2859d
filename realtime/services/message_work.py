"""
What happens to a message inside a unit of work: its row, its words in the index, its event,
its audit entry and what the metrics note, together.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from realtime.errors import Problem
from realtime.events import Draft
from realtime.jsonio import dumps
from realtime.policy import Principal, Role
from realtime.services import desk_checks as checks
from realtime.services.conversation_work import CHANNEL, Desk
from realtime.services.desk_rows import NO_EVENT, Written, fingerprint, message_view
from realtime.store import conversations as conversation_rows
from realtime.store import idempotency, scrub
from realtime.store import messages as rows
from realtime.store.desk_tables import reactions
from realtime.store.transaction import Row

EDITED: Final = "edited"
STATUS: Final = "status"
"""What a `message.updated` tells, under the key `change`."""

_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Subject:
    """A message and the uuid of its conversation."""

    row: Row
    chat_id: str

    @property
    def view(self) -> dict[str, Any]:
        """As events show it."""
        return message_view(self.row, self.chat_id)

    @property
    def ids(self) -> dict[str, Any]:
        """What is left of it in the log once it is deleted."""
        row = self.row
        return {
            "id": row["id"],
            "uuid": row["uuid"],
            "conversation_id": row["conversation_id"],
            "chat_id": self.chat_id,
        }


def subject(desk: Desk, key: int | str) -> Subject:
    """The message with this id or uuid, be it deleted. Raises Problem `not_found`."""
    row = rows.find(desk.tx, key)
    if row is None:
        raise missing(key)
    return _subject(desk, row)


def living(desk: Desk, key: int | str) -> Subject:
    """The message with this id or uuid. Raises Problem `not_found`, for a deleted one too."""
    found = subject(desk, key)
    if found.row["deleted_at"] is not None:
        raise Problem("not_found", f"The message {key} was deleted.")
    return found


def missing(key: int | str) -> Problem:
    """There is no such message."""
    return Problem("not_found", f"There is no message {key}.")


def require_author(desk: Desk, message: Row, who: Principal) -> None:
    """Raise Problem `not_permitted` unless `who` sent the message or is an admin; guests are one author."""
    if who.role is not Role.ADMIN and desk.people.of(desk.tx, who).id != message["user_id"]:
        raise Problem("not_permitted", "Only its author or an admin may change this message.")


def edit(desk: Desk, message: Subject, content: str, data_limit: int) -> Written:
    """Replace the text; emits `message.updated` and is audited by length and digest."""
    tx, row = desk.tx, message.row
    if row["content"] == checks.content(content, row["message_type"]):
        return Written(message.view, NO_EVENT)
    salt = row["salt"] or token_hex(_SALT_BYTES)
    before = fingerprint(row["content"], salt)
    changes = {"salt": salt, "edited_at": tx.at, "updated_at": tx.at}
    # Looked at first: what is refused has not touched the database.
    data = updated({**row, **changes, "content": content}, message.chat_id, EDITED, data_limit)
    row = rows.rewrite(tx, row, content, changes)
    event = tx.emit(Draft(CHANNEL, "message.updated", data, row["id"], desk.who.name))
    _audit(desk, EDITED, row, {"before": before, "after": fingerprint(content, salt)})
    return Written(message_view(row, message.chat_id), event.seq)


def mark(desk: Desk, message: Subject, status: str) -> Written:
    """Take the delivery a step on; never back."""
    tx, row = desk.tx, message.row
    if checks.DELIVERY.index(status) <= checks.DELIVERY.index(row["status"]):
        return Written(message.view, NO_EVENT)
    row = rows.change(tx, row, {"status": status, "updated_at": tx.at})
    data = updated(row, message.chat_id, STATUS)
    event = tx.emit(Draft(CHANNEL, "message.updated", data, row["id"], desk.who.name))
    return Written(message_view(row, message.chat_id), event.seq)


def delete(desk: Desk, message: Subject) -> Written:
    """
    Take the text away, from the row, from all events of the message, from the index; with
    it its reactions, its salt, and the digest of the request that sent it. What SQLite
    leaves behind goes by `store.scrub`.
    """
    tx, row = desk.tx, message.row
    if row["deleted_at"] is not None:
        return Written(message.view, NO_EVENT)
    deleter = desk.people.of(tx, desk.who).id
    before = fingerprint(row["content"], row["salt"] or token_hex(_SALT_BYTES))
    rows.remove_reactions(tx, row["id"])
    scrub.forget_events(tx, row["id"], dumps({**message.ids, "deleted": True}))
    idempotency.forget_bodies(tx, [row["id"]], row["created_at"])
    changes = {"salt": None, "deleted_at": tx.at, "deleted_by": deleter, "updated_at": tx.at}
    row = rows.erase(tx, row, changes)
    view = message_view(row, message.chat_id)
    data = {**message.ids, "deleted_by": deleter, "deleted_at": view["deleted_at"]}
    event = tx.emit(Draft.of(CHANNEL, "message.deleted", data, entity_id=row["id"], actor=desk.who.name))
    _audit(desk, "deleted", row, {"before": before})
    return Written(view, event.seq)


def react(desk: Desk, message: Subject, reaction: str) -> Written:
    """Set the reaction of `who`, or remove it by an empty one; `row` is what the event tells."""
    tx, row = desk.tx, message.row
    person = desk.people.of(tx, desk.who)
    data = {
        "message_id": row["id"],
        "message_uuid": row["uuid"],
        "conversation_id": row["conversation_id"],
        "chat_id": message.chat_id,
        "user_id": person.id,
        "sender_id": person.uuid,
        "username": person.name,
        "reaction": reaction,
    }
    if (rows.reaction_of(tx, row["id"], person.id) or "") == reaction:
        return Written(data, NO_EVENT)
    if reaction:
        tx.insert(reactions, {"message_id": row["id"], "user_id": person.id, "reaction": reaction, "created_at": tx.at})
    else:
        rows.remove_reaction(tx, row["id"], person.id)
    draft = Draft.of(CHANNEL, "reaction.updated", data, entity_id=row["id"], actor=desk.who.name)
    return Written(data, tx.emit(draft).seq)


def updated(row: Row, chat_id: str, change: str, data_limit: int | None = None) -> bytes:
    """The data of a `message.updated`. Raises Problem `too_large`."""
    return within(dumps({**message_view(row, chat_id), "change": change}), data_limit)


def within(data: bytes, limit: int | None) -> bytes:
    """The data, if it is not too long. Raises Problem `too_large`."""
    if limit is not None and len(data) > limit:
        raise Problem("too_large", f"An event holds at most {limit} bytes; this one has {len(data)}.")
    return data


def _subject(desk: Desk, row: Row) -> Subject:
    conversation = conversation_rows.find(desk.tx, row["conversation_id"])
    assert conversation is not None
    return Subject(row, conversation["uuid"])


def _audit(desk: Desk, done: str, row: Row, details: dict[str, Any]) -> None:
    ids = {"conversation_id": row["conversation_id"], "message_id": row["id"]}
    tell = desk.tx.audit
    tell(f"message_{done}", {**ids, **details}, user_id=desk.who.user_id, username=desk.who.name)
