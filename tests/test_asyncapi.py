"""The AsyncAPI document: valid, complete, and the same as what the sockets carry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from yarl import URL

from realtime.dialects import chat, chat_commands, commands, dashboard, dashboard_commands
from realtime.dialects.incoming import BadCommand
from realtime.errors import CloseCode, Problem
from realtime.handlers import socket_commands
from realtime.handlers.asyncapi import made
from realtime.policy import Role
from tests.chatting import Chat
from tests.conftest import Client, MakeClient
from tests.rest import done, send
from tests.signing import bearer, token_for

SPECIFICATION = json.loads((Path(__file__).parent / "asyncapi" / "3.0.0.json").read_text("utf-8"))
"""The JSON Schema of AsyncAPI 3.0, as its authors publish it (Apache License 2.0, beside it)."""

DOCUMENT = made()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def wrong(key: str, frame: Any) -> list[str]:
    """What the document says against this being a message of that kind."""
    schema = {**MESSAGES[key]["payload"], "components": DOCUMENT["components"]}
    return [f"{list(error.path)}: {error.message}" for error in Draft202012Validator(schema).iter_errors(frame)]


def told_by(door: str) -> list[str]:
    """The keys of the messages that clients of the door hear, answers included."""
    return [key for key in DOCUMENT["channels"][door]["messages"] if ".do." not in key]


async def test_the_document_is_valid(client: Client) -> None:
    async with client.get("/asyncapi.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        document = await response.json()
    assert [error.message[:300] for error in Draft7Validator(SPECIFICATION).iter_errors(document)] == []
    assert document["servers"]["here"]["host"] == URL(str(client.make_url("/"))).authority


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
async def test_a_document_is_short_for_who_takes_gzip(client: Client, name: str) -> None:
    async with client.get(f"/{name}.json", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        plain = await response.json()
    async with client.get(f"/{name}.json", headers={"Accept-Encoding": "gzip"}) as response:
        assert int(response.headers["Content-Length"]) < 32 * 1024
        assert await response.json() == plain


def test_what_it_refers_to_is_there_and_nothing_is_there_for_nothing() -> None:
    refs = set(_refs(DOCUMENT))
    for ref in refs:
        place: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]
    assert {f"#/components/messages/{key}" for key in MESSAGES} <= refs


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for each in value.values():
            yield from _refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _refs(each)


@pytest.mark.parametrize("key", MESSAGES)
def test_each_example_is_what_the_document_says(key: str) -> None:
    for example in MESSAGES[key]["examples"]:
        assert wrong(key, example["payload"]) == []


def test_a_frame_that_is_another_is_refused() -> None:
    example = MESSAGES["dashboard.message.created"]["examples"][0]["payload"]
    for bad in (
        {**example, "extra": 1},
        {**example, "type": "chat"},
        {**example, "seq": "7"},
        {"type": "chat_message"},
    ):
        assert wrong("dashboard.message.created", bad)


def test_every_word_of_every_dialect_is_there() -> None:
    for dialect, words in (("dashboard", dashboard.WORDS), ("chat", chat.WORDS)):
        described = {message["title"] for key, message in MESSAGES.items() if key.startswith(f"{dialect}.")}
        assert words.keys() <= described
    spoken = {message["name"] for key, message in MESSAGES.items() if key.startswith("chat.") and "." in key}
    assert {name for words in chat.WORDS.values() for name, _ in words} <= spoken


def test_every_close_code_is_there() -> None:
    assert [each["code"] for each in DOCUMENT["x-close-codes"]] == [int(code) for code in CloseCode]
    assert all(each["meaning"] for each in DOCUMENT["x-close-codes"])


async def test_a_closed_server_shows_it_to_whoever_may_read(closed: Client) -> None:
    assert (await closed.get("/asyncapi.json")).status == 401
    assert (await closed.get("/asyncapi.json", headers=bearer(await token_for(closed, Role.VIEWER)))).status == 200


# -- commands -------------------------------------------------------------------------

FRAMED = [
    *((commands.read, command, "action", False) for command in (*socket_commands.SUBSCRIBING, socket_commands.PUBLISH)),
    (commands.read, socket_commands.PING, "action", False),
    (commands.read, socket_commands.AUTH, "type", False),
    *((dashboard_commands.read, command, "type", True) for command in socket_commands.DASHBOARD),
    (dashboard_commands.read, socket_commands.PING, "type", False),
    (dashboard_commands.read, socket_commands.AUTH, "type", False),
]


@pytest.mark.parametrize(("read", "command", "by", "within"), FRAMED, ids=lambda value: getattr(value, "name", ""))
def test_a_command_is_read_as_the_document_says(read: Any, command: Any, by: str, within: bool) -> None:
    frame = socket_commands.framed(command, by=by, within=within).example
    read(json.dumps(frame))
    for name in command.needs:
        short = json.loads(json.dumps(frame))
        del (short["data"] if within else short)[name]
        with pytest.raises(BadCommand):
            read(json.dumps(short))


@pytest.mark.parametrize("command", socket_commands.CHAT, ids=lambda command: command.name)
def test_an_event_of_a_client_is_read_as_the_document_says(command: Any) -> None:
    chat_commands.read(command.name, [dict(command.example)])
    for name in command.needs:
        short = {key: value for key, value in command.example.items() if key != name}
        with pytest.raises(Problem):
            chat_commands.read(command.name, [short])


def test_every_command_is_there() -> None:
    described = {name: {each.name for each in each_door} for name, each_door in _commands().items()}
    assert described["dashboard"] == set(dashboard_commands.TYPES.split(", "))
    assert described["socket"] - {"auth"} == set(commands.ACTIONS.split(", "))
    with pytest.raises(Problem) as refused:
        chat_commands.read("nothing", [])
    assert all(f" {name}" in refused.value.detail for name in described["chat"])
    assert refused.value.detail.count(",") == len(described["chat"]) - 1


def _commands() -> dict[str, tuple[Any, ...]]:
    return {
        "dashboard": (*socket_commands.DASHBOARD, socket_commands.PING, socket_commands.AUTH),
        "socket": (
            *(*socket_commands.SUBSCRIBING, socket_commands.PUBLISH),
            *(socket_commands.PING, socket_commands.AUTH),
        ),
        "chat": socket_commands.CHAT,
    }


# -- what the sockets carry -----------------------------------------------------------


async def everything_happens(client: Client, boss: dict[str, str]) -> int:
    """One event of every type; the `seq` of the last."""
    for many, body, change in (
        ("locations/", {"nombre": "Bodega"}, {"latitud": 4.6}),
        ("sensors/", {"tipo": "t", "modelo": "m"}, {"nombre": "Sala"}),
        ("readings/", {"sensor_id": 2, "valor": 21.5}, {"valor": 22}),
        ("anomalies/", {"sensor_id": 2, "tipo": "pico", "severidad": "alta"}, {"severidad": "baja"}),
        ("predictions/", {"sensor_id": 2, "horizonte": "24h", "estado": "pendiente"}, {"estado": "completada"}),
    ):
        row = await done(client, "POST", many, body, **boss)
        await done(client, "PATCH", f"{many}{row['id']}/", change, **boss)
        await done(client, "DELETE", f"{many}{row['id']}/", **boss)
        if many == "sensors/":
            await done(client, "POST", many, body, **boss)
            await done(client, "POST", many, body, **boss)
    await done(client, "POST", "channels/plaza", {"hola": "mundo"}, **boss)
    place = await done(client, "POST", "conversations/", {"contact_name": "João"}, **boss)
    one = f"conversations/{place['id']}/"
    changes: tuple[dict[str, Any], ...] = ({"status": "pending"}, {"assignee": "ana"}, {"assignee": None})
    for body in changes:
        await done(client, "PATCH", one, body, **boss)
    await done(client, "POST", f"{one}csat/", {"rating": 4}, **boss)
    await done(client, "POST", f"{one}close/", **boss)
    await done(client, "POST", f"{one}csat/", {"rating": 5, "feedback": "Excelente"}, **boss)
    await done(client, "POST", f"{one}reopen/", **boss)
    for content in ("Olá", "Oi"):
        message = await done(client, "POST", f"{one}messages/", {"content": content, "sender": "customer"}, **boss)
        each = f"messages/{message['id']}/"
        for body in ({"content": "Olá!"}, {"status": "read"}):
            await done(client, "PATCH", each, body, **boss)
        await done(client, "POST", f"{each}reactions/", {"reaction": "👍"}, **boss)
    async with Chat(client) as short:
        await short.connect({"token": await token_for(client, Role.AGENT, "zoe")})
        await short.call("typing", {"chat_id": place["uuid"]})
        await short.call("user:disconnected", {})
    _, _, headers = await send(client, "DELETE", each, **boss)
    return int(headers["Event-Seq"])


async def listen(ws: Any, last: int) -> list[dict[str, Any]]:
    """All frames up to the event `last`, and to the answer to nonsense that is said now."""
    await ws.send_json({"id": "nonsense"})
    frames: list[dict[str, Any]] = []
    told = refused = False
    while not (told and refused):
        frames.append(await ws.receive_json(timeout=20))
        told = told or frames[-1].get("seq", 0) >= last
        refused = refused or frames[-1].get("success") is False
    return frames


SOCKETS = {
    "channels": "/api/v1/ws?channel=general,plaza&since=0",
    "secure": "/api/v1/ws/secure?channel=general,plaza&since=0",
    "dashboard": "/ws/dashboard/?since=0",
    "realtime": "/api/v1/ws/secure?channel=*&since=0",
}
SELDOM = ("control.gap", ".system.", "users_list")
"""What a test of its own shows, or only this: nothing of it comes here."""


@pytest.fixture
async def site(make_client: MakeClient) -> Client:
    """An open server where nobody's leaving waits, with a channel that everybody may read."""
    return await make_client(presence_grace=0, public_channels=("plaza",))


