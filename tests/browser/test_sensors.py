"""The page of the sensors: cards, the chosen one and its course, forms, roles, states."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from realtime import clock
from realtime.policy import Role
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, read, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CARD = ".sensor[data-sensor]"


async def opened(site: Site, open_page: Open, address: str = "/sensors", **given: Any) -> Page:
    page = (await open_page(site, address, **given)).page
    await state(page, "live")
    return page


async def garden(site: Site) -> int:
    """A sensor with a place, a day of readings, an anomaly and a prediction."""
    place = await site.post("locations", {"nombre": "Jardín", "latitud": 36.72, "longitud": -4.42})
    sensor = await site.sensor(nombre="Patio", unidad="°C", ubicacion_id=place["id"])
    start = clock.now() - 20 * clock.HOUR
    times = [clock.timestamp(start + n * clock.MINUTE) for n in range(1_190)]
    rows = [{"sensor_id": sensor, "valor": 20 + n % 9, "timestamp": at} for n, at in enumerate(times)]
    await site.post("readings", rows)
    await site.post("anomalies", {"sensor_id": sensor, "tipo": "pico", "severidad": "alta"})
    await site.post("predictions", {"sensor_id": sensor, "horizonte": "24h", "estado": "pendiente"})
    return sensor


async def signed(site: Site, role: Role) -> Any:
    """What gives every request of a browser the token of that role."""
    token = await site.token(role)

    async def prepare(context: BrowserContext) -> None:
        await context.set_extra_http_headers({"Authorization": f"Bearer {token}"})

    return prepare


async def test_what_is_made_by_rest_appears_and_its_readings_move_it(site: Site, open_page: Open) -> None:
    page = await opened(site, open_page)
    await expect(page.get_by_text("There is no sensor yet.")).to_be_visible()

    sensor = await site.sensor(nombre="Patio", unidad="°C")
    card = page.locator(CARD)
    await expect(card).to_contain_text("Patio")
    await expect(card).to_contain_text("No reading yet")
    await read(site, sensor, 21.5, 22.5)
    await expect(card.locator(".value")).to_have_text("22.5 °C")
    await site.post("anomalies", {"sensor_id": sensor, "tipo": "pico", "severidad": "critica"})

    await expect(card.locator(".wrong")).to_contain_text("Critical pico")


async def test_after_a_restart_the_page_catches_up_without_a_double(site: Site, open_page: Open) -> None:
    sensor = await site.sensor(nombre="Patio", unidad="°C")
    await read(site, sensor, 1)
    page = await opened(site, open_page, f"/sensors?s={sensor}")
    await expect(page.locator(".plot > .note")).to_have_text("1 reading")

    await site.stop()
    await page.wait_for_selector(".status:not([data-state=live])")
    await site.start()
    await read(site, sensor, 2, 3)

    await state(page, "live")
    await expect(page.locator(".plot > .note")).to_have_text("3 readings")
    await expect(page.locator(CARD).locator(".value")).to_have_text("3 °C")
    await expect(page.locator(".mark-list").nth(2).locator("li")).to_have_count(3)


async def test_the_course_is_live_and_a_zoom_asks_for_a_finer_one(site: Site, open_page: Open) -> None:
    sensor = await garden(site)
    page = await opened(site, open_page)
    await page.locator(CARD).click()
    await expect(page).to_have_url(re.compile(rf"\?s={sensor}$"))
    note = page.locator(".plot > .note")
    await expect(note).to_contain_text("600 points of 1,190 readings")

    await read(site, sensor, 99)
    await expect(note).to_contain_text("601 points of 1,191 readings")
    await expect(page.locator(".chart-said")).to_contain_text("99 °C")
    for _ in range(2):
        await page.get_by_role("button", name="Zoom in").click()

    await expect(note).to_have_text("360 readings")
    await page.get_by_role("button", name="Reset zoom").click()
    await expect(note).to_contain_text("of 1,191 readings")
    await page.get_by_text("1 hour").click()
    await expect(note).to_contain_text("50 readings")
    await page.go_back()
    await expect(page.locator(".detail")).to_have_count(0)


async def test_anomalies_and_predictions_are_marked_and_listed(site: Site, open_page: Open) -> None:
    sensor = await garden(site)
    page = await opened(site, open_page, f"/sensors?s={sensor}")

    await expect(page.locator(".chart-legend li")).to_have_text(["temperatura", "Anomaly", "Prediction"])
    await expect(page.locator(".mark-list").nth(0)).to_contain_text("High pico")
    await expect(page.locator(".mark-list").nth(1)).to_contain_text("24h Waiting")
    await site.post("anomalies", {"sensor_id": sensor, "tipo": "hueco", "severidad": "baja"})

    await expect(page.locator(".mark-list").nth(0).locator("li")).to_have_count(2)
    await page.get_by_role("button", name="Show as table").click()
    await expect(page.locator(".chart-table")).to_contain_text("hueco (Low)")


async def test_a_sensor_is_made_changed_and_deleted_by_keyboard(site: Site, open_page: Open) -> None:
    page = await opened(site, open_page)
    await page.get_by_role("button", name="Create the first sensor").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Patio")
    await page.keyboard.press("Enter")
    for name in ("Type", "Model"):
        await expect(page.get_by_label(name, exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Name")).to_have_value("Patio")
    await expect(page.get_by_label("Type", exact=True)).to_be_focused()
    await page.keyboard.type("temperatura")
    await page.keyboard.press("Tab")
    await page.keyboard.type("DHT22")
    await page.keyboard.press("Enter")

    await expect(page.locator("#sensor-name")).to_have_text("Patio")
    await page.get_by_role("button", name="Edit", exact=True).press("Enter")
    await page.get_by_label("Name").fill("Patio norte")
    await page.keyboard.press("Enter")
    await expect(page.locator("#sensor-name")).to_have_text("Patio norte")
    await page.get_by_role("button", name="Delete", exact=True).press("Enter")
    await page.locator("dialog").get_by_role("button", name="Delete").press("Enter")
    await expect(page.get_by_text("There is no sensor yet.")).to_be_visible()


async def test_what_is_referred_to_is_kept_and_another_way_offered(site: Site, open_page: Open) -> None:
    sensor = await garden(site)
    page = await opened(site, open_page, f"/sensors?s={sensor}")

    await page.locator(".detail-head").get_by_role("button", name="Delete").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Make it inactive").click()

    await expect(page.locator(CARD)).to_contain_text("Inactive")
    await page.get_by_role("button", name="Delete Jardín").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()
    await expect(page.locator("dialog")).to_contain_text("There are sensors in it.")


async def test_the_list_is_narrowed_by_words_type_place_and_state(site: Site, open_page: Open) -> None:
    await garden(site)
    await site.sensor(nombre="Tejado", tipo="humedad", activo=False)
    page = await opened(site, open_page)
    await expect(page.locator(CARD)).to_have_count(2)

    await page.get_by_role("searchbox").fill("jardin")
    await expect(page.locator(CARD)).to_contain_text(["Patio"])
    await expect(page.locator(".sensor-list .note").first).to_have_text("1 of 2 sensors")
    await page.get_by_role("searchbox").fill("")
    for label, value, left in (("State", "false", "Tejado"), ("Type", "humedad", "Tejado"), ("Location", "1", None)):
        await page.get_by_role("combobox", name=label).select_option(value)
        await expect(page.locator(CARD)).to_contain_text([left] if left else [])
    await page.get_by_role("button", name="Show all sensors").click()
    await expect(page.locator(CARD)).to_have_count(2)


async def test_of_thousands_only_those_in_sight_are_drawn(site: Site, open_page: Open) -> None:
    import asyncio

    for begin in range(0, 1_200, 200):
        await asyncio.gather(*(site.sensor(nombre=f"s{n}") for n in range(begin, begin + 200)))
    page = await opened(site, open_page)
    await expect(page.locator(".sensor-list .note").first).to_have_text("1,200 sensors")
    assert await page.locator(CARD).count() < 80

    await page.locator(CARD).first.focus()
    await page.keyboard.press("End")

    await expect(page.locator(f"{CARD}[data-index='1199']")).to_be_focused()
    assert await page.locator(CARD).count() < 80


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_a_long_figure_is_shown_whole_with_its_unit(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    sensor = await site.sensor(nombre="Contador", unidad="ppm")
    await read(site, sensor, 24_860_935.17)
    page = await opened(site, open_page, size=size, locale="es")

    value = page.locator(f"{CARD} .value")
    await expect(value).to_have_text("24.860.935,17 ppm")
    assert await value.evaluate("part => part.scrollWidth <= part.clientWidth")


async def test_a_viewer_sees_no_levers_and_an_admin_all(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="open")
    sensor = await garden(site)
    for role, expected in (
        (Role.VIEWER, set()),
        (Role.AGENT, {"report", "write"}),
        (Role.ADMIN, {"report", "write", "admin"}),
    ):
        page = await opened(site, open_page, f"/sensors?s={sensor}", prepare=await signed(site, role))
        await expect(page.locator(".mark-list").nth(2).locator("li")).to_have_count(20)
        counts = {
            "report": await page.get_by_role("button", name="New anomaly").count(),
            "write": await page.get_by_role("button", name="New sensor").count(),
            "admin": await page.locator(".mark-list").nth(2).get_by_role("button", name="Delete").count(),
        }
        assert {name for name, count in counts.items() if count} == expected


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW])
async def test_axe_finds_nothing_on_the_page(site: Site, open_page: Open, size: tuple[int, int], theme: str) -> None:
    sensor = await garden(site)
    page = await opened(site, open_page, f"/sensors?s={sensor}", size=size, theme=theme)
    await expect(page.locator(".chart-holder canvas")).to_be_visible()

    await accessible(page)
    assert await overflow(page) == 0
    await page.get_by_role("button", name="New prediction").click()
    await accessible(page)
