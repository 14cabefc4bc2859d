"""The AsyncAPI document of all sockets: `GET /asyncapi.json`."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

from aiohttp import web
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema as Row
from yarl import URL

import realtime
from realtime.asyncapi import Dialect, Door, Message, News, document, messages_of
from realtime.channels import GENERAL, PRIVATE, SEED_CHANNELS
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.channels import CHANNELS
from realtime.dialects.chat import CHAT
from realtime.dialects.dashboard import DASHBOARD
from realtime.handlers import chat_client
from realtime.handlers import socket_commands as commands
from realtime.handlers.access import require
from realtime.handlers.openapi import described
from realtime.handlers.pagination import base_url
from realtime.handlers.schemas.events import EVENTS, LEFT, OWN, SCRUBBED, SIGNALS, Told
from realtime.handlers.socket_commands import AUTH, CONTROL, PING, PUBLISH, SUBSCRIBING, Command
from realtime.jsonio import dumps
from realtime.openapi import Operation
from realtime.policy import ASSIGNABLE, Action, Policy, Principal, Role
from realtime.shapes import Schema, whole, without_null

_POSITIONS: Final[dict[str, Schema]] = {
    "since": {"type": "string", "description": "`now`, a position (`epoch:seq`), an age (`10m`) or a time."},
    "after": {"type": "string", "description": "A position: what follows it is replayed."},
    "session": {"type": "string", "maxLength": 64, "description": "A cursor: go on where you have confirmed."},
}
_LISTEN: Final[dict[str, Schema]] = {
    "channel": {"type": "string", "description": f"One or more names, by comma; `{GENERAL}` where not given."}
}
_CREDENTIAL: Final[dict[str, Schema]] = {
    "token": {"type": "string", "description": "For clients that can send no header."},
    "ticket": {"type": "string", "description": "A single-use ticket of 30 s."},
}
_ENGINE: Final[dict[str, Schema]] = {"EIO": {"const": "4"}, "transport": {"enum": ["polling", "websocket"]}}
_ALL: Final = "*"
ADDRESSES: Final = 8
"""Names of the server under which the document is remembered."""

_EXTRA: Final = {"change": {"type": "string", "enum": ["edited", "status"]}}
_ROWS_OF_MESSAGES: Final = "reactions"
_ASSIGNEE: Final = {"type": ["integer", "null"], "description": "The id of the user."}


async def asyncapi(request: web.Request) -> web.Response:
    """`GET /asyncapi.json`."""
    require(request, Action.READ)
    body, shorter = await asyncio.to_thread(placed, base_url(request))
    return described(request, body, shorter)


@lru_cache(ADDRESSES)
def placed(address: str) -> tuple[bytes, bytes]:
    """The document of the server at `address` as it is sent: plain, and in gzip."""
    here = URL(address)
    server = {"host": here.authority, "protocol": "wss" if here.scheme == "https" else "ws", "pathname": here.path}
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("token", "query", "login")]
    body = dumps({**made(), "servers": {"here": {**server, "security": security}}})
    return body, gzip.compress(body)


@cache
def made() -> dict[str, Any]:
    """The document, but for the address of the server. It takes some milliseconds the first time."""
    news = tuple(News(told.channel, told.type, told.says, told.name, shape, **_more(told)) for told, shape in _data())
    messages: dict[str, Message] = dict(CONTROL)
    messages.update(commands.refusals())
    doors = [_door(messages, news, *described) for described in _doors()]
    schemas = {each.name: each.schema for each in news} | {SCRUBBED: LEFT}
    return document(
        doors,
        {key: message for key, message in messages.items() if any(key in _carried(door) for door in doors)},
        schemas,
        version=realtime.__version__,
        description="What the sockets carry: every frame of every dialect, both ways, and how they end.",
        x_channels=_channels(),
    )


def _more(told: Told) -> dict[str, Any]:
    return {
        "example": told.example,
        "entity": told.entity,
        "passing": told.passing,
        "fixed": told.fixed,
        "anywhere": told is OWN or told.channel == GENERAL,
        **({"scrubbed": SCRUBBED, "left": LEFT} if told.scrubbed else {}),
    }


def _data() -> Iterator[tuple[Told, Schema]]:
    """The schema of the data of every type: what its row has in answers."""
    for told in (*EVENTS, *SIGNALS):
        if not isinstance(told.shape, Row):
            yield told, dict(told.shape)
            continue
        members = {name: _as_shown(name, member) for name, member in _columns(type(told.shape)).items()}
        members.pop(_ROWS_OF_MESSAGES, None)
        members |= {name: without_null(members[name]) for name in told.there}
        extra = _EXTRA if "change" in told.fixed[0] else {}
        yield told, whole({**members, **extra}, (type(told.shape).__doc__ or "").strip())


def _inline(schema: object) -> str:
    """Rows in rows stand where they are, under no name."""
    return ""


@cache
def _columns(row: type[Row]) -> dict[str, Schema]:
    spec = APISpec("", "", "3.1.0", plugins=[MarshmallowPlugin(schema_name_resolver=_inline)])
    spec.components.schema("row", schema=row)
    return dict(spec.to_dict()["components"]["schemas"]["row"]["properties"])


def _as_shown(name: str, member: Schema) -> Schema:
    if name == "assignee":
        return _ASSIGNEE
    return {key: value for key, value in member.items() if key not in ("readOnly", "writeOnly", "default")}


Described = tuple[Dialect, str, str, str, str, tuple[str, ...], tuple[Command, ...], dict[str, Schema]]


def _doors() -> Iterator[Described]:
    """Dialect, name, address, title, what is special, channels, commands and query of each socket."""
    sockets = (*SUBSCRIBING, PING)
    yield (
        *(CHANNELS, "channels", "/api/v1/ws", "Sensor events"),
        "The sensor domain, and channels that are declared public. `user_id` is a label, never an identity.",
        *((*SEED_CHANNELS, _ALL), sockets, {**_LISTEN, "user_id": {"type": "string"}, **_POSITIONS}),
    )
    yield (
        *(CHANNELS, "secure", "/api/v1/ws/secure", "Every channel that the credential may read"),
        "With `Authorization`, `Sec-WebSocket-Protocol: bearer, rt_…`, the login cookie, or a first frame `auth`.",
        *((*SEED_CHANNELS, _ALL), (*sockets, PUBLISH, AUTH), {**_LISTEN, **_CREDENTIAL, **_POSITIONS}),
    )
    yield (
        *(DASHBOARD, "dashboard", "/ws/dashboard/", "The support desk's dashboard"),
        "A closed server refuses a wrong token with 401 before the upgrade. The figures come at once.",
        *(PRIVATE, (*commands.DASHBOARD, PING, AUTH), {**_CREDENTIAL, **_POSITIONS}),
    )
    yield (
        *(CHAT, "chat", "/socket.io/", "Chat by Socket.IO"),
        "Socket.IO 5 over Engine.IO 4: a message's name is that of the event, its payload the one argument."
        " `auth: {token, since}` says who you are and where you go on.",
        *(
            chat_client.CHANNELS,
            commands.CHAT,
            _ENGINE,
        ),
    )
    yield (
        *(CANONICAL, "realtime", "/api/v1/ws/secure", "The canonical form"),
        "Any WebSocket that asks for the subprotocol `realtime.v1` hears every event that it may read in one form; so"
        " do SSE and NDJSON. Commands are those of the address.",
        *((*SEED_CHANNELS, *PRIVATE, _ALL), (*sockets, PUBLISH, AUTH), {**_LISTEN, **_CREDENTIAL, **_POSITIONS}),
    )


def _door(
    messages: dict[str, Message],
    news: tuple[News, ...],
    dialect: Dialect,
    name: str,
    address: str,
    title: str,
    says: str,
    channels: tuple[str, ...],
    taken: tuple[Command, ...],
    query: dict[str, Schema],
) -> Door:
    heard: dict[str, Message] = {}
    for each in news:
        if each.channel in channels or (each.anywhere and _ALL in channels) or each.type == "system.notice":
            heard |= messages_of(dialect, each)
    messages |= heard
    takes: dict[str, tuple[str, ...]] = {}
    for command in taken:
        by_emitting = dialect is CHAT
        place, word = dialect.name if dialect in (CHAT, DASHBOARD) else "socket", command.name.replace(":", "_")
        key, done = f"{place}.do.{word}", f"{place}.done.{word}"
        by = "type" if dialect is DASHBOARD or command is AUTH else "action"
        within = dialect is DASHBOARD and command not in (PING, AUTH)
        messages[key] = commands.emitted(command) if by_emitting else commands.framed(command, by=by, within=within)
        messages[done] = commands.acknowledgement(command) if by_emitting else commands.result(command)
        takes[key] = (done, "chat.refused" if by_emitting else "control.refused")
    headers = {"Sec-WebSocket-Protocol": {"const": "realtime.v1"}} if dialect is CANONICAL else {}
    return Door(name, address, title, says, (*CONTROL, *heard), takes, query, headers)


def _carried(door: Door) -> set[str]:
    return {*door.says, *door.takes, *(key for keys in door.takes.values() for key in keys)}


def _channels() -> list[dict[str, Any]]:
    """Every channel of the product: its types of event, and the roles that read it."""
    found: dict[str, list[str]] = {}
    for told in EVENTS:
        found.setdefault("*" if told is OWN else told.channel, []).append(told.type)
    return [{"name": name, "types": types, "readers": _readers(name)} for name, types in found.items()]


def _readers(channel: str) -> list[str]:
    name, policy = "plaza" if channel == "*" else channel, Policy()
    roles = (*ASSIGNABLE, Role.GUEST)
    return [str(role) for role in roles if policy.may(Principal("", role, ""), Action.READ, name)]


ROUTES = [web.get("/asyncapi.json", asyncapi)]

DOCS = {
    "GET /asyncapi.json": Operation(
        "What the sockets carry: the AsyncAPI document",
        "operations",
        answer={"type": "object"},
        errors=("unauthenticated", "not_permitted"),
    )
}
