"""The page of the sensors and its reader: who may not look, names that mean harm, another history, a steady load."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, expect

from realtime.policy import Role
from tests.browser.conftest import NARROW, MakeSite, Open, Site, accessible, overflow, read, state
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CARD = ".sensor[data-sensor]"


async def test_who_may_not_look_is_told_so_and_may_still_report(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="open")
    sensor = await site.sensor(nombre="Patio")
    token = await site.token(Role.DEVICE)

    async def device(context: BrowserContext) -> None:
        await context.set_extra_http_headers({"Authorization": f"Bearer {token}"})

    page = (await open_page(site, f"/sensors?s={sensor}", prepare=device)).page

    await expect(page.locator(".sensor-list .forbidden")).to_contain_text("may not see this")
    await expect(page.locator(".locations .forbidden")).to_be_visible()
    await expect(page.get_by_role("button", name="New sensor")).to_have_count(0)
    await accessible(page)
    await page.get_by_role("button", name="Import readings").click()
    file = {"name": "r.csv", "mimeType": "text/csv", "buffer": f"sensor,valor\n{sensor},7\n".encode()}
    await page.locator("input[type=file]").set_input_files(files=[file])
    await page.locator("dialog").get_by_role("button", name="Import", exact=True).click()
    await expect(page.locator("dialog")).to_contain_text("1 reading stored")


async def test_hostile_names_are_text_and_nothing_else(site: Site, open_page: Open) -> None:
    for name in HOSTILE:
        place = await site.post("locations", {"nombre": name[:200]})
        last = await site.sensor(nombre=name[:200], modelo=name[:200], tipo=name[:200], unidad=name[:200])
    await site.post("readings", {"sensor_id": last, "valor": 1, "unidad": HOSTILE[0][:200]})
    await site.post(
        "anomalies", {"sensor_id": last, "tipo": HOSTILE[1], "severidad": "alta", "descripcion": HOSTILE[0]}
    )
    prediction = {"sensor_id": last, "horizonte": HOSTILE[2], "estado": "completada", "valores": {"__proto__": HOSTILE}}
    await site.post("predictions", prediction)

    page = (await open_page(site, f"/sensors?s={last}", size=NARROW)).page
    await state(page, "live")
    await expect(page.locator(".chart-holder canvas")).to_be_visible()
    await page.get_by_role("button", name="Show as table").click()

    await expect(page.locator(CARD).first.locator(".name")).to_have_text(HOSTILE[0][:200], use_inner_text=False)
    assert place["id"] == len(HOSTILE)
    assert await overflow(page) == 0
    assert await page.evaluate("window.hit") is None


async def test_another_history_is_loaded_anew_and_said(make_site: MakeSite, open_page: Open) -> None:
    site, other = await make_site(), await make_site()
    for name in ("former", "second"):
        await site.sensor(nombre=name)
    page = (await open_page(site, "/sensors?s=1")).page
    await state(page, "live")
    await expect(page.locator(CARD)).to_have_count(2)

    await other.sensor(nombre="present")
    await site.stop()
    await other.stop()
    other.port, other.url = site.port, site.url
    await other.start()

    await expect(page.locator(".toast")).to_contain_text("loaded anew")
    await expect(page.locator(CARD)).to_have_count(1)
    await expect(page.locator("#sensor-name")).to_have_text("present")
    await read(other, 1, 5)
    await expect(page.locator(CARD).locator(".value b")).to_have_text("5")


async def test_what_has_just_come_is_marked(site: Site, open_page: Open) -> None:
    sensor = await site.sensor(nombre="Patio")
    page = (await open_page(site, f"/sensors?s={sensor}")).page
    await state(page, "live")
    await expect(page.locator("#sensor-name")).to_have_text("Patio")

    await site.sensor(nombre="Tejado")
    await site.post("anomalies", {"sensor_id": sensor, "tipo": "pico", "severidad": "baja"})

    await expect(page.locator(f"{CARD}.fresh")).to_have_text(re.compile("Tejado"))
    await expect(page.locator(".mark-list li.fresh")).to_contain_text(["pico"])


async def test_values_of_any_size_can_be_read(site: Site, open_page: Open) -> None:
    sensor = await site.sensor(nombre="Patio", unidad="mol")
    page = (await open_page(site, f"/sensors?s={sensor}", size=NARROW)).page
    await state(page, "live")
    for value, said in (
        (0.000123456, "0.0001235"),
        (-1.7e308, "-1.7E308"),
        (1.7e308, "1.7E308"),
        (2.5e-300, "2.5E-300"),
        (123456.789, "123,456.789"),
    ):
        await read(site, sensor, value)
        await expect(page.locator(f"{CARD} .value b")).to_have_text(said)

    await expect(page.locator(".chart-said")).to_contain_text("123,456.789 mol")
    assert await overflow(page) == 0


async def test_who_chooses_a_sensor_is_led_to_it_and_back(site: Site, open_page: Open) -> None:
    for n in range(30):
        await site.sensor(nombre=f"s{n}")
    page = (await open_page(site, "/sensors", size=NARROW)).page
    await state(page, "live")
    await page.locator(CARD).first.focus()
    for _ in range(20):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")

    await expect(page.locator("#sensor-name")).to_be_focused()
    await expect(page.locator("#sensor-name")).to_have_text("s20")
    await expect(page.locator("#sensor-name")).to_be_in_viewport()
    await page.get_by_role("link", name="All sensors").press("Enter")

    await expect(page.locator(f"{CARD}[data-index='20']")).to_be_focused()
    await expect(page.locator(f"{CARD}[data-index='20']")).to_be_in_viewport()
