"""
The tables of the support desk, beside those of `tables.py`: conversations, messages,
reactions, ratings, presence, and what the metrics are made of.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from realtime.store.tables import ON_CONFLICT, metadata

# `uuid` is what the chat dialect calls a conversation by: any 1 to 64 of [A-Za-z0-9._:-].
# A cycle is the time from opening (or reopening) to closing; `cycle` counts them from 1.
# `waiting_since` is when the customer first wrote since the last human answer, `answered`
# whether a human ever has; both are what the metrics need to be told at the next message.
conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("contact_uuid", Text, nullable=False, index=True),
    Column("contact_name", Text, nullable=False),
    Column("assignee_id", ForeignKey("users.id"), index=True),
    Column("status", Text, nullable=False, index=True),
    Column("origin_channel", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("waiting_since", BigInteger),
    Column("answered", Boolean, nullable=False),
    Column("last_message_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

cycles = Table(
    "cycles",
    metadata,
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    PrimaryKeyConstraint("conversation_id", "cycle"),
)

# What messages say, in rows that are added at the end, emptied, and never grow: in a row
# that grows SQLite moves its neighbours, and leaves copies of them that nothing overwrites.
texts = Table(
    "texts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    sqlite_autoincrement=True,
)

# `text_id` is None once the message is deleted. `sender_id` is the sender's uuid (an
# account's, the contact's, or what a guest claims to be), `sender_name` what it was called
# then; `user_id` is the account that sent it, a guest's being the built-in one. `salt` is
# that of the digests under which the audit log knows the texts; it goes when the text goes.
messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("text_id", ForeignKey("texts.id")),
    Column("sender", Text, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("message_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("salt", Text),
    Column("edited_at", BigInteger),
    Column("deleted_at", BigInteger),
    Column("deleted_by", ForeignKey("users.id")),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("messages_by_conversation", "conversation_id", "id"),
    sqlite_autoincrement=True,
)

# A reaction that is inserted takes the place of the one that is there.
reactions = Table(
    "reactions",
    metadata,
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("reaction", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("message_id", "user_id"),
    info={
        ON_CONFLICT: "ON CONFLICT (message_id, user_id) DO UPDATE SET"
        " reaction = excluded.reaction, created_at = excluded.created_at"
    },
)

# One for each cycle that was closed: asked at closing; the latest answer counts.
csat = Table(
    "csat",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("asked_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("rating", Integer),
    Column("feedback", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "cycle"),
    Index("csat_by_answer", "answered_at"),
    sqlite_autoincrement=True,
)

# What a metric is made of: `kind` is response, first_response, resolution or rating;
# `value` is in seconds, or 1 to 5. A rating is one sample a cycle, replaced by a later one.
samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("conversation_id", ForeignKey("conversations.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Integer, nullable=False),
    Index("samples_by_kind", "kind", "at"),
    Index("samples_by_conversation", "conversation_id", "kind", "cycle"),
    sqlite_autoincrement=True,
)

# Sums and counts of samples a UTC day (`day` counts from 1970-01-01), those of ratings by
# what they say (`rating_4`); and of conversations made that day (`created`) and of these
# closed by now (`created_closed`). A row that is inserted is added to what is there already.
metric_days = Table(
    "metric_days",
    metadata,
    Column("day", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "kind"),
    info={
        ON_CONFLICT: "ON CONFLICT (day, kind) DO UPDATE SET"
        " count = metric_days.count + excluded.count, total = metric_days.total + excluded.total"
    },
)

# `key` is `user:7`, or `claim:ana` for a guest of an open server who says who it is.
presence = Table(
    "presence",
    metadata,
    Column("key", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("uuid", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

# The full-text indexes (FTS5) of messages and of contact names; `rowid` is the id of the
# message, of the conversation. They keep no text, only its words: whoever takes a row out
# has to tell them what it was (`store/search.py`). The migration makes them, and no tool
# for schemas understands them, so they stand apart from the others.
_SEARCH = MetaData()

messages_search = Table(
    "messages_search",
    _SEARCH,
    Column("rowid", Integer, primary_key=True),
    Column("content", Text, nullable=False),
)

conversations_search = Table(
    "conversations_search",
    _SEARCH,
    Column("rowid", Integer, primary_key=True),
    Column("contact_name", Text, nullable=False),
)
