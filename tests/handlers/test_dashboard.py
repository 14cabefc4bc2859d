"""The dashboard socket: who may come in, and what it hears."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.store.telemetry import Stretch
from tests.conftest import Client, MakeClient
from tests.dashboard_seed import frames
from tests.dashboarding import (
    DOOR,
    close_code,
    conversation,
    done,
    events,
    heard,
    post,
    token_of,
    told_until,
    told_until_ping,
)

FIGURES = frames()["dashboard_metrics"]["data"].keys()
UNSEEN = {"dashboard_metrics", "audit_log", "user_status"}
"""What comes beside what a test is about: figures once a second, the audit log, who is online."""


# -- who may come in ------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?token=", "?token=rt_wrong", "?token=seu_token_aqui", "?ticket=tk_wrong"])
async def test_without_a_good_token_a_closed_door_is_not_opened_at_all(closed: Client, query: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await closed.ws_connect(DOOR + query)
    assert refused.value.status == 401
    assert refused.value.headers is not None
    assert refused.value.headers["WWW-Authenticate"]


async def test_a_wrong_token_is_refused_on_an_open_server_too(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(DOOR + "?token=rt_wrong")
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("role", "limits"),
    [(Role.DEVICE, {}), (Role.AGENT, {"channels": ("sensors",)}), (Role.AGENT, {"verbs": ("publish",)})],
)
async def test_who_may_read_nothing_of_the_desk_is_not_let_in(closed: Client, role: Role, limits: Any) -> None:
    token = await token_of(closed, "ana", role, **limits)
    with pytest.raises(WSServerHandshakeError) as refused:
        await closed.ws_connect(f"{DOOR}?token={token}")
    assert refused.value.status == 403


async def test_a_ticket_and_a_header_open_the_door_as_well(closed: Client) -> None:
    authorization = {"Authorization": f"Bearer {await token_of(closed, 'ana')}"}
    async with closed.post("/api/v1/ws/ticket", headers=authorization) as response:
        ticket = (await response.json())["ticket"]

    async with closed.ws_connect(f"{DOOR}?ticket={ticket}") as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "dashboard_metrics"
    async with closed.ws_connect("/ws/dashboard", headers=authorization) as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "dashboard_metrics"


async def test_a_page_of_another_site_needs_a_token_of_its_own(client: Client) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(DOOR, headers=origin)
    assert refused.value.status == 403
    async with client.ws_connect(f"{DOOR}?token={await token_of(client, 'ana')}", headers=origin) as ws:
        assert (await ws.receive_json(timeout=5))["type"] == "dashboard_metrics"


async def test_a_revoked_token_closes_its_socket_for_good(closed: Client) -> None:
    token = await token_of(closed, "ana")
    assert closed.app is not None
    accounts = closed.app[keys.ACCOUNTS]
    async with closed.ws_connect(f"{DOOR}?token={token}") as ws:
        (row,) = (await accounts.tokens.list(SYSTEM, Stretch(limit=10)))[1]
        await accounts.tokens.revoke(SYSTEM, row["id"])
        assert await close_code(ws) == 4500


# -- what it hears --------------------------------------------------------------------


async def test_the_figures_come_at_once_and_are_the_seeds_six(client: Client) -> None:
    await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        first = await ws.receive_json(timeout=5)

    assert first.keys() == {"type", "data"}
    assert first["type"] == "dashboard_metrics"
    assert first["data"].keys() == FIGURES
    assert (first["data"]["total_conversations"], first["data"]["open_conversations"]) == (1, 1)


async def test_without_opting_in_nothing_comes_that_the_seed_does_not_know(client: Client) -> None:
    async with client.ws_connect(DOOR) as ws:
        assert [frame["type"] for frame in await told_until_ping(ws)] == ["dashboard_metrics"]


@pytest.mark.parametrize("query", ["?since=now", "?since=0", "?after=0", "?session=mine"])
async def test_who_opts_in_is_greeted_before_anything_else(client: Client, query: str) -> None:
    async with client.ws_connect(DOOR + query) as ws:
        frames = await told_until_ping(ws)

    assert frames[0]["type"] == "hello"
    assert frames[1]["type"] == "dashboard_metrics"


async def test_a_position_that_is_gone_is_an_explicit_gap_to_who_asked_for_it(client: Client) -> None:
    async with client.ws_connect(DOOR + "?since=0badcafe:1") as ws:
        hello, gap = await heard(ws, "hello", "gap")
    assert gap["to"] == hello["position"]


async def test_all_that_happens_at_the_desk_is_told_and_nothing_else(client: Client) -> None:
    async with client.ws_connect(DOOR) as ws:
        await post(client, "sensors/", tipo="temperatura", modelo="DHT22")
        await post(client, "channels/plaza", secret=1)
        made = await conversation(client)
        place = f"conversations/{made['id']}"
        message = await post(client, f"{place}/messages/", content="Bom dia", sender="customer")
        await post(client, f"messages/{message['id']}/reactions/", reaction="👍")
        await post(client, f"{place}/close/")
        await post(client, f"{place}/csat/", rating=4)
        log = await events(client, "chat,csat,audit,users")
        frames = await told_until(ws, log[-1]["seq"])

    told = [frame for frame in frames if "seq" in frame]
    assert [frame["seq"] for frame in told] == [event["seq"] for event in log]
    assert [frame["type"] for frame in told if frame["type"] not in UNSEEN] == [
        "conversation_updated",
        "chat_message",
        "message_reaction",
        "conversation_updated",
        "csat_update",
    ]
    assert {frame["type"] for frame in frames if "seq" not in frame} <= {"dashboard_metrics"}
    seed = frames_of_the_seed(told)
    assert seed["chat_message"]["conversation_id"] == made["id"]
    assert seed["chat_message"]["message"] == {
        "id": message["id"],
        "content": "Bom dia",
        "sender": "customer",
        "timestamp": message["created_at"][:19] + "Z",
        "message_type": "text",
    }
    assert seed["csat_update"]["rating"] == 4


def frames_of_the_seed(told: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The data of the last frame of each type that the seed has, which has exactly its keys."""
    found = {frame["type"]: frame["data"] for frame in told if frame["type"] in frames()}
    for kind, data in found.items():
        assert data.keys() == frames()[kind]["data"].keys(), kind
    return found


