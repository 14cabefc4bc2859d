"""Publishing to channels of the users' own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from realtime.channels import OWN_NAME, is_own, is_reserved
from realtime.config import Settings
from realtime.errors import Problem
from realtime.events import Draft, Event
from realtime.policy import Action, Policy, Principal
from realtime.store import own_channels
from realtime.store.idempotency import Key
from realtime.store.opening import Store
from realtime.store.transaction import Transaction


class Publications:
    """Own channels: they exist from their first publication, up to `own_channels_limit` of them."""

    def __init__(self, store: Store, settings: Settings, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._data_limit = settings.event_data_limit
        self._channels_limit = settings.own_channels_limit
        self._known: set[str] = set()

    async def load(self) -> None:
        """Learn which channels exist; called once, at start."""
        async with self._store.database.read() as connection:
            self._known = await own_channels.names(connection)

    @property
    def known(self) -> frozenset[str]:
        """The own channels that exist."""
        return frozenset(self._known)

    def draft(self, who: Principal, channel: str, data: bytes) -> Draft:
        """
        The draft of a publication. `data` is JSON text.

        Raises Problem: `invalid` for a name that cannot be an own channel, `not_permitted`,
        `too_large`.
        """
        if not is_own(channel):
            why = "is one of the server's own channels" if is_reserved(channel) else "cannot be the name of a channel"
            sentence = f'"{channel[:64]}" {why}; a channel of your own has a name of {OWN_NAME}.'
            raise Problem("invalid", sentence, errors={"channel": [sentence]})
        if not self._policy.may(who, Action.PUBLISH, channel):
            raise Problem("not_permitted", f'You may not publish to "{channel}".')
        if len(data) > self._data_limit:
            raise Problem("too_large", f"An event holds at most {self._data_limit} bytes; this one has {len(data)}.")
        return Draft(channel, "publication.created", data, actor=who.name)

    def publish(self, draft: Draft, key: Key | None = None) -> asyncio.Future[Event]:
        """
        Queue a publication, in the order of the calls; the future brings its event, stored
        together with the `key`, if there is one.
        """
        future = self._store.committer.submit(self.work(draft, key), size=len(draft.data))
        if draft.channel in self._known:
            return future
        future.add_done_callback(self._learn)
        # Shielded: a requester that goes away must not hide from `_learn` that the channel is there.
        return asyncio.shield(future)

    async def published(self, seq: int) -> Event:
        """The publication at `seq`. Raises Problem `trimmed` when it is no longer kept."""
        event = await self._store.log.get(seq)
        if event is None:
            raise Problem("trimmed", f"The publication {seq} was made; it is no longer kept.")
        return event

    def work(self, draft: Draft, key: Key | None = None) -> Callable[[Transaction], Event]:
        """The unit of work of a publication, for those who add something to it."""
        known = draft.channel in self._known
        if known and key is None:
            return lambda transaction: transaction.emit(draft)

        def unit(transaction: Transaction) -> Event:
            if not known:
                own_channels.make(transaction, draft.channel, self._channels_limit)
            event = transaction.emit(draft)
            if key is not None:
                key.keep(transaction, 201, [], event.seq)
            return event

        return unit

    def _learn(self, published: asyncio.Future[Event]) -> None:
        if not published.cancelled() and published.exception() is None:
            self._known.add(published.result().channel)