async def test_all_that_the_sockets_carry_is_in_the_document(site: Client) -> None:
    boss = bearer(await token_for(site, Role.ADMIN, "boss"))
    await token_for(site, Role.AGENT, "ana")
    seen: dict[str, set[str]] = {door: set() for door in SOCKETS}
    async with AsyncExitStack() as stack:
        live = await opened(stack, site, boss)
        last = await everything_happens(site, boss)
        for sockets in (live, await opened(stack, site, boss)):
            for door, ws in sockets.items():
                await ws.send_json({"type" if door == "dashboard" else "action": "ping", "id": 1})
                end = last if door in ("dashboard", "realtime") else await newest(site)
                for frame in await listen(ws, end):
                    kinds = {key for key in told_by(door) if not wrong(key, frame)}
                    assert kinds, (door, frame)
                    seen[door] |= kinds
    for door, kinds in seen.items():
        expected = {key for key in told_by(door) if ".done." not in key and not any(part in key for part in SELDOM)}
        assert expected - kinds == set(), door


async def opened(stack: AsyncExitStack, client: Client, headers: dict[str, str]) -> dict[str, Any]:
    """A client of each socket, by door; each hears the past, and what comes."""
    found = {}
    for door, url in SOCKETS.items():
        protocols = ("realtime.v1",) if door == "realtime" else ()
        found[door] = await stack.enter_async_context(client.ws_connect(url, headers=headers, protocols=protocols))
    return found


