"""Finding by words: nothing that is typed is an operator, and the index says what the tables say."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st
from sqlalchemy import select, text

from realtime.store import search
from realtime.store.desk_tables import conversations_search
from realtime.store.opening import Store
from realtime.store.transaction import Transaction

OPERATORS = [
    "AND",
    "OR",
    "NOT",
    "NEAR(a b)",
    '"',
    '""',
    "*",
    "a*b",
    "^a",
    "a:b",
    "{a b}",
    "-a",
    "(",
    ")",
    "'",
    "\0",
    ";",
]
WORD = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
TYPED = st.lists(st.one_of(WORD, st.sampled_from(OPERATORS), st.text(max_size=8)), max_size=20).map(" ".join)


async def found(store: Store, words: str) -> list[int]:
    """The conversations whose contact's name has these words."""
    statement = search.contacts(words).order_by(conversations_search.c.rowid)
    async with store.database.read() as connection:
        return list((await connection.execute(statement)).scalars())


async def add(store: Store, id: int, name: str) -> None:
    await store.committer.submit(lambda tx: search.add(tx, conversations_search, id, name))


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", None),
        (" \t\n", None),
        ("!? -- *", None),
        ("👍", None),
        ("olá", '"olá"*'),
        ("Bom dia", '"Bom" "dia"*'),
        ("foo-bar AND x", '"foo-bar" "AND" "x"*'),
        ('say "hi"', '"say" """hi"""*'),
        ("a\0b", '"a" "b"*'),
        (" ".join("abcdefghijklmnopqrst"), " ".join(f'"{letter}"' for letter in "abcdefghijklmnop") + "*"),
    ],
)
def test_every_word_is_quoted_and_the_last_may_be_a_beginning(typed: str, query: str | None) -> None:
    assert search.matching(typed) == query


@given(typed=TYPED, word=WORD)
@options(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
async def test_whatever_is_typed_is_looked_for_and_never_an_error(store: Store, typed: str, word: str) -> None:
    for query in (search.contacts(typed), search.conversations(typed), search.contacts(f"{typed} {word}")):
        async with store.database.read() as connection:
            assert (await connection.execute(query)).all() == []


@given(words=st.lists(WORD, min_size=1, max_size=6))
@options(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
async def test_what_is_put_in_is_found_by_each_of_its_words_and_gone_when_taken_out(
    store: Store, words: list[str]
) -> None:
    name = " ".join(words)
    await add(store, 1, name)
    for word in words:
        # Some letters are marks on others, which stand for nothing by themselves.
        if unicodedata.category(word[0]) != "Lm":
            assert await found(store, word) == [1], word
    await store.committer.submit(lambda tx: search.remove(tx, conversations_search, 1, name))
    for word in words:
        assert await found(store, word) == []


async def test_case_and_accents_do_not_matter(store: Store) -> None:
    await add(store, 1, "João Ñandú Łukasz")
    await add(store, 2, "Мария Ёлкина")

    for words in ("joao", "JOÃO nandu", "nand joa", "ŁUKASZ"):
        assert await found(store, words) == [1]
    assert await found(store, "мария") == [2]
    assert await found(store, "oao") == await found(store, "joao maria") == []


async def test_an_index_that_is_changed_in_one_commit_many_times_stays_sound(store: Store) -> None:
    def work(tx: Transaction) -> None:
        for time in range(20):
            for row in range(1, 30):
                search.add(tx, conversations_search, row, f"name{row} time{time}")
                search.remove(tx, conversations_search, row, f"name{row} time{time}")
        search.add(tx, conversations_search, 7, "the last one")

    await store.committer.submit(work)
    await store.committer.submit(
        lambda tx: tx.write(text("INSERT INTO conversations_search (conversations_search) VALUES ('integrity-check')"))
    )

    assert await found(store, "name") == await found(store, "time") == []
    assert await found(store, "last") == [7]
    async with store.database.read() as connection:
        assert list((await connection.execute(select(conversations_search.c.rowid))).scalars()) == [7]
