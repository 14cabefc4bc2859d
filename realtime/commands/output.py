"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from realtime.jsonio import dumps
from realtime.redaction import printable

if TYPE_CHECKING:
    from rich.table import Table


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    click.echo(dumps(value))


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows under their headings; with colour, and as wide as the screen, only on a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        # Who reads a file or a pipe has no width: nothing is cut or wrapped there.
        console = Console(highlight=False, width=10_000)
    console.print(table(columns, rows))


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Table:
    """Rows under their headings, to be printed by `rich`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        made.add_row(*(Text(_cell(row[name])) for name in columns))
    return made


def note(text: str) -> None:
    """Something that belongs to no result: on standard error, so that a pipe carries results alone."""
    click.echo(text, err=True)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return printable(str(value))
