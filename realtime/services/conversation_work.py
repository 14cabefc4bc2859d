"""
What happens to a conversation inside a unit of work: its row, its event, its audit entry
and what the metrics note, together. Messages use this too: one that comes from a customer
opens a conversation, or opens it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from realtime.errors import Problem, invalid
from realtime.events import Draft
from realtime.policy import Principal, Role
from realtime.services import metrics
from realtime.services.desk_rows import conversation_view
from realtime.services.people import People
from realtime.services.users import folded
from realtime.store import accounts, search
from realtime.store import conversations as rows
from realtime.store import csat as csat_rows
from realtime.store.desk_tables import conversations, conversations_search, csat
from realtime.store.transaction import Row, Transaction

CHANNEL: Final = "chat"
OPEN: Final = "open"
CLOSED: Final = "closed"

Moves = tuple[tuple[str, int], ...]

_ASSIGNABLE: Final = (Role.AGENT, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Desk:
    """In what transaction something happens, and who does it."""

    tx: Transaction
    who: Principal
    people: People

    def find(self, key: int | str) -> Row:
        """The conversation with this id or uuid. Raises Problem `not_found`."""
        row = rows.find(self.tx, key)
        if row is None:
            raise missing(key)
        return row

    def view(self, row: Row) -> dict[str, Any]:
        """The conversation as events show it."""
        return conversation_view(row, self.people.name(self.tx, row["assignee_id"]))

    def emit(self, done: str, row: Row) -> int:
        """Tell of the conversation as it is now; returns the `seq`."""
        draft = Draft.of(CHANNEL, f"conversation.{done}", self.view(row), entity_id=row["id"], actor=self.who.name)
        return self.tx.emit(draft).seq

    def audit(self, done: str, row: Row, details: Mapping[str, Any]) -> None:
        """Write the audit entry of what was just told."""
        self.tx.audit(
            f"conversation_{done}",
            {"conversation_id": row["id"], **details},
            user_id=self.who.user_id,
            username=self.who.name,
        )


def missing(key: int | str) -> Problem:
    """There is no such conversation."""
    return Problem("not_found", f"There is no conversation {key}.")


def make(desk: Desk, *, uuid: str, contact_uuid: str, contact_name: str, origin: str, assignee: int | None) -> Row:
    """Store a new conversation, which is open; `tell_made` tells of it."""
    tx = desk.tx
    row: Row = {
        "id": tx.next_id(conversations),
        "uuid": uuid,
        "contact_uuid": contact_uuid,
        "contact_name": contact_name,
        "assignee_id": assignee,
        "status": OPEN,
        "origin_channel": origin,
        "cycle": 1,
        "waiting_since": None,
        "answered": False,
        "last_message_at": None,
        "closed_at": None,
        "created_at": tx.at,
        "updated_at": tx.at,
    }
    tx.insert(conversations, row)
    search.add(tx, conversations_search, row["id"], contact_name)
    metrics.conversation_created(tx, row)
    return row


def tell_made(desk: Desk, row: Row) -> int:
    """The event and the audit entry (with the seed's two details) of a conversation that was made."""
    seq = desk.emit("created", row)
    desk.audit("created", row, {"contact_name": row["contact_name"]})
    return seq


def close(desk: Desk, row: Row) -> tuple[Row, int]:
    """Close an open conversation and ask for a rating; emits `conversation.closed`."""
    tx, before = desk.tx, row["status"]
    row = tx.change(conversations, row, {"status": CLOSED, "closed_at": tx.at, "updated_at": tx.at})
    metrics.conversation_closed(tx, row)
    _ask(tx, row)
    seq = desk.emit("closed", row)
    desk.audit("closed", row, _difference({"status": before}, row))
    return row, seq


def reopen(desk: Desk, row: Row, status: str = OPEN) -> tuple[Row, int]:
    """Open a closed conversation again, in its next cycle; emits `conversation.reopened`."""
    tx = desk.tx
    values = {"status": status, "closed_at": None, "cycle": row["cycle"] + 1, "updated_at": tx.at}
    row = tx.change(conversations, row, values)
    metrics.conversation_reopened(tx, row)
    seq = desk.emit("reopened", row)
    desk.audit("reopened", row, _difference({"status": CLOSED}, row))
    return row, seq


def change(desk: Desk, row: Row, done: str, values: Row) -> tuple[Row, int]:
    """Set columns that make nothing else happen; emits `conversation.<done>`."""
    before = {name: row[name] for name in values}
    if (renamed := values.get("contact_name")) is not None:
        search.remove(desk.tx, conversations_search, row["id"], row["contact_name"])
        search.add(desk.tx, conversations_search, row["id"], renamed)
    row = desk.tx.change(conversations, row, {**values, "updated_at": desk.tx.at})
    seq = desk.emit(done, row)
    desk.audit(done, row, _difference(before, row))
    return row, seq


def assignable(tx: Transaction, key: int | str | None) -> int | None:
    """The id of the user (by id, uuid or name) to whom conversations can be given. Raises Problem `invalid`."""
    if key is None:
        return None
    user = accounts.user_in(tx, key)
    if user is None and isinstance(key, str):
        user = accounts.user_folded(tx, folded(key))
    if user is None or not user["active"] or user["role"] not in _ASSIGNABLE:
        raise invalid(assignee="Must be the id, the uuid or the name of an active user who is an agent or an admin.")
    return int(user["id"])


def new_id() -> str:
    """A uuid for what no client has named."""
    return str(uuid4())


def _ask(tx: Transaction, row: Row) -> None:
    """Ask for a rating of the cycle that ends."""
    known = csat_rows.find(tx, row["id"], row["cycle"])
    if known is not None:
        csat_rows.change(tx, known["id"], {"asked_at": tx.at, "updated_at": tx.at})
    else:
        csat_row(tx, row, asked_at=tx.at)


def csat_row(tx: Transaction, conversation: Row, **values: Any) -> Row:
    """Store a row for the rating of the present cycle, with these values."""
    row: Row = {
        "id": tx.next_id(csat),
        "conversation_id": conversation["id"],
        "cycle": conversation["cycle"],
        **dict.fromkeys(("asked_at", "answered_at", "rating", "feedback")),
        **values,
        "created_at": tx.at,
        "updated_at": tx.at,
    }
    tx.insert(csat, row)
    return row


def _difference(before: Row, row: Row) -> dict[str, Any]:
    """What the audit log says of a change, under the names that are shown."""
    shown = {"assignee_id": "assignee"}
    return {
        "before": {shown.get(name, name): value for name, value in before.items()},
        "after": {shown.get(name, name): row[name] for name in before},
    }
