"""F10: what a page of a list costs, however long the list is."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.asking import Line, request
from benchmarks.figure import Case
from benchmarks.filling import Filled, filled
from benchmarks.load import LoadFailed
from benchmarks.measure import Conditions
from benchmarks.own_server import serving
from benchmarks.peers.base import Peer
from benchmarks.watching import Meter, on_load_core

TIMES = 40
OPEN = 100
"""Sockets that are open meanwhile: what the roster shows as `Ativa`."""
ROWS = 100

READINGS, ROSTER = "/api/v1/readings/", "/api/v1/websockets/"


def pages(size: int) -> Mapping[str, str]:
    """The address of each page, by the name of its metric; those `deep` begin in the middle."""
    middle = size // 2
    return {
        "readings": READINGS,
        "readings_sensor": f"{READINGS}?sensor_id=7",
        "readings_recent": f"{READINGS}?since=7d",
        "readings_newest": f"{READINGS}?ordering=-id",
        "readings_after": f"{READINGS}?id_after={middle}",
        "readings_sensor_after": f"{READINGS}?sensor_id=7&id_after={middle}",
        "readings_deep": f"{READINGS}?offset={middle}",
        "roster": ROSTER,
        "roster_user": f"{ROSTER}?user=user-7",
        "roster_closed": f"{ROSTER}?status=Inativa",
        "roster_open": f"{ROSTER}?status=Ativa",
        "roster_dialect": f"{ROSTER}?dialect=sse",
        "roster_channel": f"{ROSTER}?channel=sensors",
        "roster_open_channel": f"{ROSTER}?status=Ativa&channel=general",
        "roster_after": f"{ROSTER}?id_after={middle}",
        "roster_deep": f"{ROSTER}?offset={middle}",
    }


def measure(peer: Peer, case: Case, conditions: Conditions) -> dict[str, Any]:
    """
    Ask for each page of ROWS rows TIMES times, one request after the other on one connection;
    returns the median of each in milliseconds (`<name>_ms`), and how long the very first list
    after the start took (`<name>_first_ms`), when the rows are counted.
    """
    log = filled(case.size)
    with serving(peer, log) as server, on_load_core():
        sockets = [Line(server.port) for _ in range(OPEN)]
        try:
            for socket in sockets:
                socket.open_socket("/api/v1/ws/secure?channel=general", log.token)
            meter = Meter(server)
            return _ask_all(server.port, log, case.size) | meter.read()
        finally:
            for socket in sockets:
                socket.socket.close()


def _ask_all(port: int, log: Filled, size: int) -> dict[str, float]:
    result = {}
    with Line(port) as line:
        for name, path in pages(size).items():
            prepared = request("GET", path, port, log.token)
            first, *took = [_milliseconds(line, prepared) for _ in range(TIMES + 1)]
            if name in ("readings", "roster"):
                result[f"{name}_first_ms"] = first
            result[f"{name}_ms"] = statistics.median(took)
            _check(path, json.loads(line.ask(prepared)))
    return result


def _milliseconds(line: Line, prepared: bytes) -> float:
    began = time.perf_counter()
    line.ask(prepared)
    return (time.perf_counter() - began) * 1000


def _check(path: str, page: dict[str, Any]) -> None:
    rows = len(page["results"])
    if rows < min(ROWS, page["count"]):
        raise LoadFailed(f"{path}: {rows} rows of {page['count']}")
