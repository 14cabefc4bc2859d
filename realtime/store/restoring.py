"""
A backup becoming the database of a data folder: a new history begins where it ends.

It gets a new epoch, so that no position of the history that went on after the backup is
taken for one of this. What was taken away since stays taken away as far as the former
database tells (revoked tokens, disabled users, lower roles, changed passwords); nothing that
was given since is taken over from it. Logins and sign-in links end in any case: one that
was used, or signed out, would be good again, and signing in anew costs a minute.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, select, update

from realtime.policy import BELOW, Role
from realtime.store.accounts import BUILT_IN, SYSTEM_ID, change_user, revoke_all
from realtime.store.database import BESIDE, FILE_NAME
from realtime.store.history import EPOCH, new_epoch
from realtime.store.tables import login_links, logins, passwords, tokens, users
from realtime.store.transaction import Transaction

RESTORED: Final = "database_restored"
"""The action of the audit entry with which the new history begins."""


@dataclass(frozen=True, slots=True)
class Former:
    """
    What the former database says was taken away: hashes of revoked tokens; by the uuid of
    their user, who is disabled, the roles, and when the password was set (None: there is none).
    `origin` is the uuid of its user `system`, which all copies of one database share.
    """

    origin: str
    tokens: frozenset[str]
    disabled: frozenset[str]
    roles: Mapping[str, str]
    passwords: Mapping[str, int | None]


@dataclass(slots=True)
class Report:
    """What a restored database did not take over: how many of each."""

    epoch: str
    logins: int = 0
    tokens: int = 0
    users: int = 0
    roles: int = 0
    passwords: int = 0
    known: bool = False
    """Whether there was a former database of the same origin to learn from."""


def taken_away(path: Path) -> Former | None:
    """What the database at `path` says was taken away, None where it cannot be read. Nobody else may have it open."""
    try:
        # Without a WAL nobody has it open; read in the usual way it would get one that stays.
        alone = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{alone}", uri=True)) as connection:
            whose = connection.execute("SELECT uuid FROM users WHERE id = ?", (SYSTEM_ID,)).fetchone()
            revoked = connection.execute("SELECT hash FROM tokens WHERE revoked_at IS NOT NULL")
            hashes = frozenset(row[0] for row in revoked)
            people = connection.execute("SELECT uuid, role, active, id FROM users").fetchall()
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'passwords'").fetchone()
            found = dict(connection.execute("SELECT user_id, set_at FROM passwords").fetchall()) if known else {}
    except sqlite3.DatabaseError:
        return None
    if whose is None:
        return None
    disabled = frozenset(uuid for uuid, _, active, _ in people if not active)
    roles = {uuid: role for uuid, role, _, _ in people}
    last = {uuid: found.get(number) for uuid, _, _, number in people}
    return Former(str(whose[0]), hashes, disabled, roles, last)


def begin_anew(tx: Transaction, former: Former | None, details: Mapping[str, Any], username: str) -> Report:
    """
    Make the restored database one of its own: a unit of work, whose audit entry has these
    `details` and the report's.
    """
    report = Report(new_epoch())
    report.logins = tx.write(delete(logins)).rowcount
    tx.write(delete(login_links))
    own = tx.read(select(users.c.uuid).where(users.c.id == SYSTEM_ID)).scalar()
    if former is not None and former.origin == own:
        report.known = True
        _take_away(tx, former, report)
    tx.remember(EPOCH, report.epoch)
    tx.audit(RESTORED, {**details, **asdict(report)}, user_id=None, username=username)
    return report


def _take_away(tx: Transaction, taken: Former, report: Report) -> None:
    live = tx.read(select(tokens.c.id, tokens.c.hash).where(tokens.c.revoked_at.is_(None))).all()
    for row in live:
        if row.hash in taken.tokens:
            tx.write(update(tokens).where(tokens.c.id == row.id).values(revoked_at=tx.at))
            report.tokens += 1
    statement = select(users, passwords.c.set_at).join_from(users, passwords, isouter=True)
    for user in tx.read(statement.where(users.c.id.not_in(BUILT_IN))).all():
        if user.active and user.uuid in taken.disabled:
            change_user(tx, user.id, {"active": False, "updated_at": tx.at})
            revoke_all(tx, user.id)
            report.users += 1
            continue
        role = taken.roles.get(user.uuid, user.role)
        if role != user.role and role in BELOW[Role(user.role)]:
            change_user(tx, user.id, {"role": role, "updated_at": tx.at})
            report.roles += 1
        # The one of the backup may be known to somebody; the later one may be an intruder's.
        if user.set_at is not None and taken.passwords.get(user.uuid, user.set_at) != user.set_at:
            tx.write(delete(passwords).where(passwords.c.user_id == user.id))
            report.passwords += 1


def fold(path: Path) -> None:
    """Bring what lies beside a database into it, as far as it can be read. Nobody else may have it open."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def exchange(folder: Path, made: Path, mark: str) -> Path | None:
    """
    Put the database `made` in the place of the one in `folder`; returns where that one is
    kept, under a name with that `mark`, None where there was none. At no moment is there none.
    """
    current = folder / FILE_NAME
    names = (f"{FILE_NAME}.before-{mark}{more}" for more in ("", *(f"-{n}" for n in range(2, 1_000))))
    former = next(folder / name for name in names if not (folder / name).exists())
    there = current.exists()
    if there:
        try:
            os.link(current, former)
        except OSError:  # not every file system has links
            shutil.copy2(current, former)
    # What could not be folded in would be taken for the new one's.
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            os.replace(folder / (FILE_NAME + suffix), folder / (former.name + suffix))
    os.replace(made, current)
    return former if there else None
