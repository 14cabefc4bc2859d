"""The formats of one server: each made once, so that sessions can share audiences."""

from __future__ import annotations

from realtime.delivery.frames import Format, StreamFormat, WebSocketFormat
from realtime.delivery.socketio_format import SocketIOFormat
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.channels import CHANNELS
from realtime.dialects.dashboard import DASHBOARD


class Formats:
    """All ways of writing to clients, of the history named `epoch`."""

    def __init__(self, epoch: str) -> None:
        self.channels: Format = WebSocketFormat(CHANNELS)
        self.chat: Format = SocketIOFormat()
        self.dashboard: Format = WebSocketFormat(DASHBOARD)
        self.realtime: Format = WebSocketFormat(CANONICAL)
        self._streams = {
            (name, chunked): StreamFormat(name, epoch, chunked=chunked)
            for name in ("sse", "ndjson")
            for chunked in (True, False)
        }

    def stream(self, name: str, *, chunked: bool) -> StreamFormat:
        """The format of `sse` or `ndjson`."""
        return self._streams[name, chunked]
