"""The words of the roster."""

from __future__ import annotations

import json

import pytest

from realtime.dialects.canonical import CANONICAL
from realtime.dialects.channels import CHANNELS
from realtime.dialects.roster import NOTICE, status_of
from realtime.events import Signal


@pytest.mark.parametrize(
    ("text", "status"),
    [
        *((word, "Ativa") for word in ("Ativa", "ativa", "ATIVA", "active", "Activa", " active ")),
        *((word, "Inativa") for word in ("Inativa", "INATIVA", "inactive", "inactiva")),
        *((word, None) for word in ("", "x", "ativo", "true", "1", "in ativa", "ATİVA")),
    ],
)
def test_a_status_has_six_spellings_and_no_seventh(text: str, status: str | None) -> None:
    assert status_of(text) == status


@pytest.mark.parametrize("dialect", [CHANNELS, CANONICAL], ids=lambda dialect: dialect.name)
def test_what_is_said_to_one_connection_is_a_system_event_without_a_seq(dialect: object) -> None:
    said = {"level": "warning", "message": "Até logo", "timestamp": "2025-07-20T00:05:37.123Z"}

    frame = json.loads(dialect.signal(Signal("general", NOTICE, json.dumps(said).encode())))  # type: ignore[attr-defined]

    assert frame == {"type": "system_event", "data": {}, **said}
    assert CHANNELS.signal(Signal("chat", "typing", b"{}")) is None
