"""P14, clock jumps: a day ahead and a day back leave order, heartbeats and timers as they are."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from realtime.clock import DAY, parse
from tests.programs import PATIENCE, Server
from tests.soak.admin import admin, tell, user_with_token
from tests.soak.crowd import Crowd
from tests.soak.silence import Plan as Silence
from tests.soak.wires import DOORS

JUMPS: Final = (DAY, -DAY, -DAY, DAY)
SECURE: Final = ("secure", "realtime", "sse", "ndjson")
CHANNEL: Final = "soak"


@dataclass(frozen=True)
class Plan:
    """
    So many clients at all doors, and so often a day ahead, back, back and ahead again, while
    the server looks for lost ones `pace` times as fast as usual; after each jump one of every
    door is lost, and must be found.
    """

    folder: Path
    clients: int = 320
    turns: int = 5
    pace: int = 10
    seconds: float = 45.0 / 10 + 1.0
    """Longer than it takes to find a lost client at that pace, and to look."""


@dataclass
class Tally:
    """What was found."""

    limit: float = 5.5
    jumps: int = 0
    events: int = 0
    found: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not self.wrong and max(self.found, default=0) <= self.limit

    def __str__(self) -> str:
        return (
            f"{self.jumps} jumps of a day, {self.events} events; those who were lost after a jump were found after at "
            f"most {max(self.found, default=0):.1f} s; {'; '.join(self.wrong) or 'nothing wrong'}"
        )


class Shifted:
    """A wall clock for one server that can be set; see clock.c, for which a C compiler is needed."""

    def __init__(self, folder: Path) -> None:
        self._place, library = folder / "shift", folder / "clock.so"
        self._shift = 0
        self.jump(0)
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
        self.settings = {"LD_PRELOAD": str(library), "SHIFTED_CLOCK": str(self._place)}

    def jump(self, milliseconds: int) -> None:
        """Set it ahead, or back."""
        self._shift += milliseconds * 1_000_000
        # In place: the server looks at the same bytes.
        with open(os.open(self._place, os.O_WRONLY | os.O_CREAT, 0o600), "wb", buffering=0) as file:
            file.write(self._shift.to_bytes(8, "little", signed=True))


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    tally, clock = Tally(plan.seconds), Shifted(plan.folder)
    settings = clock.settings | Silence(plan.folder, pace=plan.pace).settings()
    with await asyncio.to_thread(Server, plan.folder, **settings) as server:
        async with admin(server) as session, Crowd(server.port, 1) as crowd:
            token = await user_with_token(session, "somebody")
            names = {f"{number}": DOORS[number % len(DOORS)] for number in range(plan.clients)}
            await crowd.connect((name, door, _query(door), token) for name, door in names.items())
            first = await _happen(session)
            left = dict(names)
            for jump in JUMPS * plan.turns:
                clock.jump(jump)
                await _look(session, crowd, left, tally)
                tally.jumps += 1
                say(f"jump {tally.jumps}: {len(left)} clients are there")
            await _judge(session, crowd, left, first, tally)
    return tally


def _query(door: str) -> str:
    return f"channel={CHANNEL}&since=now" if door in SECURE else ""


async def _look(session: aiohttp.ClientSession, crowd: Crowd, left: dict[str, str], tally: Tally) -> None:
    """After a jump: somebody says something and is heard, and who is lost is found as soon as ever."""
    await _happen(session)
    lost = [next(name for name, door in left.items() if door == one) for one in DOORS if one in left.values()]
    begun = time.monotonic()
    await crowd.lose(lost)
    for name in lost:
        del left[name]
    async with asyncio.timeout(PATIENCE):
        while (page := await tell(session, "GET", "websockets/", status="Ativa", limit=1))["count"] > len(left):
            await asyncio.sleep(0.05)
    tally.found.append(time.monotonic() - begun)
    if page["count"] < len(left):
        tally.wrong.append(f"{len(left) - page['count']} who were well are gone")


async def _happen(session: aiohttp.ClientSession) -> int:
    async with session.post(f"/api/v1/channels/{CHANNEL}", json={"some": "thing"}) as answer:
        told = await answer.json()
        assert answer.status == 201, told
        return int(told["seq"])


async def _judge(session: aiohttp.ClientSession, crowd: Crowd, left: dict[str, str], first: int, tally: Tally) -> None:
    """No hole and no time that falls in the log; whoever stayed has heard everything, and a new ticket is good."""
    page = await tell(session, "GET", "events", after=0, limit=1000)
    events = page["results"]
    tally.events = len(events)
    seqs, times = [event["seq"] for event in events], [parse(event["at"]) for event in events]
    tally.wrong += [] if seqs == list(range(1, len(seqs) + 1)) else ["the log has holes"]
    tally.wrong += [] if times == sorted(times) else ["times fall"]
    tally.wrong += [] if times[-1] - times[0] > DAY else ["the clock has not jumped"]
    said = [event["seq"] for event in events if event["channel"] == CHANNEL and event["seq"] > first]
    told, _ = await crowd.tell()
    deaf = [name for name, door in left.items() if door in SECURE and told[name]["seqs"][1:] != said]
    tally.wrong += [f"{len(deaf)} have not heard everything"] if deaf else []
    ticket = (await tell(session, "POST", "ws/ticket"))["ticket"]
    async with session.ws_connect(f"/api/v1/ws/secure?channel={CHANNEL}&ticket={ticket}") as one:
        await one.send_json({"action": "ping"})
        tally.wrong += [] if (await one.receive_json())["success"] else ["a ticket was not good"]
