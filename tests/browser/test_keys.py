"""Without a mouse: the focus is never nowhere, whatever goes from under it."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.browser.conftest import ROWS, MakeSite, Open, Site, read, state
from tests.browser.desk import conversation, desk, message, reply
from tests.browser.settings_page import as_admin, closed_site

pytestmark = pytest.mark.asyncio(loop_scope="session")

BESIDE = "document.activeElement.matches('body, main')"


async def press(button: Locator, key: str = "Enter") -> None:
    """Press it as whoever has a keyboard alone."""
    await button.focus()
    await button.page.keyboard.press(key)


async def somewhere_in(page: Page, selector: str) -> None:
    """Wait until something in there has the focus."""
    await page.wait_for_function("(inside) => document.activeElement?.closest(inside) !== null", arg=selector)


async def test_a_lever_that_has_done_its_work_leaves_the_focus_to_what_takes_its_place(
    site: Site, open_page: Open
) -> None:
    page = await desk(open_page, site, await conversation(site))

    await press(page.get_by_role("button", name="Mark as pending"))
    await expect(page.get_by_role("button", name="Mark as open")).to_be_focused()
    await press(page.get_by_role("button", name="Close", exact=True))
    await expect(page.get_by_role("button", name="Reopen")).to_be_focused()
    await press(page.get_by_role("button", name="Record a rating"))
    await expect(page.get_by_role("radio", name="1")).to_be_focused()
    await press(page.get_by_role("button", name="Cancel"))
    await expect(page.get_by_role("button", name="Record a rating")).to_be_focused()


async def test_the_reactions_that_are_offered_are_next_to_the_key_that_asks_for_them(
    site: Site, open_page: Open
) -> None:
    page = await desk(open_page, site, await conversation(site, "João", "Hola"))
    react = page.get_by_role("button", name="React")

    await press(react)
    await expect(page.get_by_role("button", name="Thumbs up")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("button", name="Heart")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(react).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    chip = page.locator("button.chip")
    await press(chip)
    await expect(chip).to_have_count(0)
    await expect(react).to_be_focused()


async def test_a_deletion_is_taken_back_where_the_reader_is(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site()
    page = (await open_page(site, await site.link(Role.AGENT))).page
    await page.locator("form button").first.click()
    await page.wait_for_selector(".status")
    await page.goto(f"{site.url}/conversations?c={await conversation(site)}")
    await state(page, "live")
    await reply(page, "por error")

    await press(message(page, "por error").get_by_role("button", name="Delete"))
    await expect(message(page, "por error")).to_contain_text("Will be deleted")
    await somewhere_in(page, ".message.doomed")
    await press(page.get_by_role("button", name="Keep the message"))

    await expect(page.locator(".toast")).to_have_count(0)
    await expect(message(page, "por error").get_by_role("button", name="Delete")).to_be_visible()
    await somewhere_in(page, ".message")


async def test_a_row_that_goes_leaves_the_focus_to_its_neighbour(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    page = await as_admin(open_page, site)
    for name in ("one", "two", "three"):
        await site.app[keys.ACCOUNTS].tokens.create(SYSTEM, Wanted(name, "ana"))

    await press(page.get_by_role("button", name="Revoke two"))
    await press(page.get_by_role("dialog").get_by_role("button", name="Revoke"))

    await expect(page.locator("[data-token]", has_text="two")).to_have_count(0)
    await somewhere_in(page, "[data-token]")


async def test_what_is_switched_off_under_the_focus_gives_it_on(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/connections")).page
    await page.get_by_label("Dialect", exact=True).select_option("chat")

    await press(page.get_by_role("button", name="Clear"))

    await expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    await somewhere_in(page, "form.filters")


async def test_whoever_presses_beside_everything_is_left_alone(site: Site, open_page: Open) -> None:
    page = await desk(open_page, site, number := await conversation(site))
    await page.get_by_role("button", name="Close", exact=True).focus()
    await page.locator(".thread .standing").click()
    assert await page.evaluate(BESIDE)

    async with site.session.post(f"{site.url}/api/v1/conversations/{number}/close/") as answer:
        assert answer.status == 200
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()

    # Longer than the keeper of the focus waits: by then it would have moved it.
    await page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert await page.evaluate(BESIDE)


async def test_who_goes_through_a_live_list_by_keys_is_not_moved_and_finds_the_way_to_what_is_new(
    site: Site, open_page: Open
) -> None:
    sensor = await site.sensor()
    await read(site, sensor, 1, 2, 3)
    page = (await open_page(site)).page
    await state(page, "live")
    rows, waiting = page.locator(f"{ROWS} summary"), page.locator(".sensor-events .waiting button")
    await expect(page.locator(ROWS)).not_to_have_count(0)
    shown = await rows.count()

    await rows.first.focus()
    await read(site, sensor, 4)
    await expect(waiting).to_have_text("↑ 1 new event")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await expect(rows).to_have_count(shown)
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(waiting).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(rows).to_have_count(shown + 1)
    await expect(rows.first).to_be_focused()
