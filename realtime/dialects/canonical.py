"""
The canonical form of an event, as SSE, NDJSON, `GET /api/v1/events` and the WebSocket
subprotocol `realtime.v1` carry it:

    {"seq": 7, "channel": "sensors", "type": "sensor.created", "entity_id": 3,
     "data": {...}, "actor": "ana", "at": "2025-07-20T00:05:37.123Z"}

and `"replayed": true` at its end on a frame from before the connection.
"""

from __future__ import annotations

from typing import Any, Final

from realtime.clock import timestamp
from realtime.dialects.roster import NOTICE, system_event
from realtime.events import Event, Signal
from realtime.jsonio import dumps, loads_trusted

SUBPROTOCOL: Final = "realtime.v1"


class Canonical:
    """The canonical dialect: every event has a word in it."""

    name = "realtime"

    def event(self, event: Event, *, replayed: bool = False) -> bytes:
        """The canonical form; `data` is spliced in as it is stored."""
        head = f'{{"seq":{event.seq},"channel":'.encode() + dumps(event.channel)
        middle = b',"type":' + dumps(event.type) + b',"entity_id":' + dumps(event.entity_id) + b',"data":' + event.data
        tail = b',"actor":' + dumps(event.actor) + b',"at":"' + timestamp(event.at).encode() + b'"'
        return head + middle + tail + (b',"replayed":true}' if replayed else b"}")

    def signal(self, signal: Signal) -> bytes:
        """
        `{"type", "channel", "data"}`: a signal has no `seq`. What is said to one connection
        has the shape of the channels dialect.
        """
        if signal.type == NOTICE:
            return system_event(signal.data)
        return (
            b'{"type":' + dumps(signal.type) + b',"channel":' + dumps(signal.channel) + b',"data":' + signal.data + b"}"
        )


CANONICAL: Final = Canonical()


def as_dict(event: Event) -> dict[str, Any]:
    """The canonical form as a value."""
    value: dict[str, Any] = loads_trusted(CANONICAL.event(event))
    return value
