"""What counts from which page, through which proxy, for which host: a real server is asked."""

import pytest

from realtime.policy import Role
from tests.signing import (
    CHANNELS,
    FOREIGN,
    LIST,
    SECURE,
    STREAM,
    WRONG,
    accounts_of,
    bearer,
    cookie_for,
    me,
    own_origin,
    problem,
    refusal,
    token_for,
)


async def test_a_browser_that_is_signed_in_is_that_user(closed):
    who = await me(closed, **await cookie_for(closed, Role.AGENT))

    assert (who["name"], who["role"], who["credential"]) == ("the-agent", "agent", "login")


async def test_a_wrong_cookie_is_refused_and_taken_back_so_that_the_next_try_is_not(client):
    name = accounts_of(client).cookie
    for value in ("rl_" + "x" * 43, "x", await token_for(client)):
        async with client.get(LIST, headers={"Cookie": f"{name}={value}"}) as response:
            assert response.status == 401
            assert response.headers["Set-Cookie"].startswith(f"{name}=; Max-Age=0")


async def test_the_cookie_of_another_server_on_this_machine_is_not_ours_to_judge(client):
    assert (await me(client, Cookie=f"login_00000000=rl_{'x' * 43}; other=1"))["role"] == "guest"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost.evil.example:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
@pytest.mark.parametrize("browser", ["guest", "cookie"])
async def test_other_sites_get_nothing_by_what_the_browser_carries(client, headers, browser):
    carried = await cookie_for(client, Role.ADMIN) if browser == "cookie" else {}

    for method, path in (("GET", LIST), ("POST", LIST), ("GET", STREAM), ("DELETE", f"{LIST}1/")):
        async with client.request(method, path, headers={**headers, **carried}, json={}) as response:
            assert await problem(response) == (403, "foreign_origin")
    assert await refusal(client, CHANNELS, headers={**headers, **carried}) == 403


@pytest.mark.parametrize("browser", ["guest", "cookie"])
async def test_our_own_pages_do(client, browser):
    carried = await cookie_for(client, Role.AGENT) if browser == "cookie" else {}
    headers = {**own_origin(client), "Sec-Fetch-Site": "same-origin", **carried}

    async with client.post(LIST, headers=headers, json={"tipo": "a", "modelo": "b"}) as response:
        assert response.status == 201
    assert await refusal(client, CHANNELS, headers=headers) == 101
    assert await refusal(client, SECURE, headers=headers) == 101


async def test_pages_of_an_allowed_origin_do_too(make_client):
    client = await make_client(allowed_origins="https://app.example.org")
    headers = {"Origin": "https://app.example.org", "Sec-Fetch-Site": "cross-site"}

    assert (await me(client, **headers))["role"] == "guest"
    assert await refusal(client, CHANNELS, headers=headers) == 101
    assert await me(client, **FOREIGN) == 403


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
async def test_a_page_from_anywhere_may_come_with_its_own_token(client, origin):
    token = await token_for(client)
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}

    async with client.get(LIST, headers={**headers, **bearer(token)}) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert await refusal(client, f"{CHANNELS}?token={token}", headers=headers) == 101


async def test_unless_cors_origins_names_others(make_client):
    client = await make_client(cors_origins="https://a.example")
    token = await token_for(client)

    for origin, status in (("https://a.example", 200), ("https://b.example", 403), ("null", 403)):
        async with client.get(LIST, headers={"Origin": origin, **bearer(token)}) as response:
            assert response.status == status
            assert response.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)
    assert await refusal(client, f"{CHANNELS}?token={token}", headers={"Origin": "https://b.example"}) == 403


@pytest.mark.parametrize("access", ["open", "closed"])
async def test_at_secure_a_foreign_page_is_nobody_until_it_shows_its_token(make_client, access):
    client = await make_client(access=access)
    headers = {**FOREIGN, **await cookie_for(client, Role.ADMIN)}
    token = await token_for(client, Role.VIEWER)

    async with client.ws_connect(f"{SECURE}?channel=sensors", headers=headers) as ws:
        await ws.send_json({"action": "ping"})
        assert (await ws.receive(timeout=5)).data == 4502
    async with client.ws_connect(f"{SECURE}?channel=sensors", headers=headers) as ws:
        await ws.send_json({"type": "auth", "token": token})
        assert (await ws.receive_json(timeout=5))["data"]["role"] == "viewer"


async def test_a_link_on_another_site_leads_to_our_pages(client):
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    async with client.get("/", headers=visit) as response:
        assert response.status == 200


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Real-IP", "Via"])
@pytest.mark.parametrize("value", ["127.0.0.1", "for=127.0.0.1", ""])
async def test_what_came_through_a_proxy_is_never_a_guest(client, name, value):
    async with client.get(LIST, headers={name: value}) as response:
        assert await problem(response) == (401, "unauthenticated")
    assert await refusal(client, CHANNELS, headers={name: value}) == 401
    assert (await me(client, **{name: value}, **bearer(await token_for(client))))["role"] == "agent"


async def test_the_ticket_of_a_guest_does_not_open_the_way_through_a_proxy(client):
    async with client.post("/api/v1/ws/ticket") as response:
        ticket = (await response.json())["ticket"]

    assert await refusal(client, f"{CHANNELS}?ticket={ticket}", headers={"X-Forwarded-For": "203.0.113.9"}) == 401


async def test_behind_a_trusted_proxy_the_server_is_closed_and_the_client_is_whom_the_proxy_saw(make_client):
    client = await make_client(trusted_proxies="127.0.0.1", sign_in_attempts=2)

    async def wrong(address):
        async with client.get(LIST, headers={**bearer(WRONG), "X-Forwarded-For": address}) as response:
            return response.status

    assert await me(client) == 401
    # What the client itself wrote stands on the left; the right one is what counts.
    assert [await wrong(f"10.9.8.{n}, 203.0.113.9") for n in range(3)] == [401, 401, 429]
    assert await wrong("203.0.113.10") == 401


async def test_without_trusted_proxies_forwarding_headers_change_nobodys_address(make_client):
    client = await make_client(sign_in_attempts=2)

    statuses = []
    for n in range(3):
        async with client.get(LIST, headers={**bearer(WRONG), "X-Forwarded-For": f"203.0.113.{n}"}) as response:
            statuses.append(response.status)
    assert statuses == [401, 401, 429]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "localhost:x", ""])
async def test_a_host_that_is_not_ours_is_refused_for_everyone(client, host):
    token = await token_for(client)

    for path in (LIST, "/healthz", "/", "/login"):
        async with client.get(path, headers={"Host": host, **bearer(token)}) as response:
            assert await problem(response) == (421, "unknown_host")
    assert await refusal(client, CHANNELS, headers={"Host": host}) == 421