async def newest(client: Client) -> int:
    """The `seq` of the last event of the sensor domain."""
    results = (await done(client, "GET", "events?channel=general,plaza&limit=1000"))["results"]
    return int(results[-1]["seq"])


@pytest.mark.parametrize("when", ["live", "replayed"])
async def test_all_that_the_chat_carries_is_in_the_document(site: Client, when: str) -> None:
    boss, ana = bearer(await token_for(site, Role.ADMIN, "boss")), await token_for(site, Role.AGENT, "ana")
    seen: set[str] = set()
    if when == "replayed":
        await everything_happens(site, boss)
    async with Chat(site) as chat:
        await chat.connect({"token": ana, "since": "0"}, greeted=False)
        if when == "live":
            await everything_happens(site, boss)
        refused, answer = await chat.call("message:update", {"id": "none"}), await chat.call("users:list")
        assert (wrong("chat.refused", refused), wrong("chat.done.users_list", answer)) == ([], [])
        while not chat.heard or chat.heard[-1][0] != "message:delete":
            chat.heard.extend(await chat.events(len(chat.heard) + 1))
        for name, payload in chat.heard:
            kinds = {key for key in told_by("chat") if MESSAGES[key]["name"] == name and not wrong(key, payload)}
            assert kinds, (name, payload)
            seen |= kinds
    told = {key for key in told_by("chat") if key.startswith("chat.") and ".done." not in key and "refused" not in key}
    passing = {"chat.typing", "chat.users_list", "chat.system.notice"}
    assert told - seen <= (passing if when == "replayed" else {"chat.users_list", "chat.system.notice"})
