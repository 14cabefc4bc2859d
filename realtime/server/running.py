"""The server as a program, from the settings to the exit code."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from socket import AF_UNIX, socket

import structlog

from realtime import logs
from realtime.app import create_app
from realtime.config import Settings
from realtime.server import banner
from realtime.server.connections import connections_of
from realtime.server.exit_codes import ExitCode
from realtime.server.listening import BACKLOG, CannotListen, LocalSocket, listen_on_ports
from realtime.server.process import (
    UnfitInterpreter,
    loop_factory,
    private_files,
    require_c_parser,
    room_for_connections,
    settle_memory,
    share_interpreter,
)
from realtime.server.stopping import Runner, StopSignal, stop
from realtime.store.database import DataInUse, DataLock
from realtime.store.schema import NewerSchema

log = structlog.get_logger(__name__)

ROOM_ENOUGH = 0.9
"""The part of `connections_limit` for which there must be open files, or a warning says so."""


def run(settings: Settings) -> ExitCode:
    """
    Serve until SIGTERM or SIGINT, and tell how it went; never raises.

    The banner goes to standard output; the log, and a sentence about what prevents the
    start, go to standard error.
    """
    logs.configure(settings)
    try:
        require_c_parser()
        with private_files(), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(settings))
    except DataInUse as error:
        return _failed(error, ExitCode.IN_USE)
    except CannotListen as error:
        return _failed(error, ExitCode.ADDRESS)
    except (UnfitInterpreter, NewerSchema) as error:
        return _failed(error, ExitCode.FAILED)
    except Exception as error:  # the border of the program: whatever it was is told
        log.error("the server could not go on", exc_info=error)
        return _failed(error, ExitCode.FAILED)
    return ExitCode.OK


def _failed(error: Exception, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"realtime: {logs.redact(str(error) or type(error).__name__)}\n")
    return code


async def _serve(settings: Settings) -> None:
    signals = StopSignal()
    sockets = _listen(settings)
    # From here on port 0 is the port that it became: links and the own origin need it.
    ports = tuple(dict.fromkeys(opened.getsockname()[1] for opened in sockets))
    # No more connections than there can be open files: those past the limit get an answer that says so.
    connections = min(settings.connections_limit, room_for_connections() or settings.connections_limit)
    app = create_app(replace(settings, port=ports, connections_limit=connections))
    runner = Runner(app, access_log=None)
    try:
        await runner.setup()
    except BaseException:
        await runner.cleanup()
        for opened in sockets:
            opened.close()
        raise
    servers: list[asyncio.AbstractServer] = []
    local = None
    try:
        local = LocalSocket(settings.data)
        await _accept(runner, [*sockets, local.socket], settings, servers)
        settle_memory()
        share_interpreter()
        await banner.greet(app, sockets, sys.stdout)
        if connections < ROOM_ENOUGH * settings.connections_limit:
            log.warning("the limit of open files is low: there is room for fewer connections", connections=connections)
        await signals.wait()
    finally:
        if local is not None:
            local.remove()
        await stop(runner, servers, settings)


def _listen(settings: Settings) -> list[socket]:
    try:
        return listen_on_ports(settings)
    except CannotListen:
        # When it is our own server that has the port, it has the folder too, and that says more.
        DataLock(settings.data).release()
        raise


async def _accept(
    runner: Runner, sockets: list[socket], settings: Settings, servers: list[asyncio.AbstractServer]
) -> None:
    """Begin to answer on `sockets`; each server made goes into `servers` at once."""
    loop = asyncio.get_running_loop()
    server = runner.server
    assert server is not None
    connect = connections_of(server, settings)
    for opened in sockets:
        create = loop.create_unix_server if opened.family == AF_UNIX else loop.create_server
        servers.append(await create(connect, sock=opened, backlog=BACKLOG))
