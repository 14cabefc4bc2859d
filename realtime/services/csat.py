"""What customers say of the service: a rating for each cycle of a conversation; the latest answer counts."""

from __future__ import annotations

from typing import Any, Final

from realtime.errors import Problem
from realtime.events import Draft
from realtime.policy import Principal
from realtime.services import conversation_work as work_on
from realtime.services import desk_checks as checks
from realtime.services import metrics
from realtime.services.desk_rows import Written, csat_view
from realtime.store import conversations
from realtime.store import csat as rows
from realtime.store.csat import CsatFilter
from realtime.store.idempotency import Key
from realtime.store.opening import Store
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Transaction

CHANNEL: Final = "csat"


class Csat:
    """
    Ratings. Closing a conversation asks for one; rating an open conversation is allowed,
    and is of its present cycle. Whoever calls has checked the right to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def rate(
        self, conversation_key: int | str, rating: int, feedback: str | None, who: Principal, key: Key | None = None
    ) -> Written:
        """
        Keep a rating (1 to 5) of the conversation's present cycle, in the place of an
        earlier one; emits `csat.created`. Raises Problem `not_found`, `invalid`.
        """
        checks.rating(rating)
        if feedback is not None and feedback != "":
            checks.line("feedback", feedback, checks.FEEDBACK_LIMIT)

        def work(tx: Transaction) -> Written:
            conversation = conversations.find(tx, conversation_key)
            if conversation is None:
                raise work_on.missing(conversation_key)
            answer = {"answered_at": tx.at, "rating": rating, "feedback": feedback or None}
            row = rows.find(tx, conversation["id"], conversation["cycle"])
            if row is None:
                row = work_on.csat_row(tx, conversation, **answer)
            else:
                values = {**answer, "updated_at": tx.at}
                rows.change(tx, row["id"], values)
                row = {**row, **values}
            metrics.rated(tx, conversation, row["cycle"], rating, tx.at)
            view = csat_view(row, conversation["uuid"], conversation["contact_name"])
            event = tx.emit(Draft.of(CHANNEL, "csat.created", view, entity_id=row["id"], actor=who.name))
            if key is not None:
                key.keep(tx, 201, [row["id"]], event.seq)
            return Written(view, event.seq)

        return await self._store.committer.submit(work, size=len(feedback or ""))

    async def list(self, which: CsatFilter, stretch: Stretch) -> tuple[int, list[dict[str, Any]]]:
        """How many ratings are meant in all, and those of the stretch."""
        async with self._store.database.read() as connection:
            count = await rows.count_rows(connection, which)
            if count == 0 or stretch.offset >= count:
                return count, []
            found = await rows.list_rows(connection, which, stretch)
        return count, [csat_view(row, row["chat_id"], row["contact_name"]) for row in found]

    async def get(self, id: int) -> dict[str, Any]:
        """The rating `id`. Raises Problem `not_found`."""
        async with self._store.database.read() as connection:
            row = await rows.get(connection, id)
        if row is None:
            raise Problem("not_found", f"There is no rating {id}.")
        return csat_view(row, row["chat_id"], row["contact_name"])
