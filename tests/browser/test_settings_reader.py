"""The page of settings for whoever is no admin, and how it reads."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from realtime import keys
from realtime.config import TABLE
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, state
from tests.browser.settings_page import GOOD, OTHER, as_admin, closed_site, row, sign_in, user

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


# -- whoever is no admin ----------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
async def test_whoever_is_no_admin_has_their_own_things_and_no_levers_of_others(
    make_site: MakeSite, open_page: Open, role: Role
) -> None:
    site = await closed_site(make_site)
    page = (await sign_in(open_page, site, await user(site, "bruno", role))).page

    await expect(page.locator("#more")).to_contain_text(f"You are bruno ({role}), and may not see this.")
    assert await page.get_by_role("button", name="New user").count() == 0
    assert await page.get_by_role("button", name="Back up now").count() == 0

    await page.get_by_label("New password").fill(GOOD)
    await page.get_by_label("Once more").fill(GOOD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("bruno has a new password")
    await site.app[keys.ACCOUNTS].passwords.sign_in("bruno", GOOD, "203.0.113.1")

    await page.get_by_label("Present password").fill("wrong")
    await page.get_by_label("New password").fill(OTHER)
    await page.get_by_label("Once more").fill(OTHER)
    await page.keyboard.press("Enter")
    await expect(page.locator("small.error")).to_have_text("Is not your present password.")


async def test_an_agent_makes_tokens_of_their_own_and_of_no_more_than_their_role(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await closed_site(make_site)
    page = (await sign_in(open_page, site, await user(site, "bruno", Role.AGENT))).page

    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    roles = dialog.get_by_label("Role").locator("option")
    await expect(roles).to_have_text(["As the user", "viewer", "agent", "device"])
    assert await dialog.get_by_label("User").count() == 0
    await dialog.get_by_label("Role").select_option("device")
    await dialog.get_by_role("button", name="Make").click()
    await expect(dialog.locator("code")).to_have_count(2)
    token, curl = await dialog.locator("code").all_inner_texts()
    assert "/api/v1/readings/" in curl
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-token]")).to_contain_text("of bruno")
    assert token not in await page.content()


async def test_who_gets_another_role_sees_and_hears_what_that_one_may(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    users = site.app[keys.ACCOUNTS].users
    await user(site, "root", Role.ADMIN)
    bruno = await user(site, "bruno", Role.ADMIN)
    page = (await sign_in(open_page, site, bruno)).page
    await page.get_by_role("button", name="New user").wait_for()

    await users.update(SYSTEM, bruno, role=Role.VIEWER)
    await expect(page.locator("#more")).to_contain_text("You are bruno (viewer), and may not see this.")
    await state(page, "live")

    await users.update(SYSTEM, bruno, role=Role.ADMIN)
    await page.get_by_role("button", name="New user").wait_for()
    await state(page, "live")
    await user(site, "eva", Role.AGENT)
    await page.locator('[data-user="eva"]').wait_for()


async def test_a_guest_chooses_theme_and_language_and_has_no_account(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/settings")).page

    await expect(page.locator("#you")).to_contain_text("You are a guest of an open server")
    await expect(page.locator("#more")).to_contain_text("may not see this")
    assert await page.locator("#tokens").count() == await page.get_by_label("New password").count() == 0
    await page.get_by_role("radio", name="Dark").check()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("radio", name="Español").check()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ajustes")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


# -- how it reads -----------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
async def test_axe_finds_nothing(make_site: MakeSite, open_page: Open, theme: str, size: tuple[int, int]) -> None:
    site = await closed_site(make_site)
    number = await user(site, "x" * 64, Role.DEVICE)
    await site.app[keys.ACCOUNTS].tokens.create(SYSTEM, Wanted("<script>alert(1)</script>" * 2, number, channels=["a"]))
    page = await as_admin(open_page, site, theme=theme, size=size)
    await page.locator("#table").get_by_role("searchbox").fill("token")
    await page.locator("#backups summary").click()

    await accessible(page)
    await page.get_by_role("button", name="New token").click()
    await accessible(page)
    await page.get_by_role("button", name="Make").click()
    await page.get_by_role("button", name="Done").wait_for()
    await accessible(page)
    await page.keyboard.press("Escape")
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert await overflow(page) == 0


@pytest.mark.parametrize("locale", ["en-GB", "pt-BR", "es-ES"])
async def test_a_menu_stays_on_the_screen_of_a_small_phone(make_site: MakeSite, open_page: Open, locale: str) -> None:
    page = await as_admin(open_page, await closed_site(make_site), size=NARROW, locale=locale)

    await row(page, "ana").get_by_role("button").click()

    box = await page.get_by_role("menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW[0]


async def test_a_panel_that_could_not_be_loaded_says_so_and_tries_again(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    page = await as_admin(open_page, site)
    await page.route("**/api/v1/settings/*", lambda route: route.abort())
    await page.reload()
    table = page.locator("#table")
    await expect(table.get_by_role("alert")).to_contain_text("This could not be loaded.")

    await page.unroute("**/api/v1/settings/*")
    await table.get_by_role("button", name="Try again").click()
    await expect(table.get_by_role("status")).to_have_text(f"{len(TABLE)} settings")
