"""The sensor events of the start page in a real browser: what happens appears once, and what was missed, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from playwright.async_api import Page, expect

from tests.browser.conftest import ROWS, MakeSite, Open, Site, offline, read, state, texts
from tests.programs import Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def keys_of(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(ROWS, "rows => rows.map(row => row.dataset.key)")
    return found


async def test_an_event_made_by_http_appears(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")

    sensor = await site.sensor(nombre="Patio")
    await read(site, sensor, 21.5)

    assert await page.locator(".status").inner_text() == "Live"
    top = page.locator(ROWS).first
    await expect(top.locator(".data")).to_have_text(f"21.5 · sensor {sensor}")
    await expect(top.locator(".type")).to_contain_text("reading.created #1")
    await expect(top.locator(".channel")).to_have_text("readings")
    await expect(top).to_have_class("row fresh")
    assert await top.locator("time").get_attribute("title")
    await expect(page.locator(ROWS).nth(1).locator(".data")).to_have_text("Patio · temperatura · DHT22")


async def test_the_past_is_there_newest_first_and_not_marked_as_new(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    await read(site, sensor, 1, 2, 3)

    page = (await open_page(site)).page

    await expect(page.locator(ROWS)).to_have_count(5)
    assert await texts(page) == [
        f"3 · sensor {sensor}", f"2 · sensor {sensor}", f"1 · sensor {sensor}",
        "temperatura · DHT22", "Sistema iniciado correctamente",
    ]  # fmt: skip
    assert await page.locator(".row.fresh").count() == 0


async def test_a_quiet_channel_is_found_behind_a_busy_one(site: Site, open_page: Open) -> None:
    await site.post("locations", {"nombre": "Patio"})
    sensor = await site.sensor()
    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(900)])
    page = (await open_page(site)).page
    await expect(page.locator(ROWS)).to_have_count(50)

    await page.get_by_role("radio", name="locations").check()

    await expect(page.locator(ROWS)).to_have_count(1)
    assert await texts(page) == ["Patio"]
    await site.post("locations", {"nombre": "Techo"})
    await expect(page.locator(ROWS)).to_have_count(2)
    await read(site, sensor, 5)
    await site.post("locations", {"nombre": "Bodega"})
    await expect(page.locator(ROWS)).to_have_count(3)
    assert await texts(page, ".channel") == ["locations"] * 3


async def test_the_last_200_are_kept(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    page = (await open_page(site)).page
    await state(page, "live")

    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(1_500)])

    await expect(page.locator(f"{ROWS} .data").first).to_have_text(f"1,499 · sensor {sensor}")
    shown = await texts(page)
    assert len(shown) == 200
    assert shown[-1] == f"1,300 · sensor {sensor}"


async def test_after_a_restart_the_page_has_what_it_missed_and_nothing_twice(site: Site, open_page: Open) -> None:
    watched = await open_page(site)
    page = watched.page
    await state(page, "live")
    sensor = await site.sensor()
    await read(site, sensor, 1)
    await expect(page.locator(ROWS)).to_have_count(3)

    await offline(page, True)
    await site.stop()
    await state(page, "offline")
    await expect(page.locator(".banner")).to_contain_text("Nothing is lost")
    await site.start()
    await read(site, sensor, 2, 3)
    await offline(page, False)
    await state(page, "live")

    await expect(page.locator(ROWS)).to_have_count(6)
    assert await texts(page) == [
        f"3 · sensor {sensor}", f"2 · sensor {sensor}", "Sistema iniciado correctamente",
        f"1 · sensor {sensor}", "temperatura · DHT22", "Sistema iniciado correctamente",
    ]  # fmt: skip
    await read(site, sensor, 4)
    await expect(page.locator(ROWS)).to_have_count(7)
    assert len(set(await keys_of(page))) == 7


async def test_the_page_comes_back_by_itself_when_the_server_does(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")

    await site.stop()
    await state(page, "waiting")
    await expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_have_count(1)
    await expect(page).to_have_title("⚠ Overview · realtime")
    await site.start()
    await site.sensor(nombre="Techo")

    await state(page, "live")
    await expect(page.locator(f"{ROWS} .data", has_text="Techo")).to_have_count(1)
    await expect(page.locator(ROWS)).to_have_count(3)
    await expect(page).to_have_title("Overview · realtime")


async def test_what_a_killed_server_had_acknowledged_is_on_the_page_once(tmp_path: Path, open_page: Open) -> None:
    async with ClientSession(connector=TCPConnector(force_close=True)) as session:

        async def post(server: Server, name: str) -> None:
            body = {"tipo": "temperatura", "modelo": "DHT22", "nombre": name}
            async with session.post(f"{server.url}/api/v1/sensors/", json=body) as answer:
                assert answer.status == 201

        with Server(tmp_path) as server:
            page = (await open_page(server)).page
            await state(page, "live")
            await post(server, "before")
            await expect(page.locator(f"{ROWS} .data").first).to_contain_text("before")
            await offline(page, True)
            await post(server, "unseen")
            server.process.kill()
            server.wait()
        with Server(tmp_path, port=server.port) as server:
            await post(server, "after")
            await offline(page, False)
            await state(page, "live")

            await expect(page.locator(ROWS)).to_have_count(6)
            shown = await texts(page)
    assert [text.partition(" · ")[0] for text in shown] == [
        "after", "Sistema iniciado correctamente", "unseen", "before", "Ejemplo", "Sistema iniciado correctamente",
    ]  # fmt: skip


async def test_a_page_that_slept_notices_a_dead_connection(site: Site, open_page: Open) -> None:
    dead = False

    async def prepare(context: Any) -> None:
        def wire(ours: Any) -> None:
            server = ours.connect_to_server()
            mute = []
            ours.on_message(lambda frame: None if dead and mute.append(1) is None else server.send(frame))
            server.on_message(lambda frame: None if mute or dead else ours.send(frame))

        await context.route_web_socket(lambda url: "/api/v1/ws" in url, wire)

    page = (await open_page(site, prepare=prepare)).page
    await state(page, "live")
    dead = True
    await site.sensor(nombre="Techo")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await state(page, "waiting")
    dead = False

    await state(page, "live")
    await expect(page.locator(f"{ROWS} .data", has_text="Techo")).to_have_count(1)


async def test_another_history_on_the_same_port_is_said(make_site: MakeSite, open_page: Open) -> None:
    site, other = await make_site(), await make_site()
    page = (await open_page(site)).page
    await state(page, "live")
    await site.sensor(nombre="former")
    await expect(page.locator(ROWS)).to_have_count(2)

    await site.stop()
    await other.stop()
    other.port, other.url = site.port, site.url
    await other.start()
    await other.sensor(nombre="present")

    await expect(page.locator(".gap")).to_contain_text("new history")
    await expect(page.locator(".feed li")).to_have_count(6)
    kinds = await page.eval_on_selector_all(".feed li", "rows => rows.map(row => row.className.split(' ')[0])")
    assert kinds == ["row", "row", "row", "gap", "row", "row"]
    assert (await texts(page))[0].startswith("present")


async def heap(page: Page) -> float:
    """MiB of JavaScript that the browser keeps when all that nobody holds is gone."""
    tools = await page.context.new_cdp_session(page)
    await tools.send("Performance.enable")
    for _ in range(2):
        await tools.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in (await tools.send("Performance.getMetrics"))["metrics"]}
    await tools.detach()
    return float(found["JSHeapUsedSize"]) / 2**20


async def test_what_has_left_the_list_is_let_go(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    sensor = await site.sensor()
    kept = []

    for batch in range(14):
        values = [{"sensor_id": sensor, "valor": batch + number / 100} for number in range(100)]
        await site.post("readings", values)
        await expect(page.locator(ROWS).first.locator(".data")).to_have_text(f"{batch}.99 · sensor {sensor}")
        kept.append(await heap(page))

    assert kept[-1] < kept[3] + 2, kept  # kept rows weigh about 0.4 a batch
