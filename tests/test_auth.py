"""Who may come in, and by which way: a real server is asked."""

import pytest

from realtime.policy import Role
from tests.signing import (
    CHANNELS,
    LIST,
    SECURE,
    STREAM,
    WRONG,
    accounts_of,
    bearer,
    cookie_for,
    me,
    principal_of,
    problem,
    refusal,
    token_for,
)

EXEMPT = (
    "/healthz",
    "/readyz",
    "/login",
    "/login/rk_x",
    "/websocket_client.html",
    "/websocket_client.js",
    "/static/css/site.css",
    "/favicon.ico",
)


async def test_on_an_open_server_who_brings_nothing_is_a_guest(client):
    who = await me(client)

    assert (who["name"], who["role"], who["credential"], who["access"]) == ("guest", "guest", "guest", "open")


@pytest.mark.parametrize("path", [LIST, "/", "/metrics", "/openapi.json", "/docs", STREAM, "/nothing-here", "/login2"])
async def test_on_a_closed_server_everything_needs_a_credential(closed, path):
    async with closed.get(path) as response:
        assert await problem(response) == (401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="realtime"'


@pytest.mark.parametrize("path", EXEMPT)
@pytest.mark.parametrize("slash", ["", "/"])
async def test_but_these_do_not(closed, path, slash):
    async with closed.get(path + slash) as response:
        assert response.status not in (401, 403)


async def test_what_is_exempt_looks_at_no_credential_so_a_stale_cookie_can_be_replaced(closed):
    stale = {"Cookie": f"{accounts_of(closed).cookie}=rl_{'x' * 43}"}

    for path in ("/healthz", "/login"):
        async with closed.get(path, headers={**stale, **bearer(WRONG)}) as response:
            assert response.status == 200


async def test_on_a_closed_server_only_secure_upgrades_without_a_credential(closed):
    assert await refusal(closed, CHANNELS) == 401
    assert await refusal(closed, SECURE) == 101


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.DEVICE, Role.ADMIN])
async def test_a_token_opens_a_closed_server(closed, role):
    who = await me(closed, **bearer(await token_for(closed, role)))

    assert (who["name"], who["role"], who["credential"]) == (f"the-{role}", role, "token")


async def test_where_channels_are_public_nobody_may_come_to_read_them_and_to_do_nothing_else(make_client):
    client = await make_client(access="closed", public_channels="news")

    assert await refusal(client, f"{CHANNELS}?channel=news") == 101
    assert await refusal(client, f"{CHANNELS}?channel=sensors") in (401, 403, 404)
    for path in (LIST, "/api/v1/me"):
        async with client.get(path) as response:
            assert response.status == 401
    async with client.post("/api/v1/channels/news", json={}) as response:
        assert response.status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "TOKEN", "Bearer  "])
async def test_authorization_is_bearer_or_token(client, scheme):
    token = await token_for(client)

    assert (await me(client, Authorization=f"{scheme} {token}"))["role"] == "agent"


@pytest.mark.parametrize("header", ["", " ", "Bearer", "Bearer ", "token", "Token  "])
async def test_an_empty_credential_counts_as_none(client, header):
    assert (await me(client, Authorization=header))["role"] == "guest"


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {WRONG}",
        f"Token {WRONG}",
        "Bearer x",
        "Bearer rt_",
        "Bearer tk_" + "A" * 43,
        "Bearer rl_" + "A" * 43,
        "Basic YWRtaW46YWRtaW4=",
        "Digest username=x",
        WRONG,
        "Bearer rt_\udcff",
        "Bearer " + "x" * 4000,
        f"Bearer {WRONG} {WRONG}",
    ],
)
@pytest.mark.parametrize("access", ["open", "closed"])
async def test_a_wrong_credential_is_refused_in_open_mode_too_and_not_repeated(make_client, access, header):
    client = await make_client(access=access)

    async with client.get(LIST, headers={"Authorization": header}) as response:
        text = await response.text()
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="realtime", error="invalid_token"'
    for word in header.split()[1:] or [header]:
        assert len(word) < 4 or word not in text + str(response.headers)


@pytest.mark.parametrize("path", [CHANNELS, SECURE])
@pytest.mark.parametrize("access", ["open", "closed"])
async def test_sockets_take_a_token_in_every_way_and_refuse_a_wrong_one_before_the_upgrade(make_client, access, path):
    client = await make_client(access=access)
    token = await token_for(client)
    ticket = accounts_of(client).tickets.issue

    async def try_all(secret, ticket):
        return [
            await refusal(client, f"{path}?token={secret}"),
            await refusal(client, f"{path}?ticket={ticket}"),
            await refusal(client, path, headers=bearer(secret)),
            await refusal(client, path, protocols=["bearer", secret]),
            await refusal(client, path, protocols=["realtime.v1", "bearer", secret]),
        ]

    good = await try_all(token, ticket(await principal_of(client, token)))
    assert good == [101] * 5
    assert await try_all(WRONG, "tk_" + "A" * 43) == [401] * 5


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (["bearer", "{token}"], "bearer"),
        (["realtime.v1"], "realtime.v1"),
        (["realtime.v1", "bearer", "{token}"], "realtime.v1"),
        (["bearer", "{token}", "realtime.v1"], "realtime.v1"),
    ],
)
async def test_the_answered_subprotocol_is_never_the_token(client, offered, answered):
    token = await token_for(client)
    protocols = [name.format(token=token) for name in offered]

    async with client.ws_connect(SECURE, protocols=protocols) as ws:
        assert ws.protocol == answered


