"""For tests of the support desk by REST: requests in short words."""

from __future__ import annotations

from typing import Any

from realtime.policy import Role
from realtime.store.telemetry import Stretch
from tests.conftest import Client
from tests.signing import accounts_of, bearer, token_for

CONVERSATIONS, MESSAGES, CSAT = "conversations/", "messages/", "csat/"


async def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    """Send a request, with a JSON body where one is given; status, body and headers of the answer."""
    more = {} if body is None else {"json": body}
    async with client.request(method, f"/api/v1/{path}", headers=headers, **more) as response:
        found = await response.json(content_type=None) if await response.read() else None
        return response.status, found, response.headers


async def done(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The body of the answer to a request that must go well."""
    status, found, _ = await send(client, method, path, body, **headers)
    assert status < 300, found
    return found


async def rows(client: Client, path: str, **headers: str) -> list[dict[str, Any]]:
    """The rows of a page that shows all there are."""
    page = await done(client, "GET", path, **headers)
    assert page["count"] == len(page["results"])
    return list(page["results"])


async def conversation(client: Client, contact_name: str = "João Silva", **more: Any) -> dict[str, Any]:
    """A new conversation."""
    return dict(await done(client, "POST", CONVERSATIONS, {"contact_name": contact_name, **more}))


async def message(client: Client, content: str = "Olá", of: int | str = 1, **more: Any) -> dict[str, Any]:
    """A new message in a conversation."""
    return dict(await done(client, "POST", f"{CONVERSATIONS}{of}/messages/", {"content": content, **more}))


async def event(client: Client, seq: str | int) -> dict[str, Any]:
    """The event of this `seq`, as whoever asks sees it."""
    (found,) = (await done(client, "GET", f"events?after={int(seq) - 1}&limit=1"))["results"]
    assert found["seq"] == int(seq)
    return dict(found)


async def told(client: Client, channels: str = "chat,csat,audit", **headers: str) -> list[tuple[str, str]]:
    """Channel and type of every event of these channels."""
    page = await done(client, "GET", f"events?limit=1000&channel={channels}", **headers)
    assert not page["more"]
    return [(each["channel"], each["type"]) for each in page["results"]]


async def user(client: Client, name: str, role: Role = Role.AGENT) -> tuple[dict[str, Any], dict[str, str]]:
    """The row of a user, made where there is none, and the headers of a token of theirs."""
    headers = bearer(await token_for(client, role, name))
    _, found = await accounts_of(client).users.list({"name": name}, Stretch(1))
    return found[0], headers
