"""The pages and their files over HTTP: what may be cached, what a page may load, who gets it."""

from __future__ import annotations

import gzip
import re

import pytest
from aiohttp import ClientSession
from yarl import URL

from realtime import keys
from realtime.assets import assets, source_hash
from realtime.handlers.pages import SCREENS
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from realtime.words import LANGUAGES
from tests.conftest import Client, MakeClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def page(client: Client, path: str = "/", **headers: str) -> str:
    async with client.get(path, headers=BROWSER | headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return await answer.text()


async def test_the_page_allows_its_own_import_map_and_nothing_else_inline(client: Client) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        policy = dict(line.split(" ", 1) for line in answer.headers["Content-Security-Policy"].split("; "))
        text = await answer.text()

    import_map = re.search(r'<script type="importmap">(.*?)</script>', text, re.DOTALL)
    assert import_map is not None
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' {source_hash(import_map[1])}"
    assert policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert not re.search(r"\son\w+=|\sstyle=|<style", text)
    assert len(re.findall(r"<script", text)) == 2


async def test_all_that_the_page_names_is_there_and_may_be_kept_for_ever(client: Client) -> None:
    named = set(re.findall(r'"\./(static/[^"]+)"', await page(client)))
    assert len(named) > 25
    for name in named:
        async with client.get(f"/{name}") as answer:
            assert answer.status == 200
            forever = "immutable" in answer.headers["Cache-Control"]
            assert forever == ("ETag" not in answer.headers)
            assert forever == bool(re.search(r"\.[0-9a-f]{12}\.", name))


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_first_load_of_a_page_is_small(client: Client, path: str, language: str) -> None:
    """What comes over the wire: the page, its styles and all modules that it imports by name."""
    headers = {"Accept-Language": language, "Accept-Encoding": "gzip"}
    async with ClientSession(auto_decompress=False) as raw:
        async with raw.get(client.make_url(path), headers=BROWSER | headers) as answer:
            whole = body = await answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
        named = re.findall(r'<link rel="(?:icon|stylesheet|modulepreload)"[^>]* href="([^"]+)"', body.decode())
        assert len(named) > 20
        loaded = len(whole)
        for name in named:
            async with raw.get(client.make_url(path).join(URL(name)), headers=headers) as answer:
                assert answer.status == 200
                loaded += len(await answer.read())

    assert loaded <= 120 * 1024


async def test_a_file_is_sent_zipped_once_and_then_not_at_all(client: Client) -> None:
    path = "/static/css/site.css"
    plain: ClientSession = client.session

    async with client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        body, identity = await answer.read(), answer.headers["ETag"]
        assert "Content-Encoding" not in answer.headers
    async with ClientSession(auto_decompress=False) as raw:
        url = URL(str(client.make_url(path)))
        async with raw.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert gzip.decompress(await answer.read()) == body
            zipped = answer.headers["ETag"]
    assert identity != zipped
    headers = {"If-None-Match": f'"other", {zipped}', "Accept-Encoding": "gzip"}
    async with plain.get(client.make_url(path), headers=headers) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
        assert answer.headers["ETag"] == zipped


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/js/../../app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/js",
        "/static/vendor/",
        "/static/nothing.js",
        "/static/css/site.000000000000.css",
        "/static/websocket_client.html",
    ],
)
async def test_only_what_the_package_brings_is_served(client: Client, path: str) -> None:
    async with client.session.get(URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)) as answer:
        assert answer.status == 404


async def test_the_test_client_may_reach_any_server_and_runs_only_its_own_script(client: Client) -> None:
    async with client.get("/websocket_client.html") as answer:
        policy = dict(line.split(" ", 1) for line in answer.headers["Content-Security-Policy"].split("; "))
        text = await answer.text()
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["ETag"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)

    assert style is not None
    assert source_hash(style[1]) in policy["style-src"]
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"].endswith("http: https: ws: wss:")
    assert re.findall(r"<script[^>]*>", text) == ['<script src="websocket_client.js" defer>']
    async with client.get("/websocket_client.js") as answer:
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_the_page_is_in_the_readers_language_and_says_so_to_caches(client: Client) -> None:
    assert '<html lang="en">' in await page(client)
    assert "Visão geral" in await page(client, **{"Accept-Language": "pt-BR,pt;q=0.9"})
    async with client.get("/", headers=BROWSER | {"Accept-Language": "es"}) as answer:
        assert '<html lang="es">' in await answer.text()
        assert answer.headers["Vary"] == "Accept-Encoding, Accept-Language, Cookie"


