"""
The figures: what is measured, on whom, and what is to be reached.

To add one: a Figure in FIGURES. One that the load program cannot measure brings its own
`measure` function; everything after it (rounds, medians, tables, plots) is the same.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.figure import DELIVERY_CPU, EVERY_OTHER, Case, Figure, Goal, Metric
from benchmarks.figures_store import F6, F7, F8, F10, F12
from benchmarks.peers import BY_REST, OURS, PEERS
from benchmarks.peers.base import Way

IN_FLIGHT = 16
"""Commands that each connection of F5 has on their way."""

DELIVERIES = Metric("deliveries_per_s", "deliveries/s")
PUBLISHES = Metric("publishes_per_s", "publishes/s")
PUBLISH_CPU = Metric("cpu_us_per_publish", "µs CPU/publish", 1, more_is_better=False)
P50 = Metric("latency_p50_ms", "p50 ms", 1, more_is_better=False)
P99 = Metric("latency_p99_ms", "p99 ms", 1, more_is_better=False)
DELIVERED_P50 = replace(P50, title="delivery p50 ms")
DELIVERED_P99 = replace(P99, title="delivery p99 ms")
ANSWER_P50 = Metric("answer_p50_ms", "answer p50 ms", 1, more_is_better=False)
ANSWER_P99 = Metric("answer_p99_ms", "answer p99 ms", 1, more_is_better=False)


def _fanout(subscribers: int, publishers: int) -> Case:
    who = f"{subscribers:,} subscribers, {publishers} publisher{'s' if publishers > 1 else ''}"
    return Case(f"{subscribers}x{publishers}", who, subscribers, publishers)


def _lazily(case: Case) -> Case:
    """The same with subscribers that read every 20 ms: shown, not judged; kinder to whoever writes often."""
    return replace(case, name=f"{case.name}-lazy", title=f"{case.title}, reading every 20 ms", read_every_ms=20)


def _steady(subscribers: int) -> Case:
    # Everyone is a witness: who is served last is what the 99th percentile is about.
    title = f"{subscribers:,} subscribers, 100 events/s"
    return Case(f"{subscribers}at100", title, subscribers, publishers=4, rate=100, witnesses=subscribers)


def _publish(connections: int) -> Case:
    return Case(f"{connections}conns", f"{connections} connections", 0, connections, witnesses=0)


def _command(connections: int) -> Case:
    title = f"{connections} connections, {IN_FLIGHT} in flight on each"
    return Case(f"{connections}conns", title, 0, connections, witnesses=0, way=Way.COMMANDS, in_flight=IN_FLIGHT)


def _chat(clients: int, publishers: int) -> Case:
    title = f"{clients:,} clients, {publishers} of them publishing"
    return Case(f"{clients}x{publishers}", title, clients - publishers, publishers, way=Way.SOCKET_IO)


F1 = Figure(
    name="F1",
    title="Fan-out at saturation",
    about="1,000 WebSocket subscribers of one channel; 16 and 64 publishers, each on a connection of its own, post "
    "250-byte events by REST as fast as they are answered. Ours commits and syncs each event before it answers and "
    "delivers it.",
    peers=(OURS, "nchan", "node", "uws", "fastapi"),
    cases=(_fanout(1000, 16), _fanout(1000, 64), _lazily(_fanout(1000, 16))),
    metrics=(DELIVERIES, DELIVERY_CPU, PUBLISHES, ANSWER_P50, ANSWER_P99),
    goals=(
        Goal("1000x16", DELIVERIES, "nchan", 5),
        Goal("1000x64", DELIVERIES, "nchan", 10),
        Goal("1000x16", DELIVERIES, EVERY_OTHER, 7, but=("nchan",)),
        Goal("1000x64", DELIVERIES, EVERY_OTHER, 7, but=("nchan",)),
    ),
    growth=(_fanout(100, 16), _fanout(1000, 16), _fanout(10000, 16)),
)

F2 = Figure(
    name="F2",
    title="Fan-out with one publisher",
    about="The same with a single publisher: each event waits for the answer to the one before, so that nothing can be "
    "gathered.",
    peers=(OURS, "nchan", "node", "uws", "fastapi"),
    cases=(_fanout(1000, 1), _lazily(_fanout(1000, 1))),
    metrics=(DELIVERIES, DELIVERY_CPU, PUBLISHES, ANSWER_P50, ANSWER_P99),
    goals=(Goal("1000x1", DELIVERIES, "nchan", 1), Goal("1000x1", DELIVERY_CPU, "nchan", 0.8)),
    growth=(_fanout(100, 1), _fanout(1000, 1), _fanout(10000, 1)),
)

F3 = Figure(
    name="F3",
    title="Latency at a steady rate",
    about="100 events/s, evenly spaced, to 1,000 subscribers. Latency runs from the moment at which an event was due "
    "to the moment at which a subscriber has read it, over all subscribers; ours is synced to disk in between.",
    peers=(OURS, "nchan", "node", "uws", "fastapi"),
    cases=(_steady(1000),),
    metrics=(P50, P99, Metric("latency_p90_ms", "p90 ms", 1, more_is_better=False), DELIVERY_CPU, DELIVERIES),
    goals=(Goal("1000at100", P50, "nchan", 1.5), Goal("1000at100", P99, "nchan", 1.5)),
    growth=(_steady(100), _steady(300), _steady(1000)),
)

F4 = Figure(
    name="F4",
    title="Durable publish by REST",
    about="64 connections post one 250-byte event a request; no subscriber. A 2xx means in both that the event is "
    "validated, committed and synced to disk.",
    peers=(OURS, "fastapi-sqlite"),
    cases=(_publish(64),),
    metrics=(PUBLISHES, PUBLISH_CPU, ANSWER_P50, ANSWER_P99),
    goals=(Goal("64conns", PUBLISHES, "fastapi-sqlite", 15),),
    growth=(_publish(16), _publish(64), _publish(256)),
    growth_peers=(OURS, "fastapi-sqlite"),
    growth_metric=PUBLISH_CPU,
)

F5 = Figure(
    name="F5",
    title="Durable publish by WebSocket commands",
    about=f"64 connections publish 250-byte events by commands on a WebSocket, each with {IN_FLIGHT} on their way; no "
    "subscriber. A result means in all that the event is validated, committed and synced to disk. Beside it, in the "
    "same run, F4's work by the same server: an event a request, on each of 64 connections one after the other.",
    peers=(OURS, BY_REST, "fastapi-sqlite"),
    cases=(_command(64),),
    metrics=(PUBLISHES, PUBLISH_CPU, ANSWER_P50, ANSWER_P99),
    goals=(Goal("64conns", PUBLISHES, BY_REST, 1.8),),
    growth=(_command(16), _command(64), _command(256)),
    growth_peers=(OURS, BY_REST),
    growth_metric=PUBLISH_CPU,
)

F9 = Figure(
    name="F9",
    title="Socket.IO fan-out",
    about="1,000 clients of Socket.IO by its websocket transport; 16 of them, or one, emit 250 bytes of `message:send` "
    "as fast as they are acknowledged, and all hear it. Ours commits and syncs each message, with its row and its "
    "conversation's, before it acknowledges and delivers it; the peers pass it on from memory.",
    peers=(OURS, "node-socketio", "python-socketio"),
    cases=(_chat(1000, 16), _chat(1000, 1)),
    metrics=(DELIVERIES, DELIVERY_CPU, PUBLISHES, ANSWER_P50, ANSWER_P99, DELIVERED_P50, DELIVERED_P99),
    goals=(
        Goal("1000x16", DELIVERIES, "node-socketio", 3),
        Goal("1000x1", DELIVERIES, "node-socketio", 3),
    ),
    growth=(_chat(100, 16), _chat(1000, 16), _chat(10000, 16)),
    growth_peers=(OURS, "node-socketio"),
)

FIGURES: dict[str, Figure] = {figure.name: figure for figure in (F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F12)}
assert all(peer in PEERS for figure in FIGURES.values() for peer in figure.peers)
