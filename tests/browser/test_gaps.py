"""What can no longer be replayed: each page asks for it anew once it is live again, and says so."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from tests.browser.conftest import MakeSite, Open, Site, offline, state
from tests.browser.desk import conversation
from tests.browser.settings_page import as_admin, closed_site, row, user

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def away(page: Page) -> None:
    """Take the page's network away."""
    await offline(page, True)
    await state(page, "offline")


async def back(site: Site, page: Page) -> None:
    """Remove all but the last event, let something happen after it, and give the page its network again."""
    token = {"Authorization": f"Bearer {await site.token(Role.ADMIN)}"}

    async def standing() -> tuple[int, int]:
        async with site.session.get(f"{site.url}/api/v1/events?limit=1", headers=token) as answer:
            page = await answer.json()
            return page["oldest"], page["tip"]

    _, seen = await standing()
    await site.stop()
    await site.start()
    while (await standing())[0] < seen:
        pass  # The log is trimmed in the background.
    await site.app[keys.ACCOUNTS].users.create(SYSTEM, "last", Role.VIEWER)
    await offline(page, False)
    await state(page, "live")


async def test_the_sensors_are_those_of_the_server(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(log_retention_events=1)
    gone = await site.sensor(nombre="gone")
    page = (await open_page(site, "/sensors")).page
    await state(page, "live")
    await expect(page.locator(".sensor[data-sensor] .name", has_text="gone")).to_have_count(1)

    await away(page)
    async with site.session.delete(f"{site.url}/api/v1/sensors/{gone}/") as answer:
        assert answer.status == 204
    await site.sensor(nombre="new")
    await back(site, page)

    await expect(page.locator(".toast")).to_contain_text("loaded anew")
    await expect(page.locator(".sensor[data-sensor] .name", has_text="new")).to_have_count(1)
    await expect(page.locator(".sensor[data-sensor] .name", has_text="gone")).to_have_count(0)


async def test_the_overview_has_the_ratings_and_the_entries_that_it_missed(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await make_site(log_retention_events=1)
    of = await conversation(site, "João", "hello")
    page = (await open_page(site)).page
    await state(page, "live")
    await expect(page.locator("#csat")).to_contain_text("Nobody has rated")

    await away(page)
    await site.post(f"conversations/{of}/csat", {"rating": 4, "feedback": "missed"})
    await back(site, page)

    await expect(page.locator(".toast")).to_contain_text("loaded anew")
    await expect(page.locator("#csat .said")).to_have_text("missed")
    await expect(page.locator(".feed .gap")).to_contain_text("can no longer be replayed")


async def test_the_settings_are_those_of_the_server(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site, log_retention_events=1)
    page = await as_admin(open_page, site)

    await away(page)
    await user(site, "missed", Role.AGENT)
    await back(site, page)

    await expect(page.locator(".toast")).to_contain_text("loaded anew")
    await expect(row(page, "missed")).to_have_count(1)


@pytest.mark.parametrize("path", ["/", "/conversations", "/sensors", "/connections", "/events", "/settings"])
async def test_another_history_is_said_on_every_page(make_site: MakeSite, open_page: Open, path: str) -> None:
    site, other = await make_site(), await make_site()
    page = (await open_page(site, path)).page
    await state(page, "live")

    await site.stop()
    await other.stop()
    other.port, other.url = site.port, site.url
    await other.start()

    await state(page, "live")
    await expect(page.locator(".toast")).to_contain_text("loaded")


async def test_a_conversation_that_another_history_does_not_have_is_gone(make_site: MakeSite, open_page: Open) -> None:
    site, other = await make_site(), await make_site()
    of = await conversation(site, "João", "former")
    page = (await open_page(site, f"/conversations?c={of}")).page
    await state(page, "live")
    await expect(page.locator(".thread h2")).to_have_text("João")

    await site.stop()
    await other.stop()
    other.port, other.url = site.port, site.url
    await other.start()

    await expect(page.locator(".thread")).to_contain_text(f"There is no conversation {of}.")
    await expect(page.locator(".thread h2")).to_have_text(f"Conversation {of}")
    await expect(page.locator(".thread .levers")).to_have_count(0)
