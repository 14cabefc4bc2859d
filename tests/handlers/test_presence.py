"""Who is online, as clients on real sockets bring it about and hear it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from realtime import keys
from realtime.errors import CloseCode
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.conftest import Client, MakeClient
from tests.delivery.servers import Server, small_client
from tests.signing import CHANNELS, SECURE, STREAM, accounts_of, bearer, cookie_for, token_for

LONG = 3_600_000
REALTIME = ("realtime.v1",)


class Watcher:
    """A guest who listens to the channel `users`."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def hear(self, kind: str) -> Any:
        """The data of the next frame of this type; what comes before it must not be another `user.` event."""
        while (frame := await self._socket.receive_json(timeout=10))["type"] != kind:
            assert not frame["type"].startswith("user."), frame
        return frame["data"]

    async def hear_of(self) -> tuple[str, str]:
        """Of whom the next `user.` event tells what."""
        while not (frame := await self._socket.receive_json(timeout=10))["type"].startswith("user."):
            pass
        return frame["data"]["username"], frame["data"]["status"]

    async def names(self, wanted: list[str]) -> None:
        """Wait for a list of these names."""
        while [user["username"] for user in (await self.hear("users:list"))["users"]] != wanted:
            pass


@asynccontextmanager
async def watching(client: Client | ClientSession, url: Any = SECURE) -> AsyncIterator[Watcher]:
    async with client.ws_connect(url, params={"channel": "users"}, protocols=REALTIME) as socket:
        assert (await socket.receive_json(timeout=10))["type"] == "hello"
        yield Watcher(socket)


async def test_tabs_and_doors_are_one_presence(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=0)
    ana = bearer(await token_for(client, name="ana"))
    async with watching(client) as watcher, AsyncExitStack() as tabs:
        first = await tabs.enter_async_context(client.ws_connect(CHANNELS, headers=ana))
        online = await watcher.hear("user.online")
        assert (online["username"], online["status"]) == ("ana", "online")
        await watcher.names(["ana"])
        second = await tabs.enter_async_context(client.ws_connect(CHANNELS, headers=ana, protocols=REALTIME))
        third = await tabs.enter_async_context(client.ws_connect(SECURE, headers=ana))
        await first.close()
        await third.close()
        async with client.ws_connect(SECURE, headers=bearer(await token_for(client, name="eva"))):
            assert (await watcher.hear("user.online"))["username"] == "eva"
        assert (await watcher.hear("user.offline"))["username"] == "eva"
        await second.close()
        offline = await watcher.hear("user.offline")
        assert (offline["username"], offline["user_id"]) == ("ana", online["user_id"])
        assert offline["last_seen"] >= online["last_seen"]


async def test_the_rest_of_the_grace_passes_and_then_it_is_told(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=100)
    async with watching(client) as watcher:
        async with client.ws_connect(SECURE, headers=bearer(await token_for(client, name="ana"))):
            await watcher.hear("user.online")
        assert (await watcher.hear("user.offline"))["username"] == "ana"
        await watcher.names([])


async def test_who_reconnects_within_the_grace_is_not_told(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=LONG)
    ana, eva = bearer(await token_for(client, name="ana")), bearer(await token_for(client, name="eva"))
    async with watching(client) as watcher:
        for _ in range(3):
            async with client.ws_connect(SECURE, headers=ana):
                pass
        assert (await watcher.hear("user.online"))["username"] == "ana"
        async with client.ws_connect(SECURE, headers=eva):
            assert (await watcher.hear("user.online"))["username"] == "eva"


async def test_a_revoked_token_ends_presence_at_once(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=LONG)
    secret = await token_for(client, name="ana")
    who = await accounts_of(client).principal(secret)
    async with watching(client) as watcher, client.ws_connect(SECURE, headers=bearer(secret)) as socket:
        await watcher.hear("user.online")
        await accounts_of(client).tokens.revoke(who, int(who.credential.partition(":")[2]))
        assert (await socket.receive(timeout=10)).data == CloseCode.BAD_TOKEN
        assert (await watcher.hear("user.offline"))["username"] == "ana"


@pytest.mark.parametrize("tab_is_open", [True, False], ids=["with a tab open", "after the last tab was closed"])
async def test_a_logout_ends_presence_at_once(make_client: MakeClient, tab_is_open: bool) -> None:
    client = await make_client(presence_grace=LONG)
    cookie = await cookie_for(client)
    headers = {**cookie, "Origin": str(client.make_url("/")).rstrip("/")}
    async with watching(client) as watcher:
        tab = await client.ws_connect(SECURE, headers=headers)
        await watcher.hear("user.online")
        if not tab_is_open:
            await tab.close()
            while len(client.app[keys.HUB].sessions) > 1:
                await asyncio.sleep(0.01)
        async with client.post("/logout", headers=headers, allow_redirects=False) as response:
            assert response.status == 303
        if tab_is_open:
            assert (await tab.receive(timeout=10)).data == CloseCode.BAD_TOKEN
        assert (await watcher.hear("user.offline"))["username"] == "the-agent"


