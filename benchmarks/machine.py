"""What the figures were measured on, in words that name no machine."""

from __future__ import annotations

import os
import platform
import re
import statistics
import tempfile
import time
from pathlib import Path

QUIET_CPU = 0.15  # processors that others may use
QUIET_PROBE_SECONDS = 0.5
SYNC_PROBES = 100


def describe(data: Path) -> dict[str, str]:
    """Cores, processor, memory, kernel, Python, and how fast the disk under `data` syncs."""
    kilobytes = int(_from_proc("meminfo", r"MemTotal:\s*(\d+)") or 0)
    return {
        "cores": str(os.cpu_count()),
        "processor": _from_proc("cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        "memory": f"{kilobytes / 2**20:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "file system": _file_system(data),
        "sync of 4 KiB": f"{_sync_seconds(data) * 1e6:.0f} µs (median of {SYNC_PROBES})",
    }


def wait_until_quiet(limit: float) -> bool:
    """Wait, at most `limit` seconds, for a moment in which others use less than QUIET_CPU. True if it came."""
    until = time.monotonic() + limit
    while True:
        before, began = busy_seconds(), time.monotonic()
        time.sleep(QUIET_PROBE_SECONDS)
        if (busy_seconds() - before) / (time.monotonic() - began) < QUIET_CPU:
            return True
        if time.monotonic() > until:
            return False


def busy_seconds() -> float:
    """Seconds that all processors were busy, since the machine's start."""
    user, nice, system, _, _, irq, soft = map(int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _from_proc(name: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path("/proc", name).read_text())
    except OSError:
        return None
    return found[1].strip() if found else None


def _file_system(folder: Path) -> str:
    """The type of the mount with the longest path that holds `folder`."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, this, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, this
    return kind


def _sync_seconds(folder: Path) -> float:
    """The median time of writing and syncing a page, which no durable commit can undercut."""
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNC_PROBES):
            began = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)
