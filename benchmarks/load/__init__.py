"""The load: a small C program, built on first use, that plays all publishers and subscribers of one measurement."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BINARY = HERE.parent / ".build" / "load"
# Beyond its own phases: starting, and reading the samples at the end.
GRACE_SECONDS = 20.0


class LoadFailed(Exception):
    """The load program could not be built or did not come to its end; the text says why."""


def build() -> Path:
    """The program, compiled again when a source is newer. Raises LoadFailed without a C compiler."""
    sources = sorted(HERE.glob("*.c"))
    newest = max(path.stat().st_mtime for path in [*sources, *HERE.glob("*.h")])
    if BINARY.exists() and BINARY.stat().st_mtime >= newest:
        return BINARY
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise LoadFailed("no C compiler (cc, gcc or clang) is installed")
    BINARY.parent.mkdir(exist_ok=True)
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-o", str(BINARY), *map(str, sources)], capture_output=True, text=True
    )
    if done.returncode:
        raise LoadFailed(f"the load program does not compile:\n{done.stderr}")
    return BINARY


def run(options: dict[str, Any], *, prefix: tuple[str, ...] = ()) -> dict[str, Any]:
    """
    One measurement: `options` are the program's flags without their dashes, a list repeats its flag.

    Returns the program's line of JSON: rates per second, latencies in milliseconds, CPU in
    processors (1.0 = one core), and what was lost. Raises LoadFailed when there is no such line.
    """
    argv = [*prefix, str(build())]
    for name, value in options.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            argv += [f"--{name}"] if one is True else [f"--{name}", str(one)]
    limit = GRACE_SECONDS + sum(float(options.get(phase, 60)) for phase in ("warm", "seconds", "drain", "connect"))
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"the load did not end in {limit:.0f} s") from None
    if done.returncode:
        raise LoadFailed(done.stderr.strip() or f"the load ended with status {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
