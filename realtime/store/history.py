"""
What the log knows about itself, and the rules of its epoch.

A new epoch is drawn for a new database, after a restore, and when acknowledged events may
have been lost: a start without `durability=full` after the machine (not only the process)
went down without a clean stop.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from realtime.store.checksum import FIRST_LINK
from realtime.store.state import State
from realtime.store.tables import events, history

EPOCH: Final = "epoch"
TRIMMED: Final = "trimmed"
AUDIT_TRIMMED: Final = "audit_trimmed"
AUDIT_ANCHOR: Final = "audit_anchor"
BOOT: Final = "boot"
"""The boot id of the machine while the server runs, empty after a clean stop."""

_FIRST: Final = {EPOCH: "", TRIMMED: "0", AUDIT_TRIMMED: "0", AUDIT_ANCHOR: FIRST_LINK, BOOT: ""}


def read_history(connection: Connection) -> dict[str, str]:
    """All that is known, with the value of a new log where nothing is stored."""
    rows = connection.execute(select(history.c.key, history.c.value))
    return _FIRST | {row.key: row.value for row in rows}


def remember(connection: Connection, key: str, value: str) -> None:
    """Set one value; the caller commits."""
    if connection.execute(update(history).where(history.c.key == key).values(value=value)).rowcount == 0:
        connection.execute(insert(history).values(key=key, value=value))


def begin(connection: Connection, durability: str) -> tuple[str, State]:
    """
    The epoch to run in, and the end of the log. Called once, at start; the caller commits.
    """
    known = read_history(connection)
    boot = boot_id()
    crashed = known[BOOT] != "" and known[BOOT] != boot
    if not known[EPOCH] or (durability != "full" and crashed):
        known[EPOCH] = new_epoch()
        remember(connection, EPOCH, known[EPOCH])
    remember(connection, BOOT, boot)
    return known[EPOCH], _end(connection, known)


def end(connection: Connection) -> None:
    """Note a clean stop; the caller commits."""
    remember(connection, BOOT, "")


def new_epoch() -> str:
    """A name for a history: eight hexadecimal digits, at random."""
    return secrets.token_hex(4)


def boot_id() -> str:
    """What tells one run of the machine from the next; at random where the system has nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(16)


def _end(connection: Connection, known: dict[str, str]) -> State:
    last = connection.execute(select(events.c.seq, events.c.at).order_by(events.c.seq.desc()).limit(1)).first()
    audit = connection.execute(
        select(events.c.entity_id, events.c.chain)
        .where(events.c.channel == "audit")
        .order_by(events.c.seq.desc())
        .limit(1)
    ).first()
    return State(
        seq=max(last.seq if last else 0, int(known[TRIMMED]), int(known[AUDIT_TRIMMED])),
        at=last.at if last else 0,
        audits=audit.entity_id if audit else 0,
        link=audit.chain if audit else known[AUDIT_ANCHOR],
    )


def count_events(connection: Connection) -> int:
    """How many events are kept; a scan."""
    return int(connection.execute(select(func.count()).select_from(events)).scalar_one())
