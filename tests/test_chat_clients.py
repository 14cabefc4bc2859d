"""
The chat door with clients of others: the official one of Socket.IO in Node, and python-socketio's, by each
transport and by the upgrade from one to the other. They run what seed 004 shows.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import ClientSession

from realtime import keys
from realtime.delivery.session import Session
from realtime.errors import CloseCode
from tests.chatting import shown, snippets
from tests.delivery.servers import Server
from tests.parts import need
from tests.programs import Server as Program

FOLDER = Path(__file__).parent / "chat_clients"
PATIENCE = 30
WAYS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}
SENT = {"chat_id": "uuid", "body": "Hello World!"}

pytestmark = pytest.mark.parametrize("way", WAYS)


class Visitor:
    """What the tests ask of a client, whoever wrote it; `told` is all that it has told, each a list."""

    def __init__(self) -> None:
        self.told: list[list[Any]] = []
        self._news = asyncio.Event()
        self._asked = 0

    def tell(self, *line: Any) -> None:
        self.told.append(list(line))
        self._news.set()

    async def until(self, *start: Any, times: int = 1) -> list[Any]:
        """The rest of what was told with this beginning, for the `times`th time."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = [line[len(start) :] for line in self.told if line[: len(start)] == list(start)]
                if len(found) >= times:
                    return found[times - 1]
                self._news.clear()
                await self._news.wait()

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The payloads of the events of this name, so far."""
        return [line[2] for line in self.told if line[:2] == ["event", name]]

    async def ask(self, name: str, payload: Any) -> dict[str, Any]:
        """Emit, and wait for the acknowledgement."""
        self._asked += 1
        await self.do("ask", self._asked, name, payload)
        return dict((await self.until("ack", self._asked))[0])

    async def do(self, command: str, *given: Any) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class Official(Visitor):
    """socket.io-client, in a Node of its own."""

    async def open(self, url: str, transports: list[str], auth: dict[str, Any]) -> None:
        options = json.dumps({"transports": transports, "auth": auth, "forceNew": True})
        argv = [need("node"), "client.mjs", url, options]
        need("socket.io-client")
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        self.process = await asyncio.create_subprocess_exec(*argv, cwd=FOLDER, **pipes)
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.tell(*json.loads(line))

    async def do(self, command: str, *given: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([command, *given]).encode() + b"\n")
        await self.process.stdin.drain()

    async def close(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self.reading
        self.process._transport.close()  # type: ignore[attr-defined]


class Python(Visitor):
    """python-socketio's AsyncClient, which follows the positions as the other does."""

    async def open(self, url: str, transports: list[str], auth: dict[str, Any]) -> None:
        self.auth = auth
        # Of its own it would leave one behind at every reconnection.
        self.http = ClientSession()
        self.client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.2, http_session=self.http)
        self.client.on("*", self._event)
        self.client.on("connect", lambda: self.tell("connect", self.client.transport()))
        self.client.on("connect_error", lambda error=None: self.tell("connect_error", *_error(error)))
        self.client.on("disconnect", lambda reason: self.tell("disconnect", reason))
        try:
            await self.client.connect(url, transports=transports, auth=lambda: self.auth)
        except socketio.exceptions.ConnectionError:
            return  # it was told by the event
        if self.client.transport() != transports[0]:
            self.tell("transport", self.client.transport())

    def _event(self, name: str, payload: dict[str, Any]) -> None:
        if "since" in self.auth:
            self.auth["since"] = payload["position"] if name == "hello" else payload.get("seq", self.auth["since"])
        self.tell("event", name, payload)

    async def do(self, command: str, *given: Any) -> None:
        match command:
            case "ask":
                number, name, payload = given
                await self.client.emit(name, payload, callback=lambda *answer: self.tell("ack", number, *answer))
            case "binary":
                callback = lambda *answer: self.tell("ack", given[0], *answer)  # noqa: E731
                await self.client.emit("message:send", b"abc", callback=callback)
            case "run":
                name, payload = _snippet(given[0])
                await self.client.emit(name, payload)
            case "disconnect":
                await self.client.disconnect()

    async def close(self) -> None:
        await self.client.shutdown()
        await self.http.close()


