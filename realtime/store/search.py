"""
Finding messages and contacts by their words: SQLite's FTS5, and keeping it in step.

Words are what unicode61 takes for words (letters, digits and marks on them, of any
script), without case and accents. The indexes hold no text: what is to be taken out has to
be told as it was put in.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, false, func, literal_column, select, text, union
from sqlalchemy.sql.selectable import CompoundSelect

from realtime.store.desk_tables import conversations_search, messages, messages_search
from realtime.store.transaction import Transaction

WORDS: Final = 16
"""Words of a search that count; the rest are left out."""

MATCHES: Final = 10_000
"""Messages that a search in all conversations looks at: of more that match, the newest."""

_CHANGES: Final = select(func.total_changes())
_SPACES: Final = re.compile(r"[\s\0]+")


def matching(words: str) -> str | None:
    """
    The FTS5 query for what a user typed, or None where there is nothing to look for.

    All words must be there, in any order; the last may be the beginning of one. What is
    written together (`foo-bar`) must stand together. Nothing of it is an operator.
    """
    known = words.encode("utf-8", "ignore").decode()
    terms = [term for term in _SPACES.split(known) if any(map(_in_words, term))][:WORDS]
    if not terms:
        return None
    quoted = ['"' + term.replace('"', '""') + '"' for term in terms]
    return " ".join(quoted) + "*"


def contacts(words: str) -> Select[Any]:
    """The ids of conversations whose contact's name has these words, each of which may be the beginning of one."""
    terms = [query for term in _SPACES.split(words)[:WORDS] if (query := matching(term)) is not None]
    return _matches(conversations_search, " ".join(terms) or None)


def found_messages(words: str) -> ColumnElement[bool]:
    """That a message is one of the newest `MATCHES` with these words."""
    found = _matches(messages_search, matching(words))
    return messages.c.id.in_(found.order_by(messages_search.c.rowid.desc()).limit(MATCHES))


def messages_of(conversation_id: int, words: str) -> ColumnElement[bool]:
    """That a message of this conversation has these words."""
    # The ends of the conversation keep the index from naming what all others have said.
    ids = select(messages.c.id).where(messages.c.conversation_id == conversation_id)
    first, last = (ids.order_by(order).limit(1).scalar_subquery() for order in (messages.c.id, messages.c.id.desc()))
    return messages.c.id.in_(
        _matches(messages_search, matching(words)).where(messages_search.c.rowid.between(first, last))
    )


def conversations(words: str) -> CompoundSelect[Any]:
    """The ids of the conversations with these words in one of their messages, or in the contact's name."""
    written = select(messages.c.conversation_id).where(found_messages(words))
    return union(written, _matches(conversations_search, matching(words)))


def add(tx: Transaction, table: Table, id: int, words: str) -> None:
    """Put the row `id` into the index, with the others of the batch."""
    if words:
        tx.insert(table, {"rowid": id, table.c.keys()[1]: words})


def remove(tx: Transaction, table: Table, id: int, words: str) -> None:
    """Take the row `id` out of the index; `words` is what it was put in with, to the letter."""
    if words:
        name, column = table.name, table.c.keys()[1]
        statement = text(f"INSERT INTO {name} ({name}, rowid, {column}) VALUES ('delete', :id, :words)")  # noqa: S608
        tx.write(statement, {"id": id, "words": words})


def merge(tx: Transaction, table: Table, pages: int) -> bool:
    """
    Merge the segments of an index a little: about `pages` pages of it, which begins anew
    where negative. Returns whether there is more to merge. When all is merged, the words of
    rows that were taken out before it began are nowhere any more
    (sqlite.org/fts5.html, "The 'merge' Command").
    """
    name = table.name
    before = tx.read(_CHANGES).scalar_one()
    tx.write(text(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', :pages)"), {"pages": pages})  # noqa: S608
    # The command itself counts as one change.
    return bool(tx.read(_CHANGES).scalar_one() - before >= 2)


def _matches(table: Table, query: str | None) -> Select[Any]:
    ids = select(table.c.rowid)
    if query is None:
        return ids.where(false())
    return ids.where(literal_column(table.name).op("MATCH")(query))


def _in_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Co"
