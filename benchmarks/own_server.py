"""Our server over data that was filled before, from `with` to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.filling import Filled
from benchmarks.measure import SERVER_CORE, fresh_folder, pinned, raise_file_limit
from benchmarks.peers.base import Peer
from benchmarks.peers.realtime import Realtime
from benchmarks.process import Server, free_port

# Nothing is to be removed while it is measured.
KEEP_ALL = {"REALTIME_LOG_RETENTION_EVENTS": "1000000000", "REALTIME_RETENTION_INTERVAL": "0"}


@contextmanager
def serving(peer: Peer, filled: Filled) -> Iterator[Server]:
    """The server, ready and on its core."""
    assert isinstance(peer, Realtime)
    raise_file_limit()
    port = free_port()
    start = peer.serving(filled.data, port, filled.token)
    argv, environment = (*pinned(SERVER_CORE), *start.argv), KEEP_ALL
    with (
        fresh_folder() as folder,
        Server(argv, folder, port=port, ready=start.ready, environment=environment) as server,
    ):
        yield server
