"""The servers that are measured. To add one: a class in a module here, and its line in PEERS."""

from __future__ import annotations

from benchmarks.peers.base import Peer
from benchmarks.peers.nchan import Nchan
from benchmarks.peers.node import NodeSocketIO, NodeWs
from benchmarks.peers.pythons import FastapiBroadcast, FastapiSqlite, PythonSocketIO, Socketify
from benchmarks.peers.realtime import Realtime, RealtimeByRest
from benchmarks.peers.sqlite import BareSqlite

OURS = "realtime"
BY_REST = "realtime-rest"
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Realtime(),
        RealtimeByRest(),
        Nchan(),
        NodeWs(),
        Socketify(),
        FastapiBroadcast(),
        FastapiSqlite(),
        BareSqlite(),
        NodeSocketIO(),
        PythonSocketIO(),
    )
}
