"""Charts and trend lines: the same for an eye, a pointer, a keyboard and a screen reader, under a page's policy."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, Open, Site, accessible, overflow, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Any page of ours can hold a chart: the modules are asked for as a page asks for them.
MOUNT = """async ({root, props}) => {
  const [{ Chart }, { Spark }, { html }, { render }] = await Promise.all([
    import(`${root}static/js/components/chart.js`), import(`${root}static/js/components/spark.js`),
    import(`${root}static/js/html.js`), import(document.querySelector('script[type=importmap]')
      .textContent.match(/"preact":"([^"]+)"/)[1].replace(/^/, root))]);
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = `${root}static/css/chart.css`;
  document.head.append(sheet);
  await new Promise((loaded) => { sheet.onload = loaded; });
  const place = document.querySelector("#app main");
  place.replaceChildren();
  const zooms = (window.zooms = []);
  const trend = props.series[0].points;
  window.draw = (more) => render(html`<h1>Chart</h1><${Chart} ...${props} ...${more}
    onZoom=${(stretch) => { zooms.push(stretch);
      window.draw({ range: stretch && [stretch.since, stretch.until], zoomed: stretch !== null }); }} />
    <${Spark} points=${trend} label="Trend" />`, place);
  window.draw({});
}"""

START = 1_784_000_000_000
MINUTE = 60_000
POINTS = [[START + n * MINUTE, 20 + n % 7] for n in range(60)]
MARKS = [
    {"at": START + 10 * MINUTE, "label": "pico (alta)", "kind": "anomaly"},
    {"at": START + 40 * MINUTE, "label": "24h", "kind": "prediction"},
]
PROPS = {"label": "Patio", "unit": "°C", "marks": MARKS, "series": [{"name": "Temperatura", "points": POINTS}]}


async def mount(site: Site, open_page: Open, props: dict[str, object] = PROPS, **given: object) -> Page:
    page = (await open_page(site, **given)).page
    await state(page, "live")
    await page.evaluate(MOUNT, {"root": f"{site.url}/", "props": props})
    await expect(page.locator(".chart-holder canvas, .chart-none").first).to_be_visible()
    return page


async def test_a_chart_is_drawn_and_says_what_it_shows(site: Site, open_page: Open) -> None:
    page = await mount(site, open_page)

    image = page.get_by_role(
        "img", name="Patio. Temperatura: 60 values, lowest 20 °C, highest 26 °C, last 23 °C. 2 marks."
    )
    await expect(image).to_be_visible()
    await expect(page.get_by_role("img", name="Trend")).to_be_visible()
    painted = """() => { const c = document.querySelector(".chart-holder canvas");
      return new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size; }"""
    await page.wait_for_function(f"({painted})() > 20")


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
async def test_axe_finds_nothing_in_a_chart(site: Site, open_page: Open, size: tuple[int, int], theme: str) -> None:
    page = await mount(site, open_page, size=size, theme=theme)

    await accessible(page)
    assert await overflow(page) == 0
    await page.get_by_role("button", name="Show as table").click()
    await accessible(page)


async def test_the_table_says_what_the_chart_shows(site: Site, open_page: Open) -> None:
    page = await mount(site, open_page)

    await page.get_by_role("button", name="Show as table").click()

    values, marks = page.locator(".chart-table table").nth(0), page.locator(".chart-table table").nth(1)
    await expect(values.locator("tbody tr")).to_have_count(60)
    await expect(values.locator("tbody td").first).to_have_text("23 °C")
    await expect(marks.locator("tbody td")).to_have_text(["pico (alta)", "24h"])


async def test_whoever_is_quicker_than_the_plot_reads_the_points_too(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    at_once = """window.draw({});
      const cursor = place.querySelector(".chart-cursor");
      cursor.value = 10;
      cursor.dispatchEvent(new Event("input", { bubbles: true }));"""

    await page.evaluate(MOUNT.replace("window.draw({});", at_once), {"root": f"{site.url}/", "props": PROPS})

    await expect(page.locator(".chart-said")).to_contain_text("23 °C")
    await expect(page.locator(".chart-said .near")).to_have_text("pico (alta)")


async def test_arrow_keys_read_the_points_one_by_one(site: Site, open_page: Open) -> None:
    page = await mount(site, open_page)
    cursor = page.get_by_role("slider", name="Point of Patio")

    await cursor.focus()
    await page.keyboard.press("Home")
    await expect(cursor).to_have_attribute("aria-valuetext", re.compile("Temperatura: 20 °C"))
    for _ in range(10):
        await page.keyboard.press("ArrowRight")

    await expect(page.locator(".chart-said")).to_contain_text("23 °C")
    await expect(page.locator(".chart-said .near")).to_have_text("pico (alta)")


async def test_a_stretch_is_asked_for_by_pointer_and_by_button(site: Site, open_page: Open) -> None:
    page = await mount(site, open_page)
    box = await page.locator(".chart-holder .u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    await page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    await page.mouse.up()
    await page.get_by_role("button", name="Zoom in").click()
    await page.get_by_role("button", name="Reset zoom").click()

    dragged, halved, reset = await page.evaluate("window.zooms")
    hour = POINTS[-1][0] - START
    assert abs(dragged["since"] - (START + hour / 4)) < MINUTE
    assert abs(dragged["until"] - (START + hour * 3 / 4)) < MINUTE
    assert abs((halved["until"] - halved["since"]) - hour / 4) < MINUTE
    assert reset is None


async def test_several_series_share_their_times(site: Site, open_page: Open) -> None:
    series = [
        {"name": "abiertas", "points": [[START, 1], [START + MINUTE, None], [START + 2 * MINUTE, 3]]},
        {"name": "cerradas", "points": [[START + MINUTE, 5]], "kind": "bars", "color": "--good"},
    ]
    page = await mount(site, open_page, {"label": "Conversaciones", "series": series})

    await page.get_by_role("button", name="Show as table").click()

    rows = page.locator(".chart-table tbody tr")
    assert [await row.locator("td").all_text_contents() for row in await rows.all()] == [
        ["3", "–"],
        ["–", "5"],
        ["1", "–"],
    ]


async def test_a_chart_without_values_says_so(site: Site, open_page: Open) -> None:
    page = await mount(site, open_page, {"label": "Patio", "series": [{"name": "Temperatura", "points": []}]})

    await expect(page.locator(".chart")).to_contain_text("No values in this time.")
