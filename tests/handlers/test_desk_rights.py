"""What a token that is limited to verbs or channels can do at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.policy import Role
from tests.conftest import Client
from tests.rest import CONVERSATIONS, MESSAGES, done, send, user
from tests.signing import bearer, token_for


@pytest.fixture
async def closed_desk(closed: Client) -> Client:
    """A closed server with a sensor, and a conversation in which ana has said something."""
    _, ana = await user(closed, "ana")
    await done(closed, "POST", "sensors/", {"tipo": "t", "modelo": "secret"}, **ana)
    await done(closed, "POST", CONVERSATIONS, {"contact_name": "secret"}, **ana)
    await done(closed, "POST", f"{CONVERSATIONS}1/messages/", {"content": "secret"}, **ana)
    return closed


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "sensors/1/", {}),
        ("PATCH", f"{CONVERSATIONS}1/", {}),
        ("POST", f"{CONVERSATIONS}1/close/", None),
        ("POST", f"{CONVERSATIONS}1/reopen/", None),
        ("POST", f"{CONVERSATIONS}1/csat/", {"rating": 5}),
        ("POST", f"{CONVERSATIONS}1/messages/", {"content": "x", "sender": "customer"}),
        ("PATCH", f"{MESSAGES}1/", {"status": "sent"}),
        ("PUT", f"{MESSAGES}1/", {"content": "else"}),
    ],
)
async def test_who_may_write_and_not_read_is_shown_the_ids_of_what_was_written(
    closed_desk: Client, method: str, path: str, body: Any
) -> None:
    blind = bearer(await token_for(closed_desk, Role.AGENT, "ana", verbs=["write"]))
    row = await done(closed_desk, method, path, body, **blind)

    assert "id" in row
    assert row.keys() <= {"id", "uuid"}


async def test_who_may_write_to_the_chat_alone_does_not_rate_and_who_may_to_ratings_alone_does(
    closed_desk: Client,
) -> None:
    for channel, expected in (("chat", 403), ("csat", 201)):
        headers = bearer(await token_for(closed_desk, Role.AGENT, "ana", channels=[channel]))
        assert (await send(closed_desk, "POST", f"{CONVERSATIONS}1/csat/", {"rating": 5}, **headers))[0] == expected
