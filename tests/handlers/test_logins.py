"""Signing a browser in and out, by one-time link and cookie."""

import asyncio
import re
from http.cookies import SimpleCookie

import pytest
from yarl import URL

from realtime.middleware.ways import START, own_way
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.sign_in_limits import ACCOUNT_TRIES
from realtime.store.telemetry import Stretch
from tests.signing import (
    CHANNELS,
    FOREIGN,
    STREAM,
    WRONG,
    accounts_of,
    bearer,
    close_code,
    cookie_for,
    link_for,
    me,
    own_origin,
    problem,
    token_for,
)

GOOD = "correct horse battery"


@pytest.fixture
async def closed(make_client):
    """Nobody yet, before a closed server whose hashes cost as little as may be."""
    return await make_client(access="closed", password_memory="8MiB")


async def sign_in(client, code, **headers):
    """The answer to the button of the sign-in page, with its cookie (a browser's jar plays no part)."""
    client.session.cookie_jar.clear()
    async with client.post(f"/login/{code}", headers=headers, allow_redirects=False) as response:
        cookies = SimpleCookie("; ".join(response.headers.getall("Set-Cookie", [])))
        client.session.cookie_jar.clear()
        return response, next(iter(cookies.values()), None)


async def test_the_link_shows_a_button_and_the_button_signs_in(closed):
    code = await link_for(closed, Role.AGENT)
    async with closed.get(f"/login/{code}") as response:
        page = await response.text()
        assert response.status == 200
        assert "the-agent" in page
        assert re.search(r'<form[^>]* method="post"', page)
        assert "Set-Cookie" not in response.headers

    response, cookie = await sign_in(closed, code, **own_origin(closed))

    assert (response.status, response.headers["Location"]) == (303, "/")
    assert cookie.key == accounts_of(closed).cookie
    assert cookie.value.startswith("rl_")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
    assert int(cookie["max-age"]) == 14 * 86_400
    who = await me(closed, Cookie=f"{cookie.key}={cookie.value}")
    assert (who["name"], who["role"], who["credential"]) == ("the-agent", "agent", "login")


async def test_behind_https_the_cookie_is_secure_and_the_way_on_leads_below_the_public_path(make_client):
    client = await make_client(public_url="https://live.example.org/realtime")

    response, cookie = await sign_in(client, await link_for(client), Origin="https://live.example.org")

    assert response.headers["Location"] == "/realtime/"
    assert cookie["secure"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_scanners_and_previews_do_not_use_the_link_up(closed, method):
    code = await link_for(closed)

    for _ in range(5):
        async with closed.request(method, f"/login/{code}") as response:
            assert response.status == 200
    assert (await sign_in(closed, code))[0].status == 303


async def test_a_used_link_and_none_at_all_are_gone_and_say_how_to_get_another(closed):
    code = await link_for(closed)
    await sign_in(closed, code)

    for method, gone in (("GET", code), ("POST", code), ("GET", "rk_nonsense"), ("POST", WRONG)):
        async with closed.request(method, f"/login/{gone}", headers={"Accept": "text/html"}) as response:
            text = await response.text()
            assert response.status == 410
            assert "user link" in text
            assert gone not in text
            assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("language", "said"), [("en", "works once"), ("pt-BR", "uma única vez"), ("es", "una sola vez")]
)
async def test_a_used_link_leads_to_the_form_in_the_readers_language(closed, language, said):
    async with closed.get(f"/login/{WRONG}", headers={"Accept": "text/html", "Accept-Language": language}) as response:
        page = await response.text()

    assert response.status == 410
    assert said in page
    assert 'type="password"' in page
    assert '<input type="hidden" name="next" value="/">' in page
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "older than it may be" not in page


async def with_password(client, role=Role.AGENT, password=GOOD):
    """A user of that role with a password: its name."""
    await token_for(client, role)
    _, rows = await accounts_of(client).users.list({"name": f"the-{role}"}, Stretch(1))
    await accounts_of(client).passwords.set(SYSTEM, rows[0]["id"], password)
    return f"the-{role}"


async def send_form(client, name, password, **headers):
    """What the form for name and password is answered."""
    client.session.cookie_jar.clear()
    form = {"name": name, "password": password}
    async with client.post("/login", data=form, headers=headers, allow_redirects=False) as response:
        await response.read()
        client.session.cookie_jar.clear()
        return response


async def test_name_and_password_sign_in(closed):
    name = await with_password(closed)

    response = await send_form(closed, f" {name} ", GOOD, **own_origin(closed))

    assert (response.status, response.headers["Location"]) == (303, "/")
    cookie = next(iter(SimpleCookie(response.headers["Set-Cookie"]).values()))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (await me(closed, Cookie=f"{cookie.key}={cookie.value}"))["name"] == name


