"""Help whose examples call the program as it was started."""

from __future__ import annotations

import re
from typing import Final

import click

from realtime.program import program

COMMANDS: Final = (
    "serve",
    "user",
    "token",
    "tail",
    "publish",
    "connections",
    "check",
    "migrate",
    "backup",
    "restore",
    "export",
    "metrics",
    "audit",
)
"""All commands, in the order in which one meets them."""

_CALL: Final = re.compile(rf"\brealtime (?=(?:{'|'.join(COMMANDS)})\b)")


class _Formatter(click.HelpFormatter):
    def write_text(self, text: str) -> None:
        """Write `text`; its examples call the program as it was called."""
        super().write_text(_CALL.sub(f"{program()} ", text))


class Context(click.Context):
    """A context whose help has examples for the program as it was started."""

    formatter_class = _Formatter


def named(command: click.Command) -> click.Command:
    """The same command, its help and that of the commands below it made with `Context`."""
    command.context_class = Context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            named(below)
    return command
