"""The page of connections: the roster live, and the levers of an admin."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from realtime.policy import Role
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = ".roster [data-index]"


async def sign_in(open_page: Open, site: Site, role: Role = Role.ADMIN, name: str = "ana", **more: Any) -> Page:
    """A page of somebody who has just signed in."""
    page: Page = (await open_page(site, await site.link(role, name), **more)).page
    await page.locator("form button").first.click()
    await page.wait_for_url(re.compile(r"^(?!.*login)"))
    await page.goto(f"{site.url}/connections")
    return page


def listen(site: Site, agent: str, query: str = "") -> Any:
    """A socket whose row is told by its user agent."""
    return site.session.ws_connect(f"{site.url}/api/v1/ws{query}", headers={"User-Agent": agent})


async def test_who_connects_appears_and_who_goes_disappears(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/connections")).page
    await state(page, "live")
    mine = page.locator(ROWS, has_text="this page")
    await expect(mine).to_contain_text("realtime")

    async with listen(site, "Thermometer/1.0", "?channel=readings"):
        row = page.locator(ROWS, has_text="Thermometer")
        await expect(row).to_contain_text("readings")
        await expect(row.locator(".lag")).to_contain_text("0")
    await expect(row).to_have_count(0)
    await page.get_by_label("Status").select_option("Inativa")
    await expect(row.locator(".ending")).to_be_visible()
    await expect(mine).to_have_count(0)


async def test_an_admin_closes_a_connection_by_keyboard(site: Site, open_page: Open) -> None:
    async with listen(site, "Thermometer/1.0") as ws:
        page = await sign_in(open_page, site)
        row = page.locator(ROWS, has_text="Thermometer")
        await row.get_by_role("button", name=re.compile("^Close ")).press("Enter")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("For how many seconds").fill("99999")
        await page.keyboard.press("Enter")
        await expect(dialog.locator(".field .error")).to_contain_text("86400")
        await dialog.get_by_label("For how many seconds").fill("0")
        await page.keyboard.press("Enter")

        assert (await ws.receive(timeout=5)).data == 4503
        await expect(dialog).to_have_count(0)
        await expect(row).to_have_count(0)
        await expect(page.locator(".toast")).to_contain_text("1 connection closed")


async def test_several_are_asked_to_come_back(site: Site, open_page: Open) -> None:
    sockets = [await listen(site, f"Thermometer/{n}") for n in range(3)]
    page = await sign_in(open_page, site)
    rows = page.locator(ROWS, has_text="Thermometer")
    await expect(rows).to_have_count(3)
    for n in range(2):
        await rows.nth(n).get_by_role("checkbox").check()
    await page.locator(".picked").get_by_role("button", name="Close …").click()
    await page.get_by_role("radio", name=re.compile("come back")).check()
    await page.get_by_role("dialog").get_by_role("button", name="Close 2 connections").click()

    await expect(rows).to_have_count(1)
    assert [(await ws.receive(timeout=5)).data for ws in sockets[1:]] == [4011, 4011]
    await expect(page.locator(".picked")).to_have_count(0)
    await sockets[0].close()


async def test_a_test_frame_arrives_at_that_connection(site: Site, open_page: Open) -> None:
    async with listen(site, "Thermometer/1.0") as ws, listen(site, "Other/1.0") as other:
        page = await sign_in(open_page, site)
        await page.locator(ROWS, has_text="Thermometer").get_by_role("button", name=re.compile("^Send ")).click()
        await page.get_by_label("Message", exact=True).fill("are you there? <b>")
        await page.get_by_label("Level").select_option("warning")
        await page.get_by_role("button", name="Send", exact=True).click()

        frame = await ws.receive_json(timeout=5)
        assert (frame["type"], frame["level"], frame["message"]) == ("system_event", "warning", "are you there? <b>")
        await expect(page.locator(".toast")).to_contain_text("Sent to guest")
        with pytest.raises(TimeoutError):
            await other.receive(timeout=0.2)


async def test_a_guest_reads_and_declares_and_steers_nothing(site: Site, open_page: Open) -> None:
    async with listen(site, "Thermometer/1.0"):
        page = (await open_page(site, "/connections")).page
        await expect(page.locator(ROWS, has_text="Thermometer")).to_be_visible()
        assert await page.locator(f"{ROWS} .levers, {ROWS} input").count() == 0

        await page.get_by_role("button", name="Declare …").click()
        await page.get_by_label("User").last.fill("visitor")
        await page.get_by_role("button", name="Declare", exact=True).click()
        url = await page.locator("dialog code").first.inner_text()
        await expect(page.locator("dialog code").last).to_have_text(re.compile("^tk_"))
        await page.get_by_role("button", name="Done").click()
        row = page.locator(ROWS, has_text="visitor")
        await expect(row).to_contain_text("Declared")
        async with site.session.ws_connect(url):
            await expect(row).to_contain_text("Open")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
async def test_who_may_not_see_the_roster_is_told_who_may(make_site: MakeSite, open_page: Open, role: Role) -> None:
    site = await make_site(access="closed")
    asked: list[str] = []
    page = await sign_in(open_page, site, role)
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await state(page, "live")

    await expect(page.locator(".forbidden")).to_contain_text("Admins see connections")
    await expect(page.locator(".roster")).to_have_count(0)
    await expect(page.locator("nav.pages a", has_text="Connections")).to_have_count(0)
    assert [url for url in asked if "/api/v1/websockets" in url] == []


async def test_the_roster_is_narrowed_and_sorted(site: Site, open_page: Open) -> None:
    async with listen(site, "B/1", "?channel=readings"), listen(site, "A/1", "?channel=readings"), listen(site, "C/1"):
        page = (await open_page(site, "/connections")).page
        await page.get_by_label("Channel").fill("readings")
        await expect(page.locator(ROWS)).to_have_count(2)
        await page.get_by_role("button", name="Program").click()
        await expect(page.locator(f"{ROWS} .client")).to_have_text(["A/1", "B/1"])
        await page.get_by_role("button", name="Program").click()
        await expect(page.locator(f"{ROWS} .client")).to_have_text(["B/1", "A/1"])
        await expect(page.locator(".roster [aria-sort]")).to_have_attribute("aria-sort", "descending")

        await page.get_by_label("Channel").fill("NO CHANNEL!")
        await expect(page.locator(".filters .error")).to_contain_text("not a valid choice")
        await page.get_by_role("button", name="Clear").click()
        await expect(page.locator(ROWS)).to_have_count(4)
        await page.get_by_label("User").fill("nobody-here")
        await expect(page.locator(".empty")).to_contain_text("No connection is like that")


async def test_who_reads_slowly_is_seen_by_the_bars(site: Site, open_page: Open) -> None:
    lines = (
        "GET /api/v1/ws?channel=readings HTTP/1.1",
        f"Host: localhost:{site.port}",
        "User-Agent: Slow/1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {'A' * 22}==",
    )
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(("127.0.0.1", site.port))
        sock.sendall("\r\n".join((*lines, "", "")).encode())
        sensor = await site.sensor()
        for _ in range(12):
            await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(1_000)])
        page = (await open_page(site, "/connections")).page

        row = page.locator(ROWS, has_text="Slow/1")
        await expect(row.locator(".lag .measure")).to_have_attribute("data-level", re.compile("warn|bad"))
        await expect(row.locator(".queue .figure")).to_have_text(re.compile(r"\d [kM]B$"))
        filled = await row.locator(".queue .fill").evaluate("fill => fill.offsetWidth / fill.parentElement.offsetWidth")
        assert filled > 0.5
        await page.get_by_role("button", name="Queue").click()
        await expect(page.locator(ROWS).first).to_contain_text("Slow/1")


async def test_the_server_is_never_asked_twice_at_once(site: Site, open_page: Open) -> None:
    under_way, most, asked = 0, 0, 0
    go = asyncio.Event()

    async def hold(route: Route) -> None:
        nonlocal under_way, most, asked
        under_way, asked = under_way + 1, asked + 1
        most = max(most, under_way)
        await go.wait()
        await route.continue_()
        under_way -= 1

    async def prepare(context: BrowserContext) -> None:
        await context.route(re.compile("/api/v1/websockets/"), hold)

    page = (await open_page(site, "/connections", prepare=prepare)).page
    await state(page, "live")
    for _ in range(5):  # each of them a reason to look
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert asked == 1
    go.set()

    await expect(page.locator(ROWS)).to_have_count(1)
    assert (most, asked <= 3) == (1, True)


async def test_what_is_shown_stays_while_the_server_is_away_and_is_said_to_be_old(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/connections")).page
    await expect(page.locator(ROWS)).to_have_count(1)
    await site.stop()
    await expect(page.locator(".as-of.stale")).to_contain_text("Not refreshed since")
    await expect(page.locator(ROWS)).to_have_count(1)

    await site.start()
    await expect(page.locator(".as-of.stale")).to_have_count(0)
    await state(page, "live")
    await expect(page.locator(ROWS, has_text="this page")).to_have_count(1)


@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
async def test_ones_own_name_is_there_in_full(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    page = await sign_in(open_page, site, name="maria.souza", size=size, locale="es")
    await expect(page.locator(ROWS, has_text="esta página")).to_be_visible()

    cut = "parts => parts.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert await page.locator(".roster button.name").evaluate_all(cut) == []
    assert await page.locator(".roster .when > span").evaluate_all(cut) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
async def test_it_reads_well_whatever_clients_call_themselves(
    site: Site, open_page: Open, theme: str, size: tuple[int, int]
) -> None:
    hostile = [
        "<img src=x onerror='window.hit = 1'>",
        "W" * 400,
        "%(n)s ${window.hit=1}",
        "' \" --><script>window.hit = 1</script>",
    ]
    sockets = [await listen(site, agent) for agent in hostile]
    page = await sign_in(open_page, site, size=size, theme=theme)
    await expect(page.locator(ROWS)).to_have_count(len(hostile) + 1)
    await expect(page.locator(ROWS, has_text="this page")).to_be_visible()

    assert await overflow(page) <= 0
    await accessible(page)
    await page.locator(ROWS).last.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Written up to")
    await accessible(page)
    assert await overflow(page) <= 0
    assert await page.evaluate("window.hit") is None
    for ws in sockets:
        await ws.close()