@pytest.mark.parametrize(
    ("language", "said"), [("en", "is wrong"), ("pt-BR", "incorretos"), ("es", "no son correctos")]
)
async def test_a_wrong_password_is_said_on_the_page_with_its_form(closed, language, said):
    name = await with_password(closed)

    response = await send_form(closed, name, "wrong", Accept="text/html", **{"Accept-Language": language})

    page = await response.text()
    assert response.status == 401
    assert said in page
    assert f'value="{name}"' in page
    assert 'type="password"' in page
    assert 'wrong"' not in page
    assert "Set-Cookie" not in response.headers
    assert response.headers["Referrer-Policy"] == "same-origin"


async def test_programs_are_answered_with_a_problem(closed):
    response = await send_form(closed, await with_password(closed), "wrong")

    assert await problem(response) == (401, "unauthenticated")


async def test_too_many_wrong_passwords_have_to_wait_and_are_told_how_long(closed):
    name = await with_password(closed)
    statuses = [(await send_form(closed, name, "wrong")).status for _ in range(ACCOUNT_TRIES + 1)]

    page = await send_form(closed, name, GOOD, Accept="text/html")
    program = await send_form(closed, name, GOOD)

    assert statuses == [401] * (ACCOUNT_TRIES + 1)
    assert page.status == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert "Try again in" in await page.text()
    assert await problem(program) == (429, "too_many_requests")
    assert await sign_in_counts(closed) == {"ok": 0, "wrong": ACCOUNT_TRIES + 1, "limited": 2, "busy": 0}


async def sign_in_counts(client):
    """What `/metrics` says of sign-ins by password."""
    async with client.get("/metrics", headers=bearer(await token_for(client))) as response:
        found = re.findall(r'^realtime_sign_ins_total\{outcome="(\w+)"\} (\d+)', await response.text(), re.MULTILINE)
    return {outcome: int(count) for outcome, count in found}


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "a&b", "\u202ename", "x" * 3000])
async def test_a_hostile_name_stays_a_text(closed, name):
    response = await send_form(closed, name, "wrong", Accept="text/html")

    assert response.status == 401
    assert "<script" not in await response.text()


