"""What can be made, changed and deleted around a sensor, and which time its chart shows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from realtime import clock
from realtime.policy import Role
from tests.browser.conftest import PHONE, MakeSite, Open, Site, accessible, overflow, read, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def chosen(site: Site, open_page: Open, **given: Any) -> tuple[Page, int]:
    sensor = await site.sensor(nombre="Patio", unidad="°C")
    page = (await open_page(site, f"/sensors?s={sensor}", **given)).page
    await state(page, "live")
    await expect(page.locator("#sensor-name")).to_have_text("Patio")
    return page, sensor


async def save(page: Page) -> None:
    await page.locator("dialog").get_by_role("button", name="Save").click()


async def test_a_location_is_made_given_to_a_sensor_and_taken_away_again(site: Site, open_page: Open) -> None:
    page, _ = await chosen(site, open_page)
    await page.get_by_role("button", name="New location").click()
    await page.get_by_label("Name").fill("Azotea")
    await page.get_by_label("Latitude").fill("north")
    await save(page)
    await expect(page.get_by_label("Latitude")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("form .refused")).to_have_count(0)
    await page.get_by_label("Latitude").fill("36.72")
    await page.get_by_label("Longitude").fill("-4.42")
    await save(page)
    await expect(page.locator(".locations li")).to_contain_text("36.72, -4.42")

    await page.locator(".detail-head").get_by_role("button", name="Edit").click()
    await page.locator("dialog").get_by_label("Location").select_option(label="Azotea")
    await save(page)
    await expect(page.locator(".sensor[data-sensor] .about")).to_have_text("temperatura · Azotea")
    await page.locator(".detail-head").get_by_role("button", name="Edit").click()
    await page.locator("dialog").get_by_label("Location").select_option(label="Without location")
    await save(page)
    await page.get_by_role("button", name="Delete Azotea").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()

    await expect(page.locator(".locations")).to_contain_text("There is no location yet")


async def test_a_finished_prediction_is_drawn_and_what_is_no_json_named(site: Site, open_page: Open) -> None:
    page, sensor = await chosen(site, open_page)
    await read(site, sensor, 20)
    await page.get_by_role("button", name="New prediction").click()
    await page.get_by_label("Horizon").fill("2h")
    await page.locator("dialog").get_by_label("State").select_option("completada")
    await page.get_by_role("textbox", name="Values").fill("[1,")
    await save(page)
    await expect(page.get_by_role("textbox", name="Values")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Horizon")).to_have_value("2h")

    soon = clock.now() + clock.HOUR
    await page.get_by_role("textbox", name="Values").fill(
        f'[[{soon}, 25.5], {{"timestamp": "{clock.timestamp(soon + 1)}", "valor": 26}}]'
    )
    await save(page)

    await expect(page.locator(".chart-legend")).to_contain_text("Predicted")
    await page.get_by_role("button", name="Show as table").click()
    await expect(page.locator(".chart-table tbody").first).to_contain_text("25.5 °C")


async def test_an_anomaly_is_reported_changed_and_deleted(site: Site, open_page: Open) -> None:
    page, _ = await chosen(site, open_page)
    anomalies = page.locator(".mark-list").first
    await page.get_by_role("button", name="New anomaly").click()
    await page.locator("dialog").get_by_label("Type").fill("pico")
    await page.get_by_label("Number of the reading").fill("77")
    await save(page)
    await expect(page.get_by_label("Number of the reading")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Number of the reading").fill("")
    await save(page)
    await expect(anomalies).to_contain_text("Medium pico")

    await anomalies.get_by_role("button", name="Edit pico").click()
    await page.get_by_label("Severity").select_option("critica")
    await save(page)
    await expect(anomalies).to_contain_text("Critical pico")
    await anomalies.get_by_role("button", name="Delete pico").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()

    await expect(anomalies).to_contain_text("No anomaly in this time.")


async def test_an_admin_takes_a_reading_away_and_the_course_follows(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="open")
    token = await site.token(Role.ADMIN)

    async def admin(context: BrowserContext) -> None:
        await context.set_extra_http_headers({"Authorization": f"Bearer {token}"})

    page, sensor = await chosen(site, open_page, prepare=admin)
    await page.get_by_role("button", name="New reading").click()
    await page.get_by_role("textbox", name="Value").fill("21.5")
    await save(page)
    await read(site, sensor, 99)
    await expect(page.locator(".plot > .note")).to_have_text("2 readings")

    await page.get_by_role("button", name="Delete 99").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()

    await expect(page.locator(".plot > .note")).to_have_text("1 reading")
    await expect(page.locator(".sensor[data-sensor] .value b")).to_have_text("21.5")


async def test_any_time_can_be_shown(site: Site, open_page: Open) -> None:
    page, sensor = await chosen(site, open_page, size=PHONE)
    for hour in (10, 12, 14):
        await site.post("readings", {"sensor_id": sensor, "valor": hour, "timestamp": f"2025-07-20T{hour}:00:00Z"})
    await expect(page.locator(".plot > .note")).to_have_text("0 readings")

    await page.get_by_text("From … to …").click()
    await page.get_by_label("Since").fill("2025-07-20T13:00:00")
    await page.get_by_label("To", exact=True).fill("2025-07-20T11:00:00")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("The beginning has to lie before the end.")).to_be_visible()
    await page.get_by_label("Since").fill("2025-07-20T11:00:00")
    await page.get_by_label("To", exact=True).fill("2025-07-20T13:00:00")
    await page.get_by_role("button", name="Show", exact=True).click()

    await expect(page.locator(".plot > .note")).to_have_text("1 reading")
    await expect(page.locator(".chart-said")).to_contain_text("12 °C")
    await accessible(page)
    assert await overflow(page) == 0


async def test_looking_closer_ends_at_a_second(site: Site, open_page: Open) -> None:
    page, sensor = await chosen(site, open_page)
    await page.get_by_text("1 hour").click()
    for _ in range(14):
        await page.get_by_role("button", name="Zoom in").click()
    await expect(page.locator(".chart-holder canvas, .chart-said").first).to_be_visible()

    await page.get_by_role("button", name="Reset zoom").click()
    await read(site, sensor, 7)

    await expect(page.locator(".plot > .note")).to_have_text("1 reading")
