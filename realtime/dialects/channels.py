"""
The dialect of the sensor event socket (seed 002): `entity_event`, `system_event`, and
`message` for the users' own channels. `seq` and `replayed` stand beside `type`.
"""

from __future__ import annotations

from typing import Final

from realtime.clock import timestamp
from realtime.dialects.roster import NOTICE, system_event
from realtime.events import Event, Signal
from realtime.jsonio import dumps, loads_trusted

ENTITIES: Final = ("sensor", "reading", "location", "anomaly", "prediction")
_VERBS: Final = {"created": "create", "updated": "update", "deleted": "delete"}

# (entity_type, event_type, the usual metadata.action) for every type that is an entity_event.
_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    f"{entity}.{done}": (entity, done, f"{do}_{entity}") for entity in ENTITIES for done, do in _VERBS.items()
} | {
    "anomaly.detected": ("anomaly", "anomaly_detected", "detect_anomaly"),
    "prediction.completed": ("prediction", "prediction_completed", "complete_prediction"),
}
_LEVELS: Final = {"system.info": "info", "system.warning": "warning", "system.error": "error"}
PUBLICATION: Final = "publication.created"


class Channels:
    """The channels dialect; it has no word for chat, CSAT, audit and presence."""

    name = "channels"

    def event(self, event: Event, *, replayed: bool = False) -> bytes | None:
        """The seed's frame of the event, key for key, then `seq`."""
        if event.type == PUBLICATION:
            body = b'{"type":"message","channel":' + dumps(event.channel) + b',"data":' + event.data
            body += f',"timestamp":"{timestamp(event.at)}"'.encode()
        elif word := _WORDS.get(event.type):
            body = _entity_event(event, *word)
        elif level := _LEVELS.get(event.type):
            body = _system_event(event, level)
        else:
            return None
        return body + f',"seq":{event.seq}'.encode() + (b',"replayed":true}' if replayed else b"}")

    def signal(self, signal: Signal) -> bytes | None:
        """What is said to one connection; no other signal has a word in this dialect."""
        return system_event(signal.data) if signal.type == NOTICE else None


CHANNELS: Final = Channels()


def _entity_event(event: Event, entity: str, done: str, action: str) -> bytes:
    metadata = event.metadata or f'{{"action":"{action}"}}'.encode()
    head = f'{{"type":"entity_event","entity_type":"{entity}","event_type":"{done}","entity_id":'.encode()
    tail = f',"timestamp":"{timestamp(event.at)}","metadata":'.encode()
    return head + dumps(event.entity_id) + b',"data":' + event.data + tail + metadata


def _system_event(event: Event, level: str) -> bytes:
    told = loads_trusted(event.data)
    head = f'{{"type":"system_event","level":"{level}","message":'.encode()
    tail = f',"timestamp":"{timestamp(event.at)}"'.encode()
    return head + dumps(told["message"]) + b',"data":' + dumps(told["data"]) + tail
