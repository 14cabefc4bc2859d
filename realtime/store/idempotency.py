"""What is kept of a POST that carried an `Idempotency-Key`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.jsonio import dumps, loads_trusted
from realtime.store.tables import idempotency_keys
from realtime.store.transaction import Transaction

_columns = idempotency_keys.c

NO_DIGEST: Final = ""


@dataclass(frozen=True, slots=True)
class Key:
    """
    A key as it was presented: by which credential, to which path, with which body
    (`digest`). The same key of another credential or path is another key.
    """

    credential: str
    path: str
    key: str
    digest: str
    """Of the body, SHA-256. Kept as NO_DIGEST once what the body said is to be known no more."""

    def keep(self, tx: Transaction, status: int, ids: list[int], seq: int | None) -> None:
        """Remember, in the unit of work that does it, what the request did."""
        tx.insert(
            idempotency_keys,
            {
                "credential": self.credential,
                "path": self.path,
                "key": self.key,
                "digest": self.digest,
                "status": status,
                "ids": dumps(ids).decode(),
                "seq": seq,
                "created_at": tx.at,
            },
        )

    def forget(self, tx: Transaction) -> None:
        """Forget what an earlier request with this key did."""
        tx.write(delete(idempotency_keys).where(self._same()))

    def _same(self) -> ColumnElement[bool]:
        return and_(_columns.credential == self.credential, _columns.path == self.path, _columns.key == self.key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the first request with a key did: the answer is built again from this."""

    digest: str
    status: int
    ids: list[int]
    seq: int | None
    at: int


def forget_bodies(tx: Transaction, ids: list[int], at: int) -> None:
    """Keep no longer what the bodies were by which these rows were made at `at` (milliseconds)."""
    made = and_(_columns.created_at == at, _columns.ids == dumps(ids).decode())
    tx.write(update(idempotency_keys).where(made).values(digest=NO_DIGEST))


async def look_up(connection: AsyncConnection, key: Key) -> Outcome | None:
    """What is kept of `key`."""
    statement = select(_columns.digest, _columns.status, _columns.ids, _columns.seq, _columns.created_at).where(
        key._same()
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return Outcome(row.digest, row.status, loads_trusted(row.ids.encode()), row.seq, row.created_at)
