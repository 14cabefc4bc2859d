"""The list of conversations in a real browser: narrowed, searched, long, and still while somebody reads in it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, Open, Site
from tests.browser.desk import ROWS, conversation, desk, patch, say

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def contacts(page: Page) -> list[str]:
    return list(await page.locator(f"{ROWS} .contact").all_text_contents())


async def many(site: Site, count: int) -> None:
    for number in range(count):
        await site.post("conversations", {"contact_name": f"Contact {number}"})


async def test_the_list_is_narrowed_and_the_address_says_how(site: Site, open_page: Open) -> None:
    one = await conversation(site, "João", "O pedido não chegou")
    two = await conversation(site, "Carmen", "¿Y mi factura?")
    await conversation(site, "Emily", "order")
    await patch(site, f"conversations/{two}", {"status": "closed"})
    page = await desk(open_page, site)
    await expect(page.locator(ROWS)).to_have_count(3)

    await page.get_by_label("Status").select_option("closed")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Carmen"])
    await patch(site, f"conversations/{one}", {"status": "closed"})
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Carmen", "João"])
    await page.get_by_role("searchbox").fill("pedido chegou")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["João"])
    await page.reload()
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["João"])
    await expect(page.get_by_label("Status")).to_have_value("closed")
    await page.get_by_role("searchbox").fill("nothing like it")
    await page.get_by_role("button", name="Show all").click()
    await expect(page.locator(ROWS)).to_have_count(3)
    await page.get_by_label("Time range").select_option("24h")
    await page.get_by_label("Assignee").select_option("none")
    await expect(page.locator(ROWS)).to_have_count(3)
    assert page.url.endswith("?who=none&since=24h")


async def test_a_search_finds_what_is_said_later(site: Site, open_page: Open) -> None:
    of = await conversation(site, "João", "Olá")
    page = await desk(open_page, site)
    await page.get_by_role("searchbox").fill("factura")
    await expect(page.locator(".empty")).to_contain_text("No conversation fits.")

    await say(site, of, "¿Dónde está la factura?")

    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["João"])


async def test_of_a_long_list_only_what_is_seen_is_drawn(site: Site, open_page: Open) -> None:
    await many(site, 130)
    page = await desk(open_page, site)
    await expect(page.locator(".count")).to_have_text("130 conversations")
    assert await page.locator(ROWS).count() < 40

    await page.locator(ROWS).first.focus()
    for _ in range(3):
        await page.keyboard.press("End")
        await expect(page.locator(f"{ROWS}:focus")).to_have_count(1)
        await page.wait_for_function("top => document.activeElement.closest('li')?.ariaPosInSet > top", arg=40)
    await page.wait_for_function(
        "() => {const box = document.querySelector('.rows'); box.scrollTop = box.scrollHeight;"
        " return [...document.querySelectorAll('.contact')].some(name => name.textContent === 'Contact 0')}"
    )

    assert await page.locator(ROWS).count() < 40
    last = page.locator("li", has=page.locator(ROWS, has_text="Contact 0"))
    await expect(last).to_have_attribute("aria-posinset", "130")
    await expect(last).to_have_attribute("aria-setsize", "130")


@pytest.mark.parametrize("size", [(3840, 2160), WIDE, NARROW], ids=["wall", "wide", "narrow"])
async def test_a_row_shows_its_three_lines_whatever_the_name(
    site: Site, open_page: Open, size: tuple[int, int]
) -> None:
    await conversation(site, "María-José Fernández de la Fuente y Rodríguez", "O pedido não chegou")
    page = await desk(open_page, site, size=size)
    await expect(page.locator(".unread")).to_be_visible()

    box = "part => part.getBoundingClientRect().toJSON()"
    row = await page.locator(ROWS).evaluate(box)
    contact, unread, last, meta = [
        await page.locator(f"{ROWS} .{part}").evaluate(box) for part in ("contact", "unread", "last", "meta")
    ]
    assert abs(contact["top"] + contact["bottom"] - unread["top"] - unread["bottom"]) < 8
    letters = await page.locator(f"{ROWS} .last").evaluate("part => parseFloat(getComputedStyle(part).fontSize)")
    assert last["height"] > letters
    assert row["top"] <= contact["top"]
    assert meta["bottom"] <= row["bottom"]


async def test_who_reads_further_down_is_not_moved(site: Site, open_page: Open) -> None:
    await many(site, 40)
    page = await desk(open_page, site)
    await expect(page.locator(".count")).to_have_text("40 conversations")
    await page.locator(".rows").evaluate("box => (box.scrollTop = 1000)")
    await expect(page.locator(ROWS, has_text="Contact 25")).to_be_visible()
    before = await contacts(page)

    await say(site, 1, "Eu primeiro")
    await conversation(site, "Nova")

    await expect(page.get_by_role("button", name="2 conversations with news")).to_be_visible()
    assert await contacts(page) == before
    await page.get_by_role("button", name="2 conversations with news").click()
    await expect(page.locator(f"{ROWS} .contact").nth(0)).to_have_text("Nova")
    await expect(page.locator(f"{ROWS} .contact").nth(1)).to_have_text("Contact 0")


async def test_what_changes_further_down_meanwhile_is_neither_lost_nor_twice(site: Site, open_page: Open) -> None:
    await many(site, 120)
    page = await desk(open_page, site)
    await expect(page.locator(".count")).to_have_text("120 conversations")

    await patch(site, "conversations/10", {"contact_name": "Renamed"})
    await patch(site, "conversations/119", {"contact_name": "Also"})
    await expect(page.locator(f"{ROWS} .contact").nth(1)).to_have_text("Also")
    await say(site, 5, "Olá")
    await expect(page.locator(f"{ROWS} .contact").nth(0)).to_have_text("Contact 4")
    found = await page.evaluate(WALK)

    assert sorted(found) == list(range(1, 121))
    assert await page.evaluate("document.querySelector('.rows').scrollHeight") == 120 * 88


WALK = """async () => {
  const box = document.querySelector(".rows"), found = new Set();
  for (let still = 0, top = -1; still < 60; ) {
    for (const row of box.querySelectorAll(".conversation")) found.add(Number(row.dataset.id));
    box.scrollTop += 300;
    await new Promise(requestAnimationFrame);
    still = box.scrollTop === top ? still + 1 : 0;
    top = box.scrollTop;
  }
  return [...found];
}"""
