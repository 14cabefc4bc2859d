"""The plot of one figure, drawn in the peers' environment: matplotlib is no dependency of the project."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from benchmarks import report
from benchmarks.figure import Figure, Metric
from benchmarks.peers import OURS, PEERS
from benchmarks.peers.base import BENCHMARKS, Missing
from benchmarks.peers.pythons import PYTHON, install_requirements
from benchmarks.runner import RESULTS

DRAWING = BENCHMARKS / "drawing.py"


def plot(figure: Figure, record: dict[str, Any]) -> str:
    """Draw the figure's panels; returns the file's name in RESULTS. Raises Missing without matplotlib."""
    install_requirements("requirements-plot.txt")
    name = f"{figure.name}.svg"
    panels = [_bars(figure, record, metric) for metric in figure.metrics[: figure.drawn]]
    order = {"title": f"{figure.name} · {figure.title}", "panels": panels, "file": str(RESULTS / name)}
    done = subprocess.run([str(PYTHON), str(DRAWING)], input=json.dumps(order), capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"the plot cannot be drawn: {done.stderr.strip()[-300:]}")
    return name


def _bars(figure: Figure, record: dict[str, Any], metric: Metric) -> dict[str, Any]:
    """One panel: for each peer its medians over the cases, with the least and the most of all rounds."""
    series = []
    for peer in figure.peers:
        found = [report.values(record, case.name, peer, metric.key) for case in figure.cases]
        if not any(found):
            continue
        medians = [report.median(record, case.name, peer, metric.key) or 0 for case in figure.cases]
        least = [min(one, default=0) for one in found]
        most = [max(one, default=0) for one in found]
        who = {"title": PEERS[peer].title, "ours": peer == OURS}
        series.append(who | {"median": medians, "least": least, "most": most})
    better = "more is better" if metric.more_is_better else "less is better"
    return {
        "title": f"{metric.title} ({better})",
        "cases": [case.title for case in figure.cases],
        "series": series,
        "decimals": metric.decimals,
    }
