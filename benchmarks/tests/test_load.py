"""The load counts right: frames however they are cut, and everything that a server can do wrong."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest

from benchmarks import load
from benchmarks.tests.wire import flaws, frame, measured

PING = b"\x89\x02hi"
LONG = b" " * 70_000


class Broadcaster:
    """A server that sends each posted body to all, in pieces of ever other sizes, with one fault if asked."""

    def __init__(self, wrap: Callable[[bytes], bytes] = frame) -> None:
        self._wrap = wrap
        self.fault: str | None = None
        self.pongs = 0
        self._subscribers: list[asyncio.StreamWriter] = []
        self._published = 0
        self._held = b""
        self._one_at_a_time = asyncio.Lock()
        self._sizes: Iterator[int] = itertools.cycle([1, 2, 3, 7, 1000, 5, 4096])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if head.startswith("GET /refused"):
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                elif head.startswith("GET"):
                    await self._subscribe(reader, writer)
                    return
                else:
                    await self._publish(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _subscribe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" + PING)
        self._subscribers.append(writer)
        while await reader.readexactly(8) == b"\x8a\x82\0\0\0\0hi":
            self.pongs += 1

    async def _publish(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(head.lower().split("content-length:")[1].split()[0])
        payload = await reader.readexactly(length)
        self._published += 1
        mine = self._published
        if self.fault == "refuse" and mine == 3:
            writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
            return
        async with self._one_at_a_time:
            for number, subscriber in enumerate(self._subscribers):
                held, self._held = (self._held, b"") if number == 0 else (b"", self._held)
                if self.fault == "late" and number == 0 and mine == 3:
                    self._held = self._wrap(payload)
                else:
                    await self._in_pieces(subscriber, self._wrap(payload) * self._copies(number, mine) + held)
        writer.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    def _copies(self, subscriber: int, event: int) -> int:
        """How often a subscriber gets this event: once, unless it is the one that the fault is about."""
        if subscriber != 0 or event not in (3, 4):
            return 1
        if self.fault == "swap":
            return 0 if event == 3 else 2
        return {"lose": 0, "double": 2}.get(self.fault or "", 1) if event == 3 else 1

    async def _in_pieces(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """The first bytes, headers among them, in tiny pieces; of a long frame, the rest at once."""
        while data:
            size = next(self._sizes) if len(data) < 5000 or len(data) % 2 else len(data) - 1
            writer.write(data[:size])
            await writer.drain()
            await asyncio.sleep(0)
            data = data[size:]


def fragmented(payload: bytes) -> bytes:
    return frame(payload[:10], final=False) + PING + frame(payload[10:], opcode=0)


@pytest.mark.parametrize(
    "wrap",
    [frame, lambda payload: frame(payload + LONG), lambda payload: frame(payload[:60]), fragmented],
    ids=["16-bit length", "64-bit length", "7-bit length", "fragments with a ping between"],
)
def test_every_frame_is_counted_once_however_it_is_cut(wrap: Callable[[bytes], bytes]) -> None:
    server = Broadcaster(wrap)
    result = measured(server)

    assert flaws(result) == {}
    assert result["published"] > 0
    assert result["latency_samples"] > 0
    assert server.pongs >= 5


def test_a_lost_event_is_reported() -> None:
    server = Broadcaster()
    server.fault = "lose"

    assert flaws(measured(server)) == {"lost": 1, "wrong_witnesses": 1}


def test_a_double_is_reported() -> None:
    server = Broadcaster()
    server.fault = "double"

    assert flaws(measured(server)) == {"extra": 1, "wrong_witnesses": 1}


def test_a_double_cannot_hide_a_loss_from_a_witness() -> None:
    server = Broadcaster()
    server.fault = "swap"

    assert flaws(measured(server)) == {"wrong_witnesses": 1}


def test_another_order_is_reported() -> None:
    server = Broadcaster()
    server.fault = "late"

    assert flaws(measured(server)) == {"other_order": 4}  # all but the first, with whom the others are compared


def test_an_answer_that_is_not_2xx_is_an_error_and_tells_its_text() -> None:
    server = Broadcaster()
    server.fault = "refuse"
    result = measured(server)

    assert flaws(result) == {"errors": 1}
    assert "503 Busy" in result["first_error"]


def test_a_steady_rate_is_kept() -> None:
    result = measured(Broadcaster(), rate=100, seconds=1)

    assert flaws(result) == {}
    assert result["publishes_per_s"] == pytest.approx(100, rel=0.1)


def test_a_refused_subscriber_ends_the_run_with_what_the_server_said() -> None:
    with pytest.raises(load.LoadFailed, match="403 Forbidden"):
        measured(Broadcaster(), subscribe_path="/refused")
