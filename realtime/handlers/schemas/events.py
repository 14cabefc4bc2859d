"""
Every type of event and signal: on which channel it comes, what its data is, an example of it.

The documents are made from this: the data by the schemas of the rows, the frames by letting
the dialects speak (`realtime.shapes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema

from realtime.channels import GENERAL
from realtime.dialects.roster import LEVELS, NOTICE
from realtime.handlers.schemas.desk import Conversation, Message, Rating, ReactionTold
from realtime.handlers.schemas.examples import ANA, CHAT, EXAMPLES
from realtime.handlers.schemas.telemetry import SCHEMAS
from realtime.shapes import MOMENT, whole
from realtime.store.telemetry import ANOMALY, READING, Kind

Data = dict[str, Any]

STRING: Final = {"type": "string"}
INTEGER: Final = {"type": "integer", "minimum": 1}
NATURAL: Final = {"type": "integer", "minimum": 0}
_NULLABLE: Final = {"type": ["integer", "null"], "minimum": 1}
_SECONDS: Final = {"type": ["integer", "null"], "minimum": 0, "description": "Whole seconds; null without a sample."}

ENTRY: Final = whole(
    {
        "id": INTEGER,
        "action": STRING,
        "details": {"type": "object"},
        "user": whole({"id": {"type": ["integer", "null"]}, "username": STRING}),
        "timestamp": STRING,
    },
    "An entry of the audit log.",
)
_PERSON: Final = whole({"user_id": STRING, "username": STRING})
_USER: Final = whole(
    {
        "user_id": {**_NULLABLE, "description": "Null for a guest, who only says who it is."},
        "uuid": STRING,
        "username": STRING,
        "status": {"type": "string", "enum": ["online", "offline"]},
        "last_seen": MOMENT,
    }
)
_DELETED: Final = whole(
    {
        "id": INTEGER,
        "uuid": STRING,
        "conversation_id": INTEGER,
        "chat_id": STRING,
        "deleted_by": {**INTEGER, "description": "The user."},
        "deleted_at": MOMENT,
    },
    "What is left of a message that was deleted.",
)
SCRUBBED: Final = "Scrubbed"
LEFT: Final = whole(
    {
        "id": INTEGER,
        "uuid": STRING,
        "conversation_id": INTEGER,
        "chat_id": STRING,
        "deleted": {"const": True},
    },
    "The data of an earlier event of a message that was deleted, in the canonical form.",
)
_FIGURES: Final = whole(
    {
        **dict.fromkeys(("total_conversations", "open_conversations", "closed_conversations"), NATURAL),
        "average_satisfaction": {"type": ["number", "null"], "minimum": 1, "maximum": 5},
        "resolution_rate": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "response_time": _SECONDS,
    }
)
_TYPING: Final = whole(
    {
        "conversation_id": INTEGER,
        "chat_id": STRING,
        "user_id": INTEGER,
        "sender_id": STRING,
        "username": STRING,
        "typing": {"type": "boolean"},
    }
)
_SYSTEM: Final = whole({"message": STRING, "data": {"type": "object"}})

Shape = Schema | Data


@dataclass(frozen=True, slots=True)
class Told:
    """
    A type of event, or of signal (`passing`). `name` is that of its data among the document's
    schemas, `shape` the data: a row's schema or a JSON Schema; `fixed` are members of it whose
    values the type decides, one set for each variant. `entity` says whether an event names its
    row: always (True), never (False), or not always (None). `there` are members that, other than in
    the row, are never null; `scrubbed`: deleting the message leaves only LEFT. `example` is data.
    """

    channel: str
    type: str
    says: str
    name: str
    shape: Shape
    example: Mapping[str, Any]
    entity: bool | None = True
    passing: bool = False
    fixed: tuple[Mapping[str, Any], ...] = ({},)
    there: tuple[str, ...] = ()
    scrubbed: bool = False


def _domain(kind: Kind) -> Iterator[Told]:
    word = kind.word
    for done in ("created", "updated") if kind is READING else ("created", "updated", "deleted"):
        said = f"{'An' if kind is ANOMALY else 'A'} {word} was {done}" + (
            "; the data is its last row." if done == "deleted" else "."
        )
        yield Told(kind.channel, f"{word}.{done}", said, word.title(), SCHEMAS[kind], EXAMPLES[word])
    for other, about, said in (
        ("anomaly", "detected", "An anomaly was found; follows its `anomaly.created`."),
        ("prediction", "completed", "A prediction is complete, for the first time."),
    ):
        if word == other:
            yield Told(kind.channel, f"{word}.{about}", said, word.title(), SCHEMAS[kind], EXAMPLES[word])


def _system() -> Iterator[Told]:
    example = {"message": "Sistema iniciado correctamente", "data": {}}
    for level in LEVELS:
        said = "The server, or a program in it, says something; on `readings` a warning tells of one deleted."
        yield Told(GENERAL, f"system.{level}", said, "System", _SYSTEM, example, entity=None)


def _desk() -> Iterator[Told]:
    for change, said in {
        "created": "A conversation was opened.",
        "updated": "A conversation was changed.",
        "assigned": "A conversation was given to somebody, or to nobody.",
        "closed": "A conversation was closed; a rating is asked for.",
        "reopened": "A closed conversation was opened again.",
    }.items():
        status = {"status": "closed", "closed_at": "2024-01-01T10:30:00.000Z"} if change == "closed" else {}
        example = {**EXAMPLES["conversation"], **status}
        yield Told("chat", f"conversation.{change}", said, "Conversation", Conversation(), example)
    message, deleted = EXAMPLES["message"], EXAMPLES["deleted"]
    yield Told(
        *("chat", "message.created", "Somebody said something.", "Message", Message(), message),
        scrubbed=True,
    )
    said = "A message was edited, or its delivery went on."
    edited = {**message, "content": "Nova mensagem, corrigida", "edited_at": "2024-01-01T10:04:00.000Z"}
    changes: tuple[Data, ...] = ({"change": "edited"}, {"change": "status"})
    yield Told(
        *("chat", "message.updated", said, "MessageUpdated", Message(), {**edited, **changes[0]}),
        fixed=changes,
        scrubbed=True,
    )
    said = "A message was deleted; its earlier events have lost their text."
    yield Told("chat", "message.deleted", said, "MessageDeleted", _DELETED, deleted)
    said = "Somebody reacted to a message; the empty reaction takes it back."
    yield Told("chat", "reaction.updated", said, "Reaction", ReactionTold(), EXAMPLES["reaction"], scrubbed=True)
    yield Told(
        *("csat", "csat.created", "A rating was given.", "Rating", Rating(), EXAMPLES["rating"]),
        there=("answered_at", "rating"),
    )
    yield Told("audit", "audit.created", "Somebody did what is written down.", "AuditEntry", ENTRY, EXAMPLES["entry"])


def _users() -> Iterator[Told]:
    for status, said in (("online", "Somebody came."), ("offline", "Somebody left, and has not come back in time.")):
        fixed = ({"status": status},)
        example = {**EXAMPLES["user"], "status": status}
        yield Told("users", f"user.{status}", said, "User", _USER, example, entity=None, fixed=fixed)


OWN: Final = Told(
    *("plaza", "publication.created", "Somebody published on a channel of the users' own: any JSON."),
    *("Publication", {}, {"hola": "mundo"}),
    entity=False,
)
"""Its channel stands for all that users name."""

EVENTS: Final = (*(told for kind in SCHEMAS for told in _domain(kind)), *_system(), *_desk(), *_users(), OWN)
"""All types of event, by channel."""

_LISTED: Final = {"users": [{"user_id": ANA, "username": "ana"}]}

SIGNALS: Final = (
    Told(
        *(
            "csat",
            "dashboard_metrics",
            "The figures of the last 30 days, at once and when they have changed.",
            "Figures",
        ),
        _FIGURES,
        {
            "total_conversations": 100,
            "open_conversations": 25,
            "closed_conversations": 75,
            "average_satisfaction": 4.2,
            "resolution_rate": 0.85,
            "response_time": 120,
        },
        passing=True,
    ),
    Told(
        *("chat", "typing", "Somebody writes, or has stopped; forget it after some seconds.", "Typing", _TYPING),
        {"conversation_id": 1, "chat_id": CHAT, "user_id": 4, "sender_id": ANA, "username": "ana", "typing": True},
        passing=True,
    ),
    Told(
        *("users", "users:list", "Who is online: at once, and after a change.", "UserList"),
        *(whole({"users": {"type": "array", "items": _PERSON}}), _LISTED),
        passing=True,
    ),
    Told(
        *(GENERAL, NOTICE, "An admin says something to this connection alone.", "Notice"),
        whole({"level": {"type": "string", "enum": list(LEVELS)}, "message": STRING, "timestamp": MOMENT}),
        {"level": "info", "message": "Back in five minutes", "timestamp": "2024-01-01T10:00:00.000Z"},
        passing=True,
    ),
)
"""What is told in passing: it has no `seq` and is never stored."""
