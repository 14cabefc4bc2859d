"""Every page for every role: nothing is asked for that is refused, no lever is there that could not be used."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Response, expect

from realtime.handlers.pages import SCREENS
from realtime.policy import Role
from tests.browser.conftest import MakeSite, Open, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEVERS = {
    "/": ("Pause",),
    "/conversations": ("New conversation",),
    "/sensors": ("New sensor", "New location", "Edit", "Delete"),
    "/connections": ("Declare …",),
    "/events": ("Pause", "Replay", "Publish", "Send"),
    "/settings": ("New user", "Back up now"),
}
"""The names of buttons that a device has no use for."""


async def visit(page: Page, site: Site, path: str) -> list[str]:
    """What the page at `path` asked for and was refused until nothing was on its way any more."""
    refused: list[str] = []

    def heard(response: Response) -> None:
        if response.status >= 400:
            refused.append(f"{response.status} {response.request.method} {response.url}")

    page.on("response", heard)
    await page.goto(site.url + path, wait_until="networkidle")
    await page.wait_for_selector(".status[data-state=live], .status[data-state=barred]")
    await page.wait_for_load_state("networkidle")
    page.remove_listener("response", heard)
    return refused


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVICE, Role.AGENT, Role.ADMIN])
async def test_no_page_asks_for_what_its_reader_may_not_have(make_site: MakeSite, open_page: Open, role: Role) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link(role))).page
    await page.locator("form button[type=submit]").first.click()
    await page.wait_for_selector(".status")

    refused = {path: await visit(page, site, path) for path in (*SCREENS, "/sensors?s=1", "/conversations?c=1")}

    # There is no sensor and no conversation here.
    missing = {path: [each for each in found if not each.startswith("404 ")] for path, found in refused.items()}
    assert {path: found for path, found in missing.items() if found} == {}


async def test_a_device_sees_no_lever_that_it_may_not_use_and_is_told_who_may(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link(Role.DEVICE))).page
    await page.locator("form button[type=submit]").first.click()
    await page.wait_for_selector(".status")

    for path, names in LEVERS.items():
        await visit(page, site, path)
        barred = page.locator("main .forbidden")
        assert await barred.count() > 0, path
        for text in await barred.all_inner_texts():
            assert "admins" in text.split("see this.")[1].split("An admin")[0].lower(), (path, text)
        for name in names:
            await expect(page.locator("main").get_by_role("button", name=name, exact=True), path).to_have_count(0)
