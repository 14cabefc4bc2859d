"""The figures of the log, the lists and the start: F6, F7, F8, F10, F12."""

from __future__ import annotations

from benchmarks import bulk, idling, listing, replaying, starting
from benchmarks.figure import Case, Figure, Goal, Level, Limit, Metric
from benchmarks.peers import OURS

CONNECTIONS = 4
"""Over which bulk readings are posted."""

ROWS = Metric("rows_per_s", "readings/s")
ROW_CPU = Metric("cpu_us_per_row", "µs CPU/reading", 1, more_is_better=False)
BATCH = Metric("batch_p50_ms", "batch p50 ms", 1, more_is_better=False)

KB = Metric("kb", "KiB/connection", 1, more_is_better=False)
CONNECTS = Metric("connects_per_s", "connections/s")
CONNECT_CPU = Metric("connect_cpu_us", "µs CPU/connection", 0, more_is_better=False)

RING = Metric("ring_per_s", "from the ring, events/s")
RING_ONCE = Metric("ring_first_per_s", "from the ring, to the first of many, events/s")
DISK = Metric("disk_per_s", "from disk, one channel, events/s")
UNION = Metric("general_per_s", "from disk, `general`, events/s")
RING_FIRST = Metric("ring_first_ms", "from the ring, first frame ms", 1, more_is_better=False)
DISK_FIRST = Metric("disk_first_ms", "from disk, one channel, first frame ms", 1, more_is_better=False)
UNION_FIRST = Metric("general_first_ms", "from disk, `general`, first frame ms", 1, more_is_better=False)

READY = Metric("ready_s", "ready after s", 2, more_is_better=False)
RESIDENT = Metric("resident_mb", "resident MiB", 1, more_is_better=False)


def _bulk(size: int) -> Case:
    return Case(f"{size}rows", f"{size:,} readings a request", publishers=CONNECTIONS, size=size)


def _idle(size: int) -> Case:
    return Case(f"{size}idle", f"{size:,} connections", size=size)


def _log(size: int) -> Case:
    return Case(f"{size}events", f"{size:,} events", size=size)


def _rows(size: int) -> Case:
    return Case(f"{size}rows", f"{size:,} rows", size=size)


def _page(name: str, title: str) -> Metric:
    return Metric(f"{name}_ms", f"{title}, ms", 2, more_is_better=False)


JUDGED = (
    _page("readings", "readings"),
    _page("readings_sensor", "readings `sensor_id=`"),
    _page("readings_newest", "readings `ordering=-id`"),
    _page("readings_after", "readings `id_after=`"),
    _page("readings_sensor_after", "readings `sensor_id=&id_after=`"),
    _page("roster", "roster"),
    _page("roster_user", "roster `user=`"),
    _page("roster_closed", "roster `status=Inativa`"),
    _page("roster_open", "roster `status=Ativa`"),
    _page("roster_dialect", "roster `dialect=`"),
    _page("roster_channel", "roster `channel=`"),
    _page("roster_open_channel", "roster `status=Ativa&channel=`"),
    _page("roster_after", "roster `id_after=`"),
)
SHOWN = (
    _page("readings_recent", "readings `since=`, which are counted each time"),
    _page("readings_deep", "readings `offset=` half of them"),
    _page("roster_deep", "roster `offset=` half of them"),
    _page("readings_first", "the first list of readings after the start"),
    _page("roster_first", "the first list of the roster after the start"),
)

F6 = Figure(
    name="F6",
    title="Bulk readings",
    about=f"Requests of 1,000 readings on {CONNECTIONS} connections, on each one after the other. A 201 means that all "
    "are checked, stored with an event each, and synced. Beside it, in the same run, the same two rows of each reading "
    "by `executemany` alone.",
    peers=(OURS, "sqlite3"),
    cases=(_bulk(1000),),
    metrics=(ROWS, ROW_CPU, BATCH),
    goals=(Goal("1000rows", ROWS, "sqlite3", 0.4),),
    growth=(_bulk(100), _bulk(1000), _bulk(10_000)),
    growth_peers=(OURS, "sqlite3"),
    growth_metric=ROW_CPU,
    measure=bulk.measure,
)

F7 = Figure(
    name="F7",
    title="Idle connections",
    about="WebSockets that are opened as fast as the server takes them, 64 at a time, and held: the memory that each "
    "adds to the server's processes, and how many a second it takes. Ours authenticates each, checks what it may hear, "
    "and gives it a row in the roster.",
    peers=(OURS, "nchan", "node"),
    cases=(_idle(10_000),),
    metrics=(KB, CONNECTS, CONNECT_CPU),
    goals=(Goal("10000idle", KB, "nchan", 1.5), Goal("10000idle", CONNECTS, "nchan", 0.5)),
    growth=(_idle(1000), _idle(3000), _idle(10_000)),
    growth_peers=(OURS, "nchan"),
    growth_metric=KB,
    measure=idling.measure,
    how=f"memory {idling.SETTLE_SECONDS:g} s after the last socket, without the kernel's, "
    f"after {idling.FEW} sockets that came and went",
)

F8 = Figure(
    name="F8",
    title="Replay",
    about=f"A client comes back with a position, {replaying.TIMES} times, and reads the next {replaying.EVENTS:,} "
    "events, from the request to the last frame. From disk: from places all over the log, each event's checksum "
    "looked at; from the ring: the newest. The log lies in the system's cache.",
    peers=(OURS,),
    cases=(_log(10_000), _log(1_000_000), _log(10_000_000)),
    metrics=(RING, DISK, UNION, RING_FIRST, DISK_FIRST, UNION_FIRST, RING_ONCE),
    goals=(
        Limit("10000000events", RING, 200_000),
        Limit("10000000events", DISK, 50_000),
        Level("the cost of an event", (RING, DISK, UNION)),
        Level("the time to the first frame", (RING_FIRST, DISK_FIRST, UNION_FIRST)),
    ),
    measure=replaying.measure,
    how=f"each the median of {replaying.TIMES} replays",
    drawn=3,
)

F10 = Figure(
    name="F10",
    title="A page of a list",
    about=f"Pages of {listing.ROWS} rows, one request after the other on one connection, with {listing.OPEN} sockets "
    "open. Readings of 20 sensors; connections of 100 users, a fifth of them by the dialect asked for, "
    "one of a hundred on the channel asked for. `id_after=` begins in the middle.",
    peers=(OURS,),
    cases=(_rows(10_000), _rows(100_000), _rows(1_000_000)),
    metrics=(*JUDGED, *SHOWN),
    goals=(*(Limit("1000000rows", metric, 5) for metric in JUDGED), Level("the time of any page", JUDGED)),
    measure=listing.measure,
    how=f"each the median of {listing.TIMES} requests",
    drawn=2,
)

F12 = Figure(
    name="F12",
    title="Start",
    about="From the command to the 200 of `/readyz`, over a log of so many events, as many readings and as many rows "
    "in the roster; and what is resident a moment later.",
    peers=(OURS,),
    cases=(_log(10_000), _log(100_000), _log(1_000_000)),
    metrics=(READY, RESIDENT),
    goals=(
        Limit("1000000events", READY, 2),
        Limit("1000000events", RESIDENT, 120),
        Level("time and memory", (READY, RESIDENT)),
    ),
    measure=starting.measure,
    how="a start each",
)
