"""
The command line: `realtime COMMAND`, or `python3 run.py`. What each command does lives in
`realtime.commands`; here they are only joined.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from realtime import __version__
from realtime.commands.failure import Failure
from realtime.commands.program import COMMANDS, Context, named
from realtime.program import program
from realtime.server.exit_codes import ExitCode

INTERRUPTED: Final = 130


class _Commands(click.Group):
    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which is also the name of its module and of the object there."""
        if cmd_name not in COMMANDS:
            return None
        # Imported when it is named: nobody should wait for all of them to use one.
        return named(getattr(import_module(f"realtime.commands.{cmd_name}"), cmd_name))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Without a command, the server starts. Exit codes: 0 done, 1 failed or refused, 2 wrong usage or settings,"
    " 3 the data folder is in use, 4 an address is in use, 130 interrupted.",
)
@click.version_option(__version__, prog_name="realtime")
def root() -> None:
    """
    A real-time event server. Commands ask the server that runs on the data folder; without
    one, most do their work by themselves.

    \b
      realtime serve
      realtime token create --user ana --role agent
      realtime tail sensors
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command (by default the one of `sys.argv`) and return its exit code; `ExitCode` has their meaning."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    try:
        ended = root.main(given, program(), complete_var="_REALTIME_COMPLETE", standalone_mode=False)
    except Failure as failure:
        failure.show()
        return failure.code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        Failure(str(error)).show()
        return ExitCode.FAILED
    return int(ended or ExitCode.OK)
