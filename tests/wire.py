"""A WebSocket as bytes, for what no well-behaved client would send."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.programs import Server, dial

TEXT, CONTINUATION, CLOSE, PING, LAST = 0x1, 0x0, 0x8, 0x9, 0x80


def frame(first: int, payload: bytes = b"", mask: bytes | None = b"\0\0\0\0") -> bytes:
    """A frame as a client sends it: `first` is its opcode, and LAST."""
    masked = 0 if mask is None else 0x80
    if len(payload) < 126:
        length = bytes([masked | len(payload)])
    elif len(payload) < 2**16:
        length = bytes([masked | 126]) + struct.pack("!H", len(payload))
    else:
        length = bytes([masked | 127]) + struct.pack("!Q", len(payload))
    return bytes([first]) + length + (mask or b"") + payload


@asynccontextmanager
async def upgraded(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the socket's door, after the upgrade."""
    async with dial(server) as (reader, writer):
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            b"GET /api/v1/ws?channel=predictions HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key.encode() + b"\r\n\r\n"
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield reader, writer
        writer.transport.abort()  # what waits in it will not be taken any more


async def goodbye(reader: asyncio.StreamReader) -> tuple[int, str]:
    """The code and the reason of the close frame that comes, whatever comes before it."""
    while True:
        first, size = await reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
        payload = await reader.readexactly(size)
        if first == LAST | CLOSE:
            return int.from_bytes(payload[:2], "big"), payload[2:].decode()
