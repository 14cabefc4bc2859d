"""Backups: making one in the background, keeping so many, and what an admin does with them."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog

from realtime import clock
from realtime.config import Settings
from realtime.errors import Problem
from realtime.policy import Principal
from realtime.services import backup_files
from realtime.services.backup_files import BackupFile
from realtime.services.users import note
from realtime.store.opening import Store
from realtime.store.snapshots import CalledOff, SnapshotError, expected_size, take

log = structlog.get_logger(__name__)

FAILED_KEPT: Final = 20
"""Failed backups that are remembered, until a restart."""

RESERVE: Final = 32 * 2**20
"""Bytes of the disk that a backup leaves free: it gives up before the log has no room to go on."""

_NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class Backup:
    """
    A backup as it is now. `state` is `running`, `done` or `failed`. While it runs, `written`
    of about `expected` bytes are there; when it is done, `position` names the last event in
    it; where it failed, `error` says why. Times in milliseconds, sizes in bytes.
    """

    id: str
    state: str
    kept: bool
    created_at: int
    position: str | None = None
    size: int | None = None
    sha256: str | None = None
    written: int = 0
    expected: int = 0
    error: dict[str, str] | None = None


class _Job:
    """The backup that is being made."""

    def __init__(self, *, kept: bool) -> None:
        self.backup = Backup("", "running", kept=kept, created_at=clock.now())
        self.partial: Path | None = None
        self.task: asyncio.Task[None] | None = None
        self.called_off = False
        self.room = True

    def now(self) -> Backup:
        """The backup, and how much of it is there."""
        with suppress(OSError):  # it has its name already
            if self.partial is not None:
                self.backup = replace(self.backup, written=self.partial.stat().st_size)
        return self.backup

    def go_on(self) -> bool:
        """Whether it is still wanted, and has room; asked by the thread that makes it."""
        assert self.partial is not None
        self.room = _free(self.partial.parent) > RESERVE
        return self.room and not self.called_off


class Backups:
    """
    One backup at a time, in a thread that steps back for everybody else. What is done lies
    in `backups/` of the data folder, and is known again after a restart.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._kept = settings.backups_kept
        self._folder = Path(settings.data) / backup_files.FOLDER
        self._thread = ThreadPoolExecutor(1, "backup", initializer=_step_back)
        self._job: _Job | None = None
        self._failed: deque[Backup] = deque(maxlen=FAILED_KEPT)

    async def start(self) -> None:
        """Remove what an earlier run has left unfinished."""
        await asyncio.to_thread(backup_files.clear, self._folder)

    async def stop(self) -> None:
        """Call off what is being made; nothing is left of it."""
        await self._call_off()
        await asyncio.to_thread(self._thread.shutdown)

    async def begin(self, who: Principal, *, kept: bool = True) -> Backup:
        """
        Begin to make a backup. One that is not `kept` is for one download: it counts not
        among those that are kept, and goes when the next one begins, or at a restart.

        Raises Problem `conflict` while another is being made, `disk_full` where there is no
        room for it, `not_permitted`.
        """
        _unlimited(who)
        if self._job is not None:
            raise Problem("conflict", "Another backup is being made; there is one at a time.")
        job = self._job = _Job(kept=kept)
        try:
            # In the thread of all backups: what one has begun to prepare, no other one clears away.
            await asyncio.get_running_loop().run_in_executor(self._thread, self._prepare, job)
        except (SnapshotError, OSError) as error:
            self._job = None
            raise _explained(error) from error
        except BaseException:
            self._job = None
            raise
        job.task = asyncio.create_task(self._run(job, who), name="backup")
        return job.backup

    async def list(self) -> list[Backup]:
        """All backups, the oldest first."""
        running = None if self._job is None or not self._job.backup.id else self._job.now()
        files = await asyncio.to_thread(backup_files.listed, self._folder)
        # What is being made may have its name already, and is not done before that is audited.
        done = [_done(file) for file in files if running is None or file.id != running.id]
        found = [*done, *self._failed, *([] if running is None else [running])]
        return sorted(found, key=lambda backup: backup.id)

    async def get(self, id: str) -> Backup:
        """The backup `id`. Raises Problem `not_found`."""
        for backup in await self.list():
            if backup.id == id:
                return backup
        raise Problem("not_found", "There is no such backup.")

    async def download(self, who: Principal, id: str) -> Path:
        """The file of a backup, for `who` to take away: which is audited. Raises Problem `not_found`, `conflict`."""
        _unlimited(who)
        file = await self._file(id)
        details = {"backup": id, "position": file.position, "sha256": file.sha256}
        await self._store.committer.submit(lambda tx: note(tx, who, "backup_downloaded", details))
        return file.path

    async def delete(self, who: Principal, id: str) -> None:
        """Delete a backup; one that is being made is called off. Raises Problem `not_found`."""
        _unlimited(who)
        backup = await self.get(id)
        if backup.state == "failed":
            self._failed.remove(backup)
            return
        if backup.state == "running":
            await self._call_off()
        try:
            file = await self._file(id)
        except Problem:
            if backup.state == "running":
                return  # it came too early to be done
            raise
        await self._store.committer.submit(lambda tx: note(tx, who, "backup_deleted", _told(file)))
        await asyncio.to_thread(backup_files.remove, file)

    async def _file(self, id: str) -> BackupFile:
        if (backup := await self.get(id)).state != "done":
            raise Problem("conflict", f"The backup is {backup.state}; it has no file.")
        for file in await asyncio.to_thread(backup_files.listed, self._folder):
            if file.id == id:
                return file
        raise Problem("not_found", "There is no such backup.")

    def _prepare(self, job: _Job) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        backup_files.clear(self._folder)
        path = self._store.database.path
        expected = expected_size(path)
        if (free := _free(self._folder)) < expected + RESERVE:
            raise Problem(
                "disk_full",
                f"A backup takes about {_mebibytes(expected)} MiB, and leaves {_mebibytes(RESERVE)} MiB for the log; "
                f"{_mebibytes(free)} MiB are free.",
                retry_after=60,
            )
        taken = {failed.id for failed in self._failed}
        at = job.backup.created_at
        while (free_id := backup_files.free_id(self._folder, at)) in taken:
            at += clock.SECOND
        job.partial = backup_files.begin(self._folder, free_id)
        job.backup = replace(job.backup, id=free_id, created_at=backup_files.moment(free_id), expected=expected)

    async def _run(self, job: _Job, who: Principal) -> None:
        try:
            file = await asyncio.get_running_loop().run_in_executor(self._thread, self._make, job)
            await self._keep(file, who)
        except CalledOff:
            if not job.room:
                self._fail(job, "disk_full", f"The disk has less than {_mebibytes(RESERVE)} MiB left.")
        except (Problem, SnapshotError, OSError) as error:
            problem = _explained(error)
            self._fail(job, problem.code, problem.detail)
        finally:
            assert job.partial is not None
            backup_files.discard(job.partial)
            self._job = None

    def _make(self, job: _Job) -> BackupFile:
        assert job.partial is not None
        position = take(self._store.database.path, job.partial, job.go_on)
        return backup_files.finish(job.partial, position, kept=job.backup.kept, go_on=job.go_on)

    async def _keep(self, file: BackupFile, who: Principal) -> None:
        files = [each for each in await asyncio.to_thread(backup_files.listed, self._folder) if each.kept]
        surplus = files[: max(0, len(files) - self._kept)]
        details = {**_told(file), "kept": file.kept, "removed": [each.id for each in surplus]}
        try:
            await self._store.committer.submit(lambda tx: note(tx, who, "backup_created", details))
        except BaseException:
            # Nothing leaves, or is made to, without a trace in the audit log.
            backup_files.remove(file)
            raise
        for each in surplus:
            await asyncio.to_thread(backup_files.remove, each)

    def _fail(self, job: _Job, code: str, sentence: str) -> None:
        log.error("backup failed", backup=job.backup.id, reason=sentence)
        error = {"code": code, "message": sentence}
        self._failed.append(replace(job.backup, state="failed", error=error))

    async def _call_off(self) -> None:
        if self._job is not None and self._job.task is not None:
            self._job.called_off = True
            await asyncio.wait([self._job.task])


def _explained(error: Exception) -> Problem:
    """Why there is no backup, as callers are told."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Problem("disk_full", "The disk is full; there is no backup.", retry_after=60)
    return Problem("internal", f"The backup could not be made: {error}.")


def _done(file: BackupFile) -> Backup:
    return Backup(
        file.id,
        "done",
        kept=file.kept,
        created_at=file.created_at,
        position=file.position,
        size=file.size,
        sha256=file.sha256,
        written=file.size,
        expected=file.size,
    )


def _told(file: BackupFile) -> dict[str, Any]:
    return {"backup": file.id, "position": file.position, "size": file.size, "sha256": file.sha256}


def _unlimited(who: Principal) -> None:
    if who.channels is not None or who.verbs is not None:
        raise Problem(
            "not_permitted", "A backup holds everything: no token that is limited to channels or verbs may have one."
        )


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _mebibytes(count: int) -> int:
    return -(-count // 2**20)


def _step_back() -> None:
    """Let every other thread of the server have the processor first."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
