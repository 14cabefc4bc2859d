"""F6: many readings in one request, each with its event, all or nothing."""

from __future__ import annotations

import json
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.asking import Line, request
from benchmarks.figure import Case
from benchmarks.load import LoadFailed
from benchmarks.machine import busy_seconds
from benchmarks.measure import SERVER_CORE, Conditions, fresh_folder, pinned, running
from benchmarks.peers.base import Peer, Start, Way
from benchmarks.peers.realtime import Realtime
from benchmarks.process import clean_environment
from benchmarks.watching import Meter, on_load_core

SENSORS = 20
READINGS = "/api/v1/readings/"


def measure(peer: Peer, case: Case, conditions: Conditions) -> dict[str, Any]:
    """
    Requests of `case.size` readings on `case.publishers` connections, on each one after the
    other; or, for a peer that is no server, batches of as many rows.

    Returns `rows_per_s`, `cpu_us_per_row`, `batch_p50_ms`, and `not_kept`, acknowledged rows
    that are not on disk in the end. Raises LoadFailed for a request that is refused.
    """
    if isinstance(peer, Realtime):
        return _by_requests(peer, case, conditions)
    with fresh_folder() as folder:
        return _by_itself(peer, peer.start(folder, 0), folder, case, conditions)


def _by_itself(peer: Peer, start: Start, folder: Path, case: Case, conditions: Conditions) -> dict[str, Any]:
    began, busy = time.monotonic(), busy_seconds()
    argv = [*pinned(SERVER_CORE), *start.argv, str(case.size), str(conditions.warm), str(conditions.seconds)]
    done = subprocess.run(argv, capture_output=True, text=True, env=clean_environment())
    if done.returncode:
        raise LoadFailed(done.stderr.strip()[-500:])
    seconds = time.monotonic() - began
    result: dict[str, Any] = json.loads(done.stdout)
    # It keeps its core busy from begin to end.
    others = max(0.0, (busy_seconds() - busy) / seconds - 1)
    return result | {"other_cpu": others, "not_kept": max(0, result["published"] - (peer.kept(folder) or 0))}


def _by_requests(peer: Realtime, case: Case, conditions: Conditions) -> dict[str, Any]:
    with running(peer) as (server, start, folder), on_load_core():
        token = _token(start)
        with Line(server.port) as line:
            for number in range(SENSORS):
                sensor = {"tipo": "temperatura", "modelo": f"b{number}"}
                line.ask(request("POST", "/api/v1/sensors/", server.port, token, body=json.dumps(sensor).encode()))
        posters = [_Poster(server.port, token, case.size) for _ in range(case.publishers)]
        for poster in posters:
            poster.start()
        time.sleep(conditions.warm)
        meter = Meter(server)
        before = [poster.answered for poster in posters]
        time.sleep(conditions.seconds)
        used = meter.read()
        rows = case.size * sum(poster.answered - then for poster, then in zip(posters, before, strict=True))
        for poster in posters:
            poster.stop()
        server.end()
        published = case.size * sum(poster.answered for poster in posters)
        took = [second for poster, then in zip(posters, before, strict=True) for second in poster.took[then:]]
        return used | {
            "rows": rows,
            "rows_per_s": rows / used["seconds"],
            "cpu_us_per_row": used["server_cpu_s"] * 1e6 / max(1, rows),
            "batch_p50_ms": statistics.median(took) * 1000,
            "published": published,
            "not_kept": max(0, published - (peer.kept(folder, ("reading.created",)) or 0)),
        }


def _token(start: Start) -> str:
    """The token that the load sends in its head."""
    headers = start.doors[Way.POST].publish_headers
    return next(line.rpartition(" ")[2] for line in headers if line.startswith("Authorization"))


class _Poster(threading.Thread):
    """Sends the same request again and again, each when the one before is answered."""

    def __init__(self, port: int, token: str, many: int) -> None:
        super().__init__(daemon=True)
        rows = [{"sensor_id": number % SENSORS + 1, "valor": number / 10, "unidad": "C"} for number in range(many)]
        self._line = Line(port)
        self._request = request("POST", READINGS, port, token, body=json.dumps(rows).encode())
        self._ending = threading.Event()
        self._failure: Exception | None = None
        self.answered = 0
        self.took: list[float] = []

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                began = time.perf_counter()
                self._line.ask(self._request)
                self.took.append(time.perf_counter() - began)
                self.answered += 1
        except (LoadFailed, OSError) as why:
            self._failure = why

    def stop(self) -> None:
        """End after the request that is under way; raises LoadFailed for one that failed."""
        self._ending.set()
        self.join()
        self._line.socket.close()
        if self._failure is not None:
            raise LoadFailed(f"a bulk request failed: {self._failure}")
