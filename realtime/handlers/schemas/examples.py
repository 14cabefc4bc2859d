"""What events look like: an example of every kind of row, for documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MADE: Final = {"created_at": "2024-01-01T10:00:00.000Z", "updated_at": "2024-01-01T10:00:00.000Z"}
CHAT: Final = "0b9d4c1e-7a52-4e0b-9a4e-5d1c7f0e2b11"
ANA: Final = "5f0c1c1a-2b8e-4a39-8d5c-0f6f4f7c9a20"
MESSAGE: Final = "c3a1d0f2-51c4-4f5e-b6a8-3b1a9d2e7c55"

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "sensor": {
        "id": 3,
        "tipo": "temperatura",
        "modelo": "DHT22",
        "nombre": "Sala",
        "ubicacion_id": 1,
        "unidad": "°C",
        "activo": True,
        **_MADE,
    },
    "reading": {
        "id": 8,
        "sensor_id": 3,
        "valor": 21.5,
        "unidad": "°C",
        "timestamp": "2024-01-01T09:59:58.000Z",
        **_MADE,
    },
    "location": {"id": 1, "nombre": "Bodega", "latitud": 4.6, "longitud": -74.1, **_MADE},
    "anomaly": {
        "id": 2,
        "sensor_id": 3,
        "lectura_id": 8,
        "tipo": "pico",
        "severidad": "alta",
        "descripcion": "Subió 9 °C en un minuto",
        **_MADE,
    },
    "prediction": {
        "id": 4,
        "sensor_id": 3,
        "horizonte": "24h",
        "estado": "completada",
        "valores": [21.7, 22.1],
        **_MADE,
    },
    "conversation": {
        "id": 1,
        "uuid": CHAT,
        "contact_id": "e8b7a1d4-3f6c-4f0a-9a57-6f1f0f3b6c02",
        "contact_name": "João Silva",
        "assignee": 4,
        "assignee_name": "ana",
        "status": "open",
        "origin_channel": "chat",
        "cycle": 1,
        "last_message_at": "2024-01-01T10:00:00.000Z",
        "closed_at": None,
        **_MADE,
    },
    "message": {
        "id": 1,
        "uuid": MESSAGE,
        "conversation_id": 1,
        "chat_id": CHAT,
        "content": "Nova mensagem",
        "sender": "customer",
        "sender_id": "e8b7a1d4-3f6c-4f0a-9a57-6f1f0f3b6c02",
        "sender_name": "João Silva",
        "user_id": 4,
        "message_type": "text",
        "status": "sent",
        "edited_at": None,
        "deleted_at": None,
        **_MADE,
    },
    "deleted": {
        "id": 1,
        "uuid": MESSAGE,
        "conversation_id": 1,
        "chat_id": CHAT,
        "deleted_by": 4,
        "deleted_at": "2024-01-01T10:05:00.000Z",
    },
    "reaction": {
        "message_id": 1,
        "message_uuid": MESSAGE,
        "conversation_id": 1,
        "chat_id": CHAT,
        "user_id": 4,
        "sender_id": ANA,
        "username": "ana",
        "reaction": "👍",
    },
    "rating": {
        "id": 1,
        "conversation_id": 1,
        "chat_id": CHAT,
        "cycle": 1,
        "contact_name": "João Silva",
        "asked_at": "2024-01-01T10:30:00.000Z",
        "answered_at": "2024-01-01T10:31:00.000Z",
        "rating": 5,
        "feedback": "Excelente atendimento!",
        **_MADE,
    },
    "entry": {
        "id": 1,
        "action": "conversation_created",
        "details": {"conversation_id": 1, "contact_name": "João Silva"},
        "user": {"id": 4, "username": "ana"},
        "timestamp": "2024-01-01T10:00:00Z",
    },
    "user": {
        "user_id": 4,
        "uuid": ANA,
        "username": "ana",
        "status": "online",
        "last_seen": "2024-01-01T10:00:00.000Z",
    },
}
