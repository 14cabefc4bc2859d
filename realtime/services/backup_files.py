"""
The backups of a data folder as files: `backups/realtime-20250720T000537Z-1f0c9a2e-41.db`
says when one was begun, and the position of the last event in it. Beside it lies its
SHA-256, in the form that `sha256sum -c` reads.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from calendar import timegm
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from realtime.disk import sync
from realtime.events import Position
from realtime.store.snapshots import CalledOff

FOLDER: Final = "backups"
PARTIAL: Final = ".partial"
DIGEST: Final = ".sha256"

ID: Final = r"[0-9]{8}T[0-9]{6}Z"
_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(rf"realtime-({ID})-([0-9a-f]{{8}})-([0-9]{{1,19}})\.(db|once)")
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BackupFile:
    """
    A finished backup: begun at `created_at` (milliseconds), `size` bytes, its `sha256` None
    where nobody has noted it. One that is not `kept` was made for one download.
    """

    path: Path
    id: str
    created_at: int
    position: str
    size: int
    sha256: str | None
    kept: bool


def listed(folder: Path) -> list[BackupFile]:
    """The finished backups in `folder`, the oldest first; files of other names are somebody else's."""
    found = []
    for path in _files(folder):
        with suppress(OSError):  # it was deleted just now
            if (match := _NAME.fullmatch(path.name)) and path.is_file():
                size = path.stat().st_size
                position = str(Position(match[2], int(match[3])))
                kept = match[4] == "db"
                found.append(BackupFile(path, match[1], moment(match[1]), position, size, _noted(path), kept))
    return sorted(found, key=lambda file: file.id)


def free_id(folder: Path, at: int) -> str:
    """The id of a backup that begins at `at` (milliseconds): that second, or the next that no other has."""
    taken = {match[1] for path in _files(folder) if (match := _NAME.fullmatch(path.name))}
    seconds = at // 1_000
    while (free := time.strftime(_TIME, time.gmtime(seconds))) in taken:
        seconds += 1
    return free


def moment(id: str) -> int:
    """When a backup was begun, in milliseconds."""
    return timegm(time.strptime(id, _TIME)) * 1_000


def clear(folder: Path) -> None:
    """Remove what is of no use any more: unfinished ones, those for one download, digests of files that are gone."""
    for path in _files(folder):
        stray = path.suffix == DIGEST and not path.with_suffix("").exists()
        passing = path.suffix == ".once" or path.name.endswith(f".once{DIGEST}")
        if path.name.startswith("realtime-") and (PARTIAL in path.name or passing or stray):
            path.unlink(missing_ok=True)


def begin(folder: Path, id: str) -> Path:
    """An empty file to write a backup into, which only its owner can read; the folder is made with it."""
    path = folder / f"realtime-{id}{PARTIAL}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return path


def finish(partial: Path, position: Position, *, kept: bool, go_on: Callable[[], bool]) -> BackupFile:
    """
    Bring what was written to the disk, note its SHA-256, and give it its name. Raises
    CalledOff where `go_on` says no before that.
    """
    stem = partial.name.removesuffix(PARTIAL)
    path = partial.with_name(f"{stem}-{position.epoch}-{position.seq}.{'db' if kept else 'once'}")
    sha256 = _digest(partial, go_on)
    note = path.with_name(path.name + DIGEST)
    try:
        note.touch(0o600)
        note.write_text(f"{sha256}  {path.name}\n", "ascii")
        sync(note)
        sync(partial)
        partial.rename(path)
    except BaseException:
        note.unlink(missing_ok=True)
        raise
    sync(path.parent)
    name = stem.removeprefix("realtime-")
    return BackupFile(path, name, moment(name), str(position), path.stat().st_size, sha256, kept)


def discard(partial: Path) -> None:
    """Remove what was written, and what SQLite may have left beside it."""
    for suffix in ("", "-journal"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def remove(file: BackupFile) -> None:
    """Remove a backup and its digest."""
    file.path.unlink(missing_ok=True)
    file.path.with_name(file.path.name + DIGEST).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from folder.iterdir()


def _noted(path: Path) -> str | None:
    try:
        noted = path.with_name(path.name + DIGEST).read_text("ascii", "replace")[:64]
    except OSError:
        return None
    return noted if re.fullmatch(r"[0-9a-f]{64}", noted) else None


def _digest(path: Path, go_on: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if not go_on():
                raise CalledOff
            digest.update(piece)
    return digest.hexdigest()
