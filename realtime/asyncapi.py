"""
The AsyncAPI 3.0 document: what each socket carries, in both directions.

A frame's schema and example are what the dialect makes of a sample and an example of the
event (`realtime.shapes`); commands are described beside the doors that take them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from realtime.dialects.chat import SEPARATOR
from realtime.errors import CloseCode
from realtime.events import Event, Signal
from realtime.jsonio import dumps
from realtime.shapes import MOMENT, Sample, Schema, merged, shape

NATURAL: Final[Schema] = {"type": "integer", "minimum": 0}
INTEGER: Final[Schema] = {"type": "integer", "minimum": 1}
STRING: Final[Schema] = {"type": "string"}
_AT: Final = 1_704_103_200_123
_SEQ: Final = 4_711
_SAMPLE_SEQ, _SAMPLE_ENTITY, _SAMPLE_AT = 800_000_001, 800_000_002, 800_000_003_456
_METADATA: Final = {"<metadata>": 1}


class Dialect(Protocol):
    """What makes frames of events and signals; None where it has no word."""

    name: str

    def event(self, event: Event, *, replayed: bool = False) -> bytes | None: ...
    def signal(self, signal: Signal) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class News:
    """
    A type of event, or of signal (`passing`): the schema of its data, which `fixed` narrows,
    once for each variant; `name` is the schema's. `entity`: always, never, or (None) at times
    it has the id of a row. `anywhere`: it comes on other channels too. `scrubbed` is the name
    of the schema that its data has once its text was deleted, in `left`.
    """

    channel: str
    type: str
    says: str
    name: str
    schema: Schema
    example: Mapping[str, Any]
    entity: bool | None = True
    passing: bool = False
    fixed: tuple[Mapping[str, Any], ...] = ({},)
    anywhere: bool = False
    scrubbed: str = ""
    left: Schema = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of frame: what it is called on the wire, what it holds, and one of them."""

    name: str
    title: str
    summary: str
    payload: Schema
    example: Any
    more: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As a Message Object."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "contentType": "application/json",
            "payload": self.payload,
            "examples": [{"payload": self.example}],
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class Door:
    """
    A socket: `says` the keys of the messages that it sends, `takes` maps those that it takes
    to the keys of the answers.
    """

    name: str
    address: str
    title: str
    description: str
    says: tuple[str, ...]
    takes: Mapping[str, tuple[str, ...]]
    query: Mapping[str, Schema]
    headers: Mapping[str, Schema] = field(default_factory=dict)


def messages_of(dialect: Dialect, news: News) -> dict[str, Message]:
    """What the dialect makes of it: under one key, or, where it has several words, one for each."""
    made: dict[str, list[Schema]] = {}
    for origins, data, entity, replayed in _samples(news):
        for name, frame in _spoken(dialect, news, data, entity, _SAMPLE_SEQ, _SAMPLE_AT, _METADATA, replayed=replayed):
            made.setdefault(name, []).append(shape(frame, origins))
    data = {**news.example, **news.fixed[0]} if news.fixed[0] else dict(news.example)
    entity = None if news.entity is False else data.get("id", data.get("message_id", data.get("user_id")))
    shown = dict(_spoken(dialect, news, data, entity, _SEQ, _AT, None))
    keys = [f"{dialect.name}.{news.type}".replace(":", "_")]
    if len(made) > 1:
        keys = [f"{dialect.name}.{news.type}.{name.partition(':')[2]}" for name in made]
    return {
        key: Message(name, news.type, news.says, merged(shapes), shown[name], {"x-channel": news.channel})
        for key, (name, shapes) in zip(keys, made.items(), strict=bool(made))
    }


