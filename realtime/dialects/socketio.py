"""
The wire of Socket.IO, as text: packets of its protocol 5, carried by those of Engine.IO 4.

    42["message:send",{"id":"…"}]     4: a message of Engine.IO, 2: an event
    427["typing",{}]                  7: the sender wants an answer under this number
    437[{"ok":true}]                  3: that answer

Pure: it knows nothing of transports, and nothing of what events mean. Only the default
namespace is spoken; binary attachments are refused by the packet that announces them, so
they cost nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from realtime.errors import Problem
from realtime.jsonio import BadJSON, dumps, loads

VERSION: Final = "4"
"""The version of Engine.IO that is spoken, as clients write it in `EIO`."""

# The types of Engine.IO's packets: the first character of each.
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
PROBE: Final = "probe"
SEPARATOR: Final = "\x1e"
"""What stands between the packets of one polling body; JSON text never holds it as it is."""

DISCONNECT: Final = b"41"
"""After it the official clients do not come back by themselves."""

NAMESPACE: Final = "/"
RESERVED_NAMES: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that no event may have: the clients use them for themselves."""

NAME_LIMIT: Final = 64
_PACKET: Final = re.compile(
    r"(?P<kind>[0-6])(?P<attachments>[0-9]+-)?(?:(?P<namespace>/[^,]*)(?:,|\Z))?(?P<id>[0-9]*)(?P<rest>.*)\Z", re.DOTALL
)
_ID_LENGTH: Final = 15
_NAMESPACE_LENGTH: Final = 128
_HEAD_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class Connect:
    """The client wants to take part, in this namespace; `auth` is what it sent with it."""

    namespace: str
    auth: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leave:
    """The client takes part no longer."""


@dataclass(frozen=True, slots=True)
class Emit:
    """The client has emitted an event; `id` is the number of its acknowledgement, None where it wants none."""

    id: int | None
    name: str
    args: list[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The client answers an event; this server never asks for that."""


Packet = Connect | Leave | Emit | Answer


class BadPacket(Exception):
    """It is no packet that can be taken; `problem` says why, `id` is the number under which to say so."""

    def __init__(self, problem: Problem, id: int | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.id = id


def parse(text: str) -> Packet:
    """The packet that a message of Engine.IO holds. Raises BadPacket, and nothing else."""
    match = _PACKET.match(text)
    if match is None:
        raise BadPacket(Problem("malformed", "The message is no packet of Socket.IO."))
    kind, digits, namespace = match["kind"], match["id"], (match["namespace"] or NAMESPACE).partition("?")[0]
    if len(digits) > _ID_LENGTH or len(namespace) > _NAMESPACE_LENGTH:
        raise BadPacket(Problem("malformed", "A number or the namespace of the packet is too long."))
    number = int(digits) if digits else None
    if kind in "56":
        raise BadPacket(Problem("unsupported_media_type", "Binary attachments are not taken; send text."), number)
    if match["attachments"]:
        raise BadPacket(Problem("malformed", "Only a binary packet has attachments."))
    if kind == "0":
        return Connect(namespace, _auth(match["rest"]))
    if namespace != NAMESPACE:
        raise BadPacket(Problem("not_found", "There is no such namespace; this server has the default one."))
    if kind == "1":
        return Leave()
    if kind == "4":
        raise BadPacket(Problem("malformed", "Only a server says that a connection failed."))
    values = _values(match["rest"], number)
    return Answer() if kind == "3" else _emit(number, values)


def number_of(text: str) -> int | None:
    """The number under which a packet that is too long to be read wants its answer, None for none."""
    match = _PACKET.match(text[:_HEAD_LENGTH])
    return int(match["id"]) if match is not None and 0 < len(match["id"]) <= _ID_LENGTH else None


def _auth(rest: str) -> dict[str, Any]:
    try:
        auth = loads(rest) if rest else {}
    except BadJSON as error:
        raise BadPacket(Problem("malformed", f"The packet cannot be taken: {error}.")) from None
    if not isinstance(auth, dict):
        raise BadPacket(Problem("invalid", "auth must be an object."))
    return auth


def _values(rest: str, number: int | None) -> list[Any]:
    try:
        values = loads(rest)
    except BadJSON as error:
        raise BadPacket(Problem("malformed", f"The packet cannot be taken: {error}."), number) from None
    if not isinstance(values, list):
        raise BadPacket(Problem("malformed", "What a packet carries must be an array."), number)
    return values


def _emit(number: int | None, values: list[Any]) -> Emit:
    name = values[0] if values else None
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_LIMIT or name in RESERVED_NAMES:
        said = f"An event has a name of 1 to {NAME_LIMIT} characters, and none of: {', '.join(sorted(RESERVED_NAMES))}."
        raise BadPacket(Problem("invalid", said), number)
    return Emit(number, name, values[1:])


def opening(sid: str, *, interval: int, timeout: int, limit: int, upgradable: bool) -> bytes:
    """The first packet of a transport; `interval` and `timeout` of the heartbeat are in milliseconds."""
    told = {
        "sid": sid,
        "upgrades": ["websocket"] if upgradable else [],
        "pingInterval": interval,
        "pingTimeout": timeout,
        "maxPayload": limit,
    }
    return OPEN.encode() + dumps(told)


def connected(sid: str) -> bytes:
    """The client takes part; `sid` names it to itself."""
    return b"40" + dumps({"sid": sid})


def refused(problem: Problem, namespace: str = NAMESPACE) -> bytes:
    """The client may not take part: `{"message", "data": {"code"}}`, which is its `connect_error`."""
    place = b"" if namespace == NAMESPACE else namespace.encode() + b","
    return b"44" + place + dumps({"message": problem.detail, "data": {"code": problem.code}})


def event(name: str, payload: bytes) -> bytes:
    """What is inside the packet of an event with this payload (JSON text): a JSON array."""
    return b"[" + dumps(name) + b"," + payload + b"]"


def packet(content: bytes) -> bytes:
    """The packet of an event, from what is inside."""
    return b"42" + content


def acknowledgement(number: int, value: Any) -> bytes:
    """The answer to an event that the client emitted under this number."""
    return b"43%d[%b]" % (number, dumps(value))


def failure(problem: Problem) -> dict[str, Any]:
    """What the client is answered when nothing was done: `{"ok": false, "error": {"code", "message"}}`."""
    told = "; ".join(f"{field}: {' '.join(said)}" for field, said in (problem.errors or {}).items())
    return {"ok": False, "error": {"code": problem.code, "message": told or problem.detail}}
