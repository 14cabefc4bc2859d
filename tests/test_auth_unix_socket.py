"""Who comes over the Unix socket of the data folder."""

import pytest
from aiohttp import ClientSession, UnixConnector, web

from realtime.policy import Role
from tests.signing import WRONG, bearer, token_for


@pytest.fixture
async def over_socket(closed, tmp_path):
    """Asks the closed server over a Unix socket."""
    path = str(tmp_path / "s")
    site = web.UnixSite(closed.server.runner, path)
    await site.start()
    async with ClientSession("http://localhost", connector=UnixConnector(path)) as session:
        yield session


async def test_who_can_open_the_unix_socket_is_an_admin(over_socket):
    async with over_socket.get("/api/v1/me") as response:
        who = await response.json()
    assert (who["role"], who["credential"]) == ("admin", "socket")
    assert who["name"]
    async with over_socket.get("/api/v1/users/") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_but_not_the_world_that_a_proxy_lets_through_it(over_socket, headers):
    async with over_socket.get("/api/v1/me", headers=headers) as response:
        assert response.status == 401


async def test_over_the_unix_socket_too_a_credential_is_what_it_is(over_socket, closed):
    token = await token_for(closed, Role.VIEWER)

    async with over_socket.get("/api/v1/me", headers=bearer(token)) as response:
        assert (await response.json())["role"] == "viewer"
    async with over_socket.get("/api/v1/me", headers=bearer(WRONG)) as response:
        assert response.status == 401
