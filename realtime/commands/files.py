"""Files that commands write: whole, for their owner alone, or not there at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from realtime.commands.failure import Failure
from realtime.disk import sync

PARTIAL: Final = ".partial"


def free_place(path: Path, *, force: bool) -> None:
    """Raise Failure where `path` cannot be written to, or, without `force`, where something is there already."""
    if path.is_dir():
        raise Failure(f"{path} is a folder; name a file in it")
    if path.exists() and not force:
        raise Failure(f"{path} is there already; --force replaces it")
    if not path.parent.is_dir():
        raise Failure(f"there is no folder {path.parent}")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """
    A file to write to, which only its owner can read. It appears as `path` at the end of
    the context, synced; where that ends with an error, nothing is left of it.
    """
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync(path.parent)
