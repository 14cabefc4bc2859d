"""
The command line as an HTTP client: of the server that runs on a data folder, or of one
started in this process for as long as the command takes.

With `REALTIME_URL` set, and no `--data` given, commands go to that server instead, with
the token in `REALTIME_TOKEN`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp import web

from realtime import addresses
from realtime.commands.failure import Failure
from realtime.commands.options import load_settings
from realtime.commands.output import note
from realtime.config import Settings
from realtime.jsonio import loads_trusted
from realtime.program import program
from realtime.server.exit_codes import ExitCode
from realtime.server.listening import socket_path, temporary_socket

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds to wait for a process that has the data folder and does not listen: it is starting, or stopping."""

PAGE: Final = 1000
"""Rows of a list that are asked for at a time."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)


class Client:
    """The REST interface of one server. Every method raises Failure for what is refused."""

    def __init__(self, session: aiohttp.ClientSession, place: str, *, borrowed: bool = True) -> None:
        self.session = session
        self.place = place
        """Where the server is, in words for a message."""
        self.borrowed = borrowed
        """Whether the server is one that was running already, and goes on to."""

    async def get(self, path: str, **query: str) -> Any:
        """The JSON that `path` answers."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Any) -> Any:
        """The answer to `body`, sent as JSON, or, where it is bytes, as it is."""
        if isinstance(body, bytes):
            return await self._ask("POST", path, data=body)
        return await self._ask("POST", path, json=body)

    async def put(self, path: str, body: Any) -> Any:
        """The answer to `body`, put at `path` as JSON."""
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> None:
        """Delete what is at `path`."""
        await self._ask("DELETE", path)

    async def stream(self, method: str, path: str, **query: str) -> AsyncIterator[bytes]:
        """The body of an answer, piece by piece as it comes. One that is cut off raises Failure, too."""
        try:
            async with self.session.request(method, path, params=query) as response:
                if response.status >= 400:
                    raise refusal(response.status, await response.read())
                async for piece in response.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Failure(unanswered(error, self.place)) from None

    async def list(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            page = await self.get(path, **query, limit=str(PAGE), offset=str(len(rows)))
            rows += page["results"]
            if page["next"] is None or not page["results"]:
                return rows

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with self.session.request(method, path, **options) as response:
                body = await response.read()
                if response.status >= 400:
                    raise refusal(response.status, body)
                return loads_trusted(body) if body else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Failure(unanswered(error, self.place)) from None


def unanswered(error: BaseException, place: str) -> str:
    """Why the server at `place` gave no answer, in a sentence of our own."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no server answers at {place}: there is no host of that name"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"the server at {place} cannot be trusted, or does not speak https: its certificate is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no server answers at {place}: {_REASONS.get(error.errno or 0, 'it cannot be reached')}"
    if isinstance(error, TimeoutError):
        return f"the server at {place} did not answer in time"
    return f"the connection to the server at {place} was lost"


_REASONS: Final = {
    errno.ECONNREFUSED: "the connection was refused; is it running, and is the address right?",
    errno.ENOENT: "it has just ended",
    errno.EHOSTUNREACH: "that machine cannot be reached",
    errno.ENETUNREACH: "that network cannot be reached",
}


def refusal(status: int, body: bytes) -> Failure:
    """What the server's problem body says, in its words."""
    try:
        problem = loads_trusted(body)
        fields = {field: " ".join(said) for field, said in problem.get("errors", {}).items()}
        more = [f"{field}: {said}" for field, said in fields.items() if said not in problem["detail"]]
        return Failure("\n  ".join([problem["detail"], *more]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Failure(f"the server answered {status}")


def ask(data: str | None, question: Callable[[Client], Awaitable[T]], *, create: bool = False) -> T:
    """
    Put `question` to the server of the folder `data` (None: the one of the settings) and
    return its answer. With `create`, a folder without a database is one to be made.

    Raises Failure; IN_USE when another process has the folder and does not answer.
    """

    async def main() -> T:
        async with connected(data, create=create) as client:
            return await question(client)

    return asyncio.run(main())


@asynccontextmanager
async def connected(data: str | None, *, create: bool = False) -> AsyncIterator[Client]:
    """A client, as `ask` has one."""
    if data is None and (url := os.environ.get("REALTIME_URL")):
        async with _remote(url) as session:
            yield Client(session, url)
        return
    settings = load_settings({"data": data})
    if not create and not (settings.data / "realtime.db").exists():
        raise Failure(f"there is no database in {settings.data}; name its folder with --data")
    async with _somehow(settings) as path, local_session(path) as session:
        yield Client(session, str(settings.data), borrowed=path == socket_path(settings.data))


def local_session(path: Path) -> aiohttp.ClientSession:
    """An HTTP session over the Unix socket `path`."""
    return aiohttp.ClientSession(
        "http://localhost", connector=aiohttp.UnixConnector(os.fspath(path), limit=0), timeout=_TIMEOUT
    )


def listens(path: Path) -> bool:
    """Whether a server answers at the Unix socket `path`."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True


def _remote(url: str) -> aiohttp.ClientSession:
    token = os.environ.get("REALTIME_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return aiohttp.ClientSession(addresses.origin(url), headers=headers, timeout=_TIMEOUT)
    except ValueError:
        raise Failure("REALTIME_URL must be a URL such as https://live.example.org", ExitCode.USAGE) from None


@asynccontextmanager
async def _somehow(settings: Settings) -> AsyncIterator[Path]:
    """The socket of the server that runs, or of one that runs as long as this context."""
    from realtime.server.process import private_files
    from realtime.store.database import DataInUse

    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        path = socket_path(settings.data)
        if listens(path):
            yield path
            return
        made = not (settings.data / "realtime.db").exists()
        runner = _own_server(settings)
        try:
            with private_files():
                await runner.setup()
        except DataInUse as error:
            await runner.cleanup()
            # It may be about to listen, or be another command that is nearly done.
            if loop.time() > until:
                raise Failure(f"{error}, which does not answer", ExitCode.IN_USE) from None
            await asyncio.sleep(0.1)
        except Exception as error:
            await runner.cleanup()
            raise Failure(f"{settings.data} cannot be opened: {error}; `{program()} check` says more") from error
        else:
            if made:
                note(f"realtime: made a new database in {settings.data.resolve()}")
            break
    with temporary_socket() as opened:
        try:
            await web.SockSite(runner, opened).start()
            yield Path(opened.getsockname())
        finally:
            await runner.cleanup()


def _own_server(settings: Settings) -> web.AppRunner:
    """The application on its own, without an address that anybody else could reach."""
    from realtime import logs
    from realtime.app import create_app

    quiet = replace(settings, demo=False, log_level="warning", shutdown_spread=0)
    logs.configure(quiet)
    return web.AppRunner(create_app(quiet, announced=False), access_log=None, shutdown_timeout=1.0)
