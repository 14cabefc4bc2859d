"""`migrate`: the database brought to the schema of this version, without starting the server."""

from __future__ import annotations

import asyncio

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, load_settings
from realtime.server.exit_codes import ExitCode


@click.command("migrate", short_help="Bring the database up to date.")
@data_option
def migrate(data: str | None) -> None:
    """
    Bring the database to the schema of this version, which `serve` does at its start, too.
    Ends with 3, having done nothing, while a server has the folder.

    \b
      realtime migrate --data /var/lib/realtime
    """
    from realtime.server.process import private_files
    from realtime.store.database import DataInUse
    from realtime.store.inspection import schema_of
    from realtime.store.opening import open_store
    from realtime.store.schema import HEAD, NewerSchema

    settings = load_settings({"data": data})

    async def bring_up() -> None:
        store = await open_store(settings, lambda events: None)
        await store.close()

    try:
        before = schema_of(settings.data)
        with private_files():
            asyncio.run(bring_up())
    except DataInUse as error:
        raise Failure(f"{error}; stop it first", ExitCode.IN_USE) from None
    except NewerSchema as error:
        raise Failure(str(error)) from None
    if before == HEAD:
        click.echo(f"The database is at schema {HEAD}: nothing to do.")
    else:
        click.echo(f"The database is at schema {HEAD} now; it was {before or 'not there'}.")
