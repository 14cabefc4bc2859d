"""Backups: made beside the writers, kept so many, and gone without a trace where they fail."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from realtime import clock
from realtime.config import Settings
from realtime.events import Draft, Event
from realtime.policy import Principal, Role
from realtime.services import backups as backups_module
from realtime.services.backups import Backup, Backups
from realtime.store.opening import Store
from tests.accounts import audited, refusal
from tools import parts

BOSS = Principal("boss", Role.ADMIN, "token:1", user_id=3)
LIMITED = Principal("boss", Role.ADMIN, "token:1", user_id=3, verbs=frozenset({"admin"}))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three backups are kept."""
    return Settings(data=tmp_path / "data", backups_kept=3)


@pytest.fixture
async def backups(store: Store, settings: Settings) -> AsyncIterator[Backups]:
    """The backups of a new database."""
    made = Backups(store, settings)
    await made.start()
    yield made
    await made.stop()


async def ended(backups: Backups, backup: Backup) -> Backup:
    """The backup when it is made, or not."""
    async with asyncio.timeout(60):
        while (now := await backups.get(backup.id)).state == "running":
            await asyncio.sleep(0.01)
    return now


async def made(backups: Backups, **more: Any) -> Backup:
    """A backup that is done."""
    backup = await ended(backups, await backups.begin(BOSS, **more))
    assert backup.state == "done", backup.error
    return backup


async def write(store: Store, count: int = 1, size: int = 10) -> int:
    """Write events, each a unit of work; the last one's seq."""
    draft = Draft.of("plaza", "publication.created", "x" * size)
    return max(
        [event.seq for event in await asyncio.gather(*(store.committer.submit(_emit(draft)) for _ in range(count)))]
    )


def _emit(draft: Draft) -> Any:
    return lambda tx: tx.emit(draft)


