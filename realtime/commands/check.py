"""`check`: would the server start here, and is what it has kept sound?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from realtime.commands.options import data_option, json_option, load_settings
from realtime.commands.output import print_json
from realtime.program import program
from realtime.server.exit_codes import ExitCode

if TYPE_CHECKING:
    from realtime.config import Settings


NAMED: Final = 10
"""Damaged events that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    said: str


@click.command("check", short_help="Look for what is wrong.")
@click.option("--full", is_flag=True, help="Check every event kept, not a sample; minutes for millions.")
@json_option
@data_option
def check(*, full: bool, as_json: bool, data: str | None) -> ExitCode:
    """
    Look at settings, data folder, database, events and ports, and change nothing. May be
    used while the server runs. Ends with 1 where something is wrong, with 2 where it is
    the settings.

    \b
      realtime check
      realtime check --full --data /var/lib/realtime
    """
    settings = load_settings({"data": data})
    findings = [Finding("settings", ok=True, said="valid"), *_look(settings, full=full)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = click.style("ok   ", fg="green") if finding.ok else click.style("WRONG", fg="red")
            click.echo(f"{mark}  {finding.subject}: {finding.said}")
    return ExitCode.OK if all(finding.ok for finding in findings) else ExitCode.FAILED


def _look(settings: Settings, *, full: bool) -> Iterator[Finding]:
    from realtime.commands.client import listens
    from realtime.server.listening import socket_path

    running = listens(socket_path(settings.data))
    yield Finding("server", ok=True, said="runs on this folder" if running else "does not run on this folder")
    yield _folder(settings.data)
    yield from _database(settings.data, full=full)
    if not running:
        yield _ports(settings)


def _folder(data: Path) -> Finding:
    place = next(path for path in (data, *data.resolve().parents) if path.exists())
    if not place.is_dir():
        return Finding("data folder", ok=False, said=f"{place} is not a folder")
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data folder", ok=False, said=f"{place} cannot be written to by this user")
    free = os.statvfs(place)
    room = free.f_bavail * free.f_frsize // 1024**2
    there = "" if place == data else f"; {data} is to be made in it"
    return Finding("data folder", ok=room > 0, said=f"{place} can be written to, {room} MiB free{there}")


def _database(data: Path, *, full: bool) -> Iterator[Finding]:
    from realtime.store.inspection import inspect
    from realtime.store.schema import HEAD

    found = inspect(data, full=full)
    if found is None:
        yield Finding("database", ok=True, said="there is none yet")
        return
    yield Finding("database", ok=not found.damage, said=found.damage or "SQLite finds no damage")
    if found.schema != HEAD:
        yield Finding("schema", ok=False, said=f"{found.schema or 'none'}, not {HEAD}: `{program()} migrate` says more")
    elif not found.damage:
        yield Finding("schema", ok=True, said=HEAD)
    if found.damage or found.schema is None:
        return
    wrong = ", ".join(map(str, found.damaged[:NAMED])) + (", …" if len(found.damaged) > NAMED else "")
    said = f"{len(found.damaged)} do not agree with their checksum: seq {wrong}" if wrong else "every checksum agrees"
    yield Finding("events", ok=not wrong, said=f"{found.checked} of {found.events} looked at; {said}")
    holes = f"{found.missing} numbers are missing" if found.missing else "without a hole"
    yield Finding("order", ok=not found.missing, said=f"seq {found.trimmed + 1} to {found.last}, {holes}")


def _ports(settings: Settings) -> Finding:
    from realtime.server.listening import CannotListen, listen_on_ports

    try:
        sockets = listen_on_ports(settings)
    except CannotListen as error:
        return Finding("ports", ok=False, said=str(error))
    for opened in sockets:
        opened.close()
    return Finding("ports", ok=True, said=f"{', '.join(map(str, settings.port))} on {settings.host} can be listened on")
