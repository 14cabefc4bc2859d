"""
The dialect of the chat socket (seed 004): events of Socket.IO, whose payloads have exactly
the seed's keys, then `seq` and, on replay, `replayed`. Those marked (ours) in the tables
below are told to everybody too.

A frame is the JSON array `["message:send",{…}]`. Where one event has several words, the
arrays stand one after the other with SEPARATOR between them, as polling writes packets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from realtime.dialects import socketio
from realtime.dialects.roster import NOTICE
from realtime.errors import Problem
from realtime.events import Event, Signal
from realtime.jsonio import dumps, loads_trusted

SEPARATOR: Final = socketio.SEPARATOR.encode()

Data = dict[str, Any]


class Chat:
    """The chat dialect; it has no word for the sensor domain, the audit log and own channels."""

    name = "chat"

    def event(self, event: Event, *, replayed: bool = False) -> bytes | None:
        """The seed's frames of the event; None for one whose text was deleted."""
        words = WORDS.get(event.type)
        if words is None:
            return None
        data = loads_trusted(event.data)
        if data.get("deleted") is True and event.type != "message.deleted":
            return None
        place: Data = {"seq": event.seq, "replayed": True} if replayed else {"seq": event.seq}
        return SEPARATOR.join(socketio.event(name, dumps({**told(data), **place})) for name, told in words)

    def signal(self, signal: Signal) -> bytes | None:
        """The frame of a signal; it has no `seq`."""
        if signal.type == "users:list":
            return socketio.event(signal.type, signal.data)
        if signal.type == "typing":
            return socketio.event(signal.type, dumps(_typing(loads_trusted(signal.data))))
        if signal.type == NOTICE:
            return socketio.event("system_notice", dumps(_notice(loads_trusted(signal.data))))
        return None


CHAT: Final = Chat()

_FIELDS: Final = {"content": "body"}
"""Where this dialect has another name for a field than REST."""


def failure(problem: Problem) -> Data:
    """What an acknowledgement says of a command that was refused, in the names that its client knows."""
    errors = {_FIELDS.get(field, field): said for field, said in (problem.errors or {}).items()}
    return socketio.failure(Problem(problem.code, problem.detail, errors=errors))


def seconds(time: str) -> str:
    """A time as the seed writes it: `2024-09-15T10:00:00.123Z` → `2024-09-15T10:00:00Z`."""
    return time[:19] + "Z"


def _send(message: Data) -> Data:
    return {
        "id": message["uuid"],
        "chat_id": message["chat_id"],
        "sender_id": message["sender_id"],
        "body": message["content"],
        "status": message["status"],
        "created_at": seconds(message["created_at"]),
    }


def _update(message: Data) -> Data:
    edited = message["change"] == "edited"
    return {
        "id": message["uuid"],
        "body": message["content"],
        "status": "updated" if edited else message["status"],
        "updated_at": seconds(message["updated_at"]),
    }


def _delete(message: Data) -> Data:
    return {"id": message["uuid"]}


def _reaction(reaction: Data) -> Data:
    return {
        "id": reaction["message_uuid"],
        "chat_id": reaction["chat_id"],
        "user_id": reaction["sender_id"],
        "username": reaction["username"],
        "reaction": reaction["reaction"],
    }


def _conversation(conversation: Data) -> Data:
    return {
        "chat_id": conversation["uuid"],
        "id": conversation["id"],
        "status": conversation["status"],
        "contact_name": conversation["contact_name"],
        "assignee": conversation["assignee"],
        "assignee_name": conversation["assignee_name"],
        "origin_channel": conversation["origin_channel"],
        "updated_at": seconds(conversation["updated_at"]),
    }


def _rating(csat: Data) -> Data:
    return {
        # Events that were kept before ratings said it have none.
        "chat_id": csat.get("chat_id"),
        "conversation_id": csat["conversation_id"],
        "contact_name": csat["contact_name"],
        "rating": csat["rating"],
        "feedback": csat["feedback"] or "",
        "answered_at": seconds(csat["answered_at"]),
    }


def _user(user: Data) -> Data:
    return {"user_id": user["uuid"], "username": user["username"]}


def _gone(user: Data) -> Data:
    return {"user_id": user["uuid"]}


def _typing(typing: Data) -> Data:
    return {
        "chat_id": typing["chat_id"],
        "user_id": typing["sender_id"],
        "username": typing["username"],
        "typing": typing["typing"],
    }


def _notice(notice: Data) -> Data:
    return {**notice, "timestamp": seconds(notice["timestamp"])}


WORDS: Final[dict[str, tuple[tuple[str, Callable[[Data], Data]], ...]]] = {
    "message.created": (("message:send", _send),),
    "message.updated": (("message:update", _update),),
    "message.deleted": (("message:delete", _delete),),
    "reaction.updated": (("message:reaction", _reaction),),  # ours
    "csat.created": (("csat:update", _rating),),  # ours
    "user.online": (("user:connected", _user), ("users:online", _user)),
    "user.offline": (("user:disconnected", _gone),),
} | {
    f"conversation.{change}": (("conversation:update", _conversation),)  # ours
    for change in ("created", "updated", "assigned", "closed", "reopened")
}
"""The Socket.IO events of every event of the log, and what makes the payload of each."""
