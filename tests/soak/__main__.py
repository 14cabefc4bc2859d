"""`python -m tests.soak`: run the promises at full size; ends with 1 when one was broken."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak import kill


def main() -> int:
    """Read the arguments, run, print a line for each round and one summary for each promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="The promises at full size.")
    parser.add_argument("--kills", type=int, default=200, help="how often the server is killed (200)")
    parser.add_argument("--acks", type=int, default=100_000, help="acknowledged writes in all, at least (100000)")
    parser.add_argument("--publishers", type=int, default=16, help="clients that write at the same time (16)")
    parser.add_argument("--seed", type=int, default=None, help="the same moments again")
    parser.add_argument("--data", type=Path, default=None, help="an empty folder to work in; it stays")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="realtime-soak-") as temporary:
        folder = given.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plan = kill.Plan(folder, given.kills, given.acks, given.publishers, given.seed)
        tally = asyncio.run(kill.soak(plan, lambda line: print(line, flush=True)))
    print(f"P1 acknowledged = durable: {tally}")
    return 0 if tally.kept else 1


if __name__ == "__main__":
    sys.exit(main())
