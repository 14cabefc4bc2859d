"""Readings at a steady rate, each by a request of its own, for the page to show."""

from __future__ import annotations

import http.client
import json
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

WORKERS = 4


class Readings:
    """
    `rate` readings a second of one sensor, from `with` to its end; `stored` counts the answers.

    One that is late is not made up for: the next is due from then on.
    """

    def __init__(self, url: str, rate: float) -> None:
        self._host = urlsplit(url).netloc
        self._interval = WORKERS / rate
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.stored = 0

    def __enter__(self) -> Readings:
        self._threads = [threading.Thread(target=self._send) for _ in range(WORKERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def one(self) -> int:
        """Store a single reading; the `seq` of its event."""
        return self._post(http.client.HTTPConnection(self._host, timeout=10), 21.5)

    def _send(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=10)
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self._post(connection, round(20 + (time.monotonic() * 7) % 5, 2))
            with self._lock:
                self.stored += 1
            due = max(due + self._interval, time.monotonic() - self._interval)

    def _post(self, connection: http.client.HTTPConnection, value: float) -> int:
        body = json.dumps({"sensor_id": 1, "valor": value})
        connection.request("POST", "/api/v1/readings/", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"a reading was answered {answer.status}: {text[:200]!r}")
        return int(answer.headers["Event-Seq"])
