"""`python -m tests.soak [P1 P3 …]`: run promises at full size; ends with 1 when one was broken."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from tests.soak import (
    cuts,
    few_files,
    full,
    gaps,
    gathering,
    jumps,
    kill,
    order,
    retries,
    returning,
    rot,
    silence,
    stalled,
    start,
    stop,
    storm,
)


class Tally(Protocol):
    """What a run has found; `str()` says it in a sentence."""

    @property
    def kept(self) -> bool:
        """Whether the promise was."""


Say = Callable[[str], None]
Run = Callable[[argparse.Namespace, Path, Say], Coroutine[Any, Any, Tally]]


def _p1(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return kill.soak(kill.Plan(folder, given.kills or 200, given.acks, given.publishers, given.seed), say)


def _p2(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return order.one_order(order.Plan(folder, events=given.events or 100_000), say)


def _p3(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return cuts.soak(cuts.Plan(folder, given.cuts, given.kills or 20, seed=given.seed), say)


def _p3_session(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    plan = returning.Plan(folder, given.restarts, port=given.port, seed=given.seed)
    return returning.soak(plan, say)


def _p4(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return gaps.soak(gaps.Plan(folder, given.cases, seed=given.seed), say)


def _p5(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return order.into_the_flood(order.Plan(folder, subscriptions=given.subscriptions, seed=given.seed), say)


def _p6(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return retries.soak(retries.Plan(folder, given.retries, given.kills or 20, seed=given.seed), say)


def _p7(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    published = given.megabytes * 1_000_000
    return stalled.soak(stalled.Plan(folder, given.clients or 1000, given.stalled, published, rounds=given.rounds), say)


def _p8(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return stop.soak(stop.Plan(folder, given.clients or 1000), say)


def _p9(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return start.soak(start.Plan(folder, given.events or 1_000_000, given.kills or 5), say)


def _p10(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return silence.soak(silence.Plan(folder, given.clients or 960), say)


def _p11(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return storm.soak(storm.Plan(folder, given.clients or 10_000), say)


def _p12(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return full.soak(full.Plan(folder), say)


def _p13(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return few_files.soak(few_files.Plan(folder), say)


def _p14(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return jumps.soak(jumps.Plan(folder), say)


def _p15(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return rot.soak(rot.Plan(folder, seed=given.seed), say)


def _roster(given: argparse.Namespace, folder: Path, say: Say) -> Coroutine[Any, Any, Tally]:
    return gathering.soak(gathering.Plan(folder, given.clients or 10_000, kicks=given.kicks), say)


PROMISES: dict[str, tuple[str, Run]] = {
    "P1": ("acknowledged = durable", _p1),
    "P2": ("one order", _p2),
    "P3": ("no gap and no double after reconnecting", _p3),
    "P3-session": ("no gap for a client that only repeats its URL", _p3_session),
    "P4": ("what cannot be replayed is said", _p4),
    "P5": ("no hole between replay and live", _p5),
    "P6": ("a retry happens once", _p6),
    "P7": ("who does not read costs its limit and nobody else anything", _p7),
    "P8": ("graceful stop", _p8),
    "P9": ("crash-only start", _p9),
    "P10": ("dead peers are found", _p10),
    "P11": ("a reconnection storm", _p11),
    "P12": ("disk full", _p12),
    "P13": ("descriptors run out", _p13),
    "P14": ("clock jumps", _p14),
    "P15": ("bit rot", _p15),
    "roster": ("ten thousand connections, seen and closed by REST", _roster),
}


def main() -> int:
    """Read the arguments, run, print lines on the way and one summary for each promise."""
    given = _arguments()
    broken = []
    with tempfile.TemporaryDirectory(prefix="realtime-soak-") as temporary:
        for name in given.promise or PROMISES:
            promise, run = PROMISES[name]
            folder = (given.data or Path(temporary)) / name
            folder.mkdir(parents=True)
            tally = asyncio.run(run(given, folder, lambda line, name=name: print(f"{name}: {line}", flush=True)))
            print(f"{name} {promise}: {'kept' if tally.kept else 'BROKEN'}: {tally}", flush=True)
            broken += [] if tally.kept else [name]
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description="The promises at full size, all of them if none is named.",
        epilog="; ".join(f"{name}: {promise}" for name, (promise, _) in PROMISES.items()),
    )
    parser.add_argument("promise", nargs="*", help=f"one or more of {', '.join(PROMISES)}")
    for name, default, meaning in (
        ("kills", 0, "how often the server is killed (P1: 200, P3 and P6: 20, P9: 5)"),
        ("acks", 100_000, "P1: acknowledged writes in all, at least (100000)"),
        ("publishers", 16, "P1: clients that write at the same time (16)"),
        ("events", 0, "P2: events (100000); P9: events in the log (1000000)"),
        ("cuts", 500, "P3: cuts of each transport, at least (500)"),
        ("cases", 1000, "P4: positions that cannot be gone on from (1000)"),
        ("restarts", 100, "P3-session: kills and orderly stops by turns (100)"),
        ("port", 8010, "P3-session: where its server listens (8010, as the seed's clients expect)"),
        ("subscriptions", 1000, "P5: subscriptions (1000)"),
        ("retries", 10_000, "P6: requests sent again, at least (10000)"),
        ("clients", 0, "clients (P7, P8: 1000, P10: 960, P11, roster: 10000)"),
        ("kicks", 500, "roster: connections that are closed (500)"),
        ("stalled", 100, "P7: those of them that read nothing (100)"),
        ("megabytes", 20, "P7: what is published (20)"),
        ("rounds", 3, "P7: how often; the median counts (3)"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=meaning)
    parser.add_argument("--seed", type=int, default=None, help="P1, P3, P3-session, P5, P6: the same choices again")
    parser.add_argument("--data", type=Path, default=None, help="an empty folder to work in; it stays")
    given = parser.parse_args()
    if unknown := set(given.promise) - PROMISES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))} here; there are {', '.join(PROMISES)}")
    return given


if __name__ == "__main__":
    sys.exit(main())
