"""One message, in the hands of both dialects at once."""

from __future__ import annotations

from realtime.policy import Role
from tests.chatting import Chat
from tests.conftest import MakeClient
from tests.dashboarding import done, events, heard, token_of


async def test_a_message_edited_and_deleted_by_turns_is_the_same_in_both_and_in_the_log(
    make_client: MakeClient,
) -> None:
    client = await make_client(access="closed")
    token = await token_of(client, "ana", Role.AGENT)
    door = f"/ws/dashboard/?token={token}"
    async with client.ws_connect(door) as desk, client.ws_connect(door) as other, Chat(client) as chat:
        await chat.connect({"token": token})

        sent = await chat.call("message:send", {"chat_id": "c1", "body": "Hello World!", "status": "sent"})
        (new,) = await heard(other, "chat_message")
        message = new["data"]["message"]
        assert (new["seq"], message["content"], message["sender"]) == (sent["seq"], "Hello World!", "agent")
        assert (await chat.event("message:send"))["seq"] == sent["seq"]

        edited = await done(desk, "edit_message", message_id=message["id"], content="once")
        told = await chat.event("message:update")
        assert (told["id"], told["body"], told["status"], told["seq"]) == (sent["id"], "once", "updated", edited["seq"])

        again = await chat.call("message:update", {"id": sent["id"], "body": "twice", "status": "updated"})
        updates = await heard(other, "message_updated", "message_updated")
        assert [(frame["data"]["content"], frame["seq"]) for frame in updates] == [
            ("once", edited["seq"]),
            ("twice", again["seq"]),
        ]

        deleted = await done(desk, "delete_message", message_id=message["id"])
        gone = await chat.event("message:delete")
        assert (gone["id"], gone["seq"]) == (sent["id"], deleted["seq"])
        (frame,) = await heard(other, "message_deleted")
        assert (frame["data"]["message_id"], frame["seq"]) == (message["id"], deleted["seq"])
        assert (await chat.call("message:delete", {"id": sent["id"]}))["seq"] is None

    log = [event for event in await events(client, token=token) if event["type"].startswith("message.")]
    assert [(event["type"], event["seq"]) for event in log] == [
        ("message.created", sent["seq"]),
        ("message.updated", edited["seq"]),
        ("message.updated", again["seq"]),
        ("message.deleted", deleted["seq"]),
    ]
    assert [event["data"].get("deleted") for event in log] == [True, True, True, None]
    assert not any("content" in event["data"] for event in log)