@pytest.mark.parametrize("headers", [FOREIGN, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_no_other_site_tries_passwords(closed, headers):
    response = await send_form(closed, await with_password(closed), GOOD, **headers)

    assert await problem(response) == (403, "foreign_origin")


@pytest.mark.parametrize(
    "form", [{"name": "ana"}, {"password": GOOD}, {"name": " ", "password": GOOD}, {"name": "ana", "password": ""}]
)
async def test_a_form_with_half_of_it_is_no_try(closed, form):
    async with closed.post("/login", data=form) as response:
        assert await problem(response) == (400, "invalid")
    async with closed.post("/login", data="&".join(f"f{number}=x" for number in range(50))) as response:
        assert await problem(response) == (400, "invalid")
    assert (await sign_in_counts(closed))["wrong"] == 0


async def test_a_new_password_closes_the_sockets_of_the_other_browsers(closed):
    name = await with_password(closed)
    here, elsewhere = await cookie_for(closed), await cookie_for(closed)
    user = (await me(closed, **here))["user_id"]

    async with (
        closed.ws_connect(CHANNELS, headers={**own_origin(closed), **here}) as mine,
        closed.ws_connect(CHANNELS, headers={**own_origin(closed), **elsewhere}) as other,
    ):
        path, body = f"/api/v1/users/{user}/password/", {"password": "another horse, another battery"}
        async with closed.put(path, json=body, headers=here) as response:
            assert await problem(response) == (400, "invalid")
        async with closed.put(path, json={**body, "current": GOOD}, headers=here) as response:
            assert response.status == 204
        assert await close_code(other) == 4500
        await mine.send_json({"action": "ping"})
        assert (await mine.receive_json())["success"]
    assert (await send_form(closed, name, body["password"])).status == 303


async def test_the_link_can_be_pasted_into_a_field(closed):
    async with closed.get("/login") as response:
        assert 'name="code"' in await response.text()
    for around in ("{}", " http://localhost:8000/login/{} ", "http://localhost:8000/login/{}/"):
        form = {"code": around.format(await link_for(closed))}
        async with closed.post("/login", data=form, allow_redirects=False) as response:
            assert response.status == 303
    for form in ({}, {"code": ""}, {"other": "x"}):
        async with closed.post("/login", data=form) as response:
            assert await problem(response) == (400, "invalid")
    async with closed.post("/login", data={"code": "x" * 5000}) as response:
        assert await problem(response) == (413, "too_large")


@pytest.mark.parametrize("headers", [FOREIGN, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_no_other_site_signs_anyone_in_or_out(closed, headers):
    cookie, code = await cookie_for(closed), await link_for(closed)

    assert (await sign_in(closed, code, **headers))[0].status == 403
    async with closed.post("/login", data={"code": code}, headers=headers) as response:
        assert await problem(response) == (403, "foreign_origin")
    async with closed.post("/logout", headers={**headers, **cookie}) as response:
        assert await problem(response) == (403, "foreign_origin")
    assert (await me(closed, **cookie))["credential"] == "login"
    assert (await sign_in(closed, code))[0].status == 303


@pytest.mark.parametrize("path", ["/login", "/login/{code}", "/logout"])
async def test_a_page_with_a_form_lets_the_browser_name_its_origin(closed, path):
    """With `no-referrer` the form would be sent with `Origin: null`, and refused as another site's."""
    cookie, code = await cookie_for(closed), await link_for(closed)

    async with closed.get(path.format(code=code), headers=cookie) as response:
        assert response.status == 200
        assert response.headers["Referrer-Policy"] == "same-origin"


async def test_signing_out_ends_the_login_and_its_sockets_and_no_others(closed):
    here, elsewhere = await cookie_for(closed), await cookie_for(closed)

    async with (
        closed.ws_connect(CHANNELS, headers={**own_origin(closed), **here}) as ws,
        closed.ws_connect(CHANNELS, headers={**own_origin(closed), **elsewhere}) as other,
        asyncio.timeout(5),
    ):
        async with closed.post("/logout", headers=here, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/login")
            assert "Max-Age=0" in response.headers["Set-Cookie"]
        assert await close_code(ws) == 4500
        await other.send_json({"action": "ping"})
        assert (await other.receive_json())["success"]
    assert await me(closed, **here) == 401
    assert (await me(closed, **elsewhere))["credential"] == "login"


async def test_following_a_link_to_logout_signs_nobody_out(closed):
    cookie = await cookie_for(closed)

    async with closed.get("/logout", headers=cookie) as response:
        assert response.status == 200
    assert (await me(closed, **cookie))["credential"] == "login"


async def test_only_who_is_signed_in_can_sign_out(client):
    for headers in ({}, bearer(await token_for(client))):
        async with client.post("/logout", headers=headers) as response:
            assert await problem(response) == (400, "invalid")


async def test_an_admin_makes_a_link_whose_address_a_browser_can_open(client):
    root = bearer(await token_for(client, Role.ADMIN))
    await token_for(client, Role.VIEWER, "ana")

    async with client.post("/api/v1/users/4/link/", headers=root) as response:
        body = await response.json()
        assert response.status == 201
    url = URL(body["url"])
    assert body["user"] == "ana"
    assert url.origin() == client.make_url("/").origin()
    assert (await sign_in(client, url.name))[0].status == 303


async def test_the_pages_work_without_any_script(closed):
    for path in ("/login", f"/login/{await link_for(closed)}"):
        async with closed.get(path) as response:
            page = await response.text()
        assert not re.search(r"<script|<style|style=|onclick|javascript:", page)


# -- the way on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["/", "/settings", "/events?since=10m&channel=plaza", "/conversations/7#last", "/a%2F%2Fb", "/?next=//x"]
)
def test_a_path_of_ours_is_a_way_on(text):
    assert own_way(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "settings", "//evil.example", "//evil.example/settings", "/\\evil.example", "/settings\\..", "\\\\evil"),
        *(
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nSet-Cookie: x=1",
        ),
        *(" //evil.example", "/ñ", "/\x00", "/" + "a" * 3_000, "/login", "/logout", "/login/rk_x", "/login?next=/"),
    ],
)
def test_anything_else_leads_to_the_start_page(text):
    assert own_way(text) == START


@pytest.mark.parametrize(
    ("wanted", "location"),
    [("/settings?tab=1", "/settings?tab=1"), ("//evil.example", "/"), ("/\\evil.example", "/"), (None, "/")],
)
async def test_signing_in_leads_to_the_page_that_was_asked_for_and_to_no_other_place(closed, wanted, location):
    form = {"name": await with_password(closed), "password": GOOD} | ({} if wanted is None else {"next": wanted})
    async with closed.post("/login", data=form, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, location)


async def test_below_a_public_path_the_way_on_stays_below_it(make_client):
    client = await make_client(public_url="https://live.example.org/realtime", password_memory="8MiB")
    form = {"code": await link_for(client), "next": "/settings"}
    headers = {"Origin": "https://live.example.org"}
    async with client.post("/login", data=form, headers=headers, allow_redirects=False) as response:
        assert response.headers["Location"] == "/realtime/settings"


async def test_a_page_that_needs_a_credential_is_the_form_that_leads_back_to_it(closed):
    async with closed.get("/?since=10m", headers={"Accept": "text/html"}) as response:
        page = await response.text()
        assert (response.status, response.headers["Referrer-Policy"]) == (401, "same-origin")
    assert page.count('name="next" value="/?since=10m"') == 3

    async with closed.get(f"{STREAM}?token={WRONG}", headers={"Accept": "text/html"}) as response:
        assert response.status == 401
        page = await response.text()
    assert WRONG not in page
    assert page.count(f'name="next" value="{STREAM}"') == 3


async def test_a_wrong_password_does_not_lose_the_way(closed):
    form = {"name": "nobody", "password": GOOD, "next": "/settings"}
    async with closed.post("/login", data=form, headers={"Accept": "text/html"}) as response:
        assert response.status == 401
        assert 'name="next" value="/settings"' in await response.text()
