"""Medians, ratios and verdicts of stored results, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.figure import Case, Figure, Goal, Level, Limit, Metric
from benchmarks.figures import FIGURES
from benchmarks.peers import OURS, PEERS
from benchmarks.runner import DISTURBED_CPU

Record = dict[str, Any]
FLAWS = {
    "lost": "events that a subscriber did not get",
    "extra": "events that a subscriber got twice",
    "wrong_witnesses": "witnesses that saw other events than were published",
    "other_order": "witnesses that saw the events in another order than the first witness",
    "errors": "answers that refuse an event",
    "closed": "subscribers closed by the server",
    "overdue": "events due that did not leave, because the server was still busy with those before",
    "unanswered": "events never answered",
    "not_kept": "acknowledged events that are not on disk",
}


def values(record: Record, case: str, peer: str, key: str) -> list[float]:
    """One number of all rounds that came to their end."""
    rounds = record["results"].get(case, {}).get(peer, [])
    return [one[key] for one in rounds if one.get(key) is not None]


def median(record: Record, case: str, peer: str, key: str) -> float | None:
    found = values(record, case, peer, key)
    return statistics.median(found) if found else None


def ratio(record: Record, case: str, peer: str, key: str) -> float | None:
    """The median of ours divided by that of a peer."""
    ours, theirs = median(record, case, OURS, key), median(record, case, peer, key)
    return ours / theirs if ours is not None and theirs else None


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; first column text, the others numbers, padded so that it reads well as plain text."""
    cells = [list(heads), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = ["| " + " | ".join(_pad(text, widths[i], i) for i, text in enumerate(row)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _pad(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)


def goals(figure: Figure, record: Record) -> list[list[str]]:
    """One row a goal and peer: what, what is to be reached, what was measured, and the verdict."""
    rows = []
    for goal in figure.goals:
        match goal:
            case Goal():
                rows += [_against(figure, record, goal, peer) for peer in goal.peers(figure)]
            case Limit():
                what = f"{figure.name} · {_title(figure, goal.case)}: {goal.metric.title}"
                value = median(record, goal.case, OURS, goal.metric.key)
                shown = None if value is None else value * goal.metric.factor
                rows.append([what, goal.text(), goal.metric.number(value), _verdict(goal, shown)])
            case Level():
                first, last = figure.cases[0], figure.cases[-1]
                rises = {metric.title: _rise(record, metric, figure.cases) for metric in goal.metrics}
                worst = max(rises, key=lambda title: rises[title] or 0)
                what = f"{figure.name} · {last.title} against {first.title}: {goal.about}"
                shown = "–" if rises[worst] is None else f"{rises[worst]:.2f} × ({worst})"
                verdict = "not measured" if None in rises.values() else _verdict(goal, rises[worst])
                rows.append([what, goal.text(), shown, verdict])
    return rows


def _against(figure: Figure, record: Record, goal: Goal, peer: str) -> list[str]:
    measured = ratio(record, goal.case, peer, goal.metric.key)
    what = f"{figure.name} · {_title(figure, goal.case)}: {goal.metric.title} against {PEERS[peer].title}"
    if measured is not None:
        return [what, goal.text(), f"{measured:.2f} ×", _verdict(goal, measured)]
    absent = OURS if median(record, goal.case, OURS, goal.metric.key) is None else peer
    return [what, goal.text(), "–", f"{absent} not measured"]


def _verdict(goal: Goal | Limit | Level, value: float | None) -> str:
    if value is None:
        return "not measured"
    return "reached" if goal.reached(value) else "**missed**"


def _title(figure: Figure, name: str) -> str:
    return next(case.title for case in figure.cases if case.name == name)


def _rise(record: Record, metric: Metric, cases: Sequence[Case]) -> float | None:
    """The cost at the largest size against that at the smallest."""
    smallest, largest = (median(record, case.name, OURS, metric.key) for case in (cases[0], cases[-1]))
    return metric.rise(smallest, largest) if smallest and largest else None


GOAL_HEADS = ("goal", "to reach", "measured", "verdict")


def case_table(figure: Figure, record: Record, case: Case) -> str:
    """All peers of one case: medians, the spread of the first metric, and how ours compares."""
    first = figure.metrics[0]
    heads = [case.title, *(metric.title for metric in figure.metrics), "min–max", f"ours ÷ peer ({first.title})"]
    rows = []
    for peer in figure.peers:
        found = values(record, case.name, peer, first.key)
        if not found:
            rows.append([PEERS[peer].title, *["–"] * len(figure.metrics), "–", _why_not(record, case, peer)])
            continue
        spread = f"{first.number(min(found))}–{first.number(max(found))}"
        numbers = [metric.number(median(record, case.name, peer, metric.key)) for metric in figure.metrics]
        compared = ratio(record, case.name, peer, first.key)
        against = "–" if peer == OURS or compared is None else f"{compared:.2f} ×"
        rows.append([PEERS[peer].title, *numbers, spread, against])
    return table(heads, rows)


def _why_not(record: Record, case: Case, peer: str) -> str:
    if peer in record["missing"]:
        return "missing"
    failures = [one for one in record["results"].get(case.name, {}).get(peer, []) if "failed" in one]
    return "failed" if failures else "not measured"


def sizes_table(figure: Figure, record: Record) -> str:
    """Ours alone: every number at each size, and how its cost has risen from the smallest to the largest."""
    rows = []
    for metric in figure.metrics:
        found = [metric.number(median(record, case.name, OURS, metric.key)) for case in figure.cases]
        rise = _rise(record, metric, figure.cases)
        rows.append([metric.title, *found, "–" if rise is None else f"{rise:.2f} ×"])
    return table(["", *(case.title for case in figure.cases), "cost, last ÷ first"], rows)


def case_tables(figure: Figure, record: Record) -> list[str]:
    """What was measured: a table a case, or one of all sizes where there are no peers."""
    if figure.alone:
        return [sizes_table(figure, record)]
    return [case_table(figure, record, case) for case in figure.cases]


def growth_table(figure: Figure, record: Record) -> str:
    """The cost per unit at each size, and the largest against the smallest."""
    metric = figure.growth_metric
    rows = []
    for peer in figure.peers:
        if peer not in figure.growth_peers or peer in record["missing"]:
            continue
        costs = [median(record, case.name, peer, metric.key) for case in figure.growth]
        smallest, largest = costs[0], costs[-1]
        rise = f"{largest / smallest:.2f} ×" if smallest and largest else "–"
        rows.append([PEERS[peer].title, *(metric.number(cost) for cost in costs), rise])
    return table([metric.title, *(case.title for case in figure.growth), "last ÷ first"], rows)


def flaws(figure: Figure, record: Record) -> list[str]:
    """What went wrong in which case: losses, errors, failures, disturbance. Empty when all went well."""
    found = []
    for case in figure.all_cases():
        for peer, rounds in record["results"].get(case.name, {}).items():
            where = f"{case.title}, {PEERS[peer].title}"
            for key, meaning in FLAWS.items():
                if worst := max((one.get(key) or 0 for one in rounds), default=0):
                    reason = next((one["first_error"] for one in rounds if one.get("first_error")), "")
                    found.append(f"{where}: {worst:,} {meaning}" + (f" ({reason})" if reason else ""))
            if failed := [one["failed"] for one in rounds if "failed" in one]:
                reason = failed[0].splitlines()[-1][:200]
                found.append(f"{where}: {len(failed)} of {len(rounds)} rounds failed: {reason}")
            if saturated := sum(one.get("load_busy", 0) >= 0.95 for one in rounds):
                found.append(f"{where}: the load itself was at its limit in {saturated} of {len(rounds)} rounds")
    return found + _disturbance(record)


def _disturbance(record: Record) -> list[str]:
    """One line on the work that others did meanwhile; none when the machine was quiet."""
    measured = [one for peers in record["results"].values() for rounds in peers.values() for one in rounds]
    others = [one["other_cpu"] for one in measured if "other_cpu" in one]
    disturbed = [cores for cores in others if cores >= DISTURBED_CPU]
    if not disturbed:
        return []
    used = f"others used {statistics.median(disturbed):.1f} cores (median), so the figures are rough"
    return [f"The machine was not quiet in {len(disturbed)} of {len(others)} measurements: {used}."]


def conditions(figure: Figure, record: Record) -> str:
    """How it was measured, on what, and with which versions."""
    rounds = "one round" if record["rounds"] == 1 else f"medians of {record['rounds']} rounds"
    how = figure.how or f"{record['seconds']:g} s after {record['warm_seconds']:g} s of warming up, peers in turn"
    text = [
        f"{record['date']}; {rounds}{': ' if figure.how else ' of '}{how}; "
        "server pinned to one core, load to the other, loopback."
    ]
    if record["read_every_ms"] is not None:
        text[0] += f" Unlike usual, all subscribers read every {record['read_every_ms']:g} ms."
    text.append(" · ".join(f"{name}: {value}" for name, value in record["machine"].items()))
    text += [f"- {PEERS[name].title}: {version}" for name, version in record["versions"].items()]
    text += [f"- {PEERS[name].title}: **missing** – {why}" for name, why in record["missing"].items()]
    return "\n".join([text[0], "", text[1], "", *text[2:]])


def tables(figure: Figure, record: Record) -> str:
    """All tables of one figure, without its heading."""
    parts = [table(GOAL_HEADS, goals(figure, record))]
    parts += case_tables(figure, record)
    if figure.growth and any(case.name in record["results"] for case in figure.growth):
        parts.append("Growth: the cost of one unit at three sizes, which must not rise.")
        parts.append(growth_table(figure, record))
    return "\n\n".join(parts)


def page(figure: Figure, record: Record, plot: str | None) -> str:
    """The whole page of one figure."""
    parts = [f"# {figure.name} · {figure.title}", figure.about, tables(figure, record)]
    if plot:
        parts.append(f"![{figure.title}]({plot})")
    if found := flaws(figure, record):
        parts += ["## What went wrong", "\n".join(f"- {flaw}" for flaw in found)]
    parts += ["## Conditions", conditions(figure, record)]
    does = "\n".join(f"- {PEERS[name].title}: {PEERS[name].does}." for name in figure.peers)
    parts += ["What each does for its figures:", does]
    return "\n\n".join(parts) + "\n"


def overview(records: dict[str, Record]) -> str:
    """The page over all figures that were ever measured: every goal, then every table."""
    rows = [row for name, record in records.items() for row in goals(FIGURES[name], record)]
    parts = [
        "# Results",
        "Ours divided by the peer's, medians, measured side by side; without a peer, ours as it is.",
        table(GOAL_HEADS, rows),
    ]
    for name, record in records.items():
        figure = FIGURES[name]
        parts += [f"## [{name} · {figure.title}]({name}.md)", f"{record['date']}, rounds: {record['rounds']}."]
        parts += case_tables(figure, record)
        if record["missing"]:
            missing = "; ".join(f"{PEERS[peer].title} ({why})" for peer, why in record["missing"].items())
            parts.append(f"Missing: {missing}")
    return "\n\n".join(parts) + "\n"
