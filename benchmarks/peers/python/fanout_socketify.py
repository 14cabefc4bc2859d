"""Broadcast with uWebSockets (C++) through its Python binding: the topic is the library's own, the fan-out is C++.

The body is parsed and the frame serialised once. Nothing is stored, and nobody is asked who they are.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from socketify import App, AppListenOptions, CompressOptions, OpCode

app = App()
seq = 0


def publish(response: Any, body: bytes) -> None:
    global seq
    try:
        data = json.loads(body)
    except ValueError:
        response.write_status(400).end("")
        return
    seq += 1
    at = datetime.now(UTC).isoformat()
    event = {"type": "message", "channel": "bench", "data": data, "timestamp": at, "seq": seq}
    app.publish("bench", json.dumps(event, separators=(",", ":")), OpCode.TEXT, False)
    response.write_status(201).write_header("Content-Type", "application/json")
    response.end(json.dumps({"seq": seq, "channel": "bench", "at": at}))


def receive(response: Any, _: Any) -> None:
    parts: list[bytes] = []

    def on_data(res: Any, chunk: bytes | None, is_end: bool) -> None:
        if chunk:
            parts.append(chunk)
        if is_end:
            publish(res, b"".join(parts))

    response.on_data(on_data)


app.get("/ready", lambda response, _: response.end(""))
app.post("/publish", receive)
app.ws(
    "/subscribe",
    {
        "compression": CompressOptions.DISABLED,
        "max_backpressure": 64 * 1024 * 1024,
        "idle_timeout": 0,
        "open": lambda socket: socket.subscribe("bench"),
    },
)
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
app.run()
