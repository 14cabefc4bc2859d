"""Broadcast with FastAPI and uvicorn, as its documentation shows it: one list of connections, `send_text` to each.

The event is validated and serialised once for all. Nothing is stored, and nobody is asked who they are.
"""

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

app = FastAPI()
connections: set[WebSocket] = set()
seq = 0


class Published(BaseModel):
    seq: int
    channel: str
    at: datetime


@app.get("/ready")
async def ready() -> Response:
    return Response()


@app.post("/publish", status_code=201)
async def publish(data: dict[str, Any]) -> Published:
    global seq
    seq += 1
    mine, at = seq, datetime.now(UTC)
    event = {"type": "message", "channel": "bench", "data": data, "timestamp": at.isoformat(), "seq": mine}
    text = json.dumps(event, separators=(",", ":"))
    for connection in list(connections):
        await connection.send_text(text)
    return Published(seq=mine, channel="bench", at=at)


@app.websocket("/subscribe")
async def subscribe(connection: WebSocket) -> None:
    await connection.accept()
    connections.add(connection)
    try:
        while True:
            await connection.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        connections.discard(connection)
