"""`export`: events as a file, a line each, of JSON or of a table."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from realtime.commands.failure import Failure
from realtime.commands.files import free_place, whole_file
from realtime.commands.options import data_option
from realtime.commands.output import note
from realtime.commands.progress import Show, progress

if TYPE_CHECKING:
    from realtime.commands.client import Client

PATH: Final = "/api/v1/events/export"

FORMATS: Final = ("ndjson", "csv")

SHOW_EVERY: Final = 1_000
"""Events between two steps of the bar."""


@click.command("export", short_help="Write events to a file.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@click.option("--channel", "channels", multiple=True, metavar="NAME", help="Only this channel; repeatable.")
@click.option(
    "--since", metavar="WHEN", help="Begin there: a position (7 or epoch:7), an age (10m, 2h, 7d), or an RFC 3339 time."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="JSON lines, or a table.",
)
@click.option("--force", is_flag=True, help="Replace FILE where it is there already.")
@data_option
def export(
    file: Path, channels: tuple[str, ...], since: str | None, form: str, *, force: bool, data: str | None
) -> None:
    """
    Write the events there are to FILE, or without one to standard output: a line for each,
    in order. [default: all that may be read, from the oldest kept] An entry of the audit log
    says who took what away.

    \b
      realtime export events.ndjson
      realtime export --channel sensors --channel readings --since 7d > week.ndjson
      realtime export --channel readings --format csv readings.csv
    """
    from realtime.commands.client import ask

    query = {"channel": ",".join(channels), "since": since or ""}
    to_stdout = str(file) == "-"
    if not to_stdout:
        free_place(file, force=force)
    try:
        count = ask(data, lambda client: _write(client, query, None if to_stdout else file, form))
    except BrokenPipeError:
        # Whoever read has had enough (`| head`). Standard output is of no use any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if not to_stdout:
        click.echo(f"{file}: {count} events")


async def _write(client: Client, query: dict[str, str], file: Path | None, form: str) -> int:
    output: AbstractContextManager[BinaryIO] = nullcontext(sys.stdout.buffer) if file is None else whole_file(file)
    with output as opened, progress("Exporting") as show:
        writer = _Writer(opened, show, form)
        rest = b""
        asked = {name: value for name, value in query.items() if value}
        async for piece in client.stream("POST", PATH, **asked):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                writer.take(line)
        if rest or not writer.begun:
            raise Failure("the export was cut off: nothing was kept" if file else "the export was cut off")
        opened.flush()
    return writer.count


class _Writer:
    """Writes the events among the lines of an export, and tells what the others say."""

    def __init__(self, file: BinaryIO, show: Show, form: str) -> None:
        self._file = file
        self._table = form == "csv"
        self._show = show
        self._first = self._tip = 0
        self.begun = False
        self.count = 0

    def take(self, line: bytes) -> None:
        """One line."""
        from realtime.commands import spreadsheet
        from realtime.jsonio import loads_trusted

        value: dict[str, Any] = loads_trusted(line)
        if "channel" in value:
            self._file.write(spreadsheet.line(value) if self._table else line + b"\n")
            self.count += 1
            if self.count % SHOW_EVERY == 0:
                self._show(value["seq"] - self._first, self._tip - self._first)
        elif value["type"] == "hello":
            self.begun, self._tip = True, value["tip"]
            if self._table:
                self._file.write(spreadsheet.heading())
            self._first = int(value["position"].rpartition(":")[2])
        elif value["type"] == "gap":
            note(f"realtime: the events from {value['from']} to {value['to']} are not kept any more, or damaged")
