"""
The one table of errors. Every door renders the same Problem in its own dialect: REST as
`application/problem+json` (RFC 9457), sockets as an error object or a close code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One row of the table: the HTTP status and the title that belong to a stable code."""

    status: int
    title: str


ERRORS: Final[Mapping[str, ErrorKind]] = {
    "invalid": ErrorKind(400, "The request is not valid"),
    "malformed": ErrorKind(400, "The body could not be read"),
    "bad_position": ErrorKind(400, "The position is not valid"),
    "unauthenticated": ErrorKind(401, "A valid credential is needed"),
    "not_permitted": ErrorKind(403, "Not permitted"),
    "foreign_origin": ErrorKind(403, "Not permitted from this origin"),
    "blocked": ErrorKind(403, "Kept out for a while"),
    "not_found": ErrorKind(404, "Not found"),
    "method_not_allowed": ErrorKind(405, "Method not allowed"),
    "stalled_body": ErrorKind(408, "The body did not arrive in time"),
    "conflict": ErrorKind(409, "In conflict with what is stored"),
    "in_progress": ErrorKind(409, "The same request is still running"),
    "trimmed": ErrorKind(410, "The position cannot be replayed"),
    "link_used": ErrorKind(410, "The link is used or has expired"),
    "too_large": ErrorKind(413, "Too large"),
    "unsupported_media_type": ErrorKind(415, "Unsupported media type"),
    "unknown_host": ErrorKind(421, "Not the host that this server answers for"),
    "key_reused": ErrorKind(422, "The idempotency key belongs to another request"),
    "upgrade_required": ErrorKind(426, "This address speaks WebSocket"),
    "too_many_requests": ErrorKind(429, "Too many requests"),
    "internal": ErrorKind(500, "The server failed"),
    "busy": ErrorKind(503, "The server is busy"),
    "stopping": ErrorKind(503, "The server is stopping"),
    "disk_full": ErrorKind(507, "The disk is full"),
}


class CloseCode(IntEnum):
    """
    How a WebSocket ends (RFC 6455 §7.4, and the private range of this server).

    40xx: come back, with jitter. 45xx: do not come back with the same request.
    """

    NORMAL = 1000
    SHUTDOWN = 1001
    PROTOCOL_ERROR = 1002
    FLOOD = 1008
    TOO_LARGE = 1009
    EXPIRED = 4005
    SLOW = 4008
    RECONNECT = 4011
    NO_PONG = 4012
    TOO_MANY_COMMANDS = 4013
    BAD_TOKEN = 4500
    BAD_REQUEST = 4501
    NO_AUTH = 4502
    KICKED = 4503
    NOT_PERMITTED = 4507

    @property
    def come_back(self) -> bool:
        """Whether a client that was closed so should connect again by itself."""
        return self < 4500 and self not in (self.NORMAL, self.PROTOCOL_ERROR, self.FLOOD, self.TOO_LARGE)

    @property
    def meaning(self) -> str:
        """What it says, in a few words."""
        return _MEANINGS[self]


_MEANINGS: Final[Mapping[CloseCode, str]] = {
    CloseCode.NORMAL: "the client has ended it",
    CloseCode.SHUTDOWN: "the server is stopping",
    CloseCode.PROTOCOL_ERROR: "what came is not the protocol",
    CloseCode.FLOOD: "a flood: too many pings, pongs or fragments in a second",
    CloseCode.TOO_LARGE: "a frame over the limit",
    CloseCode.EXPIRED: "the credential expired 30 s ago",
    CloseCode.SLOW: "nothing was taken for a minute",
    CloseCode.RECONNECT: "come back now",
    CloseCode.NO_PONG: "no pong in time",
    CloseCode.TOO_MANY_COMMANDS: "too many commands a second",
    CloseCode.BAD_TOKEN: "the token is wrong or was revoked",
    CloseCode.BAD_REQUEST: "ten bad frames in a row",
    CloseCode.NO_AUTH: "no authentication in time",
    CloseCode.KICKED: "kicked by an admin",
    CloseCode.NOT_PERMITTED: "not permitted",
}


class Problem(Exception):
    """
    An error that the caller can act on: a code of the table, and a sentence that names
    what was wrong and what is allowed.

    `errors` maps fields to sentences (validation), `extra` adds members to the problem
    body, `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.kind = ERRORS[code]
        self.detail = detail
        self.errors = errors
        self.extra = extra or {}
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return self.kind.status

    def body(self) -> dict[str, Any]:
        """The members of the problem body (RFC 9457 §3.1; `type` is `about:blank`)."""
        body: dict[str, Any] = {
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }
        if self.errors:
            body["errors"] = dict(self.errors)
        return body

    def brief(self) -> dict[str, Any]:
        """The error object of a `result` frame: `{"code", "message"}`."""
        return {"code": self.code, "message": self.detail}


def invalid(**fields: str) -> Problem:
    """A validation problem; one sentence for each field, which says what is allowed there."""
    sentence = " ".join(f"{name}: {said}" for name, said in fields.items())
    return Problem("invalid", sentence, errors={name: [said] for name, said in fields.items()})
