"""Options that several commands share, and settings from what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from realtime.commands.failure import Failure
from realtime.server.exit_codes import ExitCode

if TYPE_CHECKING:
    from realtime.config import Settings

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """`--data FOLDER`: whose server is meant."""
    return click.option(
        "--data", metavar="FOLDER", help="The data folder of the server. [default: $REALTIME_DATA, or data]"
    )(command)


def json_option(command: F) -> F:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def load_settings(flags: Mapping[str, object]) -> Settings:
    """Settings from flags, environment and `.env`. Raises Failure (USAGE) with every problem."""
    from realtime.config import SettingsError, load

    try:
        return load(flags)
    except SettingsError as error:
        sentences = "\n  ".join(map(str, error.problems))
        raise Failure(f"the settings are not valid:\n  {sentences}", ExitCode.USAGE) from None
