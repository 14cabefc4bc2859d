"""
Thousands of clients in a process of their own, told what to do by lines of JSON, each answered
by one. `Crowd` is the side that tells, in the process of a soak.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import select
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from tests.house import ROOT
from tests.soak.wires import Wire, wire

AGAIN: Final = 0.2
"""Seconds, at most, until a client that was not let in tries again."""


class Driver:
    """The clients of this process, and what they were told last."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wires: dict[str, Wire] = {}
        self._by_file: dict[int, Wire] = {}
        self._greeted: set[int] = set()
        self._poll = select.epoll()
        self._poll.register(sys.stdin, select.EPOLLIN)
        self._later: list[tuple[float, Wire]] = []
        self._tries = 0
        self._done: Callable[[], Any] | None = None

    def run(self) -> None:
        """Until nobody tells anything any more."""
        while True:
            for file, _ in self._poll.poll(0.05):
                if file == sys.stdin.fileno():
                    if not (line := sys.stdin.readline()):
                        return
                    self._done = self._obey(**json.loads(line))
                elif found := self._by_file.get(file):
                    self._look_at(file, found)
            self._try_again()
            if self._done is not None and (answer := self._done()) is not None:
                self._done = None
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()

    # -- what can be told ---------------------------------------------------------------

    def _obey(self, do: str, **given: Any) -> Callable[[], Any]:
        """Begin; what is returned is asked, again and again, for the answer (None: not yet)."""
        found: Callable[[], Any] = getattr(self, f"_do_{do}")(**given)
        return found

    def _do_connect(self, clients: list[list[str]]) -> Callable[[], Any]:
        """Let these come in: name, door, query, token."""
        wires = [wire(*client) for client in clients]
        self._wires |= {one.name: one for one in wires}
        for one in wires:
            self._begin(one)
        return lambda: self._all_in(wires)

    def _do_come_back(self, query: str) -> Callable[[], Any]:
        """All whose connection is over come back at once, each with its position in the query."""
        wires = [one for one in self._wires.values() if one.ended]
        for one in wires:
            one.query = query.format(position=f"{one.epoch}:{one.seqs[-1]}")
            self._begin(one)
        return lambda: self._all_in(wires)

    def _do_reach(self, seq: int) -> Callable[[], Any]:
        """Wait until everybody who is connected has got that event."""

        def ask() -> Any:
            late = [one for one in self._wires.values() if not one.ended and (not one.seqs or one.seqs[-1] < seq)]
            return None if late else {"at": time.monotonic()}

        return ask

    def _do_end(self) -> Callable[[], Any]:
        """Wait until nobody is connected."""
        return lambda: {} if all(one.ended for one in self._wires.values()) else None

    def _do_lose(self, vanish: list[str], mute: list[str]) -> Callable[[], Any]:
        """Some vanish; some are only silent from now on, while their system still acknowledges."""
        for name in (*vanish, *mute):
            self._forget(self._wires[name])
        for name in vanish:
            self._wires[name].vanish()
        at = time.time()
        return lambda: {"at": at}

    def _do_tell(self) -> Callable[[], Any]:
        """What each has got, and how it ended, if it did."""
        told = {
            one.name: {"seqs": list(one.seqs), "ended": one.ended, "code": one.code, "refused": one.refused}
            for one in self._wires.values()
        }
        return lambda: {"clients": told, "tries": self._tries}

    # -- sockets ------------------------------------------------------------------------

    def _all_in(self, wires: list[Wire]) -> Any:
        return {"at": time.monotonic()} if all(one.opened for one in wires) else None

    def _begin(self, one: Wire) -> None:
        self._tries += 1
        one.restart()
        one.begin(self._port)
        self._by_file[one.socket.fileno()] = one
        self._poll.register(one.socket, select.EPOLLOUT)

    def _look_at(self, file: int, one: Wire) -> None:
        try:
            if file not in self._greeted:
                one.greet()
                self._greeted.add(file)
                self._poll.modify(file, select.EPOLLIN)
                return
            one.take(one.socket.recv(256 * 1024))
        except BlockingIOError:
            return
        except OSError:
            one.ended = True
        if one.ended:
            let_in = one.opened
            self._forget(one)
            one.socket.close()
            if not let_in:
                self._later.append((time.monotonic() + random.random() * AGAIN, one))

    def _forget(self, one: Wire) -> None:
        file = one.socket.fileno()
        self._greeted.discard(file)
        if self._by_file.pop(file, None) is not None:
            self._poll.unregister(file)

    def _try_again(self) -> None:
        now = time.monotonic()
        due, self._later = [x for x in self._later if x[0] <= now], [x for x in self._later if x[0] > now]
        for _, one in due:
            self._begin(one)


class Crowd:
    """Some processes of clients of the server on `port`, who share what is told."""

    def __init__(self, port: int, processes: int = 2) -> None:
        self._port = port
        self._count = processes
        self._processes: list[asyncio.subprocess.Process] = []

    async def connect(self, clients: Iterable[tuple[str, ...]]) -> float:
        """All of them come in at once: name, door, query, token; when (monotonic) the last was in."""
        every = [list(client) for client in clients]
        shares = [every[number :: self._count] for number in range(self._count)]
        return self._last(await self._each([{"do": "connect", "clients": share} for share in shares]))

    async def come_back(self, query: str) -> float:
        """All whose connection is over come back; `{position}` in the query is what each has got."""
        return self._last(await self._all({"do": "come_back", "query": query}))

    async def reach(self, seq: int) -> float:
        """When (monotonic) the last of all who are connected had got that event."""
        return self._last(await self._all({"do": "reach", "seq": seq}))

    async def end(self) -> None:
        """Returns when nobody is connected any more."""
        await self._all({"do": "end"})

    async def lose(self, vanish: Iterable[str], mute: Iterable[str] = ()) -> float:
        """Some vanish without a word, some only say nothing any more; when (wall clock)."""
        gone, silent, orders = set(vanish), set(mute), []
        for told in await self._all({"do": "tell"}):
            mine = told["clients"].keys()
            orders.append({"do": "lose", "vanish": sorted(gone & mine), "mute": sorted(silent & mine)})
        return self._last(await self._each(orders))

    async def tell(self) -> tuple[dict[str, Any], int]:
        """By name what each client has got (`seqs`) and how it `ended`; and how often they tried to come in."""
        told = await self._all({"do": "tell"})
        return {name: one for part in told for name, one in part["clients"].items()}, sum(x["tries"] for x in told)

    async def __aenter__(self) -> Crowd:
        for _ in range(self._count):
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "tests.soak.crowd", str(self._port)),
                    cwd=ROOT,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=2**30,
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            await process.wait()

    async def _all(self, order: dict[str, Any]) -> list[Any]:
        return await self._each([order] * self._count)

    async def _each(self, orders: list[dict[str, Any]]) -> list[Any]:
        return await asyncio.gather(*map(self._order, self._processes, orders))

    @staticmethod
    async def _order(process: asyncio.subprocess.Process, order: dict[str, Any]) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        answer = await process.stdout.readline()
        assert answer, "the clients ended"
        return json.loads(answer)

    @staticmethod
    def _last(answers: list[Any]) -> float:
        return float(max(answer["at"] for answer in answers))


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Driver(int(sys.argv[1])).run()
