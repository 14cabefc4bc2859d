"""
F11, the page in a browser: how much it loads, how soon it shows an event, and whether it stays quick and small while
events keep coming.

    python -m benchmarks.page                         ten minutes of 200 events/s on the overview
    python -m benchmarks.page --minutes 1 --path events

Server, publisher and Chromium share the machine; what is measured is the page's main thread, so this needs no core of
its own. Writes `results/F11.json`, a page and a plot.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks import page_report
from benchmarks.page_load import Readings
from benchmarks.peers.realtime import Realtime
from benchmarks.process import Server, free_port
from benchmarks.runner import RESULTS, say
from tools.parts import PARTS

RATE = 200
"""Events a second, each stored, synced and told by itself."""

SAMPLE_SECONDS = 2.0
FIRST_LOADS = 5
PATHS = ("", "conversations", "sensors", "connections", "events", "settings")

WATCH = """
window.__longTasks = [];
window.__longTaskObserver = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    window.__longTasks.push([Math.round(startTime), Math.round(duration)]);
  }
});
window.__longTaskObserver.observe({ type: "longtask", buffered: true });
new MutationObserver((_, observer) => {
  if (!document.querySelector("[data-key]")) return;
  window.__firstEvent = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


@dataclass
class Sample:
    """A moment: seconds since the load began, bytes of the heap, nodes of the document, events stored so far."""

    at: float
    heap: int
    nodes: int
    events: int


@dataclass
class Record:
    """What one run found. Sizes are bytes as sent, times milliseconds, tasks pairs of start and duration."""

    path: str
    minutes: float
    rate: float
    browser: str = ""
    first_load: dict[str, int] = field(default_factory=dict)
    first_event_ms: list[float] = field(default_factory=list)
    loading_tasks: list[list[int]] = field(default_factory=list)
    long_tasks: list[list[int]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    heap_before: int = 0
    heap_after: int = 0
    shown_last: bool = False


class Browser:
    """One page of a fresh Chromium, watched through its DevTools protocol."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tools: CDPSession = page.context.new_cdp_session(page)
        self._tools.send("Performance.enable")
        self._tools.send("Network.enable")
        self._tools.on("Network.loadingFinished", self._loaded)
        self.bytes = 0

    def _loaded(self, told: dict[str, Any]) -> None:
        self.bytes += int(told["encodedDataLength"])

    def metrics(self) -> dict[str, float]:
        """Chromium's own figures of the page."""
        return {one["name"]: one["value"] for one in self._tools.send("Performance.getMetrics")["metrics"]}

    def settled_heap(self) -> int:
        """Bytes in use after the garbage is gone; collecting it is a long task, so not while those are counted."""
        for _ in range(2):
            self._tools.send("HeapProfiler.collectGarbage")
        return int(self.metrics()["JSHeapUsedSize"])

    def open(self, url: str) -> None:
        """Load the page as for the first time, and wait until it is live."""
        self._tools.send("Network.clearBrowserCache")
        self.bytes = 0
        self.page.goto(url)
        self.page.wait_for_selector('[data-state="live"]')
        self.page.wait_for_load_state("networkidle")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 when all was measured, whatever the verdicts."""
    arguments = _arguments(argv)
    executable = PARTS["chromium"].find()
    if executable is None:
        print(f"the page is measured in a real browser: install {PARTS['chromium'].package}", file=sys.stderr)
        return 1
    record = Record(arguments.path, arguments.minutes, RATE)
    with tempfile.TemporaryDirectory(prefix="realtime-page-") as name:
        folder = Path(name)
        with _server(folder) as server, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
            record.browser = f"Chromium {chromium.version}"
            page = chromium.new_page()
            page.add_init_script(WATCH)
            _measure(record, Browser(page), f"http://localhost:{server.port}")
            chromium.close()
    (RESULTS / "F11.json").write_text(json.dumps(asdict(record)) + "\n")
    page_report.write(asdict(record), RESULTS)
    print(page_report.table(asdict(record)))
    return 0


def _server(folder: Path) -> Server:
    """Ours, open and on this machine alone, as `make run` starts it."""
    port = free_port()
    start = Realtime().start(folder, port)
    return Server(start.argv, folder, port=port, ready=start.ready)


def _measure(record: Record, browser: Browser, url: str) -> None:
    readings = Readings(url, RATE)
    readings.one()
    for path in PATHS:
        browser.open(f"{url}/{path}")
        record.first_load[f"/{path}"] = browser.bytes
    for _ in range(FIRST_LOADS):
        browser.open(f"{url}/{record.path}")
        browser.page.wait_for_function("window.__firstEvent !== undefined")
        record.first_event_ms.append(round(float(browser.page.evaluate("window.__firstEvent"))))
    record.loading_tasks = browser.page.evaluate("window.__longTasks.splice(0)")
    record.heap_before = browser.settled_heap()
    browser.page.evaluate("window.__longTasks.splice(0)")
    began = browser.page.evaluate("performance.now()")
    with readings:
        _keep_looking(record, browser, readings)
    found = browser.page.evaluate("window.__longTasks.splice(0)")
    record.long_tasks = [[round(start - began), took] for start, took in found]
    last = readings.one()
    browser.page.wait_for_selector(f'[data-key$=":{last}"]')
    record.shown_last = True
    record.heap_after = browser.settled_heap()


def _keep_looking(record: Record, browser: Browser, readings: Readings) -> None:
    began = time.monotonic()
    said = 0
    while (passed := time.monotonic() - began) < record.minutes * 60:
        browser.page.wait_for_timeout(SAMPLE_SECONDS * 1000)
        metrics = browser.metrics()
        sample = Sample(
            round(time.monotonic() - began, 1), int(metrics["JSHeapUsedSize"]), int(metrics["Nodes"]), readings.stored
        )
        record.samples.append(sample)
        if passed // 60 > said:
            said = int(passed // 60)
            say(f"{said} min: {sample.events:,} events, heap {sample.heap / 2**20:.1f} MiB, {sample.nodes:,} nodes")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="F11: the page in a browser.")
    parser.add_argument("--minutes", type=float, default=10, help="how long events keep coming (default: 10)")
    parser.add_argument("--path", default="", choices=PATHS, help="the page, below the root (default: the overview)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
