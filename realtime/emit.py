"""
Emitting events from code that runs in the server's own process, as short as seed 002 does:

    from realtime.emit import EventType, emit

    await emit.sensor_event(EventType.CREATED, {"id": 7, "tipo": "temperatura"}, 7, {"action": "create_sensor"})
    asyncio.create_task(emit.system_event("info", "Calibrado"))

The event is queued by the call itself and stored when what it returns has been awaited; a
server that stops stores what was queued before. No row is written: this tells, and that is
all. To change rows and tell of it, use `realtime.services.telemetry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from realtime.channels import GENERAL, SEED_CHANNELS
from realtime.errors import Problem
from realtime.events import Draft, Event
from realtime.services.system import system_event
from realtime.store.opening import Store

__all__ = ["EventType", "NoServer", "emit"]

ACTOR: Final = "system"


class EventType(StrEnum):
    """What has happened to an entity, in the words of seed 002."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    ANOMALY_DETECTED = "anomaly_detected"
    PREDICTION_COMPLETED = "prediction_completed"


_CHANGES: Final = {kind: kind.value for kind in (EventType.CREATED, EventType.UPDATED, EventType.DELETED)}


class NoServer(RuntimeError):
    """No server runs in this process and event loop, so there is nothing to emit to."""


class Emitter:
    """
    Where events go in. Each method queues one event at once and returns a coroutine that
    brings the Event when it is stored.

    Raises NoServer, ValueError for a type that the entity does not have or a number that
    JSON cannot say, TypeError for any other value that JSON cannot say, and Problem
    (`too_large`, `busy`, `stopping`).
    """

    def __init__(self) -> None:
        self._bound: list[tuple[Store, int, asyncio.AbstractEventLoop]] = []

    def bind(self, store: Store, data_limit: int = 256 * 1024) -> Callable[[], Awaitable[None]]:
        """
        From now on emit to `store`, events of at most `data_limit` bytes; of several
        servers in one process, to the one bound last. What is returned ends that; what was
        queued before is stored when the store closes.
        """
        bound = (store, data_limit, asyncio.get_running_loop())
        self._bound.append(bound)

        async def unbind() -> None:
            self._bound.remove(bound)

        return unbind

    def sensor_event(
        self, type: EventType, data: Mapping[str, Any], entity_id: int, metadata: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Event]:
        """Tell of a sensor, on the channel `sensors`."""
        return self._entity("sensors", "sensor", _CHANGES, type, data, entity_id, metadata)

    def reading_event(
        self, type: EventType, data: Mapping[str, Any], entity_id: int, metadata: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Event]:
        """Tell of a reading, on the channel `readings`."""
        return self._entity("readings", "reading", _CHANGES, type, data, entity_id, metadata)

    def location_event(
        self, type: EventType, data: Mapping[str, Any], entity_id: int, metadata: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Event]:
        """Tell of a location, on the channel `locations`."""
        return self._entity("locations", "location", _CHANGES, type, data, entity_id, metadata)

    def anomaly_event(
        self, type: EventType, data: Mapping[str, Any], entity_id: int, metadata: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Event]:
        """Tell of an anomaly, on the channel `anomalies`."""
        words = {**_CHANGES, EventType.ANOMALY_DETECTED: "detected"}
        return self._entity("anomalies", "anomaly", words, type, data, entity_id, metadata)

    def prediction_event(
        self, type: EventType, data: Mapping[str, Any], entity_id: int, metadata: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Event]:
        """Tell of a prediction, on the channel `predictions`."""
        words = {**_CHANGES, EventType.PREDICTION_COMPLETED: "completed"}
        return self._entity("predictions", "prediction", words, type, data, entity_id, metadata)

    def system_event(
        self, level: str, message: str, data: Mapping[str, Any] | None = None, *, channel: str = GENERAL
    ) -> Coroutine[Any, Any, Event]:
        """Tell something of the system (level info, warning or error) on one of the seed's six channels."""
        if channel not in SEED_CHANNELS:
            raise ValueError(f"{channel!r} carries no system events; {', '.join(SEED_CHANNELS)} do")
        _refuse_not_finite(data)
        return self._submit(system_event(level, message, data, channel=channel, actor=ACTOR))

    def _entity(
        self,
        channel: str,
        entity: str,
        words: Mapping[EventType, str],
        type: EventType,
        data: Mapping[str, Any],
        entity_id: int,
        metadata: Mapping[str, Any] | None,
    ) -> Coroutine[Any, Any, Event]:
        if type not in words:
            raise ValueError(f"{type!r} is no event of a {entity}; {', '.join(words)} are")
        _refuse_not_finite([data, metadata])
        return self._submit(
            Draft.of(
                channel, f"{entity}.{words[type]}", data, entity_id=entity_id, actor=ACTOR, metadata=metadata or None
            )
        )

    def _submit(self, draft: Draft) -> Coroutine[Any, Any, Event]:
        store, limit = self._here()
        size = len(draft.data) + len(draft.metadata or b"")
        if size > limit:
            raise Problem("too_large", f"An event holds at most {limit} bytes; this one has {size}.")
        return _stored(store.committer.submit(lambda transaction: transaction.emit(draft), size=size))

    def _here(self) -> tuple[Store, int]:
        loop = _running_loop()
        for store, limit, theirs in reversed(self._bound):
            if theirs is loop:
                return store, limit
        raise NoServer(
            "no server runs in this process and event loop: start realtime.app.create_app() there, "
            "or publish over HTTP from elsewhere"
        )


emit: Final = Emitter()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _stored(future: asyncio.Future[Event]) -> Event:
    # Shielded: who gives up waiting does not take the event back.
    return await asyncio.shield(future)


def _refuse_not_finite(value: Any) -> None:
    """The encoder would write null for NaN and Infinity, and nobody would know."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and not isfinite(item):
            raise ValueError(f"{item} cannot be said in JSON")
        if isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