def content(path: Path) -> list[tuple[int, str]]:
    """Number and data of all events in a database file."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT seq, data FROM events ORDER BY seq").fetchall()


def files(settings: Settings) -> list[str]:
    """What lies in the folder of backups."""
    return sorted(path.name for path in (settings.data / "backups").iterdir())


async def test_a_backup_is_a_whole_database_as_of_one_position(
    backups: Backups, store: Store, settings: Settings
) -> None:
    last = await write(store, 50)

    backup = await made(backups)
    path = await backups.download(BOSS, backup.id)

    assert path.name == f"realtime-{backup.id}-{store.log.epoch}-{last}.db"
    assert backup.position == f"{store.log.epoch}:{last}"
    assert [seq for seq, _ in content(path)] == list(range(1, last + 1))
    assert (backup.size, backup.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert {name: (path.parent / name).stat().st_mode & 0o777 for name in files(settings)} == dict.fromkeys(
        (path.name, f"{path.name}.sha256"), 0o600
    )


@pytest.mark.skipif(not Path("/usr/bin/sha256sum").exists(), reason="coreutils are somewhere else")
async def test_the_digest_beside_it_is_one_that_sha256sum_reads(backups: Backups, store: Store) -> None:
    path = await backups.download(BOSS, (await made(backups)).id)

    checked = subprocess.run(
        ["sha256sum", "-c", f"{path.name}.sha256"], cwd=path.parent, capture_output=True, check=False
    )

    assert checked.returncode == 0, checked


async def test_writers_go_on_while_a_backup_is_made_and_it_holds_none_of_that(backups: Backups, store: Store) -> None:
    for _ in range(4):
        await write(store, 50, 200_000)
    before = store.log.tip
    backup = await backups.begin(BOSS)
    seen = [await backups.get(backup.id)]
    while seen[-1].state == "running":
        await write(store)
        seen.append(await backups.get(backup.id))

    done = seen[-1]
    assert done.state == "done"
    assert len(seen) > 10
    assert store.log.tip > before + 10
    assert done.position is not None
    assert before <= int(done.position.partition(":")[2]) < store.log.tip
    sizes = [each.written for each in seen]
    assert sizes == sorted(sizes)
    assert any(0 < size < sizes[-1] for size in sizes)
    assert all(each.expected > 40_000_000 for each in seen)


async def test_there_is_one_at_a_time(backups: Backups) -> None:
    outcomes = await asyncio.gather(*(backups.begin(BOSS) for _ in range(5)), return_exceptions=True)

    begun = [outcome for outcome in outcomes if isinstance(outcome, Backup)]
    assert len(begun) == 1
    assert {outcome.code for outcome in outcomes if outcome not in begun} == {"conflict"}  # type: ignore[union-attr]
    assert (await ended(backups, begun[0])).state == "done"
    await made(backups)


async def test_the_newest_are_kept_and_files_of_others_are_let_alone(
    backups: Backups, store: Store, settings: Settings, heard: list[Event]
) -> None:
    first = await made(backups)
    others = ["mine.db", "realtime.db", "realtime-20250720T000537Z-1f0c9a2e-41.db.gz"]
    for name in others:
        (settings.data / "backups" / name).write_text("somebody else's")
    rest = [await made(backups) for _ in range(3)]

    assert [backup.id for backup in await backups.list()] == [backup.id for backup in rest]
    assert [name for name in files(settings) if name in others] == sorted(others)
    assert len(files(settings)) == 3 * 2 + 3
    created = [entry["details"] for entry in audited(heard) if entry["action"] == "backup_created"]
    assert [entry["removed"] for entry in created] == [[], [], [], [first.id]]
    with refusal("not_found"):
        await backups.get(first.id)


async def test_two_within_a_second_have_two_names(backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)

    assert len({(await made(backups)).id for _ in range(3)}) == 3


async def test_one_for_a_download_pushes_none_out_and_goes_with_the_next(backups: Backups, settings: Settings) -> None:
    kept = [await made(backups) for _ in range(3)]
    passing = await made(backups, kept=False)

    assert [backup.id for backup in await backups.list()] == [*(backup.id for backup in kept), passing.id]
    assert (await backups.download(BOSS, passing.id)).suffix == ".once"
    another = await made(backups)
    assert [backup.id for backup in await backups.list()] == [*(backup.id for backup in kept[1:]), another.id]
    assert not [name for name in files(settings) if "once" in name]


async def test_after_a_restart_they_are_known_and_what_was_unfinished_is_gone(
    backups: Backups, store: Store, settings: Settings
) -> None:
    kept, passing = await made(backups), await made(backups, kept=False)
    folder = settings.data / "backups"
    for name in ("realtime-20250720T000537Z.partial", "realtime-20250720T000537Z-1f0c9a2e-41.db.sha256"):
        (folder / name).write_text("x")
    foreign = folder / "realtime-20250720T000538Z-1f0c9a2e-41.db"
    foreign.write_bytes(b"copied here by hand")

    again = Backups(store, settings)
    await again.start()
    found = await again.list()

    assert [backup.id for backup in found] == ["20250720T000538Z", kept.id]
    assert (found[0].sha256, found[0].size, found[0].position) == (None, 19, "1f0c9a2e:41")
    assert found[1] == kept
    assert passing.id not in str(files(settings))
    assert not [name for name in files(settings) if "partial" in name or "000537" in name]
    await again.stop()


async def test_what_happens_to_them_is_audited(backups: Backups, heard: list[Event]) -> None:
    backup = await made(backups)
    await backups.download(BOSS, backup.id)
    await backups.delete(BOSS, backup.id)

    entries = audited(heard)
    assert [entry["action"] for entry in entries] == ["backup_created", "backup_downloaded", "backup_deleted"]
    assert {entry["details"]["backup"] for entry in entries} == {backup.id}
    assert {entry["details"]["sha256"] for entry in entries} == {backup.sha256}
    assert {entry["user"]["username"] for entry in entries} == {"boss"}
    with refusal("not_found"):
        await backups.download(BOSS, backup.id)
    with refusal("not_found"):
        await backups.delete(BOSS, backup.id)


async def test_a_limited_token_gets_none(backups: Backups) -> None:
    backup = await made(backups)

    for attempt in (backups.begin(LIMITED), backups.download(LIMITED, backup.id), backups.delete(LIMITED, backup.id)):
        with refusal("not_permitted"):
            await attempt


async def test_one_that_is_deleted_while_it_is_made_is_called_off(
    backups: Backups, store: Store, settings: Settings, heard: list[Event]
) -> None:
    for _ in range(4):
        await write(store, 50, 200_000)
    backup = await backups.begin(BOSS)
    with refusal("conflict"):
        await backups.download(BOSS, backup.id)

    await backups.delete(BOSS, backup.id)

    assert files(settings) == []
    assert await backups.list() == []
    assert audited(heard) == []
    await made(backups)


async def test_a_stop_calls_off_what_is_being_made(store: Store, settings: Settings) -> None:
    for _ in range(4):
        await write(store, 50, 200_000)
    backups = Backups(store, settings)
    await backups.begin(BOSS)

    await backups.stop()

    assert files(settings) == []


# -- what can go wrong ------------------------------------------------------------------


async def test_a_damaged_database_gives_no_backup(backups: Backups, store: Store, settings: Settings) -> None:
    await write(store, 50, 100_000)
    path = settings.data / "realtime.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 1_000_000)

    backup = await ended(backups, await backups.begin(BOSS))

    assert (backup.state, backup.error and backup.error["code"]) == ("failed", "internal")
    assert files(settings) == []
    await backups.delete(BOSS, backup.id)
    assert await backups.list() == []


@pytest.fixture
def small_disk(settings: Settings) -> Any:
    """A file system of 4 MiB in the place where backups lie."""
    folder = settings.data / "backups"
    folder.mkdir(parents=True)
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        reason = "a small file system can be mounted by root only"
        pytest.fail(reason) if parts.must_be_here() else pytest.skip(reason)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_without_room_none_is_begun(small_disk: Path, backups: Backups, store: Store) -> None:
    with refusal("disk_full") as refused:
        await backups.begin(BOSS)

    assert "MiB are free" in refused.value.detail
    assert list(small_disk.iterdir()) == []
    assert await backups.list() == []


@pytest.mark.parametrize("seen", [True, False], ids=["seen coming", "unforeseen"])
async def test_a_disk_that_fills_up_fails_the_backup_and_nothing_is_left_of_it(
    small_disk: Path, backups: Backups, store: Store, monkeypatch: pytest.MonkeyPatch, *, seen: bool
) -> None:
    await write(store, 60, 100_000)
    monkeypatch.setattr(backups_module, "RESERVE", 2**20 if seen else -1)
    # Somebody else fills the disk after it was looked at.
    empty = iter([os.statvfs_result((4096, 4096, 10**6, 10**6, 10**6, 0, 0, 0, 0, 255))])
    real = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda path: next(empty, None) or real(path))

    backup = await ended(backups, await backups.begin(BOSS))

    assert (backup.state, backup.error and backup.error["code"]) == ("failed", "disk_full")
    assert list(small_disk.iterdir()) == []
    assert await write(store) == 61


async def test_one_that_cannot_be_audited_is_none(
    backups: Backups, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await backups.begin(BOSS)
    monkeypatch.setattr(store.committer, "_queue_limit", 0)

    ended_ = await ended(backups, backup)

    assert (ended_.state, ended_.error and ended_.error["code"]) == ("failed", "busy")
    assert files(settings) == []
