"""`backup FILE`: the whole database in one file, while the server goes on."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from realtime.commands.failure import Failure
from realtime.commands.files import free_place, whole_file
from realtime.commands.options import data_option, json_option
from realtime.commands.output import print_json
from realtime.commands.progress import progress

if TYPE_CHECKING:
    from realtime.commands.client import Client

PATH: Final = "/api/v1/backups/"

PATIENCE: Final = 5.0
"""Seconds that the server may take to delete its own copy."""

LOOK_EVERY: Final = 0.1
"""Seconds between two looks at how far the server is."""


@click.command("backup", short_help="Copy the database to a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where it is there already.")
@json_option
@data_option
def backup(file: Path, *, force: bool, as_json: bool, data: str | None) -> None:
    """
    Write the whole database, as of one moment, into FILE: the server goes on meanwhile.
    `restore` takes it back. The file is checked, and holds the secrets of everybody: keep
    it where nobody reads it. Deleted messages stay in older backups.

    \b
      realtime backup /backup/realtime.db
      realtime backup --force /backup/realtime-$(date +%A).db
    """
    from realtime.commands.client import ask

    free_place(file, force=force)
    made = ask(data, lambda client: _make(client, file))
    if as_json:
        print_json({**made, "file": str(file)})
    else:
        click.echo(f"{file}: {made['size']} bytes, up to position {made['position']}")
        click.echo(f"SHA-256 {made['sha256']}")


async def _make(client: Client, file: Path) -> dict[str, Any]:
    row = await client.post(f"{PATH}?kept=false", {})
    path = f"{PATH}{row['id']}/"
    try:
        row = await _done(client, path, row)
        with whole_file(file) as opened, progress("Taking it", size=True) as show:
            digest, size = hashlib.sha256(), 0
            async for piece in client.stream("GET", f"{path}file"):
                opened.write(piece)
                digest.update(piece)
                size += len(piece)
                show(size, row["size"])
            if digest.hexdigest() != row["sha256"]:
                raise Failure("what arrived is not what the server sent: nothing was kept; try again")
    finally:
        # The server's own copy was made for this. It goes with the next one, at the latest.
        with suppress(Failure, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await client.delete(path)
    return {key: row[key] for key in ("id", "created_at", "position", "size", "sha256")}


async def _done(client: Client, path: str, row: dict[str, Any]) -> dict[str, Any]:
    with progress("Writing", size=True) as show:
        while row["state"] == "running":
            show(row["written"], row["expected"])
            await asyncio.sleep(LOOK_EVERY)
            row = await client.get(path)
    if row["state"] == "failed":
        raise Failure(row["error"]["message"])
    return row
