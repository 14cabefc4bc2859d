"""`user password NAME`: reading a new password from whoever types it, or from a program."""

from __future__ import annotations

import sys
from typing import Final

import click

from realtime.commands.failure import Failure
from realtime.server.exit_codes import ExitCode

LINE_LIMIT: Final = 4096
"""Characters of standard input that are looked at."""


def read_password(name: str) -> str:
    """
    A password: on a terminal asked for twice, and not shown; else the first line of
    standard input. Raises Failure (USAGE) for none.
    """
    if sys.stdin.isatty():
        return str(click.prompt(f"New password of {name}", hide_input=True, confirmation_prompt="Once more", err=True))
    line = sys.stdin.readline(LINE_LIMIT)
    password = line.removesuffix("\n").removesuffix("\r")
    if not password:
        raise Failure("there is no password: standard input is empty", ExitCode.USAGE)
    return password
