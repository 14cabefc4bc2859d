"""
The dialect of the support desk's dashboard (seed 001): `{"type", "data"}`, with `seq` and
`replayed` beside them. Seven types have exactly the seed's fields. Those that are ours
(`message_updated`, `conversation_updated`, `system_notice`) are for everybody too, but
`typing` is only for clients that opted in.

No frame here is of the type `connected`, `disconnected`, `error` or `reconnect_failed`:
the seed's clients use those names for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from realtime.dialects.roster import NOTICE
from realtime.events import Event, Signal
from realtime.jsonio import dumps, loads_trusted

AUDIT_LOG: Final = "audit_log"
CONVERSATION_UPDATED: Final = "conversation_updated"
METRICS: Final = "dashboard_metrics"
TYPING: Final = "typing"

Translate = Callable[[dict[str, Any], Event], dict[str, Any]]


def seconds(time: str) -> str:
    """A time as the seed writes it: `2024-01-01T10:00:00.123Z` → `2024-01-01T10:00:00Z`."""
    return time[:19] + "Z"


class Dashboard:
    """The dashboard dialect; it has no word for the sensor domain and for own channels."""

    name = "dashboard"

    def event(self, event: Event, *, replayed: bool = False) -> bytes | None:
        """The seed's frame of the event, key for key, then `seq`; None for one whose text was deleted."""
        if event.type == "audit.created":
            kind, told = AUDIT_LOG, event.data
        elif word := WORDS.get(event.type):
            kind, translate = word
            data = loads_trusted(event.data)
            if data.get("deleted") is True and event.type != "message.deleted":
                return None
            told = dumps(translate(data, event))
        else:
            return None
        return _frame(kind, told, f',"seq":{event.seq}'.encode() + (b',"replayed":true' if replayed else b""))

    def signal(self, signal: Signal) -> bytes | None:
        """The frame of a signal; it has no `seq`."""
        if signal.type == METRICS:
            return _frame(METRICS, signal.data)
        if signal.type == TYPING:
            return _frame(TYPING, dumps(_typing(loads_trusted(signal.data))))
        if signal.type == NOTICE:
            return _frame("system_notice", dumps(_notice(loads_trusted(signal.data))))
        return None


DASHBOARD: Final = Dashboard()


def _frame(kind: str, data: bytes, beside: bytes = b"") -> bytes:
    return b'{"type":"' + kind.encode() + b'","data":' + data + beside + b"}"


def _chat_message(message: dict[str, Any], event: Event) -> dict[str, Any]:
    return {
        "conversation_id": message["conversation_id"],
        "message": {
            "id": message["id"],
            "content": message["content"],
            "sender": message["sender"],
            "timestamp": seconds(message["created_at"]),
            "message_type": message["message_type"],
        },
    }


def _message_updated(message: dict[str, Any], event: Event) -> dict[str, Any]:
    return {
        "conversation_id": message["conversation_id"],
        "message_id": message["id"],
        "content": message["content"],
        "status": message["status"],
        "updated_at": seconds(message["updated_at"]),
    }


def _message_deleted(message: dict[str, Any], event: Event) -> dict[str, Any]:
    return {"message_id": message["id"], "deleted_by": message["deleted_by"]}


def _message_reaction(reaction: dict[str, Any], event: Event) -> dict[str, Any]:
    return {name: reaction[name] for name in ("message_id", "reaction", "user_id")}


def _csat_update(rating: dict[str, Any], event: Event) -> dict[str, Any]:
    return {
        "conversation_id": rating["conversation_id"],
        "rating": rating["rating"],
        # The seed's clients print it into a sentence.
        "feedback": rating["feedback"] or "",
        "contact_name": rating["contact_name"],
        "timestamp": seconds(rating["answered_at"]),
    }


def _user_status(user: dict[str, Any], event: Event) -> dict[str, Any]:
    return {"user_id": user["user_id"], "status": user["status"], "last_seen": seconds(user["last_seen"])}


def _conversation_updated(conversation: dict[str, Any], event: Event) -> dict[str, Any]:
    return {
        "conversation_id": conversation["id"],
        "change": event.type.partition(".")[2],
        "status": conversation["status"],
        "contact_name": conversation["contact_name"],
        "assignee": conversation["assignee"],
        "assignee_name": conversation["assignee_name"],
        "origin_channel": conversation["origin_channel"],
        "updated_at": seconds(conversation["updated_at"]),
    }


def _typing(typing: dict[str, Any]) -> dict[str, Any]:
    return {name: typing[name] for name in ("conversation_id", "user_id", "username", "typing")}


def _notice(notice: dict[str, Any]) -> dict[str, Any]:
    return {**notice, "timestamp": seconds(notice["timestamp"])}


WORDS: Final[dict[str, tuple[str, Translate]]] = {
    "message.created": ("chat_message", _chat_message),
    "message.updated": ("message_updated", _message_updated),
    "message.deleted": ("message_deleted", _message_deleted),
    "reaction.updated": ("message_reaction", _message_reaction),
    "csat.created": ("csat_update", _csat_update),
    "user.online": ("user_status", _user_status),
    "user.offline": ("user_status", _user_status),
} | {
    f"conversation.{change}": (CONVERSATION_UPDATED, _conversation_updated)
    for change in ("created", "updated", "assigned", "closed", "reopened")
}
"""The frame type of every event but `audit.created`, whose data is the seed's already, and what makes its data."""
