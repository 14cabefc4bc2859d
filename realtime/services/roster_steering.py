"""Steering connections: closing them, keeping their clients out for a while, and saying something to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from realtime import clock
from realtime.channels import GENERAL
from realtime.dialects.roster import ACTIVE, INACTIVE, NOTICE
from realtime.errors import CloseCode, Problem, invalid
from realtime.events import Signal
from realtime.jsonio import dumps
from realtime.policy import Action, Principal
from realtime.services.blocks import holder
from realtime.services.roster import Roster
from realtime.services.roster_declaring import Declaring
from realtime.services.roster_rows import API, Connection, End
from realtime.services.users import note
from realtime.store import roster as rows
from realtime.store.roster import Moves, kind_of
from realtime.store.transaction import Row, Transaction

_SAID: Final = {
    CloseCode.KICKED: "closed by an administrator",
    CloseCode.RECONNECT: "an administrator asks you to come back",
}


@dataclass(frozen=True, slots=True)
class Kick:
    """How an open connection is closed: `block` is for how many seconds its credential is kept out of its door."""

    code: CloseCode = CloseCode.KICKED
    block: int = 0


class Steering:
    """What can be done to the rows of the roster; an admin to all, others to what they have declared."""

    def __init__(self, roster: Roster, declaring: Declaring, outlet_limit: int) -> None:
        self._roster = roster
        self._declaring = declaring
        self._outlet_limit = outlet_limit

    async def change(self, who: Principal, id: int, values: Mapping[str, str], kick: Kick) -> dict[str, Any]:
        """
        Set `status`, and of a row that nobody is connected as also `user`; the row as shown.
        `Inativa` closes an open connection.

        Raises Problem `not_permitted`, before anything else is said of the row; `not_found`;
        `invalid` for another `user` of a socket's row, `conflict` for `Ativa` of a closed one.
        """
        row = await self._permitted(who, id)
        if row["connected_at"] is None:
            return self._roster.view(await self._declaring.change(who, id, values))
        if values.get("user", row["user"]) != row["user"]:
            raise invalid(user="The row of a socket takes only status; its user is who connected.")
        connection = self._roster.open(id)
        status = values.get("status")
        if status == ACTIVE and connection is None:
            raise Problem("conflict", f"The connection {id} has closed; only its client can open another.")
        if status == INACTIVE and connection is not None:
            await self._close(who, connection, kick, deleting=False)
        found = await self._roster.find(id)
        return self._roster.view(row if found is None else found)

    async def delete(self, who: Principal, id: int, kick: Kick) -> None:
        """Delete the row; an open connection is closed. Raises Problem `not_permitted`, `not_found`."""
        await self._permitted(who, id)
        connection = self._roster.open(id)
        if connection is not None:
            await self._close(who, connection, kick, deleting=True)
            return
        self._declaring.void(id)
        if (closed := self._roster.book.get(id)) is not None:
            closed.gone = True
            self._roster.book.drop(closed)

        def work(tx: Transaction) -> Row:
            row = rows.row_in(tx, id)
            if row is None:
                raise _missing(id)
            rows.remove(tx, id)
            details = {"connection_id": id, "user": row["user"], "dialect": row["dialect"], "origin": row["origin"]}
            note(tx, who, "connection_deleted", details)
            return row

        await self._roster.book.tally.submit(work, lambda row: {kind_of(row): -1})

    async def notify(self, id: int, level: str, message: str) -> None:
        """
        Say something to one connection, as a signal: whatever it listens to, and unless its
        outlet is full, which is `busy`. Raises Problem `not_found`; `conflict` for one that
        is not open.
        """
        connection = self._roster.open(id)
        session = None if connection is None else connection.session
        if session is None or session.close_code is not None:
            if await self._roster.find(id) is None:
                raise _missing(id)
            raise Problem("conflict", f"The connection {id} is not open.")
        data = {"level": level, "message": message, "timestamp": clock.timestamp(clock.now())}
        frame = session.format.signal(Signal(GENERAL, NOTICE, dumps(data)))
        if frame is None:
            raise Problem("conflict", f"The dialect {session.format.name} has no word for it.")
        if session.outlet.pending() > self._outlet_limit:
            raise Problem("busy", "This client takes nothing at the moment.", retry_after=5)
        session.outlet.write(frame)

    async def _permitted(self, who: Principal, id: int) -> Row:
        """The row, if `who` may do something to it."""
        admin = self._roster.policy.may(who, Action.ADMIN)
        row = await self._roster.find(id)
        if not admin and (row is None or not _declared_by(who, row)):
            raise Problem("not_permitted", "Only an admin may do this to connections; others, to what they declared.")
        if row is None:
            raise _missing(id)
        return row

    async def _close(self, who: Principal, connection: Connection, kick: Kick, *, deleting: bool) -> None:
        """Audit entry and row in one unit of work; then the socket, which has left by itself in the worst case."""
        session = connection.session
        assert session is not None
        connection.end = End(kick.code, _SAID[kick.code])
        connection.gone = deleting
        kept_out = (holder(session.principal, session.peer.remote), session.door)

        def work(tx: Transaction) -> Row:
            row = connection.closing(self._roster.policy, self._roster.hub.tip)
            if deleting:
                rows.remove(tx, connection.id)
            else:
                rows.store(tx, row)
            details = {name: row[name] for name in ("user", "dialect", "remote")}
            note(tx, who, "connection_kicked", {"connection_id": row["id"], **details, "code": int(kick.code)})
            if kick.block:
                block = {"blocked": kept_out[0], "door": kept_out[1], "seconds": kick.block}
                note(tx, who, "connection_blocked", {"connection_id": row["id"], **block})
            return row

        if deleting:
            self._roster.book.drop(connection)
        try:
            await self._roster.book.tally.submit(work, lambda row: self._closed(connection, row))
        except Problem:
            connection.end, connection.gone = None, False
            self._roster.book.put(connection)
            raise
        if kick.block:
            self._roster.blocks.block(*kept_out, kick.block)
        self._roster.shut(connection)
        session.close(kick.code, _SAID[kick.code])

    def _closed(self, connection: Connection, row: Row) -> Moves:
        if not connection.gone:
            return self._roster.book.moves({connection: row})
        counted, connection.counted = connection.counted, None
        return {} if counted is None else {counted: -1}


def _declared_by(who: Principal, row: Row) -> bool:
    return row["origin"] == API and row["connected_at"] is None and row["credential"] == who.credential


def _missing(id: int) -> Problem:
    return Problem("not_found", f"There is no connection {id}.")
