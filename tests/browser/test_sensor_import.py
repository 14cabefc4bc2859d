"""Readings from files: what is seen before, what is stored, what is said of the lines that were not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import WIDE, Open, Site, accessible, offline, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HEAD = "sensor;fecha;lectura;unidad\n"


async def chosen(site: Site, open_page: Open, name: str, content: str, **given: Any) -> Page:
    """The dialog of an import, with this file in it."""
    page = (await open_page(site, "/sensors", **given)).page
    await state(page, "live")
    await expect(page.locator(".sensor[data-sensor]").first).to_be_visible()
    await page.get_by_role("button", name="Import readings").first.click()
    file = {"name": name, "mimeType": "text/plain", "buffer": content.encode()}
    await page.locator("input[type=file]").set_input_files(files=[file])
    return page


async def done(page: Page, said: str) -> None:
    await page.locator("dialog").get_by_role("button", name="Import", exact=True).click()
    await expect(page.locator("dialog")).to_contain_text(said)


async def stored(site: Site) -> list[tuple[Any, ...]]:
    async with site.session.get(f"{site.url}/api/v1/readings/?limit=1000") as answer:
        rows = (await answer.json())["results"]
    return [(row["sensor_id"], row["valor"], row["unidad"], row["timestamp"]) for row in rows]


async def test_a_csv_is_seen_before_and_stored_with_its_times(site: Site, open_page: Open) -> None:
    first, second = await site.sensor(nombre="Patio"), await site.sensor(nombre="Casa; alta")
    lines = ['Patio;20/x;21,5;"°C"', f"{second};2025-07-20 14:30:00Z;1.021,25;", '"casa; alta";1753021800;-3;"m""s"']
    page = await chosen(site, open_page, "lecturas.csv", HEAD + "\r\n".join(lines))

    await expect(page.locator(".preview th")).to_have_text(["sensor", "fecha", "lectura", "unidad"])
    await expect(page.locator(".preview tbody tr")).to_have_count(3)
    await expect(page.get_by_label("Sensor (number or name)")).to_have_value("0")
    await expect(page.get_by_role("combobox", name="Value")).to_have_value("2")
    await expect(page.get_by_label("Decimals are written")).to_have_value("true")
    await accessible(page)
    await done(page, "2 readings stored · 1 line refused")

    await expect(page.locator(".faults li")).to_contain_text(["Line 2: “20/x” is no time"])
    assert await stored(site) == [
        (second, 1021.25, None, "2025-07-20T14:30:00.000Z"),
        (second, -3.0, 'm"s', "2025-07-20T14:30:00.000Z"),
    ]
    assert first != second


async def test_one_sensor_may_be_named_for_the_whole_file(site: Site, open_page: Open) -> None:
    sensor = await site.sensor(nombre="Patio")
    page = await chosen(site, open_page, "valores.txt", "21.5\n22.5\n\nx\n")

    await expect(page.locator("dialog").get_by_role("button", name="Import", exact=True)).to_be_disabled()
    await page.get_by_label("Which sensor").select_option(str(sensor))
    await done(page, "2 readings stored · 1 line refused")

    await expect(page.locator(".faults li")).to_have_text(["Line 4: “x” is no value."])
    assert [row[:2] for row in await stored(site)] == [(sensor, 21.5), (sensor, 22.5)]
    await page.get_by_role("button", name="Close").last.click()
    await expect(page.locator(".sensor .value b")).to_have_text("22.5")


async def test_lines_that_the_server_refuses_do_not_keep_the_others_out(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    items = [{"sensor_id": 99 if n % 100 == 7 else sensor, "valor": n, "id": n} for n in range(5_000)]
    page = await chosen(site, open_page, "r.ndjson", "\n".join(json.dumps(item) for item in items))

    await done(page, "4,950 readings stored · 50 lines refused")

    await expect(page.locator(".faults li")).to_have_count(50)
    await expect(page.locator(".faults li").first).to_have_text("Line 8: There is no sensor “99”.")
    async with site.session.get(f"{site.url}/api/v1/readings/?limit=1") as answer:
        assert (await answer.json())["count"] == 4_950


async def test_a_json_array_is_taken_and_what_is_no_reading_named(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    items = [{"sensor_id": sensor, "valor": 1.5, "timestamp": "2025-07-20T14:30:00Z"}, {"sensor_id": sensor}, 7]
    page = await chosen(site, open_page, "r.json", json.dumps(items))

    await done(page, "1 reading stored · 2 lines refused")

    assert await stored(site) == [(sensor, 1.5, None, "2025-07-20T14:30:00.000Z")]


async def test_an_import_waits_for_a_server_that_is_away_and_doubles_nothing(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    lines = "".join(f"{sensor},{n}\n" for n in range(6_000))
    page = await chosen(site, open_page, "r.csv", "sensor,valor\n" + lines, size=WIDE)
    await offline(page, True)
    await page.locator("dialog").get_by_role("button", name="Import", exact=True).click()
    await expect(page.locator("dialog")).to_contain_text("0 readings stored")

    await offline(page, False)

    await expect(page.locator("dialog")).to_contain_text("The import is done.", timeout=15_000)
    async with site.session.get(f"{site.url}/api/v1/readings/?limit=1") as answer:
        assert (await answer.json())["count"] == 6_000


async def test_an_import_can_be_stopped_and_says_what_stays(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    page = await chosen(site, open_page, "r.csv", "sensor,valor\n" + f"{sensor},1\n" * 100)
    await offline(page, True)
    await page.locator("dialog").get_by_role("button", name="Import", exact=True).click()

    await page.get_by_role("button", name="Stop the import").click()

    await expect(page.locator("dialog")).to_contain_text("The import was stopped.")
    await offline(page, False)
    assert await stored(site) == []


async def test_a_file_that_holds_nothing_is_said_to(site: Site, open_page: Open) -> None:
    await site.sensor()
    page = await chosen(site, open_page, "r.csv", " \n")

    await expect(page.locator("dialog")).to_contain_text("The file is empty.")
    await expect(page.locator("dialog").get_by_role("button", name="Import", exact=True)).to_be_disabled()
