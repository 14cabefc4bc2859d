"""What a run of F11 found, as a page with a table and a plot."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

FIRST_LOAD = 120 * 1024
FIRST_EVENT_MS = 1_000
LONG_TASK_MS = 50
GROWTH = 1.25
"""How much larger the heap may be after the load than before it, and its late lows than its early ones."""

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 300, 60, 40, 30
INK, OURS, BAD = "#1e293b", "#0f766e", "#b91c1c"


def lows(record: dict[str, Any], parts: int = 4) -> list[float]:
    """The smallest heap of each quarter of the run, in MiB: what is left when the browser has just collected."""
    samples = record["samples"]
    size = max(1, len(samples) // parts)
    return [min(one["heap"] for one in samples[n * size : (n + 1) * size]) / 2**20 for n in range(parts)]


def checks(record: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Rows of the table: what, goal, found, reached."""
    heaviest = max(record["first_load"], key=lambda path: record["first_load"][path])
    soonest = statistics.median(record["first_event_ms"])
    longest = max((task[1] for task in record["long_tasks"]), default=0)
    quarters = lows(record)
    before, after = record["heap_before"] / 2**20, record["heap_after"] / 2**20
    return [
        (
            "first load, compressed, the heaviest page",
            f"≤ {FIRST_LOAD // 1024} KiB",
            f"{record['first_load'][heaviest] / 1024:.1f} KiB (`{heaviest}`)",
            record["first_load"][heaviest] <= FIRST_LOAD,
        ),
        (
            "first event on screen after navigation",
            f"≤ {FIRST_EVENT_MS} ms",
            f"{soonest:.0f} ms",
            soonest <= FIRST_EVENT_MS,
        ),
        (
            "tasks longer than 50 ms under load",
            "none",
            f"{len(record['long_tasks'])}, the longest {longest} ms",
            not record["long_tasks"],
        ),
        (
            "lows of the heap, quarter by quarter",
            f"last ≤ {GROWTH} × second",
            " · ".join(f"{one:.1f}" for one in quarters) + " MiB",
            quarters[-1] <= GROWTH * quarters[1],
        ),
        ("heap before and after, garbage collected", "told", f"{before:.1f} → {after:.1f} MiB", True),
        ("the newest event is shown at the end", "yes", "yes" if record["shown_last"] else "no", record["shown_last"]),
    ]


def table(record: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = ["| what | goal | found | |", "|---|---|---|---|"]
    lines += [
        f"| {what} | {goal} | {found} | {'reached' if reached else '**missed**'} |"
        for what, goal, found, reached in checks(record)
    ]
    return "\n".join(lines)


def write(record: dict[str, Any], folder: Path) -> None:
    """`F11.md` and `F11.svg` in `folder`."""
    (folder / "F11.svg").write_text(plot(record))
    events = record["samples"][-1]["events"] if record["samples"] else 0
    loads = "\n".join(f"| `{path}` | {size / 1024:.1f} KiB |" for path, size in record["first_load"].items())
    (folder / "F11.md").write_text(
        f"# F11 · the page in a browser\n\n`/{record['path']}`, {record['minutes']:g} minutes, {record['rate']:g}"
        f" readings a second asked for, {events:,} stored; {record['browser']}. `python -m benchmarks.page`\n\n"
        f"{table(record)}\n\n"
        f"![heap, document and long tasks](F11.svg)\n\n| first load of | compressed |\n|---|---|\n{loads}\n\n"
        f"Long tasks while the page was loading: {[task[1] for task in record['loading_tasks']] or 'none'} (ms).\n"
    )


def plot(record: dict[str, Any]) -> str:
    """The heap over time, and a mark for each long task."""
    samples = record["samples"]
    end = max(float(samples[-1]["at"]), 1.0)
    top = 1.1 * max(float(one["heap"]) for one in samples)

    def x(seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 20) * seconds / end, 1)

    def y(heap: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * heap / top, 1)

    line = " ".join(f"{x(one['at'])},{y(one['heap'])}" for one in samples)
    marks = "".join(
        f'<circle cx="{x(min(end, start / 1000))}" cy="{TOP}" r="{min(10, took / 20):.1f}" fill="{BAD}"/>'
        for start, took in record["long_tasks"]
    )
    ticks = "".join(
        f'<text x="{LEFT - 8}" y="{y(top * part / 4) + 4}" text-anchor="end">{top * part / 4 / 2**20:.0f}</text>'
        f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y(top * part / 4)}" y2="{y(top * part / 4)}" stroke="#dde2e8"/>'
        for part in range(5)
    ) + "".join(
        f'<text x="{x(end * part / 5)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{end * part / 5:.0f} s</text>'
        for part in range(6)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12" fill="{INK}"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        f'<text x="{LEFT}" y="18">MiB of JavaScript heap; red: tasks longer than {LONG_TASK_MS} ms</text>{ticks}'
        f'<polyline points="{line}" fill="none" stroke="{OURS}" stroke-width="1.5"/>{marks}</svg>\n'
    )
