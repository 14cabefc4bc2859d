"""What the server says when it has started: where it is, who may come in, and what to try."""

from __future__ import annotations

from contextlib import suppress
from socket import socket
from typing import Final, TextIO

import structlog
from aiohttp import web

from realtime import __version__, keys
from realtime.config import Settings
from realtime.errors import Problem
from realtime.services.first_start import SYSTEM, FirstStart, first_start, later_start, own_url, tell
from realtime.store.telemetry import SENSOR, Selection, Stretch

log = structlog.get_logger(__name__)

LISTENING: Final = "Listening on "
"""How the line begins that names all addresses as URLs, separated by spaces; programs read it."""

_DURABILITY: Final = {
    "full": "full: what was acknowledged survives a power cut",
    "normal": "normal: what was acknowledged survives the end of this process; a power cut may take the last moments",
}
_EXAMPLE: Final = {
    "tipo": "temperatura",
    "modelo": "DHT22",
    "nombre": "Ejemplo",
    "ubicacion_id": None,
    "unidad": "°C",
    "activo": True,
}


async def greet(app: web.Application, sockets: list[socket], stream: TextIO) -> None:
    """
    Write the banner to `stream`, when all is there that it speaks of. On the very first
    start it includes the sign-in link and a device's token, if `stream` is a terminal; else
    they go to a file, which the banner names. What cannot be told is logged; it raises nothing for that.
    """
    settings = app[keys.SETTINGS]
    try:
        first, again = await _what_to_try(app, settings)
    except Problem as problem:
        log.error("could not prepare what there is to try", reason=problem.detail)
        first, again = None, ""
    _say(stream, "\n".join([*_facts(settings, sockets), "", again]))
    if first is not None:
        _hand_over(first, settings, stream)


def _hand_over(first: FirstStart, settings: Settings, stream: TextIO) -> None:
    try:
        path = tell(first, settings.data, stream)
    except OSError as error:
        log.error("could not hand over the first sign-in link", user=first.user, reason=str(error))
        return
    if path is not None:
        _say(stream, f"First start: how to sign in, and what to try, is in {path.resolve()}\n")


def _facts(settings: Settings, sockets: list[socket]) -> list[str]:
    return [
        f"realtime {__version__}",
        LISTENING + " ".join(map(_url, sockets)),
        f"Data: {settings.data.resolve()}",
        f"Durability: {_DURABILITY[settings.durability]}",
        f"Access: {_access(settings)}",
    ]


def _url(opened: socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _access(settings: Settings) -> str:
    if settings.access_mode == "closed":
        return "closed: everything needs a credential"
    if settings.loopback_only:
        return "open: every program and user of this machine may come in as a guest, without a credential"
    return (
        "open: EVERYBODY who can reach these addresses may come in as a guest, read and write, without a credential"
        " (--access closed changes that)"
    )


async def _what_to_try(app: web.Application, settings: Settings) -> tuple[FirstStart | None, str]:
    accounts, telemetry = app[keys.ACCOUNTS], app[keys.TELEMETRY]
    base = own_url(settings)
    _, sensors = await telemetry.list(SENSOR, Selection(), Stretch(limit=1))
    if await accounts.has_admin():
        return None, later_start(settings, base, sensors[0]["id"] if sensors else 1)
    if not sensors:
        # The printed token is a device's, and a device reports about sensors that are there:
        # without one the line, pasted, would only give an error.
        sensors = [(await telemetry.create(SENSOR, _EXAMPLE, SYSTEM)).row]
    return await first_start(accounts, settings, base, sensors[0]["id"]), ""


def _say(stream: TextIO, text: str) -> None:
    # Whoever started the server may have closed its end long ago: that must not stop it.
    with suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()
