"""
The words of the roster (seed 000): the status of a connection, and what a signal to one
connection is called on its way to the dialects.
"""

from __future__ import annotations

from typing import Final

from realtime.jsonio import dumps, loads_trusted

ACTIVE: Final = "Ativa"
INACTIVE: Final = "Inativa"
STATUSES: Final = (ACTIVE, INACTIVE)

DIALECTS: Final = ("dashboard", "channels", "chat", "sse", "ndjson", "realtime")
"""What a connection may speak."""

NOTICE: Final = "system.notice"
"""The signal to one connection; its data is `{"level", "message", "timestamp"}`."""

LEVELS: Final = ("info", "warning", "error")

_SPELLINGS: Final = dict.fromkeys(("ativa", "activa", "active"), ACTIVE) | dict.fromkeys(
    ("inativa", "inactiva", "inactive"), INACTIVE
)


def status_of(text: str) -> str | None:
    """The status that `text` spells, in Portuguese, Spanish or English and any case; None for none."""
    return _SPELLINGS.get(text.strip().lower())


def system_event(data: bytes) -> bytes:
    """The `system_event` that a NOTICE is in the channels and the canonical dialect: it has no `seq`."""
    said = loads_trusted(data)
    told = {"level": said["level"], "message": said["message"], "data": {}, "timestamp": said["timestamp"]}
    return dumps({"type": "system_event", **told})
