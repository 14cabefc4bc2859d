"""One measurement: a fresh server on one core, the load on another, and everything ended afterwards."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import load
from benchmarks.peers.base import BENCH_CHANNEL, DATA, Door, Peer, Start, Way
from benchmarks.process import Server, free_port

if TYPE_CHECKING:
    from benchmarks.figure import Case

BODY_BYTES = 250
SPARE_FILES = 500


@dataclass(frozen=True)
class Conditions:
    """How long a measurement runs, in seconds; `read_every_ms` overrides that of the case."""

    warm: float = 2.0
    seconds: float = 5.0
    drain: float = 10.0
    connect: float = 60.0
    read_every_ms: float | None = None


SERVER_CORE, LOAD_CORE = 0, 1


def pinned(core: int) -> tuple[str, ...]:
    """The words before a command that keep it on one core; none where there is nothing to choose."""
    possible = (os.cpu_count() or 1) > core and shutil.which("taskset")
    return ("taskset", "-c", str(core)) if possible else ()


def body() -> str:
    """A reading as JSON, BODY_BYTES long, with room for the stamp that the load writes into each."""
    reading = {"stamp": "@@" + "0" * 19, "sensor": "temperatura-07", "valor": 21.5, "unidad": "C", "note": ""}
    short = len(json.dumps(reading, separators=(",", ":")))
    return json.dumps(reading | {"note": "x" * (BODY_BYTES - short)}, separators=(",", ":"))


def message() -> str:
    """A chat message as JSON, as a client emits it, BODY_BYTES long, with room for the stamp."""
    sender = "00000000-0000-4000-8000-000000000000"
    said = {"chat_id": BENCH_CHANNEL, "sender_id": sender, "body": "@@" + "0" * 19, "status": "sent"}
    short = len(json.dumps(said, separators=(",", ":")))
    return json.dumps(said | {"body": said["body"] + "x" * (BODY_BYTES - short)}, separators=(",", ":"))


NUMBER = "#" * 10
"""Where the load puts the number of a command."""


def event(way: Way) -> dict[str, str]:
    """The load's options for what it publishes in this way: each event has BODY_BYTES beside its envelope."""
    match way:
        case Way.POST:
            return {"way": way, "body": body()}
        case Way.COMMANDS:
            head = f'{{"action":"publish","channel":"{BENCH_CHANNEL}","id":{NUMBER},"data":'
            return {"way": way, "body": f"{head}{body()}}}"}
        case Way.SOCKET_IO:
            return {"way": way, "body": f'42{NUMBER}["message:send",{message()}]', "event": '42["message:send",'}


def raise_file_limit() -> int:
    """As many open files as this process may have, which its children inherit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


Beside = Callable[[Server], AbstractContextManager[None]]


def _nothing(_: Server) -> AbstractContextManager[None]:
    return nullcontext()


def by_load(peer: Peer, case: Case, conditions: Conditions, *, beside: Beside = _nothing) -> dict[str, Any]:
    """
    Start the peer afresh, put the case's load on it, end it, and count what it kept. A peer
    that has no door for the case's way of publishing is published to by POST.

    Returns the load's result (see `load.run`) with `not_kept`, the acknowledged events that a
    durable peer does not have on disk. `beside` is open while the load runs, for a profiler.
    Raises LoadFailed, ServerFailed or Missing.
    """
    if case.subscribers + SPARE_FILES > raise_file_limit():
        raise load.LoadFailed(f"{case.subscribers:,} sockets exceed the limit of open files")
    with running(peer) as (server, start, folder):
        way = case.way if case.way in start.doors else Way.POST
        options = _aim(start.doors[way], case) | event(way) | _times(case, conditions)
        options |= {"port": server.port, "pids": ",".join(map(str, server.pids()))}
        with beside(server):
            result = load.run(options, prefix=pinned(LOAD_CORE))
        server.end()
        kept = peer.kept(folder)
        result["not_kept"] = None if kept is None else max(0, result["published"] - kept)
    return result


@contextmanager
def running(peer: Peer) -> Iterator[tuple[Server, Start, Path]]:
    """The peer, started afresh on its core: the server, how it was started, and its folder, which goes with it."""
    with fresh_folder() as folder:
        port = free_port()
        start = peer.start(folder, port)
        argv = (*pinned(SERVER_CORE), *start.argv)
        with Server(argv, folder, port=port, ready=start.ready, environment=start.environment) as server:
            yield server, start, folder


def _aim(door: Door, case: Case) -> dict[str, Any]:
    """The load's options for who goes where."""
    aim: dict[str, Any] = {
        "subscribers": case.subscribers,
        "subscribe-path": door.subscribe or "/",
        "subscribe-header": door.subscribe_headers,
        "publishers": case.publishers,
        "publish-path": door.publish,
        "publish-header": door.publish_headers,
        "in-flight": case.in_flight,
        "witnesses": case.witnesses,
        "auth": door.auth,
    }
    return aim | ({"stream": True} if door.stream else {})


def _times(case: Case, conditions: Conditions) -> dict[str, Any]:
    """The load's options for when."""
    return {
        "rate": case.rate,
        "read-every": case.read_every_ms if conditions.read_every_ms is None else conditions.read_every_ms,
        "warm": conditions.warm,
        "seconds": conditions.seconds,
        "drain": conditions.drain,
        "connect": conditions.connect,
    }


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder for one server's data, on the same disk as the project, because syncs are part of what is measured."""
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=DATA, prefix="run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
