"""`tail CHANNEL [--since]`: events as they happen, a line of JSON each."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final

import click

from realtime.commands.failure import Failure
from realtime.commands.options import data_option, load_settings
from realtime.commands.output import note

if TYPE_CHECKING:
    from aiohttp import ClientSession, StreamReader

PATH: Final = "/api/v1/events/ndjson"

SILENCE: Final = 35.0
"""Seconds without a byte (the server sends an empty line every 15) after which the connection counts as dead."""

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each further try to connect, the last one for all that follow; a random part of it is left out."""

LINE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one line that are taken; the server's own limit for an event is lower by default."""


@click.command("tail", short_help="Follow a channel.")
@click.argument("channel")
@click.option(
    "--since", metavar="WHEN", help="Begin there: a position (7 or epoch:7), an age (10m, 2h, 7d), or an RFC 3339 time."
)
@click.option("--no-follow", "once", is_flag=True, help="End with the last event there is. [default since: the oldest]")
@data_option
def tail(channel: str, since: str | None, *, once: bool, data: str | None) -> None:
    """
    Print what happens on a channel (several: with commas between them), a line of JSON for
    each event, until Ctrl-C (exit 130). Waits for a server that is not there, comes back to
    one that was away, and misses nothing in between.

    \b
      realtime tail sensors,readings
      realtime tail heating --since 2h | jq .data
      realtime tail audit --since 0 --no-follow > audit.ndjson
    """
    try:
        asyncio.run(_print_all(channel, since or "0", data) if once else _follow(channel, since, data))
    except BrokenPipeError:
        # Whoever read has had enough (`| head`). Standard output is of no use any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print_all(channel: str, since: str, data: str | None) -> None:
    from realtime.commands.client import connected, unanswered

    reader = _Reader(channel, {"since": since, "poll": "1"})
    async with connected(data) as client:
        if not await reader.read(client.session):
            raise Failure(unanswered(reader.error or ConnectionError(), client.place))
    if reader.printed == 0:
        note(f"realtime: {channel} has no events {'yet' if since == '0' else f'since {since}'}")


async def _follow(channel: str, since: str | None, data: str | None) -> None:
    # The hello, which names the position, comes only to those who name one.
    reader = _Reader(channel, {"since": since or "now"})
    tries = 0
    while True:
        lines = reader.lines
        async with _session(data) as session:
            if session is not None:
                await reader.read(session)
        tries = 0 if reader.lines > lines else tries + 1
        if tries == 1:
            note("realtime: no server answers; waiting for it" if reader.lines == 0 else "realtime: connection lost")
        await asyncio.sleep(PAUSES[min(tries, len(PAUSES)) - 1] * random.uniform(0.5, 1.0))


def _session(data: str | None) -> AbstractAsyncContextManager[ClientSession | None]:
    """A session with the server that runs; None where none does: following never takes the folder itself."""
    from realtime.commands.client import connected, listens, local_session
    from realtime.server.listening import socket_path

    @asynccontextmanager
    async def open_session() -> AsyncIterator[ClientSession | None]:
        if data is None and os.environ.get("REALTIME_URL"):
            async with connected(None) as client:
                yield client.session
            return
        path = socket_path(load_settings({"data": data}).data)
        if not listens(path):
            yield None
            return
        async with local_session(path) as session:
            yield session

    return open_session()


class _Reader:
    """Prints the lines of one stream after another, each from where the last one ended."""

    def __init__(self, channel: str, query: dict[str, str]) -> None:
        self._channel = channel
        self._query = query
        self._once = "poll" in query
        self._epoch = ""
        self.lines = 0
        """Lines received, those that are not printed included."""
        self.printed = 0
        self.error: BaseException | None = None
        """What cut the last stream off, where something did."""

    async def read(self, session: ClientSession) -> bool:
        """
        Print until the stream ends; tells whether it came to its end, and was not cut off.
        Raises Failure for a refusal that would not change, and, where it is asked once, for
        any and for a position that means nothing here; and BrokenPipeError.
        """
        from aiohttp import ClientError, ClientTimeout

        from realtime.commands.client import refusal

        query = {"channel": self._channel, **self._query}
        timeout = ClientTimeout(total=None, connect=10, sock_read=SILENCE)
        try:
            async with session.get(PATH, params=query, timeout=timeout) as response:
                if response.status >= 400:
                    error = refusal(response.status, await response.read())
                    if self._once or response.status not in (429, 503):
                        raise error
                    note(f"realtime: {error.message}")
                    return False
                await self._print(response.content)
                return True
        except BrokenPipeError:
            raise
        except (ClientError, TimeoutError, OSError) as error:
            self.error = error
            return False

    async def _print(self, stream: StreamReader) -> None:
        rest = b""
        async for chunk in stream.iter_any():
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE_LIMIT:
                raise Failure(f"a line is longer than {LINE_LIMIT} bytes")
            for line in lines:
                self._take(line)
            sys.stdout.buffer.flush()

    def _take(self, line: bytes) -> None:
        from realtime.jsonio import loads_trusted

        self.lines += 1
        if not line:
            return
        value = loads_trusted(line)
        if "channel" in value:
            sys.stdout.buffer.write(line + b"\n")
            self.printed += 1
            if "seq" in value and self._epoch:
                self._query = {"after": f"{self._epoch}:{value['seq']}"}
        elif value["type"] == "hello":
            self._epoch = value["epoch"]
            # An age, or "now", would be another moment when it comes back.
            self._query = {"after": value["position"]}
        elif value["type"] == "gap":
            self._take_gap(value["from"], value["to"])

    def _take_gap(self, after: str, to: str) -> None:
        (theirs, asked), (epoch, here) = after.split(":"), to.split(":")
        if theirs != epoch:
            self._stray(f"the position {after} is of another history; the one here is {epoch}")
        elif int(asked) > int(here):
            self._stray(f"the position {after} lies in the future; the last event here is {here}")
        else:
            note(f"realtime: the events from {after} to {to} are no longer kept")
        self._query = {"after": to}

    def _stray(self, why: str) -> None:
        if self._once:
            raise Failure(why)
        note(f"realtime: {why}; going on from now")
