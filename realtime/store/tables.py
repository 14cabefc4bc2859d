"""
The tables, as SQLAlchemy Core sees them. `migrations/` makes them; a test holds the two
against each other.

Times are milliseconds since 1970, UTC. Ids are given by the committer and never reused.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata = MetaData()

ON_CONFLICT: Final = "on_conflict"
"""In the `info` of a table: what an INSERT ends with, where its rows may be there already."""

# What the log knows about itself: epoch, how far it was trimmed, the audit chain's anchor.
history = Table(
    "history",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("entity_id", Integer),
    Column("data", Text, nullable=False),
    Column("metadata", Text),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("checksum", Integer, nullable=False),
    Column("chain", Text),
    Index("events_by_channel", "channel", "seq"),
    # Deleting a message rewrites all its events: they must be found without reading the log.
    Index(
        "events_of_chat", "entity_id", sqlite_where=text("channel = 'chat'"), postgresql_where=text("channel = 'chat'")
    ),
)

own_channels = Table(
    "own_channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

# What a retried POST is answered with: the body is built again from the rows.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("credential", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("ids", Text, nullable=False),
    Column("seq", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("credential", "path", "key"),
    Index("idempotency_keys_by_age", "created_at"),
)

locations = Table(
    "locations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("nombre", Text, nullable=False),
    Column("latitud", Float),
    Column("longitud", Float),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

sensors = Table(
    "sensors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tipo", Text, nullable=False),
    Column("modelo", Text, nullable=False),
    Column("nombre", Text),
    Column("ubicacion_id", ForeignKey("locations.id"), index=True),
    Column("unidad", Text),
    Column("activo", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

readings = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.id"), nullable=False, index=True),
    Column("valor", Float, nullable=False),
    Column("unidad", Text),
    Column("timestamp", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("readings_by_sensor", "sensor_id", "timestamp"),
    sqlite_autoincrement=True,
)

anomalies = Table(
    "anomalies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.id"), nullable=False, index=True),
    Column("lectura_id", ForeignKey("readings.id"), index=True),
    Column("tipo", Text, nullable=False),
    Column("severidad", Text, nullable=False),
    Column("descripcion", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.id"), nullable=False, index=True),
    Column("horizonte", Text, nullable=False),
    Column("estado", Text, nullable=False),
    Column("valores", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# `folded` is the name without its case: "Admin" must not be somebody else than "admin".
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("folded", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Secrets are kept as SHA-256 in hexadecimal, never as they are.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("channels", Text),
    Column("verbs", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    sqlite_autoincrement=True,
)

logins = Table(
    "logins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

login_links = Table(
    "login_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Apart from the users, whose rows answers show. A hash is a PHC string, which names its own parameters.
passwords = Table(
    "passwords",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
