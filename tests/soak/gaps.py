"""P4, what cannot be replayed is said, at every door, and names nothing that the client may not see."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import aiohttp

from realtime.events import parse_position
from tests.programs import PATIENCE
from tests.soak.history import History, Reader, build
from tests.soak.mortal import Mortal

KINDS: Final = ("trimmed", "another history", "the future", "damaged")
AT_ONCE: Final = 50


@dataclass(frozen=True)
class Plan:
    """So many cases, over a log of so many events, of which the older half is trimmed and some are damaged."""

    folder: Path
    cases: int = 1000
    events: int = 2000
    damaged: int = 40
    seed: int | None = None


@dataclass
class Tally:
    """What was found: cases by kind and door, and what was not said, or said of what is hidden."""

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    silent: list[Any] = field(default_factory=list)
    indiscreet: list[Any] = field(default_factory=list)
    deaf: list[Any] = field(default_factory=list)
    gaps: int = 0

    @property
    def kept(self) -> bool:
        """Whether the promise was."""
        return not (self.silent or self.indiscreet or self.deaf)

    def __str__(self) -> str:
        kinds, doors = Counter[str](), Counter[str]()
        for (kind, door), number in self.cases.items():
            kinds[kind] += number
            doors[door] += number
        return (
            f"{', '.join(f'{number} of {kind}' for kind, number in kinds.items())}; "
            f"{', '.join(f'{number} by {door}' for door, number in doors.items())}; {self.gaps} gaps told, "
            f"{len(self.silent)} not told {self.silent[:3]}, {len(self.indiscreet)} of what is hidden "
            f"{self.indiscreet[:3]}, {len(self.deaf)} that did not go on {self.deaf[:3]}"
        )


@dataclass(frozen=True)
class Case:
    """A reader that comes with a position of that kind."""

    reader: Reader
    kind: str
    position: str


async def soak(plan: Plan, say: Callable[[str], None]) -> Tally:
    """Carry the plan out. The data folder is `plan.folder / "data"`."""
    chance = random.Random(plan.seed)
    tally = Tally()
    async with Mortal(plan.folder) as mortal:
        history, readers = await build(mortal, plan.events, plan.damaged, chance)
        say(f"{len(history.channels)} events, {history.trimmed} trimmed, {len(history.damaged)} damaged")
        cases = _cases(readers, history, chance)
        async with aiohttp.ClientSession(mortal.url) as session:
            for begun in range(0, plan.cases, AT_ONCE):
                batch = list(islice(cases, min(AT_ONCE, plan.cases - begun)))
                await _try(session, mortal, history, batch, tally)
                say(f"{begun + len(batch)}/{plan.cases} cases")
    return tally


def _cases(readers: list[Reader], history: History, chance: random.Random) -> Iterator[Case]:
    """Every reader with every kind, in turn, without end."""
    while True:
        for reader in readers:
            for kind in KINDS:
                yield Case(reader, kind, position_of(kind, reader, history, chance))


def position_of(kind: str, reader: Reader, history: History, chance: random.Random) -> str:
    """A position from which that reader cannot get all that followed."""
    if kind == "trimmed":
        # Without an epoch it is a position as well, at the client's risk.
        return f"{chance.choice((history.epoch + ':', ''))}{chance.randrange(history.trimmed)}"
    if kind == "another history":
        return f"{chance.getrandbits(64):016x}:{chance.randrange(history.tip)}"
    if kind == "the future":
        return f"{history.epoch}:{history.tip + 1_000_000 + chance.randrange(1_000)}"
    lost = [seq for seq in history.damaged if reader.covers(history.channels[seq])]
    return f"{history.epoch}:{chance.randrange(history.trimmed, chance.choice(lost))}"


async def _try(
    session: aiohttp.ClientSession, mortal: Mortal, history: History, batch: list[Case], tally: Tally
) -> None:
    """All of them at once; then something happens that each of them must still hear."""
    heard: list[list[dict[str, Any]]] = [[] for _ in batch]
    ready = [asyncio.Event() for _ in batch]
    reading = [
        asyncio.create_task(case.reader.read(session, case.position, frames, there))
        for case, frames, there in zip(batch, heard, ready, strict=True)
    ]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(there.wait() for there in ready))
    news = await history.happen(mortal)
    until = time.monotonic() + PATIENCE
    while deaf := [n for n, case in enumerate(batch) if not _has_gone_on(case, heard[n], reading[n], news)]:
        if time.monotonic() > until:
            tally.deaf += [(batch[n].reader.door, batch[n].kind, batch[n].position, heard[n][-1:]) for n in deaf]
            break
        await asyncio.sleep(0.01)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    await history.learn(mortal)
    for case, frames in zip(batch, heard, strict=True):
        judge(case, frames, history, tally)


def _has_gone_on(case: Case, frames: list[dict[str, Any]], reading: asyncio.Task[None], news: set[int]) -> bool:
    """Whether a reader that stays has heard the news, and one that does not has read to the end."""
    if not case.reader.goes_on:
        return reading.done() and reading.exception() is None
    return any(frame["type"] != "gap" and frame.get("seq") in news for frame in frames[-8:])


def judge(case: Case, frames: list[dict[str, Any]], history: History, tally: Tally) -> None:
    """Hold what a reader was told against what it had to be told, and what it may see."""
    reader = case.reader
    tally.cases[case.kind, reader.door] += 1
    gaps = [frame for frame in frames if frame["type"] == "gap"]
    tally.gaps += len(gaps)
    told = {(_seq(gap["from"], history), _seq(gap["to"], history)) for gap in gaps}
    named = {frame["seq"] for frame in frames if frame["type"] != "gap" and "seq" in frame}
    position = parse_position(case.position, history.epoch)
    assert position is not None
    due = {seq for seq in history.damaged if reader.covers(history.channels[seq])}
    after = history.trimmed if case.kind == "trimmed" else position.seq if case.kind == "damaged" else history.tip
    lost = {(seq - 1, seq) for seq in due if seq > after}
    first = {gap for gap in told if gap not in lost and gap[0] == position.seq}
    if case.kind != "damaged" and not any(to >= history.trimmed for _, to in first):
        tally.silent.append((reader.door, case.kind, case.position, frames[:3]))
    # At the door that is a list, a position that cannot be gone on from is refused; nothing is read then.
    if reader.door != "rest" or case.kind == "damaged":
        tally.silent += [(reader.door, gap) for gap in lost - told]
    tally.indiscreet += [(reader.door, gap) for gap in told - lost - first]
    tally.indiscreet += [(reader.door, gap) for gap in gaps if gap.keys() - {"type", "from", "to"}]
    tally.indiscreet += [(reader.door, seq) for seq in named if not reader.covers(history.channels[seq])]
    tally.indiscreet += [(reader.door, seq) for seq in named & history.damaged]


def _seq(position: str, history: History) -> int:
    found = parse_position(position, history.epoch)
    assert found is not None
    return found.seq
