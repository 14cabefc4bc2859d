"""Draws grouped bars from a description on standard input (see plotting.py); needs matplotlib and nothing of ours."""

from __future__ import annotations

import json
import sys
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

OURS, OTHERS, INK = "#0f766e", ["#64748b", "#94a3b8", "#b6c2d1", "#d3dbe5"], "#1e293b"


def draw_panel(axes: Any, panel: dict[str, Any]) -> None:
    series, cases = panel["series"], panel["cases"]
    height = 0.8 / max(1, len(series))
    others = iter(OTHERS * 3)
    for number, one in enumerate(series):
        places = [case + (number - (len(series) - 1) / 2) * height for case in range(len(cases))]
        spread = [
            [max(0, middle - low) for middle, low in zip(one["median"], one["least"], strict=True)],
            [max(0, high - middle) for middle, high in zip(one["median"], one["most"], strict=True)],
        ]
        axes.barh(
            places,
            one["median"],
            height * 0.9,
            xerr=spread,
            ecolor=INK,
            capsize=2,
            error_kw={"elinewidth": 0.8},
            color=OURS if one["ours"] else next(others),
            label=one["title"],
        )
        for place, middle, high in zip(places, one["median"], one["most"], strict=True):
            axes.annotate(
                f"{middle:,.{panel['decimals']}f}",
                (max(middle, high), place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=INK,
            )
    axes.set_yticks(range(len(cases)), cases)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_title(panel["title"], fontsize=9, loc="left", color=INK)
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.tick_params(labelsize=8, colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main() -> None:
    order = json.load(sys.stdin)
    plt.rcParams["svg.hashsalt"] = "benchmarks"
    bars = max(len(panel["cases"]) * len(panel["series"]) for panel in order["panels"])
    figure, axes = plt.subplots(
        len(order["panels"]),
        figsize=(9, len(order["panels"]) * (0.9 + 0.24 * bars)),
        layout="constrained",
        squeeze=False,
    )
    for (one,), panel in zip(axes, order["panels"], strict=True):
        draw_panel(one, panel)
    figure.suptitle(order["title"], fontsize=11, color=INK)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)), fontsize=8, frameon=False)
    figure.savefig(order["file"], metadata={"Date": None, "Creator": None}, facecolor="white")


main()
