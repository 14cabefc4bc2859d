"""
Conversations between a contact and the support team: every change is a row, its event, its
audit entry and what the metrics note, in one unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from realtime.errors import invalid
from realtime.policy import Principal
from realtime.services import conversation_work as work_on
from realtime.services import desk_checks as checks
from realtime.services.conversation_work import CLOSED, OPEN, Desk
from realtime.services.desk_rows import NO_EVENT, Written, conversation_view, summarised
from realtime.services.people import People
from realtime.services.telemetry_counts import Counts
from realtime.store import conversations as rows
from realtime.store.conversation_summaries import Summary, summaries
from realtime.store.conversations import CONVERSATION, ConversationFilter
from realtime.store.idempotency import Key
from realtime.store.opening import Store
from realtime.store.telemetry import Selection, Stretch
from realtime.store.transaction import Row, Transaction

ORIGIN: Final = "api"
"""Where a conversation comes from when nobody says."""

FIELDS: Final[tuple[str, ...]] = ("contact_name", "assignee", "status", "origin_channel")


class Conversations:
    """
    What can be done with conversations; whoever calls has checked the right to.

    A `key` is an id (an integer) or a uuid; rows are shown as `conversation_view` makes
    them. Methods raise Problem: `not_found`, `invalid`. Conversations are never deleted.
    An idempotency key that is given (`once`; to `create`, `key`) is kept with the row.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.people = People()
        self.counts = Counts(store.committer)

    async def list(
        self, which: ConversationFilter, stretch: Stretch, *, by_activity: bool = False, summary: bool = False
    ) -> tuple[int, list[dict[str, Any]]]:
        """
        How many conversations are meant in all, and those of the stretch. A search looks at
        the newest `search.MATCHES` messages that match. `by_activity`: those with the newest
        messages first; `summary`: each as `summarised` shows it.
        """
        count = None
        if which.only_status:
            count = await self.counts.of(
                CONVERSATION, Selection({} if which.status is None else {"status": which.status})
            )
        async with self.store.database.read() as connection:
            if count is None:
                count = await rows.count_rows(connection, which)
            if count == 0 or stretch.offset >= count:
                return count, []
            found = await rows.list_rows(connection, which, stretch, by_activity=by_activity)
            known = await summaries(connection, [row["id"] for row in found]) if summary else None
        return count, [_shown(row, known) for row in found]

    async def get(self, key: int | str, *, summary: bool = False) -> dict[str, Any]:
        """The conversation with this id or uuid; `summary`: as `summarised` shows it."""
        async with self.store.database.read() as connection:
            row = await rows.get(connection, key)
            if row is None:
                raise work_on.missing(key)
            known = await summaries(connection, [row["id"]]) if summary else None
        return _shown(row, known)

    async def create(self, values: Mapping[str, Any], who: Principal, *, key: Key | None = None) -> Written:
        """
        Make a conversation: `contact_name`, and if wanted `assignee` (a user's id, uuid or name),
        `status`, `origin_channel`. Emits `conversation.created`; then, for one that is made
        closed or pending, what closing or changing it emits.
        """
        checked = _checked(values)
        if "contact_name" not in checked:
            raise invalid(contact_name="This field is needed.")
        uuid, contact = work_on.new_id(), work_on.new_id()

        def work(tx: Transaction) -> Written:
            desk = Desk(tx, who, self.people)
            row = work_on.make(
                desk,
                uuid=uuid,
                contact_uuid=contact,
                contact_name=checked["contact_name"],
                origin=checked.get("origin_channel", ORIGIN),
                assignee=work_on.assignable(tx, checked.get("assignee")),
            )
            seq = work_on.tell_made(desk, row)
            row, _ = _set_status(desk, row, checked.get("status", OPEN))
            if key is not None:
                key.keep(tx, 201, [row["id"]], seq)
            return Written(desk.view(row), seq, ((row["status"], 1),))

        return await self.submit(work)

    async def update(
        self, key: int | str, values: Mapping[str, Any], who: Principal, *, once: Key | None = None
    ) -> Written:
        """
        Set what is given of `contact_name`, `assignee` (None: nobody), `status` and
        `origin_channel`. A status that closes or reopens does what `close` and `reopen` do;
        another assignee emits `conversation.assigned`, the rest `conversation.updated`. The
        `seq` is that of the last event; without a difference there is none (`NO_EVENT`).
        """
        checked = _checked(values)

        def work(tx: Transaction) -> Written:
            desk = Desk(tx, who, self.people)
            before = row = desk.find(key)
            seq = NO_EVENT
            given = {name: value for name, value in checked.items() if name not in ("assignee", "status")}
            assignee = work_on.assignable(tx, checked["assignee"]) if "assignee" in checked else row["assignee_id"]
            if "status" in checked:
                row, seq = _set_status(desk, row, checked["status"])
            if assignee != row["assignee_id"]:
                row, seq = work_on.change(desk, row, "assigned", {"assignee_id": assignee})
            if differing := {name: value for name, value in given.items() if row[name] != value}:
                row, seq = work_on.change(desk, row, "updated", differing)
            return _done(desk, before, row, seq, once)

        return await self.submit(work)

    async def close(self, key: int | str, who: Principal, *, once: Key | None = None) -> Written:
        """Close it and ask for a rating; `NO_EVENT` for one that is closed already."""
        return await self.update(key, {"status": CLOSED}, who, once=once)

    async def reopen(self, key: int | str, who: Principal, *, once: Key | None = None) -> Written:
        """Open it again, in its next cycle; `NO_EVENT` for one that is not closed."""

        def work(tx: Transaction) -> Written:
            desk = Desk(tx, who, self.people)
            before = row = desk.find(key)
            seq = NO_EVENT
            if row["status"] == CLOSED:
                row, seq = work_on.reopen(desk, row)
            return _done(desk, before, row, seq, once)

        return await self.submit(work)

    async def submit(self, work: Callable[[Transaction], Written], *, size: int = 0) -> Written:
        """
        Do a unit of work that holds about `size` bytes, and may change how many conversations
        there are of each status.
        """
        return await self.counts.submit(CONVERSATION, work, lambda written: written.moves, size=size)


