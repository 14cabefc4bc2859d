"""How far long work is: a bar on standard error, where that is a terminal, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Show(Protocol):
    """Called with what is done and, where it is known, of how much."""

    def __call__(self, done: int, total: int | None = None) -> object: ...


@contextmanager
def progress(label: str, *, size: bool = False) -> Iterator[Show]:
    """
    A bar while the work goes on; gone at its end. `size` says that bytes are counted.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    counted = DownloadColumn(binary_units=True) if size else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)

        def show(done: int, total: int | None = None) -> None:
            bar.update(task, completed=done, total=total)

        yield show
