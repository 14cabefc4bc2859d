"""What a client of the dashboard socket may do: its commands, good and bad, one or too many."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.handlers.sockets import IN_FLIGHT_LIMIT
from realtime.policy import Role
from realtime.services.typing import INTERVAL
from tests.conftest import Client, MakeClient
from tests.dashboarding import (
    DOOR,
    close_code,
    conversation,
    done,
    events,
    heard,
    post,
    refused,
    token_of,
    told_until,
    told_until_ping,
)


async def test_a_message_is_sent_reacted_to_edited_read_and_deleted(client: Client) -> None:
    made = await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        sent = await done(ws, "send_message", conversation_id=made["uuid"], content="Olá")
        which = sent["message_id"]
        await ws.send_json({"type": "edit_message", "data": {"message_id": which, "content": "Olá!"}})
        (edited,) = await heard(ws, "message_updated")
        await ws.send_json({"type": "react", "data": {"message_id": which, "reaction": "👍"}})
        (reacted,) = await heard(ws, "message_reaction")
        await ws.send_json({"type": "mark_read", "data": {"message_id": which}})
        (read,) = await heard(ws, "message_updated")
        await ws.send_json({"type": "delete_message", "data": {"message_id": which}})
        (deleted,) = await heard(ws, "message_deleted")

    assert sent == {"conversation_id": made["id"], "message_id": which, "seq": sent["seq"]}
    assert edited["data"]["content"] == read["data"]["content"] == "Olá!"
    assert (edited["data"]["status"], read["data"]["status"]) == ("sent", "read")
    assert reacted["data"].keys() == {"message_id", "reaction", "user_id"}
    assert deleted["data"] == {"message_id": which, "deleted_by": reacted["data"]["user_id"]}
    seqs = [sent["seq"], *(frame["seq"] for frame in (edited, reacted, read, deleted))]
    assert seqs == sorted(set(seqs))


async def test_what_changes_nothing_is_well_and_tells_nobody(client: Client) -> None:
    made = await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        which = (await done(ws, "send_message", conversation_id=made["id"], content="Olá"))["message_id"]
        await done(ws, "react", message_id=which, reaction="👍")
        before = len(await events(client))
        again = await done(ws, "react", message_id=which, reaction="👍")
        same = await done(ws, "edit_message", message_id=which, content="Olá")
        none = await done(ws, "react", message_id=which, reaction="")
        await done(ws, "delete_message", message_id=which)
        twice = await done(ws, "delete_message", message_id=which)

    assert again["seq"] is same["seq"] is twice["seq"] is None
    assert none["seq"] > 0
    assert len(await events(client)) == before + 2


async def test_a_client_that_reads_has_read_all_that_the_customer_said_before(client: Client) -> None:
    made = await conversation(client)
    place = f"conversations/{made['id']}/messages/"
    said = [await post(client, place, content=text, sender="customer") for text in ("um", "dois", "três")]
    async with client.ws_connect(DOOR) as ws:
        await ws.send_json(
            {"type": "mark_read", "data": {"conversation_id": made["id"], "message_id": said[1]["id"]}, "id": 1}
        )
        (result,) = await heard(ws, "result")
    log = await events(client)

    assert result["data"] == {"conversation_id": made["id"], "message_id": said[1]["id"], "seq": log[-1]["seq"]}
    read = [event["entity_id"] for event in log if event["type"] == "message.updated"]
    assert read == [said[0]["id"], said[1]["id"]]


async def test_whoever_it_claims_to_be_it_speaks_as_itself_and_as_an_agent(closed: Client) -> None:
    token = await token_of(closed, "ana")
    made = await conversation(closed, token)
    spoofed = {"sender": "customer", "sender_id": "joao", "user_id": 1, "username": "admin", "name": "admin"}
    async with closed.ws_connect(f"{DOOR}?token={token}") as ws:
        sent = await done(ws, "send_message", conversation_id=made["id"], content="Olá", **spoofed)
    message = (await events(closed, token=token))[-1]

    assert message["entity_id"] == sent["message_id"]
    assert message["actor"] == message["data"]["sender_name"] == "ana"
    assert message["data"]["sender"] == "agent"
    assert message["data"]["sender_id"] != "joao"


async def test_a_message_with_an_id_of_the_clients_own_is_sent_once(closed: Client) -> None:
    ana, bob = await token_of(closed, "ana"), await token_of(closed, "bob")
    made = await conversation(closed, ana)
    said = {"conversation_id": made["id"], "content": "Olá", "id": "ana:1"}
    async with closed.ws_connect(f"{DOOR}?token={ana}") as ws, closed.ws_connect(f"{DOOR}?token={bob}") as other:
        first = await done(ws, "send_message", **said)
        again = await done(ws, "send_message", **said)
        code = await refused(other, "send_message", **said)
        by_uuid = await done(ws, "react", message_id="ana:1", reaction="👍")

    assert first == again
    assert code == "conflict"
    assert by_uuid["message_id"] == first["message_id"]
    messages = [event for event in await events(closed, token=ana) if event["type"] == "message.created"]
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("send_message", {"conversation_id": 999, "content": "x"}, "not_found"),
        ("send_message", {"conversation_id": "never-seen", "content": "x"}, "not_found"),
        ("send_message", {"conversation_id": 1, "content": "   "}, "invalid"),
        ("send_message", {"conversation_id": 1, "content": "x" * 70_000}, "too_large"),
        ("send_message", {"conversation_id": 1, "content": "x", "message_type": "hologram"}, "invalid"),
        ("send_message", {"conversation_id": 1, "content": "no address", "message_type": "image"}, "invalid"),
        ("edit_message", {"message_id": 999, "content": "x"}, "not_found"),
        ("delete_message", {"message_id": "never-seen"}, "not_found"),
        ("react", {"message_id": 999, "reaction": "👍"}, "not_found"),
        ("react", {"message_id": 1, "reaction": "x" * 100}, "invalid"),
        ("mark_read", {"message_id": 999}, "not_found"),
        ("mark_read", {"message_id": 1, "conversation_id": 999}, "not_found"),
        ("typing", {"conversation_id": 999}, "not_found"),
        ("typing", {"conversation_id": 2**63 - 1}, "not_found"),
    ],
)
async def test_what_cannot_be_done_has_a_code_and_leaves_nothing(
    client: Client, kind: str, data: dict[str, Any], code: str
) -> None:
    made = await conversation(client)
    assert made["id"] == 1
    await post(client, "conversations/1/messages/", content="Olá")
    before = await events(client)
    async with client.ws_connect(DOOR) as ws:
        assert await refused(ws, kind, **data) == code
        assert (await done(ws, "ping"))["position"]
    assert await events(client) == before


async def test_a_refusal_says_what_is_allowed(client: Client) -> None:
    await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        for data, allowed in (
            ({"content": "x", "message_type": "gif"}, "audio"),
            ({"content": "x", "message_type": "image"}, "http or https URL"),
            ({"content": "x" * 300_000}, "characters"),
        ):
            await ws.send_json({"type": "send_message", "data": {"conversation_id": 1, **data}})
            (answer,) = await heard(ws, "result")
            assert allowed in answer["error"]["message"]


async def test_a_viewer_watches_and_changes_nothing(closed: Client) -> None:
    agent, viewer = await token_of(closed, "ana"), await token_of(closed, "vic", Role.VIEWER)
    made = await conversation(closed, agent)
    message = await post(closed, f"conversations/{made['id']}/messages/", agent, content="Olá")
    before = await events(closed, token=agent)
    commands: list[tuple[str, dict[str, Any]]] = [
        ("send_message", {"conversation_id": made["id"], "content": "x"}),
        ("edit_message", {"message_id": message["id"], "content": "x"}),
        ("delete_message", {"message_id": message["id"]}),
        ("react", {"message_id": message["id"], "reaction": "x"}),
        ("mark_read", {"message_id": message["id"]}),
        ("typing", {"conversation_id": made["id"]}),
    ]
    async with closed.ws_connect(f"{DOOR}?token={viewer}") as ws:
        assert {await refused(ws, kind, **data) for kind, data in commands} == {"not_permitted"}
        assert await done(ws, "ping")
    assert await events(closed, token=agent) == before


async def test_only_the_author_or_an_admin_changes_a_message(closed: Client) -> None:
    ana, bob = await token_of(closed, "ana"), await token_of(closed, "bob")
    root = await token_of(closed, "root", Role.ADMIN)
    made = await conversation(closed, ana)
    async with (
        closed.ws_connect(f"{DOOR}?token={ana}") as author,
        closed.ws_connect(f"{DOOR}?token={bob}") as other,
        closed.ws_connect(f"{DOOR}?token={root}") as admin,
    ):
        which = (await done(author, "send_message", conversation_id=made["id"], content="Olá"))["message_id"]
        assert await refused(other, "edit_message", message_id=which, content="x") == "not_permitted"
        assert await refused(other, "delete_message", message_id=which) == "not_permitted"
        assert await done(admin, "edit_message", message_id=which, content="Olá!")
        assert await done(author, "delete_message", message_id=which)


# -- many at once, bad ones, and too many ---------------------------------------------


async def test_commands_in_flight_are_stored_in_their_order_and_each_is_answered(client: Client) -> None:
    made = await conversation(client)
    count = 30
    commands: list[dict[str, Any]] = []
    for n in range(count):
        said = {"conversation_id": made["id"], "content": f"{n}", "id": f"m{n}"}
        commands += [
            {"type": "send_message", "data": said},
            {"type": "edit_message", "data": {"message_id": f"m{n}", "content": f"{n}!"}},
            {"type": "delete_message" if n % 2 else "react", "data": {"message_id": f"m{n}", "reaction": "👍"}},
        ]
    async with client.ws_connect(DOOR) as ws:
        for number, sent in enumerate(commands):
            await ws.send_json({**sent, "id": number})
        results = await heard(ws, *["result"] * len(commands))

    assert sorted(result["id"] for result in results) == list(range(len(commands)))
    assert all(result["success"] for result in results), results
    by_id = {result["id"]: result["data"]["seq"] for result in results}
    seqs = [by_id[number] for number in range(len(commands))]
    assert seqs == sorted(set(seqs))


async def test_more_in_flight_than_may_be_are_all_done(closed: Client) -> None:
    token = await token_of(closed, "ana")
    made = await conversation(closed, token)
    many = 2 * IN_FLIGHT_LIMIT
    async with closed.ws_connect(f"{DOOR}?token={token}") as ws:
        for n in range(many):
            said = {"conversation_id": made["id"], "content": f"{n}"}
            await ws.send_json({"type": "send_message", "id": n, "data": said})
        results = await heard(ws, *["result"] * many)

    assert {result["id"] for result in results if result["success"]} == set(range(many))
    messages = [event for event in await events(closed, token=token) if event["type"] == "message.created"]
    assert [event["data"]["content"] for event in messages] == [f"{n}" for n in range(many)]


async def test_what_was_sent_before_the_end_is_stored(client: Client) -> None:
    made = await conversation(client)
    async with client.ws_connect(DOOR) as ws:
        for n in range(50):
            await ws.send_json({"type": "send_message", "data": {"conversation_id": made["id"], "content": f"{n}"}})
    async with asyncio.timeout(5):
        while sum(event["type"] == "message.created" for event in await events(client)) < 50:
            await asyncio.sleep(0)


BAD_FRAMES = [
    "",
    "{",
    "[1]",
    "null",
    '{"type":"dance"}',
    '{"action":"ping"}',
    '{"type":"send_message"}',
    '{"type":"send_message","data":{"conversation_id":1,"content":5}}',
    '{"type":"send_message","data":{"conversation_id":1,"content":"a","content":"b"}}',
    '{"type":"send_message","data":{"conversation_id":1,"content":"\\ud800"}}',
    '{"type":"send_message","data":{"conversation_id":1,"content":"a\\u0000b"}}',
    '{"type":"send_message","data":{"conversation_id":123456789012345678901234567890,"content":"x"}}',
    '{"type":"react","data":{"message_id":NaN,"reaction":"x"}}',
    '{"type":"ping","id":{"a":1}}',
    '{"type":"send_message","data":' + "[" * 40 + "]" * 40 + "}",
    '{"type":"ping","padding":"' + "x" * 300_000 + '"}',
]


@pytest.mark.parametrize("frame", BAD_FRAMES)
async def test_a_bad_frame_is_answered_and_hurts_nobody(client: Client, frame: str) -> None:
    await conversation(client)
    before = await events(client)
    async with client.ws_connect(DOOR) as ws:
        await ws.send_str(frame)
        (answer,) = await heard(ws, "result")
        assert await done(ws, "ping")

    assert answer["success"] is False
    assert all(answer["error"][name] for name in ("code", "message"))
    assert await events(client) == before


async def test_ten_bad_frames_in_a_row_close_the_socket_for_good(client: Client) -> None:
    async with client.ws_connect(DOOR) as ws:
        for _ in range(9):
            await ws.send_str("{")
        assert await done(ws, "ping"), "a good one in between, and the count begins anew"
        for _ in range(10):
            await ws.send_bytes(b"\0")
        assert await close_code(ws) == 4501


async def test_more_commands_than_allowed_close_with_4013_and_nobody_else_feels_it(make_client: MakeClient) -> None:
    client = await make_client(guest_commands_per_second=20)
    made = await conversation(client)
    async with client.ws_connect(DOOR) as flooding, client.ws_connect(DOOR) as other:
        for n in range(100):
            said = {"conversation_id": made["id"], "content": f"{n}"}
            await flooding.send_json({"type": "send_message", "data": said})
        assert await close_code(flooding) == 4013
        assert await done(other, "send_message", conversation_id=made["id"], content="the last")
    messages = [event for event in await events(client) if event["type"] == "message.created"]
    assert len(messages) <= 41, "what passes in a second that straddles two"


async def test_renewing_in_place_takes_the_rights_that_the_new_token_lacks(closed: Client) -> None:
    agent, viewer = await token_of(closed, "ana"), await token_of(closed, "vic", Role.VIEWER)
    device = await token_of(closed, "box", Role.DEVICE)
    made = await conversation(closed, agent)
    async with closed.ws_connect(f"{DOOR}?token={agent}") as ws:
        await ws.send_json({"type": "auth", "token": viewer, "id": 1})
        (renewed,) = await heard(ws, "result")
        assert renewed["data"] == {"user": "vic", "role": "viewer"}
        assert await refused(ws, "send_message", conversation_id=made["id"], content="x") == "not_permitted"
        await conversation(closed, agent)
        await conversation(closed, agent)
        last = (await events(closed, token=agent))[-1]["seq"]
        assert "audit_log" not in [frame["type"] for frame in await told_until(ws, last)]
        await ws.send_json({"type": "auth", "token": device})
        assert await close_code(ws) == 4507


# -- typing ---------------------------------------------------------------------------


async def test_typing_is_for_those_who_opted_in_and_not_for_who_types(closed: Client) -> None:
    ana, bob = await token_of(closed, "ana"), await token_of(closed, "bob")
    made = await conversation(closed, ana)
    async with (
        closed.ws_connect(f"{DOOR}?since=now&token={ana}") as typist,
        closed.ws_connect(f"{DOOR}?since=now&token={bob}") as other,
        closed.ws_connect(f"{DOOR}?token={bob}") as plain,
        closed.ws_connect(f"{DOOR}?token={bob}", protocols=("realtime.v1",)) as canonical,
    ):
        await done(typist, "typing", conversation_id=made["uuid"])
        (told,) = await heard(other, "typing")
        (signal,) = await heard(canonical, "typing")
        assert "typing" not in [frame["type"] for frame in await told_until_ping(plain)]
        assert "typing" not in [frame["type"] for frame in await told_until_ping(typist)]

    assert told == {
        "type": "typing",
        "data": {
            "conversation_id": made["id"],
            "user_id": signal["data"]["user_id"],
            "username": "ana",
            "typing": True,
        },
    }
    assert signal["data"].keys() == {"conversation_id", "chat_id", "user_id", "sender_id", "username", "typing"}
    assert signal["data"]["chat_id"] == made["uuid"]


async def test_of_much_typing_the_newest_is_told_and_few_of_the_rest(client: Client) -> None:
    one, two = await conversation(client), await conversation(client)
    loop = asyncio.get_running_loop()
    async with client.ws_connect(DOOR) as typist, client.ws_connect(f"{DOOR}?since=now") as other:
        began = loop.time()
        for n in range(40):
            await done(typist, "typing", conversation_id=one["id"], typing=n % 2 == 0)
        await done(typist, "typing", conversation_id=two["id"])
        took = loop.time() - began
        told: list[dict[str, Any]] = []
        while not told or told[-1]["conversation_id"] != two["id"]:
            told.append((await heard(other, "typing"))[0]["data"])

    first = [data["typing"] for data in told if data["conversation_id"] == one["id"]]
    assert first[-1] is False, "how it ended"
    assert len(told) <= 3 + took / INTERVAL
    assert {event["type"] for event in await events(client)} == {"conversation.created"}
