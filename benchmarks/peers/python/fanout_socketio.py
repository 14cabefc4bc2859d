"""Broadcast with python-socketio's AsyncServer: an emitted `message:send` goes to all, and is then acknowledged.

As its documentation shows it: `await sio.emit`, its default client manager. It runs on
aiohttp and uvloop, which cost it a little less than uvicorn. Nothing is stored, and
nobody is asked who they are.
"""

import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import socketio
import uvloop
from aiohttp import web

sio = socketio.AsyncServer(async_mode="aiohttp", transports=["websocket"])


@sio.on("message:send")
async def send(sid: str, message: dict[str, Any]) -> dict[str, Any]:
    ident, at = str(uuid4()), datetime.now(UTC).isoformat()
    told = {"id": ident, "chat_id": message["chat_id"], "sender_id": message["sender_id"], "body": message["body"]}
    await sio.emit("message:send", {**told, "status": "sent", "created_at": at})
    return {"ok": True, "id": ident}


async def ready(_: web.Request) -> web.Response:
    return web.Response()


app = web.Application()
app.router.add_get("/ready", ready)
sio.attach(app)
uvloop.install()
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), backlog=4096, access_log=None, print=None)
