"""`restore FILE`: a backup in the place of the database."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from time import gmtime, strftime
from typing import TYPE_CHECKING, Final

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, json_option, load_settings
from realtime.commands.output import note, print_json
from realtime.commands.progress import progress
from realtime.disk import sync
from realtime.program import program
from realtime.server.exit_codes import ExitCode

if TYPE_CHECKING:
    from realtime.config import Settings
    from realtime.store.restoring import Former, Report

WORKPLACE: Final = "restoring"
"""The folder, in the data folder, in which a backup becomes a database."""

_PIECE: Final = 4 * 1024 * 1024


@click.command("restore", short_help="Put a backup in the place of the database.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where some of its events are damaged or missing.")
@json_option
@data_option
def restore(file: Path, *, force: bool, as_json: bool, data: str | None) -> None:
    """
    Put the backup FILE in the place of the database, which is kept beside it. FILE is
    checked first, and not changed. Ends with 3, having done nothing, while a server has
    the folder.

    A new history begins: clients that come back with a position of the former one are told
    of a gap. Everybody has to sign in anew; what was revoked, disabled or changed since the
    backup is not good again, as far as the former database tells.

    \b
      realtime restore /backup/realtime.db
      realtime restore /backup/realtime.db --data /var/lib/realtime
    """
    from realtime.server.process import private_files
    from realtime.store.database import FILE_NAME, DataInUse, DataLock

    settings = load_settings({"data": data})
    _check_source(file, settings.data / FILE_NAME)
    with private_files():
        try:
            lock = DataLock(settings.data)
        except DataInUse as error:
            raise Failure(f"{error}; stop it first", ExitCode.IN_USE) from None
        try:
            report, former = _restore(file, settings, force=force)
        finally:
            lock.release()
    if as_json:
        print_json({**asdict(report), "former": None if former is None else str(former)})
        return
    click.echo(f"{file} is the database of {settings.data} now; its history has the epoch {report.epoch}.")
    _tell(report, former)


def _check_source(file: Path, current: Path) -> None:
    if not file.is_file():
        raise Failure(f"there is no file {file}")
    if current.exists() and file.samefile(current):
        raise Failure(f"{file} is the database of this folder already")
    wal = file.with_name(file.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise Failure(
            f"{file} is no backup: its newest part lies beside it, in {wal.name}. Put both into a folder of their own,"
            f" as realtime.db and realtime.db-wal, and make a backup of that: `{program()} backup FILE --data FOLDER`"
        )


def _restore(file: Path, settings: Settings, *, force: bool) -> tuple[Report, Path | None]:
    from realtime.services.logins import FIRST_LOGIN
    from realtime.store.database import FILE_NAME
    from realtime.store.restoring import exchange, fold, taken_away

    folder = settings.data
    current = folder / FILE_NAME
    with _workplace(folder) as place:
        _copy(file, place / FILE_NAME)
        _examine(place / FILE_NAME, file, force=force)
        if current.exists():
            fold(current)
        former = taken_away(current) if current.exists() else None
        report = asyncio.run(_begin_anew(replace(settings, data=place), former, file.name))
        kept = exchange(folder, place / FILE_NAME, strftime("%Y%m%dT%H%M%SZ", gmtime()))
        sync(folder)
    (folder / FIRST_LOGIN).unlink(missing_ok=True)
    return report, kept


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    place = folder / WORKPLACE
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copy(file: Path, target: Path) -> None:
    size, done = file.stat().st_size, 0
    with file.open("rb") as source, target.open("xb") as copy, progress("Copying", size=True) as show:
        while piece := source.read(_PIECE):
            copy.write(piece)
            done += len(piece)
            show(done, size)
        copy.flush()
        os.fsync(copy.fileno())


def _examine(copy: Path, file: Path, *, force: bool) -> None:
    """Raise Failure for a backup that is not to be restored."""
    from realtime.store.inspection import inspect_file
    from realtime.store.schema import known_revisions

    with progress("Checking"):
        found = inspect_file(copy, full=False)
    assert found is not None
    if found.damage:
        raise Failure(f"{file} is damaged, or no database: {found.damage}")
    if found.schema is None:
        raise Failure(f"{file} is a database, and not one of this server")
    if found.schema not in known_revisions():
        raise Failure(
            f"{file} is at schema {found.schema}, which this version does not know: a newer version wrote it; use that"
        )
    if wrong := len(found.damaged) + found.missing:
        said = f"{file} is not whole: of its events, {len(found.damaged)} of {found.checked} that were looked at do not"
        said += f" agree with their checksums, and {found.missing} are missing"
        if not force:
            raise Failure(f"{said}; --force restores the rest")
        note(f"realtime: {said}; clients are told of {'a gap' if wrong == 1 else 'gaps'}")


async def _begin_anew(settings: Settings, former: Former | None, name: str) -> Report:
    from realtime.store.opening import open_store
    from realtime.store.restoring import begin_anew

    store = await open_store(replace(settings, durability="full"), lambda events: None)
    try:
        details = {"file": name, "position": str(store.log.position)}
        return await store.committer.submit(lambda tx: begin_anew(tx, former, details, getpass.getuser()))
    finally:
        await store.close()


def _tell(report: Report, former: Path | None) -> None:
    if former is not None:
        note(f"The former database is kept as {former}; delete it when you need it no more.")
    if not report.known:
        note(f"Tokens that were revoked after the backup are good again: `{program()} token list` shows them.")
        return
    since = {"tokens": "revoked", "users": "disabled", "roles": "lowered", "passwords": "changed, and are removed"}
    for name, what in since.items():
        if count := getattr(report, name):
            note(f"Taken away since the backup, and not given back: {name} that were {what} ({count}).")
