"""Rows of the support desk in the form in which REST and events show them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from realtime.services.telemetry_rows import written
from realtime.store.conversation_summaries import Summary
from realtime.store.transaction import Row

NO_EVENT: Final = 0
"""The `seq` of a write that changed nothing."""


@dataclass(frozen=True, slots=True)
class Written:
    """
    What a write did: the row as it is shown, and the `seq` of its event, `NO_EVENT` (0)
    where there was nothing to change. `moves` is by how much the counts of conversations
    change, as (status, difference).
    """

    row: dict[str, Any]
    seq: int
    moves: tuple[tuple[str, int], ...] = ()


def conversation_view(row: Row, assignee_name: str | None) -> dict[str, Any]:
    """A conversation as REST and the data of its events show it."""
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "contact_id": row["contact_uuid"],
        "contact_name": row["contact_name"],
        "assignee": row["assignee_id"],
        "assignee_name": assignee_name,
        "status": row["status"],
        "origin_channel": row["origin_channel"],
        "cycle": row["cycle"],
        "last_message_at": _moment(row["last_message_at"]),
        "closed_at": _moment(row["closed_at"]),
        "created_at": written(row["created_at"]),
        "updated_at": written(row["updated_at"]),
    }


def summarised(view: dict[str, Any], summary: Summary) -> dict[str, Any]:
    """A conversation as a list shows it that asks for summaries: with `last_message` and `unread`."""
    last = summary.last
    names = ("id", "sender", "sender_name", "message_type", "content")
    shown = last and {
        **{name: last[name] for name in names},
        "deleted_at": _moment(last["deleted_at"]),
        "created_at": written(last["created_at"]),
    }
    return {**view, "last_message": shown, "unread": summary.unread}


def message_view(row: Row, chat_id: str) -> dict[str, Any]:
    """A message as the data of its events shows it; a deleted one has no content."""
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "conversation_id": row["conversation_id"],
        "chat_id": chat_id,
        "content": row["content"],
        "sender": row["sender"],
        "sender_id": row["sender_id"],
        "sender_name": row["sender_name"],
        "user_id": row["user_id"],
        "message_type": row["message_type"],
        "status": row["status"],
        "edited_at": _moment(row["edited_at"]),
        "deleted_at": _moment(row["deleted_at"]),
        "created_at": written(row["created_at"]),
        "updated_at": written(row["updated_at"]),
    }


def with_reactions(row: Row) -> dict[str, Any]:
    """A message as REST shows it: with its `reactions`."""
    return {**message_view(row, row["chat_id"]), "reactions": row["reactions"]}


def csat_view(row: Row, chat_id: str, contact_name: str) -> dict[str, Any]:
    """A rating as REST and the data of its event show it."""
    return {
        "id": row["id"],
        "conversation_id": row["conversation_id"],
        "chat_id": chat_id,
        "cycle": row["cycle"],
        "contact_name": contact_name,
        "asked_at": _moment(row["asked_at"]),
        "answered_at": _moment(row["answered_at"]),
        "rating": row["rating"],
        "feedback": row["feedback"],
        "created_at": written(row["created_at"]),
        "updated_at": written(row["updated_at"]),
    }


def fingerprint(text: str, salt: str) -> dict[str, Any]:
    """What the audit log knows of a text: how many characters it has, and a salted digest (SHA-256, hexadecimal)."""
    return {"length": len(text), "digest": sha256((salt + text).encode()).hexdigest()}


def _moment(at: int | None) -> str | None:
    return None if at is None else written(at)
