"""Who gets another role, or is another one, while a page is open."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.browser.conftest import MakeSite, Open, Site, state
from tests.browser.desk import conversation
from tests.browser.settings_page import sign_in, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"


async def given(site: Site, number: int, role: Role) -> None:
    """Another role for that user."""
    token = {"Authorization": f"Bearer {await site.token(Role.ADMIN)}"}
    async with site.session.patch(f"{site.url}/api/v1/users/{number}/", json={"role": role}, headers=token) as answer:
        assert answer.status == 200


async def signed_out(site: Site, page: Page) -> None:
    """Sign out in another tab."""
    elsewhere = await page.context.new_page()
    await elsewhere.goto(f"{site.url}/logout")
    await elsewhere.get_by_role("button", name="Sign out").click()
    await state(page, "signedout")


async def instead(site: Site, page: Page, otto: int) -> None:
    """Sign in again in another tab, as another agent."""
    elsewhere = await page.context.new_page()
    link = await site.app[keys.ACCOUNTS].logins.make_link(SYSTEM, otto)
    await elsewhere.goto(f"{site.url}/login/{link.code}")
    await elsewhere.locator(".sheet button").click()
    await elsewhere.wait_for_url(f"{site.url}/")
    await page.evaluate(LOOKED_AT)
    await state(page, "live")
    await expect(page.locator(".bar")).to_contain_text("otto")


PAGES = [
    ("/", ".panel .forbidden", ".card"),
    ("/conversations?c=1", ".thread .forbidden", ".message .text"),
    ("/sensors?s=1", ".panel .forbidden", ".sensor[data-sensor]"),
    ("/events", ".panel .forbidden", "[data-channel=chat]"),
]


@pytest.mark.parametrize(("path", "barred", "content"), PAGES)
async def test_who_may_see_nothing_any_more_sees_nothing_and_all_again_later(
    make_site: MakeSite, open_page: Open, path: str, barred: str, content: str
) -> None:
    site = await make_site()
    await site.sensor(nombre="Techo")
    await conversation(site, "João", "hello")
    await site.stop()
    site.settings["access"] = "closed"
    await site.start()
    vera = await user(site, "vera", Role.VIEWER)
    page = (await sign_in(open_page, site, vera)).page
    await page.goto(site.url + path)
    await state(page, "live")
    await page.locator(content).first.wait_for()

    await given(site, vera, Role.DEVICE)
    await state(page, "barred")
    await page.locator(barred).first.wait_for()
    await expect(page.locator(content)).to_have_count(0)

    await given(site, vera, Role.VIEWER)
    await page.evaluate(LOOKED_AT)
    await state(page, "live")
    await page.locator(content).first.wait_for()
    await expect(page.locator(barred)).to_have_count(1 if path == "/" else 0)


async def test_who_may_hear_nothing_and_signs_out_is_told_so(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    device = await user(site, "device", Role.DEVICE)
    link = await site.app[keys.ACCOUNTS].logins.make_link(SYSTEM, device)
    page = (await open_page(site, f"/login/{link.code}")).page
    await page.locator(".sheet button").click()
    await state(page, "barred")

    await page.context.clear_cookies()
    await page.evaluate(LOOKED_AT)

    await state(page, "signedout")


async def test_who_signs_in_after_another_takes_conversations_for_themselves(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await make_site()
    of = await conversation(site, "João", "hello")
    await site.stop()
    site.settings["access"] = "closed"
    await site.start()
    page = (await sign_in(open_page, site, await user(site, "vera", Role.AGENT))).page
    await page.goto(f"{site.url}/conversations?c={of}")
    await state(page, "live")
    await page.locator(".take").wait_for()
    text = page.locator(".message .text")
    await expect(text).to_be_visible()

    await signed_out(site, page)
    await expect(text).to_be_hidden()
    await instead(site, page, await user(site, "otto", Role.AGENT))
    await expect(text).to_be_visible()
    await page.locator(".take").click()

    await expect(page.locator(".standing")).to_contain_text("otto")


async def test_who_signs_in_after_another_sees_their_own_tokens(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    await site.token(Role.AGENT)
    vera, otto = await user(site, "vera", Role.AGENT), await user(site, "otto", Role.AGENT)
    await site.app[keys.ACCOUNTS].tokens.create(SYSTEM, Wanted("of vera", "vera", Role.AGENT))
    page = (await sign_in(open_page, site, vera)).page
    await expect(page.locator("#tokens")).to_contain_text("of vera")

    await signed_out(site, page)
    await instead(site, page, otto)

    await expect(page.locator("#tokens")).to_contain_text("There is no token yet")
