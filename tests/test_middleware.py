"""What every request passes and every answer carries: names, headers, errors, counts, log lines."""

import json
import re

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError, web
from aiohttp.test_utils import TestClient

from realtime import keys
from realtime.app import create_app
from realtime.middleware.errors import prefers_page
from tests.serving import Server
from tests.signing import CHANNELS, FOREIGN, LIST, STREAM, WRONG, bearer, problem, token_for


@pytest.fixture
async def failing(settings):
    """A server with addresses whose handlers fail, before and in the midst of their answer."""

    async def fails(request: web.Request) -> web.Response:
        raise RuntimeError(f"no good with {WRONG}")

    async def fails_late(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise RuntimeError("in the midst")

    async def leads_on(request: web.Request) -> web.Response:
        elsewhere = web.HTTPSeeOther("/healthz")
        elsewhere.set_cookie("a", "b")
        raise elsewhere

    async def left(request: web.Request) -> web.Response:
        request.transport.abort()
        raise ConnectionResetError("nobody is there")

    app = create_app(settings)
    app.router.add_get("/left", left)
    app.router.add_get("/leads-on", leads_on)
    app.router.add_get("/fails", fails)
    app.router.add_get("/fails-late", fails_late)
    async with TestClient(Server(app)) as client:
        yield client


# -- headers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", LIST),
        ("GET", "/"),
        ("GET", "/login"),
        ("GET", "/healthz"),
        ("GET", "/nothing-here"),
        ("DELETE", "/healthz"),
        ("GET", STREAM),
        ("OPTIONS", LIST),
        ("GET", CHANNELS),
        ("GET", "/static/css/site.css"),
    ],
)
async def test_every_answer_carries_the_headers_that_protect_it(client, method, path):
    async with client.request(method, path) as response:
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert headers["Server"] == "realtime"
        assert "Cache-Control" in headers
        assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", headers["X-Request-Id"])


async def test_an_upgrade_carries_them_too(client):
    async with client.ws_connect(CHANNELS) as ws:
        headers = ws._response.headers
    assert headers["Server"] == "realtime"
    assert headers["X-Request-Id"]


async def test_requests_are_named_by_the_server_alone(client):
    names = []
    for _ in range(3):
        async with client.get("/healthz", headers={"X-Request-Id": "forged"}) as response:
            names.append(response.headers["X-Request-Id"])

    assert len(set(names)) == 3
    assert "forged" not in names


@pytest.mark.parametrize("path", ["/", "/login", "/logout", "/websocket_client.html", "/nothing-here"])
async def test_a_page_may_load_what_is_ours_and_nothing_else(client, path):
    async with client.get(path, headers={"Accept": "text/html"}) as response:
        policy = dict(line.split(" ", 1) for line in response.headers["Content-Security-Policy"].split("; "))
        host = f"127.0.0.1:{client.port}"

    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["script-src"].startswith("'self'")
    assert f"ws://{host}" in policy["connect-src"]
    assert not re.search(r"unsafe|\*", response.headers["Content-Security-Policy"])
    assert response.headers["X-Frame-Options"] == "DENY"


async def test_json_needs_no_policy(client):
    async with client.get(LIST) as response:
        assert "Content-Security-Policy" not in response.headers


# -- CORS -----------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["open", "closed"])
@pytest.mark.parametrize("path", [LIST, "/api/v1/channels/lab", "/nothing-here"])
async def test_a_preflight_is_answered_without_a_credential(make_client, access, path):
    client = await make_client(access=access)
    asked = {**FOREIGN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    async with client.options(path, headers=asked) as response:
        headers = response.headers
        assert response.status == 204
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"} <= set(
        headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert int(headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in headers


async def test_a_preflight_of_an_origin_that_may_not_is_refused(make_client):
    client = await make_client(cors_origins="https://a.example")
    asked = {**FOREIGN, "Access-Control-Request-Method": "POST"}

    async with client.options(LIST, headers=asked) as response:
        assert await problem(response) == (403, "foreign_origin")
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_options_says_what_may_be_asked(client):
    async with client.options(LIST) as response:
        assert response.status == 204
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_page_can_read_why_it_was_refused(client):
    async with client.get(LIST, headers=FOREIGN) as response:
        assert response.status == 403
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]


# -- errors ---------------------------------------------------------------------------


async def test_an_unknown_address_and_a_wrong_method_are_problems(client):
    async with client.get("/nothing-here") as response:
        assert await problem(response) == (404, "not_found")
    async with client.delete(LIST) as response:
        assert await problem(response) == (405, "method_not_allowed")
        assert response.headers["Allow"] == "GET, HEAD, POST"
        assert "DELETE" in (await response.json(content_type=None))["detail"]


async def test_a_secret_in_an_address_is_not_repeated(client):
    async with client.get(f"/nothing/{WRONG}?x={WRONG}") as response:
        assert response.status == 404
        assert WRONG not in await response.text()


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/problem+json", False),
        ("text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("text/html;q=0.5, application/json", False),
        ("text/html;q=0.5, application/json;q=0.4", True),
        ("text/html;q=0, */*", False),
        ("text/html;q=x", False),
        ("application/json, text/html", False),
        (",;,q=1;text/html", False),
    ],
)
async def test_a_person_gets_a_page_and_a_program_json(client, accept, page):
    assert prefers_page(accept) is page
    async with client.get("/nothing-here", headers={"Accept": accept}) as response:
        assert response.status == 404
        assert response.content_type == ("text/html" if page else "application/problem+json")
        assert "Not found" in await response.text()


async def test_the_page_of_an_error_leads_on_and_names_the_request(closed):
    async with closed.get("/", headers={"Accept": "text/html"}) as response:
        text = await response.text()
        assert response.status == 401
        assert response.headers["X-Request-Id"] in text
        assert "login" in text


async def test_what_nobody_foresaw_is_a_500_that_says_nothing_and_a_log_that_says_all_but_secrets(failing, log_lines):
    async with failing.get("/fails", headers=bearer(await token_for(failing))) as response:
        body = await response.json(content_type="application/problem+json")
        name = response.headers["X-Request-Id"]

    assert (response.status, body["code"], body["request_id"]) == (500, "internal", name)
    assert "no good" not in json.dumps(body)
    (line,) = [line for line in log_lines() if line.get("request_id") == name and "exception" in line]
    assert "RuntimeError" in line["exception"]
    assert "in fails" in line["exception"]
    assert WRONG not in json.dumps(log_lines())


async def test_an_answer_that_fails_in_its_midst_is_cut_and_not_continued_with_an_error(failing):
    async with failing.get("/fails-late") as response:
        assert response.status == 200
        with pytest.raises(ClientPayloadError):
            await response.read()
    async with failing.get("/healthz") as response:
        assert response.status == 200


async def test_a_client_that_has_gone_is_no_failure(failing, log_lines):
    with pytest.raises(ServerDisconnectedError):
        await failing.get("/left")
    await (await failing.get("/healthz")).release()

    assert failing.app[keys.REQUESTS]["GET", "/left", 499] == 1
    assert not [line for line in log_lines() if line["level"] in ("warning", "error")]


async def test_a_redirection_that_is_raised_is_an_answer_like_any_other(failing):
    async with failing.get("/leads-on", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/healthz")
        assert response.headers["Set-Cookie"].startswith("a=b")
    assert failing.app[keys.REQUESTS]["GET", "/leads-on", 303] == 1
