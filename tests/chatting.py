"""A client of Socket.IO spoken by hand, packet by packet, over either transport; and what seed 004 shows."""

from __future__ import annotations

import json
import re
from collections import deque
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient

PATH = "/socket.io/"
PATIENCE = 20
SEPARATOR = "\x1e"
TRANSPORTS = ("websocket", "polling")
SEED = (Path(__file__).parent / "seeds" / "chat.md").read_text("utf-8")

Http = TestClient[web.Request, web.Application] | ClientSession


class Ended(Exception):
    """The server has ended the session: with this close code, or by this answer to a poll."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Chat:
    """
    One session. `send` and `receive` take and give packets as text; `call` emits an event
    and returns its acknowledgement; what comes meanwhile waits in `heard`.
    """

    def __init__(self, http: Http, transport: str = "websocket", *, base: str = "", **extra: Any) -> None:
        self.http = http
        self.transport = transport
        self.url = base + PATH
        self.params = {"EIO": "4", "transport": transport, **extra.pop("params", {})}
        self.extra = extra
        self.ws: ClientWebSocketResponse | None = None
        self.opening: dict[str, Any] = {}
        self.heard: deque[tuple[str, dict[str, Any]]] = deque()
        self._packets: deque[str] = deque()
        self._number = 0

    async def open(self) -> Self:
        """The handshake of Engine.IO."""
        if self.transport == "websocket":
            self.ws = await self.http.ws_connect(self.url, params=self.params, max_msg_size=0, **self.extra)
        self.opening = json.loads((await self.receive())[1:])
        self.params["sid"] = self.opening["sid"]
        return self

    async def connect(self, auth: dict[str, Any] | None = None, *, greeted: bool = True) -> Self:
        """The same, and CONNECT; what comes up to the list of users, which greets each newcomer, is dropped."""
        await self.open()
        await self.send("40" + ("" if auth is None else json.dumps(auth)))
        answer = await self.receive()
        assert answer.startswith("40"), answer
        if greeted:
            await self.event("users:list")
        return self

    async def upgrade(self) -> None:
        """From polling to WebSocket, as the official client does it."""
        params = {**self.params, "transport": "websocket"}
        ws = await self.http.ws_connect(self.url, params=params, max_msg_size=0, **self.extra)
        await ws.send_str("2probe")
        assert await ws.receive_str(timeout=PATIENCE) == "3probe"
        await ws.send_str("5")
        self.ws = ws

    async def send(self, *packets: str) -> None:
        if self.ws is not None:
            for packet in packets:
                await self.ws.send_str(packet)
            return
        body = SEPARATOR.join(packets).encode()
        async with self.http.post(self.url, params=self.params, data=body, **self.extra) as response:
            if response.status != 200:
                raise Ended(response.status)

    async def receive(self) -> str:
        """The next packet but pings, which are answered. Raises Ended."""
        while True:
            if not self._packets:
                self._packets.extend(await self._more())
            packet = self._packets.popleft()
            if packet == "2":
                await self.send("3")
            elif packet == "1":
                raise Ended(None)
            elif packet != "6":
                return packet

    async def _more(self) -> list[str]:
        if self.ws is not None:
            message = await self.ws.receive(timeout=PATIENCE)
            if message.type is not WSMsgType.TEXT:
                raise Ended(self.ws.close_code)
            return [message.data]
        async with self.http.get(self.url, params=self.params, **self.extra) as response:
            if response.status != 200:
                raise Ended(response.status)
            return (await response.text()).split(SEPARATOR)

    async def emit(self, name: str, *args: Any) -> None:
        await self.send("42" + json.dumps([name, *args]))

    async def call(self, name: str, *args: Any) -> dict[str, Any]:
        """Emit, and wait for the acknowledgement."""
        self._number += 1
        await self.send(f"42{self._number}" + json.dumps([name, *args]))
        return await self.answer(self._number)

    async def answer(self, number: int) -> dict[str, Any]:
        """The acknowledgement of this number."""
        head = f"43{number}["
        while not (packet := await self.receive()).startswith(head):
            self._take(packet)
        return dict(json.loads(packet[len(head) - 1 :])[0])

    async def event(self, name: str) -> dict[str, Any]:
        """The payload of the next event of this name; what came before it is dropped."""
        while True:
            if not self.heard:
                self._take(await self.receive())
            found, payload = self.heard.popleft()
            if found == name:
                return payload

    async def events(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The next events, whatever they are called."""
        while len(self.heard) < count:
            self._take(await self.receive())
        return [self.heard.popleft() for _ in range(count)]

    async def end(self) -> list[str]:
        """What still comes until the server ends the session, and how it ends: its close code or status."""
        packets: list[str] = []
        try:
            while True:
                packets.append(await self.receive())
        except Ended as ended:
            return [*packets, str(ended.code)]

    async def close(self) -> None:
        if self.ws is not None:
            await self.ws.close()
        elif "sid" in self.params:
            with suppress(Ended):
                await self.send("1")

    def _take(self, packet: str) -> None:
        if packet.startswith("44"):
            self.heard.append(("connect_error", json.loads(packet[2:])))
            return
        assert packet.startswith("42["), packet
        name, payload = json.loads(packet[2:])
        self.heard.append((name, payload))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


_SNIPPET = re.compile(r"```javascript\n(.*?)```", re.DOTALL)


@cache
def snippets() -> list[str]:
    """What the document shows clients emit, as it stands there."""
    code = (re.sub(r"^  ", "", match, flags=re.MULTILINE) for match in _SNIPPET.findall(SEED))
    return [text for text in code if text.startswith("socket.emit")]


@cache
def shown() -> dict[str, dict[str, Any]]:
    """The payloads that the document shows a server emit, by event."""
    found: dict[str, dict[str, Any]] = {}
    for text in _SNIPPET.findall(SEED):
        if match := re.search(r'io\.emit\("([^"]+)", (\{.*\})\);', text, re.DOTALL):
            quoted = re.sub(r"(\w+):(?=\s)", r'"\1":', match[2])
            found[match[1]] = json.loads(re.sub(r",(?=\s*[}\]])", "", quoted))
    # The table of the document has one event more.
    found["users:online"] = {"user_id": "uuid", "username": "username"}
    return found
