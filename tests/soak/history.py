"""
A log of which the older half is trimmed and some events are damaged, and readers of it with
different rights at every door.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.soak.admin import admin, tell
from tests.soak.mortal import Mortal

SENSORS: Final = ("sensors", "readings", "locations", "anomalies", "predictions", "general")
DESK: Final = ("chat", "csat", "users")
OWN: Final = ("soak-a", "soak-b")
SOCKETS: Final = {
    "channels": "/api/v1/ws",
    "secure": "/api/v1/ws/secure",
    "realtime": "/api/v1/ws/secure",
    "dashboard": "/ws/dashboard/",
    "chat": "/socket.io/?EIO=4&transport=websocket",
}
PAGE: Final = 200


@dataclass
class History:
    """What there was: the channel of each event by its `seq`, what is trimmed (up to where), what is damaged."""

    epoch: str
    channels: dict[int, str]
    trimmed: int
    damaged: set[int]

    @property
    def tip(self) -> int:
        """The last event."""
        return max(self.channels)

    async def happen(self, mortal: Mortal) -> set[int]:
        """Something on every channel that somebody listens to; the `seq` of each."""
        async with admin(mortal.server) as session:
            return set(await _happen(session, 0))

    async def learn(self, mortal: Mortal) -> None:
        """Take note of what has happened since."""
        async with admin(mortal.server) as session:
            self.channels |= await _channels_since(session, self.tip)


@dataclass
class Reader:
    """Somebody who reads some channels at a door; the token is empty for a guest."""

    door: str
    channels: tuple[str, ...]
    token: str = ""
    named: bool = True
    """Whether it asks for the channels by name; otherwise for all that it may read."""

    @property
    def goes_on(self) -> bool:
        """Whether it stays and hears what is new."""
        return self.door not in ("rest", "poll")

    def covers(self, channel: str) -> bool:
        """Whether what happens on that channel is for it."""
        return channel in self.channels

    async def read(
        self, session: aiohttp.ClientSession, position: str, frames: list[dict[str, Any]], there: asyncio.Event
    ) -> None:
        """Read from that position on into `frames`, until there is no more; `there` once it is let in."""
        async with aclosing(self._frames(session, position)) as told:
            async for frame in told:
                frames.append(frame)
                there.set()
        there.set()

    def _frames(self, session: aiohttp.ClientSession, position: str) -> AsyncGenerator[dict[str, Any]]:
        ways = {"rest": self._rest, "poll": self._lines, "sse": self._lines, "ndjson": self._lines}
        return ways.get(self.door, self._socket)(session, position)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def _query(self) -> dict[str, str]:
        return {"channel": ",".join(self.channels)} if self.named else {}

    async def _socket(self, session: aiohttp.ClientSession, position: str) -> AsyncGenerator[dict[str, Any]]:
        protocols = ("realtime.v1",) if self.door == "realtime" else ()
        asked = {} if self.door == "chat" else {"since": position}
        asked |= self._query if self.door in ("channels", "secure", "realtime") else {}
        url = SOCKETS[self.door]
        async with session.ws_connect(url, params=asked, headers=self._headers, protocols=protocols) as socket:
            async for message in socket:
                if self.door != "chat":
                    yield json.loads(message.data)
                elif message.data[0] == "0":
                    await socket.send_str(f"40{json.dumps({'token': self.token, 'since': position})}")
                elif message.data[:2] == "42":
                    name, payload = json.loads(message.data[2:])
                    yield {**(payload if isinstance(payload, dict) else {}), "type": name}

    async def _lines(self, session: aiohttp.ClientSession, position: str) -> AsyncGenerator[dict[str, Any]]:
        path, beginning = ("stream", b"data: ") if self.door == "sse" else ("ndjson", b"")
        asked = {"since": position, **self._query} | ({"poll": "1"} if self.door == "poll" else {})
        async with session.get(f"/api/v1/events/{path}", params=asked, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                if line.startswith(beginning + b"{"):
                    yield json.loads(line[len(beginning) :])

    async def _rest(self, session: aiohttp.ClientSession, position: str) -> AsyncGenerator[dict[str, Any]]:
        more = True
        while more:
            asked = {"after": position, "limit": str(PAGE), **self._query}
            async with session.get("/api/v1/events", params=asked, headers=self._headers) as answer:
                page = await answer.json()
            if answer.status == 410:
                assert {"oldest", "tip", "next", "code"} <= page.keys(), page
                yield {"type": "gap", "from": position, "to": page["next"]}
                return
            for seq in page.get("damaged", ()):
                yield {"type": "gap", "from": f"{page['epoch']}:{seq - 1}", "to": f"{page['epoch']}:{seq}"}
            for event in page["results"]:
                yield event
            position, more = page["next"], page["more"]


async def build(mortal: Mortal, events: int, damaged: int, chance: random.Random) -> tuple[History, list[Reader]]:
    """Make that many events, have the older half trimmed, and damage some of the rest on disk."""
    async with admin(mortal.server) as session:
        readers = await _readers(session)
        channels = dict[int, str]()
        while len(channels) < events:
            channels |= await _happen(session, len(channels))
    await mortal.restart(REALTIME_LOG_RETENTION_EVENTS=str(events // 2), REALTIME_RETENTION_INTERVAL="3600000")
    async with admin(mortal.server) as session:
        # All but audit entries, which are kept for longer; the events up to here are gone.
        while (page := await tell(session, "GET", "events", channel="readings", limit=1))["oldest"] == 1:
            await asyncio.sleep(0.05)
    kept = [seq for seq, channel in channels.items() if seq >= page["oldest"] and channel != "audit"]
    chosen = {
        chance.choice([seq for seq in kept if channels[seq] == name]) for name in (*OWN, "chat", "csat", "readings")
    }
    chosen |= set(chance.sample(kept, max(0, damaged - len(chosen))))
    await mortal.restart(between=lambda: damage(mortal.data, chosen, chance), REALTIME_RETENTION_INTERVAL="0")
    async with admin(mortal.server) as session:
        known = await _channels_since(session, page["oldest"] - 1)
    return History(page["epoch"], channels | known, page["oldest"] - 1, chosen), readers


def damage(data: Path, chosen: Iterable[int], chance: random.Random) -> None:
    """Flip one bit of the stored payload of each of these events, as a disk does it."""
    with sqlite3.connect(data / "realtime.db") as raw:
        for seq in chosen:
            (payload,) = raw.execute("SELECT CAST(data AS BLOB) FROM events WHERE seq = ?", (seq,)).fetchone()
            at = chance.randrange(len(payload))
            rotten = payload[:at] + bytes([payload[at] ^ 1 << chance.randrange(8)]) + payload[at + 1 :]
            raw.execute("UPDATE events SET data = CAST(? AS TEXT) WHERE seq = ?", (rotten, seq))
    raw.close()


async def _channels_since(session: aiohttp.ClientSession, after: int) -> dict[int, str]:
    """What else has happened by itself: each start says so, and users come and go."""
    page = await tell(session, "GET", "events", after=after, limit=1000)
    found = {event["seq"]: event["channel"] for event in page["results"]}
    while page["more"]:
        page = await tell(session, "GET", "events", after=page["next"], limit=1000)
        found |= {event["seq"]: event["channel"] for event in page["results"]}
    return found


async def _happen(session: aiohttp.ClientSession, number: int) -> dict[int, str]:
    """One event of many kinds; channel by `seq`."""
    last = (await tell(session, "GET", "events", since="now", limit=1))["next"]
    reading = await tell(session, "POST", "readings/", {"sensor_id": 1, "valor": number})
    assert reading
    for name in OWN:
        await tell(session, "POST", f"channels/{name}", {"number": number})
    place = f"conversations/{(await tell(session, 'POST', 'conversations/', {'contact_name': 'Ana'}))['id']}"
    await tell(session, "POST", f"{place}/messages/", {"content": f"Olá {number}"})
    await tell(session, "POST", f"{place}/csat/", {"rating": 5})
    page = await tell(session, "GET", "events", after=last, limit=1000)
    return {event["seq"]: event["channel"] for event in page["results"]}


async def _readers(session: aiohttp.ClientSession) -> list[Reader]:
    """Of every door several: who may read all but audit, and whose token names one channel."""

    async def token(name: str, **limits: Any) -> str:
        wanted = {"name": "soak", "user": name, "role": "viewer", "make_user": True, **limits}
        return str((await tell(session, "POST", "tokens/", wanted))["token"])

    viewer, narrow = await token("viewer"), await token("narrow", channels=["soak-a"])
    everything = (*SENSORS, *DESK, *OWN)
    readers = [Reader("channels", SENSORS), Reader("dashboard", DESK, viewer), Reader("chat", DESK, viewer)]
    for door in ("secure", "realtime", "sse", "ndjson", "poll", "rest"):
        readers += [Reader(door, ("soak-a",), narrow), Reader(door, (*DESK, "soak-b"), viewer)]
    for door in ("sse", "ndjson", "poll", "rest"):
        readers += [Reader(door, everything, viewer, named=False), Reader(door, ("soak-a",), narrow, named=False)]
    return readers
