"""What a page of another site can do with a browser that reaches this server: nothing. A real browser tries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from tests.browser.conftest import MakeSite, Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OPEN_SOCKET = """url => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
})"""
LISTEN = """url => new Promise(done => {
    const source = new EventSource(url, {withCredentials: true});
    source.onopen = () => done("open");
    source.onerror = () => done("refused");
})"""
FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return answer.type === "opaque" ? "opaque" : answer.status;
    } catch (error) {
        return "refused";
    }
}"""
SUBMIT = """url => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    document.body.append(form);
    form.submit();
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere() -> AsyncIterator[str]:
    """The address of an empty page of another site."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>elsewhere</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page in a profile of its own, in which much may go wrong."""
    context = await browser.new_context()
    yield await context.new_page()
    await context.close()


async def sign_in(site: Site, page: Page) -> None:
    await page.goto(await site.link())
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(site.url + "/")


async def sensors(site: Site, page: Page) -> int:
    """How many sensors our own page sees."""
    await page.goto(site.url + "/")
    found: int = await page.evaluate("async () => (await (await fetch('/api/v1/sensors/')).json()).count")
    return found


@pytest.mark.parametrize("access", ["open", "closed"])
async def test_a_page_elsewhere_neither_hears_nor_changes_anything(
    make_site: MakeSite, page: Page, elsewhere: str, access: str
) -> None:
    site = await make_site(access=access)
    await sign_in(site, page)
    await page.goto(elsewhere)

    socket = site.url.replace("http", "ws")
    assert await page.evaluate(OPEN_SOCKET, f"{socket}/api/v1/ws") == "refused"
    assert await page.evaluate(LISTEN, f"{site.url}/api/v1/events/stream") == "refused"
    body = '{"tipo": "a", "modelo": "b"}'
    sent = {"method": "POST", "credentials": "include", "body": body}
    assert await page.evaluate(FETCH, [f"{site.url}/api/v1/sensors/", {"credentials": "include"}]) in ("refused", 403)
    assert await page.evaluate(FETCH, [f"{site.url}/api/v1/sensors/", {**sent, "mode": "no-cors"}]) == "opaque"
    assert await page.evaluate(FETCH, [f"{site.url}/api/v1/ws/test-event", sent]) in ("refused", 401, 403)

    assert await sensors(site, page) == 0


async def test_a_page_elsewhere_signs_nobody_out_and_nobody_in(make_site: MakeSite, page: Page, elsewhere: str) -> None:
    site = await make_site(access="closed")
    await sign_in(site, page)
    for path in ("/logout", "/login/rk_of-somebody-else"):
        await page.goto(elsewhere)
        async with page.expect_navigation() as navigation:
            await page.evaluate(SUBMIT, site.url + path)
        answer = await navigation.value
        assert answer.status in (401, 403)

    assert await sensors(site, page) == 0


async def test_a_page_elsewhere_may_use_a_token_of_its_own(site: Site, page: Page, elsewhere: str) -> None:
    token = await site.token()
    await page.goto(elsewhere)

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    sent = {"method": "POST", "headers": headers, "body": '{"tipo": "a", "modelo": "b"}'}
    assert await page.evaluate(FETCH, [f"{site.url}/api/v1/sensors/", sent]) == 201
    socket = site.url.replace("http", "ws")
    assert await page.evaluate(OPEN_SOCKET, f"{socket}/api/v1/ws?token={token}") == "open"


async def test_signing_out_takes_the_browser_back_to_the_door(make_site: MakeSite, page: Page) -> None:
    site = await make_site(access="closed")
    await sign_in(site, page)

    await page.goto(site.url + "/logout")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(site.url + "/login")

    assert await page.context.cookies() == []
    answer = await page.goto(site.url + "/")
    assert answer is not None
    assert answer.status == 401
