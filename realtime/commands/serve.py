"""`serve`: the server itself. Its options are made from the table of settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from realtime.commands.options import load_settings
from realtime.config import GROUPS, TABLE
from realtime.server.exit_codes import ExitCode
from realtime.settings_table import ROWS, Setting


class _Serve(click.Command):
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under the headings of `docs/configuration.md`."""
        options = {option.name: option.get_help_record(ctx) for option in self.get_params(ctx)}
        heading, lines = "", [record for name, record in options.items() if name not in ROWS]
        for row in TABLE:
            if row.name in GROUPS:
                _section(formatter, heading or "Options", lines)
                heading, lines = GROUPS[row.name], []
            lines.append(options[row.name])
        _section(formatter, heading, lines)


def _section(formatter: click.HelpFormatter, heading: str, lines: list[tuple[str, str] | None]) -> None:
    with formatter.section(heading):
        formatter.write_dl([line for line in lines if line is not None])


def _options() -> Iterator[click.Parameter]:
    for row in TABLE:
        # Text goes to the table as it was typed: it knows what is allowed, and tells all that is wrong at once.
        flag = f"{row.flag}/--no-{row.flag[2:]}" if row.kind.boolean else row.flag
        yield click.Option(
            [flag, row.name],
            default=None,
            type=None if row.kind.boolean else str,
            multiple=row.kind.many,
            metavar=None if row.kind.boolean else _metavar(row),
            help=f"{row.help} [default: {row.shown(row.default)}]",
        )


def _metavar(row: Setting) -> str:
    words = row.kind.allowed.split()
    if len(words) == 3 and words[1] == "or":
        return f"{words[0]}|{words[2]}"
    if row.kind.allowed.startswith("a size"):
        return "SIZE"
    if row.kind.allowed.startswith("a whole number"):
        return _TIMES.get(row.unit, "INTEGER")
    return row.name.rpartition("_")[2].upper()


_TIMES: Final = {"ms": "MILLISECONDS", **{unit: unit.upper() for unit in ("seconds", "minutes", "hours", "days")}}


def _serve(**flags: Any) -> ExitCode:
    settings = load_settings(flags)
    from realtime.server.running import run

    return run(settings)


serve = _Serve(
    "serve",
    params=list(_options()),
    callback=_serve,
    short_help="Start the server.",
    help="""
    Start the server, and run until SIGTERM or Ctrl-C; a second one ends it at once.

    Every option is also an environment variable: --frame-limit is REALTIME_FRAME_LIMIT. A
    file .env in the working directory may hold them; a flag wins over both.

    \b
      realtime serve
      realtime serve --port 9000 --data /var/lib/realtime
      realtime serve --host 0.0.0.0 --public-url https://live.example.org
    """,
)
