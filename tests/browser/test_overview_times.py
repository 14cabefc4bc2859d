"""How long customers wait, on the start page: all of it in sight, at times that somebody would name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import NARROW, PHONE, WIDE, Open, Site, overflow, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What is written on a canvas leaves no other trace.
WRITTEN = """window.written = [];
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.push(text);
  return fillText.call(this, text, ...rest);
};"""

MOUNT = """async ({root, report}) => {
  const [{ Times }, { html }, { render }] = await Promise.all([
    import(`${root}static/js/overview/courses.js`), import(`${root}static/js/html.js`),
    import(document.querySelector("script[type=importmap]").textContent
      .match(/"preact":"([^"]+)"/)[1].replace(/^/, root))]);
  const place = document.querySelector("#app main");
  place.replaceChildren();
  render(html`<div class="courses"><section class="panel"><${Times} report=${report} /></section></div>`, place);
}"""

FIGURES = {"response_time": 466, "first_response_time": 86_399, "resolution_time": 363_600}
REPORT: dict[str, Any] = {
    **FIGURES,
    "percentiles": {name: {"p50": seconds, "p90": 2 * seconds} for name, seconds in FIGURES.items()},
    "days": [
        {"day": f"2026-11-{day:02}", "response_time_p50": 480 + day, "response_time_p90": 800 + day}
        for day in range(1, 29)
    ],
}


async def listening(context: BrowserContext) -> None:
    await context.add_init_script(WRITTEN)


async def mounted(site: Site, open_page: Open, size: tuple[int, int], locale: str = "en-GB") -> Page:
    page: Page = (await open_page(site, size=size, locale=locale, prepare=listening)).page
    await state(page, "live")
    await page.evaluate(MOUNT, {"root": f"{site.url}/", "report": REPORT})
    await expect(page.locator(".chart-holder canvas")).to_be_visible()
    return page


@pytest.mark.parametrize("locale", ["en-GB", "pt-BR", "es"])
@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow"])
async def test_mean_p50_and_p90_are_all_in_sight_on_a_phone(
    site: Site, open_page: Open, size: tuple[int, int], locale: str
) -> None:
    page = await mounted(site, open_page, size, locale)

    wider = await page.locator(".wide-table").evaluate("box => box.scrollWidth - box.clientWidth")
    assert wider <= 0
    heights = await page.locator(".times tbody tr").evaluate_all("rows => rows.map((one) => one.offsetHeight)")
    assert max(heights) < 60
    assert await overflow(page) <= 0


async def test_the_scale_of_a_course_is_in_round_minutes(site: Site, open_page: Open) -> None:
    page = await mounted(site, open_page, WIDE)

    await page.wait_for_function("() => window.written.some((text) => text.endsWith('m'))")
    written = await page.evaluate("window.written")
    scale = {text for text in written if re.search(r"\d[ms]$", text)}
    assert {"5m", "10m"} <= scale
    assert not [text for text in scale if re.search(r"m \d+s$", text)]


async def test_the_grid_counts_whole_conversations(site: Site, open_page: Open) -> None:
    await site.post("conversations", {"contact_name": "Eva"})
    page = (await open_page(site, prepare=listening)).page

    await page.wait_for_function("() => window.written.includes('1')")

    numbers = {text for text in await page.evaluate("window.written") if re.fullmatch(r"[\d.,]+", text)}
    assert numbers <= {"0", "1", "2"}


async def test_charts_that_could_not_be_loaded_can_be_asked_for_again(site: Site, open_page: Open) -> None:
    await site.post("conversations", {"contact_name": "Eva"})

    async def cut(context: BrowserContext) -> None:
        await context.route("**/courses.*.js", lambda route: route.abort())

    opened = await open_page(site, prepare=cut)
    again = opened.page.locator(".figures").get_by_role("button", name="Try again")
    await again.wait_for()
    assert all("ERR_FAILED" in fault for fault in opened.faults)
    opened.faults.clear()

    await opened.page.context.unroute("**/courses.*.js")
    await again.click()

    await expect(opened.page.locator("#by-day canvas")).to_be_visible()