def _error(error: Any) -> tuple[Any, Any]:
    """What the packet said; of a handshake that failed, python-socketio passes on the body, or words of its own."""
    return (error.get("message"), error.get("data")) if isinstance(error, dict) else (str(error), None)


def _snippet(source: str) -> tuple[str, dict[str, Any]]:
    """What a snippet of the document emits, said in Python."""
    name, _, payload = source.removeprefix("socket.emit(").partition(", ")
    fields = [line.strip().rstrip(",").split(": ") for line in payload.splitlines()[1:-1]]
    return json.loads(name), {field: json.loads(value) for field, value in fields}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that can be stopped and started again."""
    async with Server(tmp_path, presence_grace=200) as running:
        yield running


Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture(params=[Official, Python], ids=["node", "python"])
async def go_to(request: pytest.FixtureRequest, way: str) -> AsyncIterator[Visit]:
    """Makes a client that visits the server at an address, by the transports of `way`."""
    async with AsyncExitStack() as stack:

        async def make(url: str, *, connected: bool = True, **auth: Any) -> Visitor:
            visitor: Any = request.param()
            await visitor.open(url, WAYS[way], auth)
            stack.push_async_callback(visitor.close)
            if connected:
                await visitor.until("connect")
                if way == "upgrade":
                    await visitor.until("transport", "websocket")
            return visitor  # type: ignore[no-any-return]

        yield make


@pytest.fixture
def visit(server: Server, go_to: Visit) -> Visit:
    """Makes a client that visits `server`."""
    return partial(go_to, server.url("/"))


def sessions(server: Server) -> list[Session]:
    return list(server.app[keys.HUB].sessions.values())


async def test_what_the_document_shows_is_emitted_and_heard_as_it_shows_it(server: Server, visit: Visit) -> None:
    speaker, listener = await visit(), await visit()
    assert (await speaker.ask("message:send", {**SENT, "id": "uuid"}))["ok"]
    await listener.until("event", "message:send")

    for snippet in snippets():
        await speaker.do("run", snippet)
        if '"user:connected"' in snippet:
            # Who comes and goes before it is stored is told by nobody.
            await listener.until("event", "user:connected")

    for visitor in (speaker, listener):
        await visitor.until("event", "user:disconnected")
        for name, payload in shown().items():
            heard = visitor.heard(name)
            assert heard, name
            assert list(heard[-1]) == [*payload, *(["seq"] if name != "users:list" else [])], name
        [_, said] = visitor.heard("message:send")
        assert {name: said[name] for name in ("chat_id", "sender_id", "body", "status")} == {
            name: shown()["message:send"][name] for name in ("chat_id", "sender_id", "body", "status")
        }
        [updated] = visitor.heard("message:update")
        assert {name: updated[name] for name in ("id", "body", "status")} == {
            name: shown()["message:update"][name] for name in ("id", "body", "status")
        }
        assert visitor.heard("message:delete")[0]["id"] == "uuid"
        [arrived] = visitor.heard("user:connected")
        assert {name: arrived[name] for name in ("user_id", "username")} == shown()["user:connected"]
        assert {"users": [shown()["user:connected"]]} in visitor.heard("users:list")


async def test_it_is_told_why_it_may_not_come_in(server: Server, visit: Visit) -> None:
    visitor = await visit(connected=False, token="rt_wrong")
    _, data = await visitor.until("connect_error")
    assert data == {"code": "unauthenticated"}


async def test_an_event_with_attachments_is_answered_and_not_done(server: Server, visit: Visit) -> None:
    visitor = await visit()
    await visitor.do("binary", 77)
    [answer] = await visitor.until("ack", 77)
    assert answer["error"]["code"] == "unsupported_media_type"
    assert (await visitor.ask("message:send", SENT))["ok"], "it goes on"


async def test_it_comes_back_after_stops_and_kills_and_misses_and_doubles_nothing(tmp_path: Path, go_to: Visit) -> None:
    quick = ("--shutdown-spread", "0")
    program = await asyncio.to_thread(Program, tmp_path, *quick)
    try:
        speaker, follower = await go_to(program.url), await go_to(program.url, since="now")
        await follower.until("event", "hello")
        sent: list[str] = []
        for times, how in ((2, signal.SIGTERM), (3, signal.SIGKILL)):
            sent += [(await speaker.ask("message:send", SENT))["id"] for _ in range(10)]
            program.signal(how)
            await asyncio.to_thread(program.wait)
            program = await asyncio.to_thread(Program, tmp_path, *quick, port=program.port)
            await asyncio.gather(speaker.until("connect", times=times), follower.until("connect", times=times))
            sent += [(await speaker.ask("message:send", SENT))["id"] for _ in range(10)]
        await follower.until("event", "message:send", times=len(sent))
    finally:
        program.__exit__(None, None, None)

    heard = follower.heard("message:send")
    assert [payload["id"] for payload in heard] == sent
    seqs = [line[2]["seq"] for line in follower.told if line[0] == "event" and "seq" in line[2]]
    # Of an event that has two names, both are of the one seq.
    assert seqs == sorted(seqs)
    assert follower.heard("gap") == []


async def test_with_a_session_in_its_address_it_misses_nothing_and_what_comes_again_is_marked(
    tmp_path: Path, go_to: Visit
) -> None:
    quick = ("--shutdown-spread", "0")
    program = await asyncio.to_thread(Program, tmp_path, *quick)
    try:
        speaker, follower = await go_to(program.url), await go_to(f"{program.url}/?session=tab-1")
        sent: list[str] = []
        for times, how in ((2, signal.SIGTERM), (3, signal.SIGKILL)):
            sent += [(await speaker.ask("message:send", SENT))["id"] for _ in range(10)]
            program.signal(how)
            await asyncio.to_thread(program.wait)
            program = await asyncio.to_thread(Program, tmp_path, *quick, port=program.port)
            await speaker.until("connect", times=times)
            sent += [(await speaker.ask("message:send", SENT))["id"] for _ in range(10)]
            await follower.until("connect", times=times)
        async with asyncio.timeout(PATIENCE):
            while not any(payload["id"] == sent[-1] for payload in follower.heard("message:send")):
                await asyncio.sleep(0.01)
    finally:
        program.__exit__(None, None, None)

    heard = follower.heard("message:send")
    # Each for the first time in its order; any further time it says so.
    assert list(dict.fromkeys(payload["id"] for payload in heard)) == sent
    firsts = {payload["id"]: place for place, payload in reversed(list(enumerate(heard)))}
    again = [payload for place, payload in enumerate(heard) if firsts[payload["id"]] != place]
    assert all(payload.get("replayed") is True for payload in again)
    assert follower.heard("gap") == []


async def test_it_comes_back_by_itself_when_it_shall_and_not_when_it_shall_not(server: Server, visit: Visit) -> None:
    visitor = await visit()
    [session] = sessions(server)
    session.close(CloseCode.RECONNECT, "come back")
    await visitor.until("disconnect")
    await visitor.until("connect", times=2)

    while not sessions(server):
        await asyncio.sleep(0.01)
    [session] = sessions(server)
    session.close(CloseCode.KICKED, "stay away")
    await visitor.until("disconnect", times=2)
    while sessions(server):
        await asyncio.sleep(0.01)
    # It would be back by now: it tries every twentieth of a second.
    for _ in range(50):
        await asyncio.sleep(0.01)
        assert sessions(server) == []


async def test_it_leaves(server: Server, visit: Visit) -> None:
    visitor = await visit()
    await visitor.do("disconnect")
    await visitor.until("disconnect")
    while sessions(server) or server.app[keys.ADMISSION].total:
        await asyncio.sleep(0.01)


async def test_many_at_once_are_all_done_in_their_order(server: Server, visit: Visit) -> None:
    visitor = await visit()
    asking = [visitor.ask("message:send", {**SENT, "body": str(n)}) for n in range(60)]
    answers = await asyncio.gather(*asking)
    assert all(answer["ok"] for answer in answers)
    await visitor.until("event", "message:send", times=60)
    assert [payload["body"] for payload in visitor.heard("message:send")] == [str(n) for n in range(60)]
