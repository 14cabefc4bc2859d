"""What the OpenAPI document says of the routes of the support desk, and of the audit log's list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from realtime.handlers import filters
from realtime.handlers.desk import ANSWERED, DELIVERED, KEY, MESSAGE_TYPE, NAME, RATING, SENDER, STATUS
from realtime.handlers.filters import Filter
from realtime.handlers.schemas.desk import (
    Conversation,
    ConversationSummary,
    Edit,
    Message,
    MessageChange,
    NewMessage,
    NewRating,
    Rating,
    Reaction,
    ReactionTold,
    ReactionView,
)
from realtime.handlers.telemetry_docs import IDEMPOTENCY, PAGING
from realtime.openapi import INTEGER, STRING, Operation, Parameter, page_of

_ASKED: Final = ("unauthenticated", "not_permitted")
_ONE: Final = (*_ASKED, "not_found")
_BODY: Final = ("invalid", "malformed", *_ASKED, "stalled_body", "too_large", "unsupported_media_type")
_KEYED: Final = (*_BODY, "in_progress", "key_reused")
_CONVERSATIONS: Final = "/api/v1/conversations/"
_CONVERSATION: Final = "/api/v1/conversations/{conversation}/"
_MESSAGE: Final = "/api/v1/messages/{message}/"
_ID: Final = {"anyOf": [INTEGER, {"type": "string", "pattern": f"^{NAME}$"}]}
_PATH: Final = re.compile(r"\{(\w+)\}")
_SEARCH: Final = "All these words, in any order, without case and accents; the last may be the beginning of one."


def _filters(moment: str, rules: Mapping[str, tuple[Filter, str]]) -> tuple[Parameter, ...]:
    said = {
        "since": f"Those of which {moment} is this or later.",
        "until": f"Those of which {moment} is earlier.",
    }
    own = (Parameter(name, f"{about} {rule.allowed}", rule.schema) for name, (rule, about) in rules.items())
    times = (
        Parameter(name, f"{about} {filters.TIMES[name].allowed}", filters.TIMES[name].schema)
        for name, about in said.items()
    )
    return (*own, *times, *PAGING)


def _listed(summary: str, tag: str, item: Any, parameters: tuple[Parameter, ...], *errors: str) -> Operation:
    return Operation(summary, tag, answer=page_of(item), parameters=parameters, errors=("invalid", *_ASKED, *errors))


_BY_ACTIVITY: Final = Parameter(
    "ordering",
    "`-id` for the newest first; `-activity` for the one with the newest message first (then without `id_after`).",
    {"type": "string", "enum": ["id", "-id", "-activity"]},
)
_SUMMARY: Final = Parameter(
    "summary", "Whether to add `last_message` and `unread`. true or false.", filters.FLAG.schema
)
_CONVERSATION_FILTERS: Final = _filters(
    "`created_at`",
    {
        "status": (STATUS, "Those of this status."),
        "assignee": (KEY, "Those given to this user, by id, uuid or name."),
        "assigned": (filters.FLAG, "Those that somebody has, or nobody."),
        "contact": (filters.TEXT, "Those of this contact: the uuid, or beginnings of words of the name."),
        "search": (filters.TEXT, f"Those with a message or a contact's name of such words. {_SEARCH}"),
    },
)
_CONVERSATION_LIST: Final = (
    *(_BY_ACTIVITY if parameter.name == "ordering" else parameter for parameter in _CONVERSATION_FILTERS),
    _SUMMARY,
)
_MESSAGE_FILTERS: Final = _filters(
    "`created_at`",
    {
        "sender": (SENDER, "Those of this sender."),
        "status": (DELIVERED, "Those whose delivery is this far."),
        "message_type": (MESSAGE_TYPE, "Those of this type."),
        "search": (filters.TEXT, f"Those of such words. {_SEARCH}"),
    },
)
_OF_ANY: Final = {
    "rating": (RATING, "Those that say this."),
    "answered": (ANSWERED, "Those that have, or have not, a rating."),
}
_RATING_FILTERS: Final = _filters("`answered_at`", {"conversation_id": (KEY, "Those of this conversation."), **_OF_ANY})

_ENTRY: Final = {
    "type": "object",
    "description": "An entry, as the dashboard's `audit_log` shows it.",
    "required": ["id", "action", "details", "user", "timestamp"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "action": STRING,
        "details": {"type": "object"},
        "user": {
            "type": "object",
            "required": ["id", "username"],
            "properties": {"id": {"type": ["integer", "null"]}, "username": STRING},
        },
        "timestamp": STRING,
    },
}


def _turn(summary: str, said: str) -> Operation:
    return Operation(
        summary,
        "conversations",
        said,
        answer=Conversation(),
        parameters=(IDEMPOTENCY,),
        errors=(*_KEYED, "not_found"),
        writes=True,
    )


def _with_keys(operations: Mapping[str, Operation]) -> dict[str, Operation]:
    """The operations, each with what its path takes for an id."""
    found = {}
    for place, operation in operations.items():
        keys = (
            Parameter(name, f"The {name}'s id or uuid.", _ID, required=True, place="path")
            for name in _PATH.findall(place)
        )
        found[place] = replace(operation, parameters=(*keys, *operation.parameters))
    return found


def _conversations() -> dict[str, Operation]:
    row, shown, tag = Conversation(), ConversationSummary(), "conversations"
    changes = Conversation(partial=True)
    errors = (*_BODY, "not_found")
    return {
        f"GET {_CONVERSATIONS}": _listed("List conversations", tag, shown, _CONVERSATION_LIST),
        f"POST {_CONVERSATIONS}": Operation(
            "Create a conversation",
            tag,
            answer=row,
            status=201,
            body=row,
            parameters=(IDEMPOTENCY,),
            errors=_KEYED,
            writes=True,
        ),
        f"GET {_CONVERSATION}": Operation(
            "One conversation", tag, answer=shown, parameters=(_SUMMARY,), errors=("invalid", *_ONE)
        ),
        f"PUT {_CONVERSATION}": Operation(
            "Replace what can change of a conversation", tag, answer=row, body=row, errors=errors, writes=True
        ),
        f"PATCH {_CONVERSATION}": Operation(
            "Change a conversation",
            tag,
            "A status that closes or reopens does what `close/` and `reopen/` do.",
            answer=row,
            body=changes,
            errors=errors,
            writes=True,
        ),
        f"POST {_CONVERSATION}close/": _turn("Close a conversation", "Asks for a rating. One that is closed stays so."),
        f"POST {_CONVERSATION}reopen/": _turn("Reopen a conversation", "One that is not closed stays as it is."),
    }


def _messages() -> dict[str, Operation]:
    row, tag = Message(), "messages"
    errors = (*_BODY, "not_found")
    many = f"{_CONVERSATION}messages/"
    return {
        f"GET {many}": _listed("List the messages of a conversation", tag, row, _MESSAGE_FILTERS, "not_found"),
        f"POST {many}": Operation(
            "Send a message, or record what somebody else said",
            tag,
            "One that is recorded for the customer opens a closed conversation again. What is not text is"
            " an http or https URL.",
            answer=row,
            status=201,
            body=NewMessage(),
            parameters=(IDEMPOTENCY,),
            errors=(*_KEYED, "not_found"),
            writes=True,
        ),
        f"GET {_MESSAGE}": Operation("One message", tag, answer=row, errors=_ONE),
        f"PUT {_MESSAGE}": Operation(
            "Edit a message", tag, "The author's, or an admin's.", answer=row, body=Edit(), errors=errors, writes=True
        ),
        f"PATCH {_MESSAGE}": Operation(
            "Edit a message, or note that it was delivered or read",
            tag,
            answer=row,
            body=MessageChange(),
            errors=errors,
            writes=True,
        ),
        f"DELETE {_MESSAGE}": Operation(
            "Delete a message",
            tag,
            "The author's, or an admin's. The text goes from the row, from all events, from the index.",
            status=204,
            errors=_ONE,
            writes=True,
        ),
        **_reactions(tag),
    }


def _reactions(tag: str) -> dict[str, Operation]:
    path = f"{_MESSAGE}reactions/"
    return {
        f"GET {path}": _listed("List the reactions to a message", tag, ReactionView(), PAGING[:2], "not_found"),
        f"POST {path}": Operation(
            "Set one's own reaction to a message",
            tag,
            "The empty one removes it.",
            answer=ReactionTold(),
            body=Reaction(),
            parameters=(IDEMPOTENCY,),
            errors=(*_KEYED, "not_found"),
            writes=True,
        ),
        f"DELETE {path}": Operation(
            "Remove one's own reaction to a message", tag, status=204, errors=_ONE, writes=True
        ),
    }


def _ratings() -> dict[str, Operation]:
    row, tag, own = Rating(), "csat", f"{_CONVERSATION}csat/"
    return {
        "GET /api/v1/csat/": _listed("List ratings", tag, row, _RATING_FILTERS),
        f"GET {own}": _listed(
            "List the ratings of a conversation", tag, row, _filters("`answered_at`", _OF_ANY), "not_found"
        ),
        f"POST {own}": Operation(
            "Rate a conversation",
            tag,
            "Its present cycle; a later rating takes the place of an earlier one.",
            answer=row,
            status=201,
            body=NewRating(),
            parameters=(IDEMPOTENCY,),
            errors=(*_KEYED, "not_found"),
            writes=True,
        ),
    }


def _audit() -> dict[str, Operation]:
    rules = {
        "action": (filters.TEXT, "Entries of this action, as `conversation_created`."),
        "user": (KEY, "What this user did, by id, uuid or name."),
    }
    return {"GET /api/v1/audit-logs/": _listed("List the audit log", "audit", _ENTRY, _filters("the time", rules))}


DOCS: Final = _with_keys({**_conversations(), **_messages(), **_ratings(), **_audit()})
