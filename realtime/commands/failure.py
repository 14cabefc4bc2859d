"""How a command fails: a sentence on standard error, and an exit code."""

from __future__ import annotations

from typing import IO, Any

import click

from realtime.redaction import printable
from realtime.server.exit_codes import ExitCode


class Failure(click.ClickException):
    """What prevents a command from being done, in a sentence for whoever typed it."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"realtime: {printable(self.message, lines=True)}", file=file, err=file is None)
