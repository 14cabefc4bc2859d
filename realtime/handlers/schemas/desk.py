"""The bodies of the support desk."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields as plain

from realtime.handlers.schemas import fields
from realtime.handlers.schemas.accounts import UserKey
from realtime.handlers.schemas.checking import Body, View
from realtime.handlers.schemas.telemetry import Row
from realtime.services.conversations import ORIGIN
from realtime.services.desk_checks import (
    CONTENT_LIMIT,
    DELIVERY,
    FEEDBACK_LIMIT,
    MESSAGE_TYPES,
    NAME_LIMIT,
    ORIGIN_LIMIT,
    RATINGS,
    REACTION_LIMIT,
    SENDERS,
    STATUSES,
)
from realtime.store.conversation_summaries import EXCERPT, UNREAD_WITHIN

_ASSIGNEE: Final = "The id, the uuid or the name of an active user who is an agent or an admin; null for nobody."


def _content(**more: Any) -> plain.String:
    # One that is longer is refused by the service, with the same code on every door.
    return fields.text(CONTENT_LIMIT, counted=False, metadata={"maxLength": CONTENT_LIMIT}, **more)


class LastMessage(View):
    """What was said last in a conversation: the beginning of it, nothing of a deleted one."""

    id = fields.identifier()
    sender = fields.choice(*SENDERS)
    sender_name = plain.String()
    message_type = fields.choice(*MESSAGE_TYPES)
    content = plain.String(metadata={"maxLength": EXCERPT})
    deleted_at = fields.moment(allow_none=True)
    created_at = fields.moment()


class Nothing(Body):
    """The body of what takes none."""


class Conversation(Row):
    """A conversation between a contact and the team; `assignee` is shown as an id."""

    uuid = plain.String(dump_only=True)
    contact_id = plain.String(dump_only=True, metadata={"description": "The contact's uuid."})
    contact_name = fields.text(NAME_LIMIT, required=True)
    assignee = UserKey(
        load_default=None,
        allow_none=True,
        error_messages={"invalid": _ASSIGNEE},
        metadata={"type": ["integer", "string"], "description": _ASSIGNEE},
    )
    assignee_name = plain.String(dump_only=True, allow_none=True)
    status = fields.choice(*STATUSES, load_default=STATUSES[0])
    origin_channel = fields.text(ORIGIN_LIMIT, load_default=ORIGIN)
    cycle = fields.identifier(dump_only=True)
    last_message_at = fields.moment(dump_only=True, allow_none=True)
    closed_at = fields.moment(dump_only=True, allow_none=True)


class ConversationSummary(Conversation):
    """A conversation as lists show it; the last two fields are there where `summary` asks for them."""

    last_message = plain.Nested(LastMessage, dump_only=True, allow_none=True)
    unread = fields.whole(
        0, UNREAD_WITHIN, dump_only=True, metadata={"description": "The customer's messages that nobody has read."}
    )


class ReactionView(View):
    """What one user thinks of a message."""

    user_id = fields.identifier()
    username = plain.String()
    reaction = plain.String()


class NewMessage(Body):
    """A message to be sent, or one that somebody else said; `content` is the URL of what is not text."""

    content = _content(required=True)
    sender = fields.choice(*SENDERS, load_default="agent")
    message_type = fields.choice(*MESSAGE_TYPES, load_default=MESSAGE_TYPES[0])


class Message(View):
    """A message, as answers show it; a deleted one has no content."""

    id = fields.identifier()
    uuid = plain.String()
    conversation_id = fields.identifier()
    chat_id = plain.String(metadata={"description": "The conversation's uuid."})
    content = plain.String()
    sender = fields.choice(*SENDERS)
    sender_id = plain.String()
    sender_name = plain.String()
    user_id = fields.identifier()
    message_type = fields.choice(*MESSAGE_TYPES)
    status = fields.choice(*DELIVERY)
    edited_at = fields.moment(allow_none=True)
    deleted_at = fields.moment(allow_none=True)
    created_at = fields.moment()
    updated_at = fields.moment()
    reactions = plain.List(plain.Nested(ReactionView))


class Edit(Body):
    """Another text for a message."""

    content = _content(required=True)


class MessageChange(Body):
    """What of a message can change, one at a time: its text, or how far its delivery is, which never goes back."""

    content = _content()
    status = fields.choice(*DELIVERY)


class Reaction(Body):
    """One's own reaction to a message; the empty one removes it."""

    reaction = fields.short(REACTION_LIMIT, required=True)


class ReactionTold(View):
    """A reaction, as its event tells it."""

    message_id = fields.identifier()
    message_uuid = plain.String()
    conversation_id = fields.identifier()
    chat_id = plain.String()
    user_id = fields.identifier()
    sender_id = plain.String()
    username = plain.String()
    reaction = plain.String()


class NewRating(Body):
    """What a customer says of the service."""

    rating = fields.whole(RATINGS[0], RATINGS[-1], required=True)
    feedback = fields.short(FEEDBACK_LIMIT, load_default=None, allow_none=True)


class Rating(View):
    """
    The rating of one cycle of a conversation, as answers show it: null until it is given;
    `asked_at` is when the conversation closed.
    """

    id = fields.identifier()
    conversation_id = fields.identifier()
    chat_id = plain.String()
    cycle = fields.identifier()
    contact_name = plain.String()
    asked_at = fields.moment(allow_none=True)
    answered_at = fields.moment(allow_none=True)
    rating = fields.whole(RATINGS[0], RATINGS[-1], allow_none=True)
    feedback = plain.String(allow_none=True)
    created_at = fields.moment()
    updated_at = fields.moment()
