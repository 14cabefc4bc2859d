"""The tables as the code sees them, held against those that the migrations make."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from realtime.store import (
    desk_tables,
    schema,
    transaction,  # noqa: F401 - so that `metadata` knows all tables
)
from realtime.store.tables import metadata

# The full-text indexes, which no tool for schemas understands, and what is SQLite's and the migrations' own.
APART = re.compile(r"\w+_search(_\w+)?|sqlite_\w+|alembic_version")


def tables_of(path: Path) -> dict[str, dict[str, Any]]:
    """What SQLite says of each table: columns, keys, indexes."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: described(connection, name, sql) for name, sql in found if not APART.fullmatch(name)}


def described(connection: sqlite3.Connection, table: str, sql: str) -> dict[str, Any]:
    """One table."""
    indexes = set()
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})"):
        columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info({name})"))
        stated = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        condition = re.sub(r".*\bWHERE\b", "", stated, flags=re.DOTALL).strip() if partial else None
        indexes.add((name if origin == "c" else None, unique, origin, condition, columns))
    return {
        "columns": [row[1:] for row in connection.execute(f"PRAGMA table_info({table})")],
        "foreign keys": {row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})")},
        "indexes": indexes,
        "autoincrement": "AUTOINCREMENT" in sql,
    }


def test_the_migrations_make_the_tables_that_the_code_sees(tmp_path: Path) -> None:
    migrated, stated = tmp_path / "migrated.db", tmp_path / "stated.db"
    for path, make in ((migrated, schema.migrate), (stated, metadata.create_all)):
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            make(connection)
        engine.dispose()

    found, wanted = tables_of(migrated), tables_of(stated)

    assert found.keys() == wanted.keys()
    for name, table in wanted.items():
        assert found[name] == table, name


def test_the_full_text_indexes_have_the_columns_that_the_code_sees(tmp_path: Path) -> None:
    path = tmp_path / "migrated.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        schema.migrate(connection)
    engine.dispose()

    with closing(sqlite3.connect(path)) as connection:
        for table in (desk_tables.messages_search, desk_tables.conversations_search):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")]
            assert ["rowid", *columns] == list(table.c.keys())
