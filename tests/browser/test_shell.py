"""What stands around every page: navigation, themes, languages, who reads and the way out."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from realtime.handlers.pages import SCREENS
from realtime.policy import Role
from tests.browser.conftest import NARROW, MakeSite, Open, Site, overflow, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("path", SCREENS)
async def test_a_page_says_which_one_it_is_and_comes_live(site: Site, open_page: Open, path: str) -> None:
    page = (await open_page(site, path)).page
    await state(page, "live")

    assert (await page.title()).startswith(SCREENS[path].title)
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    here = page.get_by_role("navigation").locator("[aria-current=page]")
    await expect(here).to_have_text(SCREENS[path].title)
    await expect(here).to_have_attribute("href", f"{site.url}{path}")


@pytest.mark.parametrize("path", SCREENS)
async def test_the_first_stop_of_the_keyboard_leads_to_the_content(site: Site, open_page: Open, path: str) -> None:
    page = (await open_page(site, path, size=NARROW)).page
    await state(page, "live")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the content")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    assert await overflow(page) <= 0


async def test_a_theme_is_chosen_by_keyboard_and_stays(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    light = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    await page.get_by_role("button", name="Guest").press("ArrowDown")
    await page.keyboard.press("End")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    async with page.expect_response("**/preferences"):
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(page.get_by_role("button", name="Guest")).to_be_focused()
    dark = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light

    await page.reload(wait_until="commit")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    await state(page, "live")
    assert await page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark


async def test_a_language_is_chosen_and_stays(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await page.get_by_role("button", name="Guest").click()

    await page.get_by_role("menuitemradio", name="Português").click()

    await expect(page.locator(".status .shown")).to_have_text("Ao vivo")
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    await page.get_by_role("button", name="Convidado").click()
    await expect(page.get_by_role("menuitemradio", name="Português")).to_have_attribute("aria-checked", "true")


async def test_who_is_signed_in_finds_the_way_out(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link())).page
    await page.get_by_role("button", name="Sign in").click()
    await state(page, "live")

    await page.get_by_role("button", name="ana").click()
    await expect(page.get_by_role("menu")).to_contain_text("ana (admin)")
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.get_by_role("button", name="Sign out").click()

    await expect(page).to_have_url(f"{site.url}/login")


async def test_what_an_admin_says_to_one_connection_is_shown(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    rows = f"{site.url}/api/v1/websockets/"
    async with site.session.get(rows, params={"status": "Ativa"}) as answer:
        (row,) = (await answer.json())["results"]

    headers = {"Authorization": f"Bearer {await site.token(Role.ADMIN)}"}
    await site.session.post(
        f"{rows}{row['id']}/messages/", json={"level": "warning", "message": "Ciao."}, headers=headers
    )

    toast = page.locator(".toast[data-kind=warning]")
    await expect(toast).to_contain_text("Ciao.")
    await toast.get_by_role("button", name="Close").click()
    await expect(toast).to_have_count(0)
