"""Alembic's way in: migrate over the connection that the caller has opened."""

from alembic import context

from realtime.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