def _samples(news: News) -> Iterator[tuple[dict[bytes, Schema], Any, int | None, bool]]:
    kinds = [(news.name, news.schema, fixed) for fixed in news.fixed]
    if news.scrubbed:
        kinds.append((news.scrubbed, news.left, {}))
    for name, schema, fixed in kinds:
        for sparse in (False, True):
            sample = Sample(schema, sparse=sparse, fixed=fixed)
            sample.knows(_SAMPLE_SEQ, INTEGER)
            sample.knows(_SAMPLE_ENTITY, INTEGER)
            sample.knows("<actor>", STRING)
            sample.knows(_METADATA, {"type": "object", "properties": {"action": STRING}})
            sample.knows(sample.value, {"$ref": f"#/components/schemas/{name}"})
            sample.knows(_written(_SAMPLE_AT), MOMENT)
            if news.anywhere:
                sample.knows(news.channel, STRING)
            entity = None if news.entity is False or (sparse and news.entity is None) else _SAMPLE_ENTITY
            for replayed in (False,) if news.passing else (False, True):
                yield sample.origins, sample.value, entity, replayed


def _written(at: int) -> str:
    return Event(0, "", "", b"", None, "", at).time


def _spoken(
    dialect: Dialect,
    news: News,
    data: Any,
    entity: int | None,
    seq: int,
    at: int,
    metadata: Any,
    *,
    replayed: bool = False,
) -> Iterator[tuple[str, Any]]:
    if news.passing:
        raw = dialect.signal(Signal(news.channel, news.type, dumps(data)))
    else:
        actor = "ana" if metadata is None else "<actor>"
        encoded = None if metadata is None else dumps(metadata)
        event = Event(seq, news.channel, news.type, dumps(data), entity, actor, at, encoded)
        raw = dialect.event(event, replayed=replayed)
    for part in (raw or b"").split(SEPARATOR):
        if part:
            frame = json.loads(part)
            yield (frame[0], frame[1]) if isinstance(frame, list) else (frame["type"], frame)


def document(
    doors: Iterable[Door], messages: Mapping[str, Message], schemas: Mapping[str, Schema], **info: Any
) -> dict[str, Any]:
    """The whole document, but for `servers`. `info` goes into its Info Object; what begins with `x_` beside it."""
    doors = tuple(doors)
    beside = {name.replace("_", "-"): value for name, value in info.items() if name.startswith("x_")}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "realtime", **{name: value for name, value in info.items() if not name.startswith("x_")}},
        "defaultContentType": "application/json",
        "channels": {door.name: _channel(door) for door in doors},
        "operations": dict(pair for door in doors for pair in _operations(door)),
        "components": {
            "schemas": dict(schemas),
            "messages": {key: message.document() for key, message in messages.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token: `rt_…`."},
                "query": {"type": "httpApiKey", "in": "query", "name": "token"},
                "login": {"type": "httpApiKey", "in": "cookie", "name": "realtime"},
            },
        },
        "x-close-codes": close_codes(),
        **beside,
    }


def close_codes() -> list[dict[str, Any]]:
    """Every code that a socket is closed with, its meaning, and whether its client is to come back by itself."""
    return [{"code": int(code), "meaning": code.meaning, "comeBack": code.come_back} for code in CloseCode]


def _channel(door: Door) -> dict[str, Any]:
    answers = (key for keys in door.takes.values() for key in keys)
    carried = dict.fromkeys((*door.says, *door.takes, *answers))
    handshake = {"method": "GET", "query": _object(door.query), "bindingVersion": "0.1.0"}
    if door.headers:
        handshake["headers"] = _object(door.headers)
    return {
        "address": door.address,
        "title": door.title,
        "description": door.description,
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in carried},
        "bindings": {"ws": handshake},
    }


def _operations(door: Door) -> Iterator[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{door.name}"}

    def these(keys: Iterable[str]) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/{door.name}/messages/{key}"} for key in keys]

    heard = {"action": "send", "channel": channel, "title": f"{door.title}: what you hear"}
    yield f"{door.name}.hear", {**heard, "messages": these(door.says)}
    for key, answers in door.takes.items():
        said = {"action": "receive", "channel": channel, "messages": these([key])}
        yield f"{door.name}.{key}", {**said, "reply": {"channel": channel, "messages": these(answers)}}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties)}
