"""
The command line of the benchmarks.

    python -m benchmarks                      all figures, five rounds
    python -m benchmarks run F1 --quick       one short round
    python -m benchmarks run F2 --peers nchan node
    python -m benchmarks report               tables and plots again, from the stored results
    python -m benchmarks profile --way socketio --publishers 64
"""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType
from typing import Any

from benchmarks import plotting, profiling, report
from benchmarks.figures import FIGURES, IN_FLIGHT, Case, Figure
from benchmarks.measure import Conditions
from benchmarks.peers import OURS, PEERS
from benchmarks.peers.base import Missing, Way
from benchmarks.runner import RESULTS, Runner, say, stored


def main() -> int:
    """Returns the exit status: 0 when all was measured, whatever the verdicts; 1 when something failed."""
    signal.signal(signal.SIGTERM, _leave)
    arguments = _arguments()
    if arguments.command == "profile":
        return profiling.main(_profiled(arguments), perf=arguments.perf)
    chosen = arguments.figures or list(FIGURES.values())
    if arguments.command == "run":
        runner = _runner(arguments)
        for figure in chosen:
            publish(figure, runner.run(figure))
    else:
        for figure in chosen:
            if record := stored(figure.name):
                publish(figure, record)
    return _overview()


def _leave(_: int, __: FrameType | None) -> None:
    """SIGTERM unwinds the stack, so that what was started is ended."""
    sys.exit(143)


def _figure(name: str) -> Figure:
    try:
        return FIGURES[name.upper()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(FIGURES)}") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Our figures beside those of the peers.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="measure, then print and write the tables")
    again = commands.add_parser("report", help="write tables and plots again from the stored results")
    for command in (run, again):
        command.add_argument("figures", nargs="*", type=_figure, metavar="FIGURE", help="F1 F2 …; default: all")
    run.add_argument("--peers", nargs="+", choices=list(PEERS), help=f"only these; {OURS} is this server")
    run.add_argument("--rounds", type=int, help="default 5, or 1 with --quick")
    run.add_argument("--quick", action="store_true", help="one round of 2 s: to see that all works, not to be quoted")
    run.add_argument("--wait", type=float, default=20, help="seconds to wait for a quiet machine each time")
    run.add_argument("--read-every", type=float, metavar="MS", help="subscribers read so often; 0: at once")
    profile = commands.add_parser("profile", help="where our server's time goes under the load of F1, F5 or F9")
    profile.add_argument("--way", type=Way, choices=list(Way), default=Way.POST, help="how events are published")
    profile.add_argument("--publishers", type=int, default=16)
    profile.add_argument("--subscribers", type=int)
    profile.add_argument("--perf", action="store_true", help="Linux perf instead of cProfile: the kernel's share too")
    return parser.parse_args(sys.argv[1:] or ["run"])


def _profiled(arguments: argparse.Namespace) -> Case:
    """The load of F1, F5 or F9 by the way in which is published; commands have no subscribers unless asked for."""
    given, way = arguments.subscribers, arguments.way
    subscribers = given if given is not None else 0 if way is Way.COMMANDS else 1000
    return Case(
        "profile",
        "profile",
        subscribers,
        arguments.publishers,
        way=way,
        in_flight=IN_FLIGHT if way is Way.COMMANDS else 1,
    )


def _runner(arguments: argparse.Namespace) -> Runner:
    times = {"warm": 1.0, "seconds": 2.0} if arguments.quick else {}
    conditions = Conditions(read_every_ms=arguments.read_every, **times)
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    return Runner(conditions, rounds=rounds, wait=arguments.wait, peers=arguments.peers or ())


def publish(figure: Figure, record: dict[str, Any]) -> None:
    """Print the tables of one figure, and write its page and plot."""
    try:
        drawn: str | None = plotting.plot(figure, record)
    except Missing as why:
        drawn = None
        say(f"no plot: {why}")
    (RESULTS / f"{figure.name}.md").write_text(report.page(figure, record, drawn))
    print(f"\n{figure.name} · {figure.title}\n\n{report.tables(figure, record)}\n")
    for flaw in report.flaws(figure, record):
        print(f"! {flaw}")
    for name, reason in record["missing"].items():
        print(f"! {PEERS[name].title} is missing: {reason}")


def _overview() -> int:
    records = {name: record for name in FIGURES if (record := stored(name))}
    (RESULTS / "README.md").write_text(report.overview(records))
    failed = any(
        "failed" in one
        for record in records.values()
        for peers in record["results"].values()
        for rounds in peers.values()
        for one in rounds
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
