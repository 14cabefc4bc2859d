"""F7: what a connection costs on which nothing happens, and how fast clients connect."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import load
from benchmarks.figure import Case
from benchmarks.measure import LOAD_CORE, SPARE_FILES, Conditions, pinned, raise_file_limit, running
from benchmarks.peers.base import Door, Peer, Way
from benchmarks.process import Server
from benchmarks.watching import open_files, processor_seconds, resident_bytes

FEW = 100
"""Sockets that come and go first: what the first of all costs is not what one more costs."""
SETTLE_SECONDS = 2.0
"""From the last socket to the look at the memory: what is still done for newcomers is then done."""
HOLD_SECONDS = 5.0
LOOK_SECONDS = 0.2
OTHERS = 8
"""Files that come and go meanwhile: the connection that asked whether the server is ready, the database's."""
PATIENCE = 60.0


def measure(peer: Peer, case: Case, conditions: Conditions) -> dict[str, Any]:
    """
    Open `case.size` WebSockets, as fast as the server takes them, 64 at a time, and hold them.

    Returns `connects_per_s`, and of one connection `kb` (memory of the server's processes that
    it added, without the kernel's) and `connect_cpu_us` (processor time until all had settled).
    Raises LoadFailed when one was refused or closed.
    """
    if case.size + SPARE_FILES > raise_file_limit():
        raise load.LoadFailed(f"{case.size:,} sockets exceed the limit of open files")
    with running(peer) as (server, start, _), ThreadPoolExecutor(1) as aside:
        door, pids = start.doors[Way.POST], server.pids()
        files = open_files(pids)
        _hold(server, door, FEW, 0.2)
        _wait(lambda: open_files(pids) <= files + OTHERS)
        time.sleep(SETTLE_SECONDS)
        memory, spent = resident_bytes(pids), processor_seconds(pids)
        held = aside.submit(_hold, server, door, case.size, HOLD_SECONDS)
        _wait(lambda: held.done() or open_files(pids) >= files + case.size - OTHERS)
        time.sleep(SETTLE_SECONDS)
        kb = (resident_bytes(pids) - memory) / 1024 / case.size
        cpu = (processor_seconds(pids) - spent) * 1e6 / case.size
        in_time = not held.done()
        result = held.result()
    if not in_time:
        raise load.LoadFailed("the sockets were gone before they could be looked at")
    if result["closed"]:
        raise load.LoadFailed(f"{result['closed']} of {case.size:,} sockets were closed: {result['first_error']}")
    return result | {"connects_per_s": case.size / result["connect_s"], "kb": kb, "connect_cpu_us": cpu}


def _hold(server: Server, door: Door, sockets: int, seconds: float) -> dict[str, Any]:
    options = {
        "port": server.port,
        "subscribers": sockets,
        "subscribe-path": door.subscribe,
        "subscribe-header": door.subscribe_headers,
        "publishers": 0,
        "warm": 0,
        "seconds": seconds,
        "drain": 0,
        "pids": ",".join(map(str, server.pids())),
    }
    return load.run(options, prefix=pinned(LOAD_CORE))


def _wait(until: Callable[[], bool]) -> None:
    """Raises LoadFailed when it does not come to it."""
    given_up = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > given_up:
            raise load.LoadFailed("the server's sockets did not become as many as were opened or closed")
        time.sleep(LOOK_SECONDS)
