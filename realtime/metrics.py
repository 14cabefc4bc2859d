"""
The server's figures, gathered when somebody asks: what is counted on the way of an event
is a plain integer, and becomes a metric only here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from realtime.delivery.admission import Admission
from realtime.delivery.hub import Hub
from realtime.services.roster import Roster
from realtime.store.opening import Store

RequestCounts = Counter[tuple[str, str, int]]
"""Answers by method, route pattern (never a path: it may hold anything) and status."""


def exposition(
    requests: RequestCounts, store: Store, hub: Hub, admission: Admission, roster: Roster, sign_ins: Mapping[str, int]
) -> bytes:
    """All figures in the Prometheus text format; `sign_ins` are counts by outcome."""
    registry = CollectorRegistry()
    registry.register(_Figures(requests, store, hub, admission, roster, sign_ins))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(
        self,
        requests: RequestCounts,
        store: Store,
        hub: Hub,
        admission: Admission,
        roster: Roster,
        sign_ins: Mapping[str, int],
    ) -> None:
        self._requests = requests
        self._store = store
        self._hub = hub
        self._admission = admission
        self._roster = roster
        self._sign_ins = sign_ins

    def collect(self) -> Iterator[Metric]:
        yield from self._log()
        yield from self._delivery()
        yield from self._connections()
        answers = CounterMetricFamily("realtime_http_responses", "Answers", labels=("method", "route", "status"))
        for (method, route, status), count in self._requests.items():
            answers.add_metric((method, route, str(status)), count)
        yield answers
        tries = CounterMetricFamily("realtime_sign_ins", "Sign-ins by password", labels=("outcome",))
        for outcome, count in self._sign_ins.items():
            tries.add_metric((outcome,), count)
        yield tries

    def _log(self) -> Iterator[Metric]:
        counts = self._store.committer.counts
        yield GaugeMetricFamily("realtime_log_tip", "The seq of the last committed event", self._store.log.tip)
        yield CounterMetricFamily("realtime_commits", "Transactions committed", counts.commits)
        yield CounterMetricFamily("realtime_units", "Units of work committed", counts.units)
        yield CounterMetricFamily("realtime_units_refused", "Units of work refused with a reason", counts.refused)
        yield CounterMetricFamily("realtime_units_failed", "Units of work that failed", counts.failed)
        yield CounterMetricFamily("realtime_disk_full", "Commits that the disk had no room for", counts.disk_full)
        yield GaugeMetricFamily(
            "realtime_units_waiting", "Units of work that wait for a commit", self._store.committer.waiting
        )
        yield GaugeMetricFamily(
            "realtime_units_bytes", "Bytes that units of work hold until their commit", self._store.committer.held
        )
        yield CounterMetricFamily(
            "realtime_events_damaged", "Events met whose checksum does not agree", self._store.log.damaged
        )

    def _delivery(self) -> Iterator[Metric]:
        counts = self._hub.counts
        yield CounterMetricFamily("realtime_events", "Events delivered by the hub", counts.events)
        yield CounterMetricFamily("realtime_deliveries", "Events written to live clients", counts.deliveries)
        yield CounterMetricFamily("realtime_flushes", "Joined writes", counts.flushes)
        yield CounterMetricFamily("realtime_replayed", "Events written to clients that were behind", counts.replayed)
        yield CounterMetricFamily("realtime_fell_behind", "Live clients that fell behind", counts.fell_behind)
        sessions = GaugeMetricFamily("realtime_sessions", "Connected clients", labels=("door", "state"))
        closed = CounterMetricFamily("realtime_sessions_closed", "Clients closed by the server", labels=("code",))
        for (door, state), number in self._hub.census().items():
            sessions.add_metric((door, state), number)
        left = CounterMetricFamily("realtime_sessions_left", "Clients that have left by themselves", labels=("code",))
        for code, number in counts.closed.items():
            closed.add_metric((str(code),), number)
        for word, number in counts.left.items():
            left.add_metric((word,), number)
        yield sessions
        yield closed
        yield left
        yield GaugeMetricFamily(
            "realtime_outlets_bytes",
            "Bytes that wait for clients",
            sum(session.outlet.pending() for session in self._hub.sessions.values()),
        )
        yield GaugeMetricFamily("realtime_bodies_bytes", "Bytes of request bodies", self._admission.bodies.held)
        refused = self._admission.refused
        yield CounterMetricFamily("realtime_admission_refused", "Connections refused by a limit", refused)

    def _connections(self) -> Iterator[Metric]:
        roster = self._roster
        opened = CounterMetricFamily("realtime_sessions_opened", "Clients that have connected", labels=("door",))
        for door, number in roster.opened.items():
            opened.add_metric((door,), number)
        yield opened
        yield GaugeMetricFamily("realtime_blocks", "Credentials kept out of a door", len(roster.blocks))
        yield CounterMetricFamily("realtime_blocks_made", "Blocks by kicks", roster.blocks.made)
        yield CounterMetricFamily("realtime_blocks_refused", "Connections refused by a block", roster.blocks.refused)
