"""F12: how long a start takes over a long log, and what it leaves in memory."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.figure import Case
from benchmarks.filling import filled
from benchmarks.measure import Conditions
from benchmarks.own_server import serving
from benchmarks.peers.base import Peer
from benchmarks.watching import Meter, on_load_core, resident_bytes

SETTLE_SECONDS = 1.5
"""After the answer of /readyz: what goes on in the background for a start has then begun."""


def measure(peer: Peer, case: Case, conditions: Conditions) -> dict[str, Any]:
    """
    Start it over `case.size` events: `ready_s` is the time from the command to the 200 of
    /readyz, `resident_mb` what is in RAM a moment later.
    """
    log = filled(case.size)
    with on_load_core(), serving(peer, log) as server:
        meter = Meter(server)
        time.sleep(SETTLE_SECONDS)
        resident = resident_bytes(server.pids()) / 2**20
        return meter.read() | {"ready_s": server.ready_after, "resident_mb": resident}
