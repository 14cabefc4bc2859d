"""F8: how fast a client that comes back is told what it missed, from memory and from disk."""

from __future__ import annotations

import json
import statistics
from typing import Any

from benchmarks.asking import Followed, Line, follow, request
from benchmarks.figure import Case
from benchmarks.filling import SENSORS, Filled, filled
from benchmarks.measure import Conditions
from benchmarks.own_server import serving
from benchmarks.peers.base import Peer
from benchmarks.process import Server
from benchmarks.watching import Meter, on_load_core

EVENTS = 9_000
"""Replayed each time: as many as the ring of the default settings has, less what a start says."""
TIMES = 15
BULK = 1000


def measure(peer: Peer, case: Case, conditions: Conditions) -> dict[str, Any]:
    """
    A client comes back TIMES times, one after the other, each time for EVENTS events, in a
    log of `case.size`; returns the medians.

    `disk` from places all over the log, for the one channel that all are in; `general` for
    the union that the seed's clients hear; `ring` the newest, after one who came first and
    for whom the frames were made (`ring_first`).
    """
    log = filled(case.size)
    with serving(peer, log) as server, on_load_core():
        meter = Meter(server)
        result = _come_back(server, log, "disk", "readings") | _come_back(server, log, "general", "general")
        tip = _fill_ring(server, log.token)
        path = _path("readings")
        once = follow(server.port, path, log.token, tip - EVENTS, EVENTS)
        again = [follow(server.port, path, log.token, tip - EVENTS, EVENTS) for _ in range(TIMES)]
        result |= _told("ring_first", [once]) | _told("ring", again)
        return result | meter.read()


def _come_back(server: Server, log: Filled, name: str, channel: str) -> dict[str, float]:
    # Also the first is one of many: the server has long been up, and the system knows its file.
    step = (log.events - EVENTS) // TIMES
    places = [log.first + turn * step for turn in range(TIMES)]
    follow(server.port, _path(channel), log.token, places[0], EVENTS)
    return _told(name, [follow(server.port, _path(channel), log.token, place, EVENTS) for place in places])


def _path(channel: str) -> str:
    return f"/api/v1/ws/secure?channel={channel}"


def _told(name: str, replays: list[Followed]) -> dict[str, float]:
    return {
        f"{name}_per_s": statistics.median(EVENTS / one.last for one in replays),
        f"{name}_first_ms": statistics.median(one.first * 1000 for one in replays),
    }


def _fill_ring(server: Server, token: str) -> int:
    """As many new events as a replay has; returns the tip."""
    with Line(server.port) as line:
        rows = [{"sensor_id": number % SENSORS + 1, "valor": number / 10, "unidad": "C"} for number in range(BULK)]
        bulk = request("POST", "/api/v1/readings/", server.port, token, body=json.dumps(rows).encode())
        for _ in range(EVENTS // BULK):
            answer = json.loads(line.ask(bulk))
        return int(answer["last_seq"])