async def test_streams_take_a_token_in_the_url_because_event_sources_have_no_headers(closed):
    token = await token_for(closed)

    for path in (f"{STREAM}?token={token}", f"/api/v1/events/ndjson?token={token}"):
        async with closed.get(path) as response:
            assert response.status == 200
        async with closed.get(path.replace(token, WRONG)) as response:
            assert response.status == 401


@pytest.mark.parametrize("name", ["token", "ticket", "%74oken"])
@pytest.mark.parametrize("access", ["open", "closed"])
async def test_a_credential_in_the_url_of_a_plain_request_is_refused_and_told_where_it_belongs(
    make_client, access, name
):
    client = await make_client(access=access)
    token = await token_for(client)

    async with client.get(f"{LIST}?{name}={token}") as response:
        assert await problem(response) == (400, "invalid")
        assert "Authorization: Bearer" in (text := await response.text())
        assert token not in text
    async with client.get(f"{LIST}?token=", headers=bearer(token)) as response:
        assert response.status == 200


async def test_a_ticket_is_no_token_and_a_token_no_ticket(client):
    token = await token_for(client)
    ticket = accounts_of(client).tickets.issue(await principal_of(client, token))

    assert await me(client, **bearer(ticket)) == 401
    assert await refusal(client, f"{CHANNELS}?token={ticket}") == 401
    assert await refusal(client, f"{CHANNELS}?ticket={token}") == 401
    async with client.get(f"{STREAM}?ticket={ticket}") as response:
        assert response.status == 400
    assert await refusal(client, f"{CHANNELS}?ticket={ticket}") == 101
    assert await refusal(client, f"{CHANNELS}?ticket={ticket}") == 401


@pytest.mark.parametrize("query", ["?token={a}&token={b}", "?token={b}", "?ticket=tk_x"])
async def test_two_different_credentials_are_one_too_many(client, query):
    a, b = await token_for(client), await token_for(client)

    assert await refusal(client, CHANNELS + query.format(a=a, b=b), headers=bearer(a)) == 400


async def test_the_same_credential_twice_is_one(client):
    token = await token_for(client)

    assert await refusal(client, f"{CHANNELS}?token={token}", headers=bearer(token), protocols=["bearer", token]) == 101


async def test_what_a_request_brings_of_its_own_goes_before_the_cookie(client):
    cookie = await cookie_for(client, Role.ADMIN)
    stale = {"Cookie": f"{accounts_of(client).cookie}=rl_{'x' * 43}"}
    token = await token_for(client, Role.VIEWER)

    assert (await me(client, **cookie, **bearer(token)))["role"] == "viewer"
    assert (await me(client, **stale, **bearer(token)))["role"] == "viewer"
    assert await me(client, **cookie, **bearer(WRONG)) == 401


async def test_the_first_frame_authenticates_at_secure(closed):
    token = await token_for(closed)

    async with closed.ws_connect(f"{SECURE}?channel=lab") as ws:
        await ws.send_json({"type": "auth", "token": token})
        assert (await ws.receive_json(timeout=5))["success"]
    for wrong, code in ((WRONG, 4500), ("", 4500), ("rl_" + "A" * 43, 4500)):
        async with closed.ws_connect(SECURE) as ws:
            await ws.send_json({"type": "auth", "token": wrong})
            message = await ws.receive(timeout=5)
            assert message.data in (code, 4502)
            assert ws.close_code in (code, 4502)


async def test_many_wrong_credentials_are_slowed_down_but_the_right_one_always_passes(make_client):
    client = await make_client(sign_in_attempts=3)
    token = await token_for(client)

    async def status(secret):
        async with client.get(LIST, headers=bearer(secret)) as response:
            assert (response.status == 429) == ("Retry-After" in response.headers)
            return response.status

    assert [await status(WRONG) for _ in range(5)] == [401, 401, 401, 429, 429]
    assert [await status(token) for _ in range(5)] == [200] * 5
    assert (await me(client))["role"] == "guest"
    assert await refusal(client, f"{CHANNELS}?token={WRONG}") == 429
    async with client.get("/login/rk_wrong") as response:
        assert response.status == 429


@pytest.mark.parametrize(("role", "status"), [(Role.DEVICE, 403), (Role.VIEWER, 200)])
async def test_the_servers_figures_are_for_whoever_reads_not_for_devices(client, role, status):
    headers = bearer(await token_for(client, role, channels=["readings"] if role is Role.DEVICE else None))
    async with client.get("/metrics", headers=headers) as response:
        assert response.status == status
