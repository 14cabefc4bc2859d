"""Bringing the schema up to date at start, and refusing one from the future."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

HEAD: Final = "0005"
"""The newest revision in `migrations/`; a test holds the two together."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


class NewerSchema(RuntimeError):
    """The database was written by a newer version of this server."""


def revision(connection: Connection) -> str | None:
    """The revision that the database is at, None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def known_revisions() -> frozenset[str]:
    """All revisions that a database may have for this version to take it."""
    return frozenset(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("*.py"))


def migrate(connection: Connection) -> bool:
    """
    Bring the schema to `HEAD`; tells whether there was anything to do.

    Raises NewerSchema, having changed nothing, for a revision that this version does not know.
    """
    at = revision(connection)
    if at == HEAD:
        return False

    # Imported only when needed: it costs a tenth of a second at every start.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    if at is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(at)
        except CommandError:
            raise NewerSchema(
                f"the database is at schema {at}, which this version does not know (it knows up to {HEAD}): "
                "it was written by a newer version; use that one, or restore a backup"
            ) from None
    command.upgrade(config, "head")
    return True
