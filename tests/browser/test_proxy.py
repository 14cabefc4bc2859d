"""The site behind a proxy that ends TLS and puts it below a path: all of it works there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from realtime.handlers.pages import SCREENS
from tests.browser.conftest import MakeSite, Watched, state
from tests.browser.proxy import PATH, free_port, proxied

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class Outside:
    """The site as one sees it from outside: whatever is asked for above its path is at another place."""

    url: str


async def test_every_page_works_below_a_path_behind_tls(make_site: MakeSite, browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    public = f"https://localhost:{port}{PATH}"
    site = await make_site(public_url=public, trusted_proxies=("127.0.0.1",))
    link = (await site.link()).replace(site.url, public)
    token = await site.token()
    with proxied(tmp_path, listen=port, to=site.port):
        context = await browser.new_context(ignore_https_errors=True)
        one = Watched(await context.new_page(), Outside(public))
        await one.page.goto(link)
        await one.page.locator("form button[type=submit]").first.click()
        await state(one.page, "live")
        assert one.page.url == f"{public}/"
        (cookie,) = [cookie for cookie in await context.cookies() if cookie["httpOnly"]]
        assert cookie["secure"]

        for path in SCREENS:
            await one.page.goto(public + path)
            await state(one.page, "live")
            assert one.sockets[-1].startswith(public.replace("https", "wss"))
        await one.page.goto(public)
        await state(one.page, "live")
        await site.post("sensors", {"tipo": "t", "modelo": "m", "nombre": "Patio"}, Authorization=f"Bearer {token}")
        await expect(one.page.locator("[data-key]").first).to_contain_text("Patio")
        await context.close()
    assert one.faults == []
