"""What the program is called where it was started, so that what help, errors and pages say can be pasted."""

from __future__ import annotations

import sys
from pathlib import Path

import realtime


def program() -> str:
    """`realtime`, or what was typed instead of it: `python3 run.py`, `python3 -m realtime`."""
    started = Path(sys.argv[0])
    if started.name == "run.py":
        return "python3 run.py"
    as_module = started.name == "__main__.py" and started.parent == Path(realtime.__file__).parent
    return "python3 -m realtime" if as_module else "realtime"
