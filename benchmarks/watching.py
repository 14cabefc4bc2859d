"""What a server takes of the machine, seen from outside: processor time and memory, by the kernel's account."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.machine import busy_seconds
from benchmarks.measure import LOAD_CORE
from benchmarks.process import Server

_TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pids: Sequence[int]) -> float:
    """Processor time of these processes, all threads, with the kernel's work for them (proc(5), utime and stime)."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def resident_bytes(pids: Sequence[int]) -> int:
    """Memory of these processes that is in RAM; what several share counts once (proc(5), Pss)."""
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(
        1024 * int(found[1]) for text in rollups if (found := re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE))
    )


def open_files(pids: Sequence[int]) -> int:
    """Files and sockets that these processes have open."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


@contextmanager
def on_load_core() -> Iterator[None]:
    """This process plays the load meanwhile, and keeps off the server's core."""
    before = os.sched_getaffinity(0)
    if LOAD_CORE in before:
        os.sched_setaffinity(0, {LOAD_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Meter:
    """
    What one server and the others have used since the meter was made, or since `again`.

    The load is this process.
    """

    def __init__(self, server: Server) -> None:
        self._pids = server.pids()
        self.again()

    def again(self) -> None:
        """Begin anew."""
        self._at, self._machine = time.monotonic(), busy_seconds()
        self._server, self._mine = processor_seconds(self._pids), time.process_time()

    def read(self) -> dict[str, Any]:
        """`seconds`, `server_cpu_s` in that time, and in processors `load_busy` and `other_cpu`."""
        seconds = time.monotonic() - self._at
        server, mine = processor_seconds(self._pids) - self._server, time.process_time() - self._mine
        others = max(0.0, busy_seconds() - self._machine - server - mine)
        return {
            "seconds": seconds,
            "server_cpu_s": server,
            "load_busy": mine / seconds,
            "other_cpu": others / seconds,
        }
