"""For tests of who may come in: credentials of a running server, and what it says to them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient
from yarl import URL

from realtime import keys
from realtime.policy import Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from realtime.store.telemetry import Stretch

Client = TestClient[web.Request, web.Application]

DASHBOARD, CHANNELS, SECURE = "/ws/dashboard/", "/api/v1/ws", "/api/v1/ws/secure"
STREAM = "/api/v1/events/stream"
LIST = "/api/v1/sensors/"
WRONG = "rt_" + "Wr0ng" * 8 + "xyz"
FOREIGN = {"Origin": "https://evil.example"}


def accounts_of(client: Client) -> Accounts:
    return client.app[keys.ACCOUNTS]


async def token_for(client: Client, role: Role = Role.AGENT, name: str = "", **more: Any) -> str:
    """A new token of a user of that role."""
    wanted = Wanted(user=name or f"the-{role}", role=role, make_user=True, **more)
    return (await accounts_of(client).tokens.create(SYSTEM, wanted))[1]


async def link_for(client: Client, role: Role = Role.AGENT) -> str:
    """The code of a new sign-in link of a user of that role."""
    await token_for(client, role)
    _, rows = await accounts_of(client).users.list({"name": f"the-{role}"}, Stretch(1))
    return (await accounts_of(client).logins.make_link(SYSTEM, rows[0]["id"])).code


async def cookie_for(client: Client, role: Role = Role.AGENT) -> dict[str, str]:
    """The header of a browser that is signed in as a user of that role."""
    login = await accounts_of(client).logins.sign_in(await link_for(client, role))
    return {"Cookie": f"{accounts_of(client).cookie}={login.secret}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def own_origin(client: Client) -> dict[str, str]:
    """The header that our own pages send."""
    return {"Origin": str(URL(client.make_url("/")).origin())}


async def problem(response: ClientResponse) -> tuple[int, str]:
    """Status and code of a problem body."""
    body = await response.json(content_type="application/problem+json")
    assert body["status"] == response.status
    return response.status, body["code"]


async def refusal(client: Client, path: str, **more: Any) -> int:
    """The status with which an upgrade is refused; 101 where it is not."""
    try:
        async with client.ws_connect(path, **more):
            return 101
    except WSServerHandshakeError as error:
        return error.status


async def me(client: Client, **headers: str) -> Any:
    """Who the server says that one is; the status where it does not say."""
    async with client.get("/api/v1/me", headers=headers) as response:
        return await response.json() if response.status == 200 else response.status


async def principal_of(client: Client, token: str) -> Principal:
    """Whom the server takes the token for."""
    return await accounts_of(client).principal(token)


async def close_code(ws: ClientWebSocketResponse) -> int | None:
    """The code with which the server closes the socket, however much it still says before."""
    async with asyncio.timeout(5):
        while (await ws.receive()).type is WSMsgType.TEXT:
            pass
    return ws.close_code
