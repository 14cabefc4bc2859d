"""For tests of the dashboard socket: people, what they do, and what they are told."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.conftest import Client

DOOR = "/ws/dashboard/"


async def token_of(client: Client, name: str, role: Role = Role.AGENT, **limits: Any) -> str:
    assert client.app is not None
    wanted = Wanted("test", name, role, make_user=True, **limits)
    return (await client.app[keys.ACCOUNTS].tokens.create(SYSTEM, wanted))[1]


async def post(client: Client, path: str, token: str = "", **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.post(f"/api/v1/{path}", json=body, headers=headers) as response:
        assert response.status in (200, 201), await response.text()
        return dict(await response.json())


async def conversation(client: Client, token: str = "") -> dict[str, Any]:
    return await post(client, "conversations/", token, contact_name="João Silva")


async def events(client: Client, channel: str = "chat", token: str = "") -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.get(f"/api/v1/events?channel={channel}&limit=1000", headers=headers) as response:
        return list((await response.json())["results"])


async def heard(ws: ClientWebSocketResponse, *types: str) -> list[dict[str, Any]]:
    """The next frames of these types, in this order."""
    found = []
    for kind in types:
        while (frame := await ws.receive_json(timeout=5))["type"] != kind:
            pass
        found.append(frame)
    return found


async def told_until(ws: ClientWebSocketResponse, seq: int) -> list[dict[str, Any]]:
    """All that comes up to the event `seq`."""
    frames = [await ws.receive_json(timeout=5)]
    while frames[-1].get("seq", 0) < seq:
        frames.append(await ws.receive_json(timeout=5))
    return frames


async def told_until_ping(ws: ClientWebSocketResponse) -> list[dict[str, Any]]:
    """All that comes before the answer to a ping that is sent now; events may still be on their way."""
    await ws.send_json({"type": "ping", "id": "the last"})
    frames = []
    while (frame := await ws.receive_json(timeout=5)).get("id") != "the last":
        frames.append(frame)
    return frames


async def command(ws: ClientWebSocketResponse, type: str, **data: Any) -> dict[str, Any]:
    await ws.send_json({"type": type, "id": "this one", "data": data})
    while (frame := await ws.receive_json(timeout=5)).get("id") != "this one":
        pass
    return dict(frame)


async def done(ws: ClientWebSocketResponse, type: str, **data: Any) -> dict[str, Any]:
    result = await command(ws, type, **data)
    assert result["success"], result
    return dict(result["data"])


async def refused(ws: ClientWebSocketResponse, type: str, **data: Any) -> str:
    result = await command(ws, type, **data)
    assert not result["success"], result
    assert result["error"].keys() == {"code", "message"}
    return str(result["error"]["code"])


async def close_code(ws: ClientWebSocketResponse) -> int | None:
    while (await ws.receive(timeout=5)).type is WSMsgType.TEXT:
        pass
    return ws.close_code
