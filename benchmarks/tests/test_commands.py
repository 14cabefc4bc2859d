"""The load publishes on WebSockets: commands find their answers, and Socket.IO is spoken as its clients speak it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from benchmarks import load
from benchmarks.measure import event
from benchmarks.peers.base import Way
from benchmarks.tests.wire import flaws, frame, measured

IN_FLIGHT = 8
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


async def texts(reader: asyncio.StreamReader) -> Any:
    """The texts that a client sends, unmasked."""
    while True:
        head = await reader.readexactly(2)
        assert head[0] == 0x81
        assert head[1] & 0x80
        length = head[1] & 0x7F
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(length)
        yield bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)).decode()


class Upgrading:
    """A server of WebSockets; what a client says goes to `hear`."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(UPGRADED)
            await self.greet(writer)
            async for text in texts(reader):
                await self.hear(text, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def greet(self, writer: asyncio.StreamWriter) -> None:
        return

    async def hear(self, text: str, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Commanded(Upgrading):
    """Answers commands only when as many as may be in flight have come, and the last one first."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.seen = 0
        self._waiting: dict[asyncio.StreamWriter, list[dict[str, Any]]] = {}

    async def hear(self, text: str, writer: asyncio.StreamWriter) -> None:
        waiting = self._waiting.setdefault(writer, [])
        waiting.append(json.loads(text))
        self.seen += 1
        if len(waiting) == IN_FLIGHT:
            writer.write(frame(b'{"type":"system_event","data":{"id":1}}'))
            writer.write(b"".join(frame(self._answer(command)) for command in reversed(waiting)))
            waiting.clear()

    def _answer(self, command: dict[str, Any]) -> bytes:
        assert command["action"] == "publish"
        number, good = command["id"], True
        if self.seen == IN_FLIGHT:
            if self.fault == "refuse" and command is self._first():
                good = False
            if self.fault == "foreign" and command is self._first():
                number += IN_FLIGHT
        return json.dumps({"type": "result", "id": number, "success": good}, separators=(",", ":")).encode()

    def _first(self) -> dict[str, Any]:
        return next(waiting[0] for waiting in self._waiting.values() if waiting)


class Chatting(Upgrading):
    """Socket.IO: tells every message to all who have connected, and other things besides."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.auths: list[str] = []
        self.pongs = 0
        self._joined: list[asyncio.StreamWriter] = []
        self._told = 0

    async def greet(self, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(b'0{"sid":"x","upgrades":[],"pingInterval":25000}'))

    async def hear(self, text: str, writer: asyncio.StreamWriter) -> None:
        if text.startswith("40"):
            self.auths.append(text[2:])
            if self.fault == "refuse":
                writer.write(frame(b'44{"message":"a token is needed"}'))
                return
            writer.write(frame(b'40{"sid":"y"}') + frame(b"2") + frame(b'42["users:list",{"users":[]}]'))
            self._joined.append(writer)
        elif text == "3":
            self.pongs += 1
        else:
            self._tell(text, writer)

    def _tell(self, text: str, writer: asyncio.StreamWriter) -> None:
        number, _, content = text[2:].partition("[")
        self._told += 1
        for one in self._joined:
            if not (self.fault == "forget" and one is writer and self._told == 3):
                one.write(frame(f"42[{content}".encode()))
        writer.write(frame(f'43{number}[{{"ok":true,"id":"{number}"}}]'.encode()))


def commanded(server: Commanded, **options: Any) -> dict[str, Any]:
    return measured(server, subscribers=0, in_flight=IN_FLIGHT, **event(Way.COMMANDS), **options)


def chatting(server: Chatting, **options: Any) -> dict[str, Any]:
    return measured(server, auth='{"token":"t"}', **event(Way.SOCKET_IO), **options)


def test_commands_in_flight_are_answered_by_their_numbers_in_whatever_order() -> None:
    server = Commanded()
    result = commanded(server, drain=0.1)

    # A server that waits for eight more is left with what was sent last.
    assert {name for name in flaws(result) if name != "unanswered"} == set()
    assert result["published"] > IN_FLIGHT
    assert result["published"] + result["unanswered"] == server.seen
    assert result["answer_samples"] > 0


def test_a_command_that_is_refused_is_an_error_and_tells_its_answer() -> None:
    server = Commanded()
    server.fault = "refuse"
    result = commanded(server, publishers=1, drain=0.1)

    assert result["errors"] == 1
    assert "success :false" in result["first_error"]


def test_an_answer_under_a_number_that_was_not_asked_is_an_error() -> None:
    server = Commanded()
    server.fault = "foreign"
    result = commanded(server, publishers=1, drain=0.1)

    assert result["errors"] == 1
    assert "nothing asked" in result["first_error"]
    assert result["unanswered"] > 0


def test_over_socket_io_all_clients_hear_each_message_once_and_only_messages_count() -> None:
    server = Chatting()
    result = chatting(server)

    assert flaws(result) == {}
    assert result["published"] > 0
    assert result["latency_samples"] > 0
    assert server.auths == ['{"token":"t"}'] * 7  # five that listen, two that publish
    assert server.pongs == 7


def test_a_message_that_its_own_sender_does_not_hear_is_lost() -> None:
    server = Chatting()
    server.fault = "forget"

    assert flaws(chatting(server)) == {"lost": 1}


def test_a_client_of_socket_io_that_is_refused_ends_the_run_with_what_the_server_said() -> None:
    server = Chatting()
    server.fault = "refuse"

    with pytest.raises(load.LoadFailed, match="a token is needed"):
        chatting(server)