async def test_the_audit_log_has_the_seeds_shape_and_is_not_for_viewers(closed: Client) -> None:
    agent, viewer = await token_of(closed, "ana"), await token_of(closed, "vic", Role.VIEWER)
    async with (
        closed.ws_connect(f"{DOOR}?token={agent}") as desk,
        closed.ws_connect(f"{DOOR}?token={viewer}") as watcher,
    ):
        made = await conversation(closed, agent)
        (entry,) = await heard(desk, "audit_log")
        await conversation(closed, agent)
        seen = await told_until(watcher, (await events(closed, token=agent))[-1]["seq"])

    assert entry["data"] == {
        "id": entry["data"]["id"],
        "action": "conversation_created",
        "details": {"conversation_id": made["id"], "contact_name": "João Silva"},
        "user": {"id": entry["data"]["user"]["id"], "username": "ana"},
        "timestamp": made["created_at"][:19] + "Z",
    }
    assert entry.keys() == {"type", "data", "seq"}
    assert "audit_log" not in {frame["type"] for frame in seen}


async def test_who_comes_and_goes_is_told_to_those_who_are_there(make_client: MakeClient) -> None:
    client = await make_client(access="closed", presence_grace=0)
    ana, bob = await token_of(client, "ana"), await token_of(client, "bob")
    async with client.ws_connect(f"{DOOR}?token={ana}") as ws:
        (own,) = await heard(ws, "user_status")
        async with client.ws_connect(f"{DOOR}?token={bob}"):
            (came,) = await heard(ws, "user_status")
        (went,) = await heard(ws, "user_status")

    assert own["data"].keys() == {"user_id", "status", "last_seen"}
    assert came["data"]["user_id"] == went["data"]["user_id"] != own["data"]["user_id"]
    assert [own["data"]["status"], came["data"]["status"], went["data"]["status"]] == ["online", "online", "offline"]
    assert went["data"]["last_seen"].endswith("Z")
    assert len(went["data"]["last_seen"]) == len("2024-01-01T10:00:00Z")


async def test_the_figures_come_again_after_a_change(client: Client) -> None:
    async with client.ws_connect(DOOR) as ws:
        await heard(ws, "dashboard_metrics")
        made = await conversation(client)
        while (await heard(ws, "dashboard_metrics"))[0]["data"]["total_conversations"] != 1:
            pass
        await post(client, f"conversations/{made['id']}/close/")
        while (await heard(ws, "dashboard_metrics"))[0]["data"]["closed_conversations"] != 1:
            pass


async def test_the_subprotocol_carries_the_canonical_form_of_the_same_events(client: Client) -> None:
    async with client.ws_connect(DOOR, protocols=("realtime.v1",)) as ws:
        assert ws.protocol == "realtime.v1"
        made = await conversation(client)
        frames = await told_until(ws, (await events(client))[-1]["seq"])

    assert [frame["type"] for frame in frames[:2]] == ["hello", "dashboard_metrics"]
    assert frames[1]["channel"] == "csat"
    created = next(frame for frame in frames if frame["type"] == "conversation.created")
    assert created.keys() == {"seq", "channel", "type", "entity_id", "data", "actor", "at"}
    assert created["data"] == made


async def test_a_client_that_comes_back_misses_nothing_and_sees_no_deleted_text(client: Client) -> None:
    made = await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        first = await done(ws, "send_message", conversation_id=made["id"], content="primeira")
        gone = await done(ws, "send_message", conversation_id=made["id"], content="segredo")
        await done(ws, "react", message_id=gone["message_id"], reaction="👍")
        await done(ws, "edit_message", message_id=gone["message_id"], content="segredo ainda")
        await done(ws, "delete_message", message_id=gone["message_id"])
        last = await done(ws, "send_message", conversation_id=made["id"], content="última")

    async with client.ws_connect(f"{DOOR}?since={first['seq']}") as ws:
        replayed = [frame for frame in await told_until(ws, last["seq"]) if "seq" in frame]
    log = await events(client)

    assert [(frame["type"], frame["replayed"]) for frame in replayed if frame["type"] != "audit_log"] == [
        ("message_deleted", True),
        ("chat_message", True),
    ]
    assert "segredo" not in json.dumps(replayed)
    scrubbed = [event for event in log if event["seq"] > first["seq"] and event["data"].get("deleted")]
    assert [event["type"] for event in scrubbed] == ["message.created", "reaction.updated", "message.updated"]
