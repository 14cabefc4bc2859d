"""What a handler answers with when all went well; what went wrong is raised as a Problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from realtime.jsonio import dumps

EVENT_SEQ: Final = "Event-Seq"
"""The header that names the `seq` of the event which a write made."""

_JSON: Final = "application/json"


def answer(
    value: Any, status: int = 200, *, seq: int | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    """
    `value` as JSON, and a line end for those who read it in a terminal; `seq` is that of
    the event which the write made.
    """
    return _response(status, dumps(value) + b"\n", seq, {"Content-Type": _JSON, **(headers or {})})


def empty(*, seq: int | None = None, headers: Mapping[str, str] | None = None) -> web.Response:
    """204, without a body: what was deleted is gone."""
    return _response(204, None, seq, dict(headers or {}))


def packed(request: web.Request, response: web.Response) -> web.Response:
    """
    `response`, compressed for who takes that. For what is long and repeats itself, and holds
    no secret beside something that the asker chose: its length could give it away (BREACH).
    """
    response.headers["Vary"] = ", ".join(filter(None, ("Accept-Encoding", response.headers.get("Vary"))))
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _response(status: int, body: bytes | None, seq: int | None, headers: dict[str, str]) -> web.Response:
    if seq is not None:
        headers[EVENT_SEQ] = str(seq)
    return web.Response(status=status, body=body, headers=headers)
