"""How a command ends, for scripts; the table in `docs/operations.md` says the same."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Beside these, 130 is an interruption by Ctrl-C, and 128 + n the end by signal n."""

    OK = 0
    FAILED = 1
    """What was asked for was refused, or went wrong."""
    USAGE = 2
    """The command line or a setting is wrong: nothing was begun."""
    IN_USE = 3
    """Another process owns the data folder."""
    ADDRESS = 4
    """An address cannot be listened on: in use, not ours, or not permitted."""
