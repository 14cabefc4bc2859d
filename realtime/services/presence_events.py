"""How somebody's coming and going is stored and told: the row of `presence` and its event."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from realtime import clock
from realtime.events import Draft
from realtime.services.presence_roll import Change
from realtime.store import presence as rows
from realtime.store.transaction import Row, Transaction

CHANNEL: Final = "users"


def write(tx: Transaction, changes: Collection[Change]) -> dict[str, str]:
    """
    Store the changes and tell them; returns the uuids of those who are known, by key. A
    claim's row goes when it is offline: guests may make up as many as they like.
    """
    accounts = rows.accounts_of(tx, [who.user_id for change in changes if (who := change.identity).user_id is not None])
    written: list[Row] = []
    for change in changes:
        who = change.identity
        if who.user_id is not None and who.user_id not in accounts:
            continue
        uuid, username = (who.uuid, who.username) if who.user_id is None else accounts[who.user_id]
        row = {"key": who.key, "user_id": who.user_id, "uuid": uuid, "username": username, "online": change.online}
        written.append({**row, "last_seen": tx.at if change.online else change.last_seen})
    keys = [row["key"] for row in written]
    rows.replace(tx, keys, [row for row in written if row["online"] or row["user_id"] is not None])
    for row in written:
        tx.emit(_draft(row))
    return {row["key"]: row["uuid"] for row in written}


def _draft(row: Row) -> Draft:
    status = "online" if row["online"] else "offline"
    data = {name: row[name] for name in ("user_id", "uuid", "username")}
    data |= {"status": status, "last_seen": clock.timestamp(row["last_seen"])}
    actor = "guest" if row["user_id"] is None else row["username"]
    return Draft.of(CHANNEL, f"user.{status}", data, entity_id=row["user_id"], actor=actor)
