"""System events: what the server itself has to say (seed 002)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from realtime.channels import GENERAL
from realtime.events import Draft

LEVELS: Final = ("info", "warning", "error")
STARTED: Final = "Sistema iniciado correctamente"


def system_event(
    level: str,
    message: str,
    data: Mapping[str, Any] | None = None,
    *,
    channel: str = GENERAL,
    actor: str = "system",
) -> Draft:
    """
    The draft of a `system_event`. Raises ValueError for a level other than info, warning,
    error.
    """
    if level not in LEVELS:
        raise ValueError(f"{level!r} is no level: {', '.join(LEVELS)}")
    return Draft.of(channel, f"system.{level}", {"message": message, "data": dict(data or {})}, actor=actor)