async def test_devices_guests_labels_and_streams_are_no_presence(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=0)
    device = bearer(await token_for(client, Role.DEVICE, name="probe", channels=["plaza"]))
    ana, eva = bearer(await token_for(client, name="ana")), bearer(await token_for(client, name="eva"))
    async with watching(client) as watcher, AsyncExitStack() as clients:
        await clients.enter_async_context(client.ws_connect(SECURE, headers=device, params={"channel": "plaza"}))
        await clients.enter_async_context(client.ws_connect(CHANNELS, params={"user_id": "ana"}))
        for stream in (STREAM, "/api/v1/events/ndjson"):
            await clients.enter_async_context(client.get(stream, headers=ana))
        await clients.enter_async_context(client.ws_connect(SECURE, headers=eva))
        assert (await watcher.hear("user.online"))["username"] == "eva"
        await watcher.names(["eva"])


async def test_a_socket_that_signs_in_anew_is_the_presence_of_who_it_is_now(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=0)
    ana, eva = await token_for(client, name="ana"), await token_for(client, name="eva")
    async with watching(client) as watcher, client.ws_connect(SECURE, headers=bearer(ana)) as socket:
        assert (await watcher.hear("user.online"))["username"] == "ana"
        await socket.send_json({"type": "auth", "token": eva})
        assert {await watcher.hear_of(), await watcher.hear_of()} == {("ana", "offline"), ("eva", "online")}
        await watcher.names(["eva"])


async def test_users_show_whether_they_are_online_and_when_they_were_last_seen(make_client: MakeClient) -> None:
    client = await make_client(presence_grace=0)
    root = bearer(await token_for(client, Role.ADMIN, name="root"))
    ana = bearer(await token_for(client, name="ana"))

    async def row() -> dict[str, Any]:
        async with client.get("/api/v1/users/?name=ana", headers=root) as response:
            (listed,) = (await response.json())["results"]
        async with client.get(f"/api/v1/users/{listed['uuid']}/", headers=root) as response:
            assert await response.json() == listed
        return listed

    assert ((await row())["online"], (await row())["last_seen"]) == (False, None)
    async with watching(client) as watcher:
        async with client.ws_connect(SECURE, headers=ana):
            online = await watcher.hear("user.online")
            assert ((await row())["online"], (await row())["last_seen"]) == (True, online["last_seen"])
        offline = await watcher.hear("user.offline")
        assert ((await row())["online"], (await row())["last_seen"]) == (False, offline["last_seen"])


async def test_a_restart_tells_nobody_offline_who_returns_in_time(tmp_path: Path) -> None:
    async with Server(tmp_path / "data", presence_grace=LONG) as server, small_client() as clients:
        ana, eva = [await sign_up(server, name) for name in ("ana", "eva")]
        async with watching(clients, server.url(SECURE)) as watcher:
            await clients.ws_connect(server.url(SECURE), headers=ana)
            assert (await watcher.hear("user.online"))["username"] == "ana"
            await clients.ws_connect(server.url(SECURE), headers=eva)
            assert (await watcher.hear("user.online"))["username"] == "eva"
        await server.stop()
        server.settings["presence_grace"] = 2_000
        await server.start()
        returned = clients.ws_connect(server.url(SECURE), headers=ana)
        async with returned, watching(clients, server.url(SECURE)) as watcher:
            assert (await watcher.hear("user.offline"))["username"] == "eva"
            await watcher.names(["ana"])
        query = {"channel": "users", "since": "0", "poll": "1"}
        async with clients.get(server.url("/api/v1/events/ndjson"), params=query) as response:
            assert (await response.text()).count('"user.o') == 3


async def sign_up(server: Server, name: str) -> dict[str, str]:
    """The header of a new user."""
    wanted = Wanted(user=name, role=Role.AGENT, make_user=True)
    return bearer((await server.app[keys.ACCOUNTS].tokens.create(SYSTEM, wanted))[1])


async def test_who_listens_to_users_hears_at_once_who_is_there(make_client: MakeClient) -> None:
    client = await make_client()
    async with (
        watching(client) as first,
        client.ws_connect(SECURE, headers=bearer(await token_for(client, name="ana"))),
    ):
        await first.hear("user.online")
        async with watching(client) as later:
            assert [user["username"] for user in (await later.hear("users:list"))["users"]] == ["ana"]