async def test_theme_and_language_are_as_they_were_chosen(client: Client) -> None:
    async with client.post("/preferences", json={"theme": "dark", "language": "es"}) as answer:
        assert answer.status == 204
        assert all("HttpOnly" in cookie.OutputString() for cookie in answer.cookies.values())
    assert '<html lang="es" data-theme="dark">' in await page(client, **{"Accept-Language": "pt-BR"})

    async with client.post("/preferences", json={"theme": "system"}) as answer:
        assert answer.status == 204
    assert '<html lang="es">' in await page(client, **{"Accept-Language": "pt-BR"})
    async with client.post("/preferences", json={"theme": "pink"}) as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"] == {"theme": ["One of system, light, dark."]}


async def test_they_can_be_chosen_without_a_script_and_without_a_sign_in(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    page = {"Accept": "text/html"}
    async with client.get("/login?next=/settings", headers=page) as answer:
        assert '<input type="hidden" name="next" value="/login?next=/settings">' in await answer.text()

    form = {"language": "es", "next": "/login?next=/settings"}
    async with client.post("/preferences", data=form, headers=page, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, form["next"])
        assert answer.cookies["language"].value == "es"
    for form in ({"theme": "dark", "next": "//elsewhere.example"}, {"theme": "dark"}):
        async with client.post("/preferences", data=form, headers=page, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
    async with client.post("/preferences", data={"theme": "pink"}) as answer:
        assert answer.status == 400
        assert not answer.cookies


async def test_a_cookie_that_means_nothing_is_passed_over(client: Client) -> None:
    cookies = {"Cookie": 'theme="><script>; language=xx'}

    assert '<html lang="es">' in await page(client, **cookies, **{"Accept-Language": "es"})


async def test_a_page_knows_what_its_reader_may_do_and_read(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    wanted = Wanted("test", "vera", Role.VIEWER, make_user=True)
    assert client.app is not None
    token = (await client.app[keys.ACCOUNTS].tokens.create(SYSTEM, wanted))[1]

    text = await page(client, Authorization=f"Bearer {token}")

    assert 'data-may="read"' in text
    assert 'data-reads="general sensors readings locations anomalies predictions chat csat users *"' in text
    async with client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}) as answer:
        me = await answer.json()
        assert me["may"] == ["read"]
        assert "audit" not in me["reads"]


async def test_without_javascript_there_is_a_line_for_the_terminal(client: Client) -> None:
    noscript = re.search(r"<noscript>(.*?)</noscript>", await page(client), re.DOTALL)

    assert noscript is not None
    assert f"curl -N {client.make_url('/')!s}api/v1/events/stream" in noscript[1]


async def test_a_closed_server_shows_its_pages_to_nobody_and_says_how_to_get_in(make_client: MakeClient) -> None:
    client = await make_client(access="closed")

    async with client.get("/", headers=BROWSER) as answer:
        text = await answer.text()
        assert answer.status == 401
    assert "realtime user link admin" in text
    for path in ("/websocket_client.html", "/websocket_client.js", "/favicon.ico", "/static/css/site.css"):
        async with client.get(path) as answer:
            assert answer.status == 200


async def test_a_page_names_the_program_as_it_was_started(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await make_client(access="closed")

    monkeypatch.setattr("sys.argv", ["/somewhere/run.py"])
    async with client.get("/", headers=BROWSER) as answer:
        assert "<code>python3 run.py user link admin</code>" in await answer.text()
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/realtime"])
    async with client.get("/", headers=BROWSER) as answer:
        assert "<code>realtime user link admin</code>" in await answer.text()


@pytest.mark.parametrize(("language", "said"), [("pt-BR", "Não há nada"), ("es", "No hay nada")])
async def test_a_page_that_is_not_there_says_so_in_the_readers_language(
    client: Client, language: str, said: str
) -> None:
    async with client.get("/nowhere", headers={**BROWSER, "Accept-Language": language}) as answer:
        assert answer.status == 404
        assert said in await answer.text()


@pytest.mark.parametrize(("path", "root"), [("/nowhere", "./"), ("/nowhere/", "../"), ("/a/b/c", "../../")])
async def test_a_page_below_any_path_finds_its_files(client: Client, path: str, root: str) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        text = await answer.text()
        assert answer.status == 404
    assert f'href="{root}static/{assets()["css/site.css"].hashed}"' in text