def _shown(row: Row, known: Mapping[int, Summary] | None) -> dict[str, Any]:
    view = conversation_view(row, row["assignee_name"])
    return view if known is None else summarised(view, known[row["id"]])


def _set_status(desk: Desk, row: Row, status: str) -> tuple[Row, int]:
    if row["status"] == status:
        return row, NO_EVENT
    if status == CLOSED:
        return work_on.close(desk, row)
    if row["status"] == CLOSED:
        return work_on.reopen(desk, row, status)
    return work_on.change(desk, row, "updated", {"status": status})


def _done(desk: Desk, before: Row, after: Row, seq: int, once: Key | None) -> Written:
    if once is not None:
        once.keep(desk.tx, 200, [after["id"]], seq or None)
    moves = ((before["status"], -1), (after["status"], 1)) if before["status"] != after["status"] else ()
    return Written(desk.view(after), seq, moves)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are given, each as it should be; raises Problem `invalid`."""
    checked = {name: values[name] for name in FIELDS if name in values}
    for name in ("contact_name", "origin_channel", "status"):
        # Only an assignee can be taken away: elsewhere "none" is what is not given.
        if checked.get(name, "") is None:
            del checked[name]
    if "contact_name" in checked:
        checks.line("contact_name", checked["contact_name"], checks.NAME_LIMIT)
    if "origin_channel" in checked:
        checks.line("origin_channel", checked["origin_channel"], checks.ORIGIN_LIMIT)
    if "status" in checked:
        checks.word("status", checked["status"], checks.STATUSES)
    return checked
