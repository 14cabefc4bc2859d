"""The sensor events and their reader: reading in peace, any language, any device, hostile names, the line to paste."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import (
    NARROW,
    PHONE,
    ROWS,
    WIDE,
    MakeSite,
    Open,
    Site,
    accessible,
    offline,
    overflow,
    read,
    state,
)
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_who_reads_further_down_is_not_moved(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(60)])
    page = (await open_page(site)).page
    await state(page, "live")
    await expect(page.locator(ROWS)).to_have_count(50)
    await expect(page.locator(".desk-empty")).to_be_visible()
    reading = page.locator(ROWS).nth(30)
    await reading.scroll_into_view_if_needed()
    before, text = await reading.bounding_box(), await reading.inner_text()

    await read(site, sensor, 100, 101, 102)

    button = page.get_by_role("button", name="3 new events")
    await expect(button).to_be_visible()
    assert (await reading.bounding_box(), await reading.inner_text()) == (before, text)
    await button.click()
    await expect(page.locator(f"{ROWS} .data").first).to_have_text(f"102 · sensor {sensor}")
    await expect(page.locator(f"{ROWS} .data").first).to_be_in_viewport()


async def test_the_list_can_be_paused(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    await page.get_by_role("button", name="Pause").click()

    await site.sensor()

    await expect(page.get_by_role("button", name="1 new event")).to_be_visible()
    await expect(page.locator(ROWS)).to_have_count(1)
    await page.get_by_role("button", name="Resume").click()
    await expect(page.locator(ROWS)).to_have_count(2)


async def test_a_row_opens_by_keyboard_to_all_that_is_known(site: Site, open_page: Open) -> None:
    await site.sensor(nombre="Patio")
    page = (await open_page(site)).page
    await expect(page.locator(ROWS)).to_have_count(2)

    await page.locator(f"{ROWS} summary").nth(1).focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")

    await expect(page.locator(".details pre")).to_contain_text('"nombre": "Patio"')
    await expect(page.locator(".details dl")).to_contain_text("guest")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_hostile_names_do_nothing_and_break_nothing(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    for name in HOSTILE[::2]:
        await site.sensor(nombre=name[:200])
    page = (await open_page(site, size=size)).page
    await state(page, "live")
    for name in HOSTILE[1::2]:
        await site.sensor(nombre=name[:200], modelo=name[:50])
    await expect(page.locator(ROWS)).to_have_count(len(HOSTILE) + 1)
    for row in await page.locator(f"{ROWS} summary").all():
        await row.click()
    await expect(page.locator(".details pre")).to_have_count(len(HOSTILE) + 1)

    assert await page.evaluate("window.hit") is None
    assert await page.evaluate("Object.keys(Object.prototype).length") == 0
    assert await page.locator(".feed img, .feed svg, .feed script").count() == 0
    assert await overflow(page) <= 0
    shown = await page.locator(".details pre").all_text_contents()
    assert any("<script>window.hit = 1</script>" in text for text in shown)
    heights = await page.eval_on_selector_all(f"{ROWS} summary", "rows => rows.map(row => row.offsetHeight)")
    assert max(heights) < 160


async def test_the_line_to_paste_has_the_real_address_and_works(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    lines = page.locator(".trial code")
    await expect(lines).to_have_count(2)

    for n in range(2):
        line = await lines.nth(n).inner_text()
        assert f"{site.url}/api/v1/" in line
        body = line.partition(" -d ")[2].strip("'")
        url = line.split()[1]
        async with site.session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 201

    await expect(page.locator(ROWS)).to_have_count(3)
    await expect(page.locator(".trial")).to_have_attribute("open", "")


async def test_the_line_knows_the_sensor_and_is_out_of_the_way_where_readings_come(site: Site, open_page: Open) -> None:
    await site.sensor()
    sensor = await site.sensor()
    page = (await open_page(site)).page
    await expect(page.locator(".trial code")).to_have_count(1)
    await expect(page.locator(".trial code")).to_contain_text(f'"sensor_id":{sensor}')
    await expect(page.locator(".trial")).to_have_attribute("open", "")

    await read(site, sensor, 1)
    await page.reload()

    await expect(page.locator(ROWS)).to_have_count(4)
    await expect(page.locator(".trial code")).to_be_hidden()


async def test_the_line_can_be_copied(site: Site, open_page: Open) -> None:
    page = (
        await open_page(site, prepare=lambda context: context.grant_permissions(["clipboard-read", "clipboard-write"]))
    ).page

    await page.get_by_role("button", name="Copy").first.click()

    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.locator(".trial code").first.inner_text()


async def test_a_closed_server_says_how_to_get_in(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site)).page

    await expect(page.locator("main")).to_contain_text("realtime user link admin")
    await page.goto(await site.link())
    await page.get_by_role("button", name="Sign in").click()

    await state(page, "live")
    await expect(page.locator(".access")).to_contain_text("ana (admin)")
    await expect(page.locator(".trial")).to_contain_text("$REALTIME_TOKEN")


async def test_who_is_signed_out_meanwhile_is_told(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link())).page
    await page.get_by_role("button", name="Sign in").click()
    await state(page, "live")

    other = await page.context.new_page()
    await other.goto(f"{site.url}/logout")
    await other.get_by_role("button", name="Sign out").click()

    await state(page, "signedout")
    await expect(page.locator(".banner")).to_contain_text("realtime user link admin")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(site: Site, open_page: Open, theme: str) -> None:
    sensor = await site.sensor(nombre="Patio")
    await read(site, sensor, 1)
    await site.post("anomalies", {"sensor_id": sensor, "tipo": "pico", "severidad": "alta"})
    page = (await open_page(site, theme=theme)).page
    await state(page, "live")
    await page.emulate_media(reduced_motion="reduce", color_scheme=theme)  # type: ignore[arg-type]
    await page.locator(".trial summary").click()
    await page.locator(f"{ROWS} summary").first.click()
    await read(site, sensor, 2)
    await expect(page.get_by_role("button", name="1 new event")).to_be_visible()
    await accessible(page)

    await offline(page, True)
    await state(page, "offline")
    await accessible(page)


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow"])
async def test_it_fits_a_phone(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    await site.sensor(nombre="Patio")
    page = (await open_page(site, size=size)).page
    await expect(page.locator(ROWS)).to_have_count(2)

    assert await overflow(page) <= 0
    await accessible(page)
    pause = await page.get_by_role("button", name="Pause").bounding_box()
    boxes = [await label.bounding_box() for label in await page.locator(".filter label").all()]
    assert len(boxes) == 6
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= pause["x"] for box in boxes)
    assert not await page.evaluate("(row => row.scrollWidth > row.clientWidth)(document.querySelector('.filter'))")


@pytest.mark.parametrize(
    ("locale", "live"), [("en-GB", "Live"), ("pt-BR", "Ao vivo"), ("pt-PT", "Ao vivo"), ("es-MX", "En vivo")]
)
async def test_it_speaks_the_readers_language(site: Site, open_page: Open, locale: str, live: str) -> None:
    page = (await open_page(site, locale=locale)).page

    await expect(page.locator(".status .shown")).to_have_text(live)
