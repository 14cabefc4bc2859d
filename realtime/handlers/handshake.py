"""The opening handshake of a WebSocket, looked at before anything else is done for it."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import HttpVersion11, web

from realtime.errors import Problem

_WANTED: Final = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==\Z")


def require_handshake(request: web.Request) -> None:
    """Refuse, by Problem `upgrade_required` or `invalid`, what is no opening handshake of RFC 6455."""
    # HTTP/1.0 knows no upgrade (RFC 9110 §7.8); the version is RFC 6455's (its §4.4).
    if request.headers.get("Upgrade", "").lower() != "websocket" or request.version < HttpVersion11:
        raise Problem("upgrade_required", "Connect with a WebSocket client.", headers=_WANTED)
    if request.headers.get("Sec-WebSocket-Version") != _WANTED["Sec-WebSocket-Version"]:
        raise Problem("upgrade_required", "This server speaks version 13 of WebSocket.", headers=_WANTED)
    named = ",".join(request.headers.getall("Connection", ())).lower().split(",")
    if "upgrade" not in (name.strip() for name in named):
        raise Problem("invalid", "An upgrade is asked for by the header Connection: Upgrade too.")
    if not _KEY.match(request.headers.get("Sec-WebSocket-Key", "")):
        raise Problem("invalid", "Sec-WebSocket-Key is 16 bytes in base64 (RFC 6455 §4.1).")
