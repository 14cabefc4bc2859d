"""For tests of the page of settings: a closed server, and somebody who is signed in."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from tests.browser.conftest import MakeSite, Open, Site, Watched, state

GOOD, OTHER = "correct horse battery", "otro caballo, otra pila"


async def closed_site(make_site: MakeSite, **settings: Any) -> Site:
    """A closed server whose hashes cost as little as may be."""
    return await make_site(access="closed", password_memory="8MiB", **settings)


async def user(site: Site, name: str, role: Role) -> int:
    """The id of a new user."""
    return int((await site.app[keys.ACCOUNTS].users.create(SYSTEM, name, role))["id"])


async def sign_in(open_page: Open, site: Site, number: int, **more: Any) -> Watched:
    """The page, for that user."""
    link = await site.app[keys.ACCOUNTS].logins.make_link(SYSTEM, number)
    opened = await open_page(site, f"/login/{link.code}", **more)
    await opened.page.locator(".sheet button").click()
    await opened.page.wait_for_url(f"{site.url}/")
    await opened.page.goto(f"{site.url}/settings")
    await state(opened.page, "live")
    return opened


async def as_admin(open_page: Open, site: Site, **more: Any) -> Page:
    """The page, for an admin called ana."""
    return (await sign_in(open_page, site, await user(site, "ana", Role.ADMIN), **more)).page


def row(page: Page, name: str) -> Locator:
    """The row of that user."""
    return page.locator(f'[data-user="{name}"]')
