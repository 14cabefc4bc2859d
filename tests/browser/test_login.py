"""The page to sign in on, in a real browser: by name and password, under our own policy."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from tests.browser.conftest import NARROW, PHONE, MakeSite, Open, Site, accessible, overflow

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GOOD = "correct horse battery"


async def with_ana(make_site: MakeSite) -> Site:
    """A closed server with a user who has a password."""
    site = await make_site(access="closed", password_memory="8MiB")
    accounts = site.app[keys.ACCOUNTS]
    await accounts.passwords.set(SYSTEM, (await accounts.users.create(SYSTEM, "ana", Role.AGENT))["id"], GOOD)
    return site


async def test_a_wrong_password_is_said_and_the_right_one_signs_in(make_site: MakeSite, open_page: Open) -> None:
    site = await with_ana(make_site)
    page = (await open_page(site, "/login")).page

    await page.get_by_label("Name").fill("ana")
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    assert await page.get_by_role("alert").inner_text() == "Name or password is wrong."
    assert await page.get_by_label("Name").input_value() == "ana"
    assert await page.get_by_label("Password").input_value() == ""

    await page.get_by_label("Password").fill(GOOD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.url}/")
    assert [cookie["httpOnly"] for cookie in await page.context.cookies()] == [True]


async def test_the_page_that_was_asked_for_comes_after_signing_in(make_site: MakeSite, open_page: Open) -> None:
    site = await with_ana(make_site)
    page = (await open_page(site, "/?since=10m")).page
    await page.get_by_role("heading", name="You are not signed in").wait_for()

    await page.keyboard.type("ana")
    await page.keyboard.press("Tab")
    await page.keyboard.type(GOOD)
    await page.keyboard.press("Enter")

    await page.wait_for_url(f"{site.url}/?since=10m")
    await page.get_by_role("status").first.wait_for()


async def test_signing_in_from_a_page_leads_back_to_it(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="open", password_memory="8MiB")
    accounts = site.app[keys.ACCOUNTS]
    await accounts.passwords.set(SYSTEM, (await accounts.users.create(SYSTEM, "ana", Role.AGENT))["id"], GOOD)
    page = (await open_page(site, "/settings?from=link#health")).page

    await page.locator("#you").get_by_role("link", name="Sign in").click()
    await page.get_by_label("Name").fill("ana")
    await page.get_by_label("Password").fill(GOOD)
    await page.keyboard.press("Enter")

    await page.wait_for_url(f"{site.url}/settings?from=link")
    await page.get_by_text("You are ana (agent).").wait_for()


async def test_a_link_as_text_signs_in_by_keyboard_and_signing_out_ends_it(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await make_site(access="closed")
    link = await site.link()
    page = (await open_page(site, "/login")).page

    await page.get_by_text("Without a password").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Your link").fill(link)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.url}/")

    await page.goto(f"{site.url}/logout")
    assert "You are ana here." in await page.locator("main").inner_text()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{site.url}/login")
    assert await page.context.cookies() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/logout", "/nowhere"])
async def test_axe_finds_nothing_on_the_pages_around_it(
    make_site: MakeSite, open_page: Open, theme: str, path: str
) -> None:
    site = await with_ana(make_site)
    page = (await open_page(site, path, theme=theme, size=PHONE)).page

    await accessible(page)
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert await overflow(page) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("refused", [False, True], ids=["first", "refused"])
async def test_axe_finds_nothing(make_site: MakeSite, open_page: Open, theme: str, *, refused: bool) -> None:
    site = await with_ana(make_site)
    page = (await open_page(site, "/login", theme=theme, size=PHONE)).page
    if refused:
        await page.get_by_label("Name").fill("x" * 64)
        await page.get_by_label("Password").fill("wrong")
        await page.keyboard.press("Enter")
        await page.get_by_role("alert").wait_for()

    await accessible(page)
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert await overflow(page) == 0


async def test_language_and_theme_can_be_chosen_before_one_signs_in(make_site: MakeSite, open_page: Open) -> None:
    site = await with_ana(make_site)
    page = (await open_page(site, "/login?next=/settings")).page

    await page.get_by_role("button", name="Español").click()
    await page.get_by_role("button", name="Oscuro").click()

    await expect(page.locator("html[data-theme=dark][lang=es]")).to_have_count(1)
    await expect(page.get_by_role("button", name="Español")).to_have_attribute("aria-pressed", "true")
    await accessible(page)
    await page.get_by_label("Nombre").fill("ana")
    await page.get_by_label("Contraseña").fill(GOOD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.url}/settings")


async def test_the_page_speaks_the_readers_language(make_site: MakeSite, open_page: Open) -> None:
    site = await with_ana(make_site)

    for locale, label in (("pt-BR", "Senha"), ("es-MX", "Contraseña")):
        page = (await open_page(site, "/login", locale=locale)).page
        await page.get_by_label(label, exact=True).wait_for()
