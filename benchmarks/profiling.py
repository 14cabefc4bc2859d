"""Where our server's time goes under load. A profiled run is slower; its rates are not to be quoted."""

from __future__ import annotations

import pstats
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import load, measure
from benchmarks.figure import Case
from benchmarks.peers.base import BENCHMARKS, Missing, Start
from benchmarks.peers.realtime import Realtime
from benchmarks.process import Server, ServerFailed

OUTPUT = BENCHMARKS / ".build"
STATISTICS = OUTPUT / "profile.pstats"
SAMPLES = OUTPUT / "perf.data"
SHOWN = 40


class UnderCProfile(Realtime):
    """Our server, its main thread under cProfile."""

    def start(self, folder: Path, port: int) -> Start:
        start = super().start(folder, port)
        interpreter, *script = start.argv
        return replace(start, argv=(interpreter, "-m", "cProfile", "-o", str(STATISTICS), *script))


def main(case: Case, *, perf: bool) -> int:
    """Run the profile and print its top; returns the exit status."""
    OUTPUT.mkdir(exist_ok=True)
    try:
        return _perf(case) if perf else _cprofile(case)
    except (Missing, ServerFailed, load.LoadFailed) as why:
        print(f"no profile: {why}", file=sys.stderr)
        return 1


def _cprofile(case: Case) -> int:
    """Python functions of the main thread, its start included, by the time spent in each itself."""
    peer = UnderCProfile()
    peer.install()
    _tell(measure.by_load(peer, case, measure.Conditions()))
    pstats.Stats(str(STATISTICS)).strip_dirs().sort_stats("tottime").print_stats(SHOWN)
    return 0


def _perf(case: Case) -> int:
    """All threads, libraries and the kernel, under load only, by samples of the clock."""
    if not shutil.which("perf"):
        raise Missing("perf is not installed")
    peer = Realtime()
    peer.install()
    _tell(measure.by_load(peer, case, measure.Conditions(), beside=_sampling))
    columns = ["--no-children", "--sort", "dso,symbol", "--percent-limit", "0.7"]
    done = subprocess.run(["perf", "report", "-i", str(SAMPLES), "--stdio", *columns], capture_output=True, text=True)
    lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]
    print("\n".join(lines[:SHOWN]))
    return done.returncode


@contextmanager
def _sampling(server: Server) -> Iterator[None]:
    pids = ",".join(map(str, server.pids()))
    record = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "-p", pids, "-o", str(SAMPLES)])
    try:
        yield
    finally:
        record.send_signal(signal.SIGINT)
        record.wait()


def _tell(result: dict[str, float]) -> None:
    print(f"{result['deliveries_per_s']:,.0f} deliveries/s, {result['publishes_per_s']:,.0f} publishes/s, profiled\n")
