"""The page of conversations, for tests: what is on it, in short words."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open, Site, state

ROWS = ".conversation"
MESSAGES = ".message[data-id]"


async def conversation(site: Site, name: str = "João Silva", *texts: str, **more: Any) -> int:
    """The id of a new conversation, in which the customer has said this."""
    row = await site.post("conversations", {"contact_name": name, **more})
    for text in texts:
        await say(site, row["id"], text)
    return int(row["id"])


async def say(site: Site, of: int, text: str, sender: str = "customer", **more: Any) -> int:
    """The id of a new message."""
    return int((await site.post(f"conversations/{of}/messages", {"content": text, "sender": sender, **more}))["id"])


async def patch(site: Site, path: str, body: Any) -> None:
    """Change a row."""
    async with site.session.patch(f"{site.url}/api/v1/{path}/", json=body) as answer:
        assert answer.status == 200, await answer.text()


async def get(site: Site, path: str) -> Any:
    """What the server has."""
    async with site.session.get(f"{site.url}/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def desk(open_page: Open, site: Site, of: int | None = None, **more: Any) -> Page:
    """The page, live, with a conversation open."""
    page = (await open_page(site, "/conversations" if of is None else f"/conversations?c={of}", **more)).page
    await state(page, "live")
    if of is not None:
        await expect(page.locator(".thread h2")).to_be_focused()
    return page


def message(page: Page, text: str) -> Locator:
    """The message that says this."""
    return page.locator(MESSAGES).filter(has=page.locator(".text", has_text=text))


async def reply(page: Page, text: str) -> None:
    """Write into the field, and send."""
    await page.get_by_label("Reply").fill(text)
    await page.keyboard.press("Enter")
