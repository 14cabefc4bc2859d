"""The start page in a real browser: figures, courses, what customers say, who does what, who is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from playwright.async_api import Page, expect

from realtime import keys
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, offline, overflow, state
from tests.programs import Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WALL = (3840, 2160)


async def rated(site: Site, contact: str, rating: int, feedback: str) -> int:
    """A conversation that was answered, closed and rated; its id."""
    row = await site.post("conversations", {"contact_name": contact})
    of = f"conversations/{row['id']}"
    await site.post(f"{of}/messages", {"content": "Hello?", "sender": "customer"})
    await site.post(f"{of}/messages", {"content": "Good morning."})
    async with site.session.post(f"{site.url}/api/v1/{of}/close/") as answer:
        assert answer.status == 200
    await site.post(f"{of}/csat", {"rating": rating, "feedback": feedback})
    return int(row["id"])


async def signed_in(site: Site, page: Page, role: Role) -> None:
    """The page again, as a user with that role."""
    await page.context.set_extra_http_headers({"Authorization": f"Bearer {await site.token(role)}"})
    await page.goto(site.url)


def figure(page: Page, name: str) -> Any:
    return page.locator(f".card[data-figure={name}] .value")


async def test_figures_and_lists_follow_what_happens(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await state(page, "live")
    await expect(page.locator(".desk-empty")).to_contain_text("There is no conversation yet")
    begin = page.get_by_role("link", name="Begin the first conversation")
    assert await begin.evaluate("link => link.href") == f"{site.url}/conversations"
    await expect(page.locator("#csat")).to_contain_text("Nobody has rated a conversation yet")

    await site.token()
    await rated(site, "João Silva", 5, "Excelente!")
    await site.post("conversations", {"contact_name": "Eva"})

    await expect(figure(page, "open")).to_have_text("1")
    await expect(figure(page, "total")).to_have_text("2")
    await expect(figure(page, "resolution_rate")).to_have_text("50%")
    await expect(figure(page, "average_satisfaction")).to_have_text("5.0 / 5")
    await expect(figure(page, "csat_score")).to_have_text("100%")
    await expect(figure(page, "response_time")).to_have_text("0s")
    rating = page.locator("#csat li")
    await expect(rating).to_have_count(1)
    await expect(rating).to_contain_text("João Silva")
    await expect(rating).to_contain_text("Excelente!")
    await expect(rating).to_have_class("fresh")
    await expect(page.locator("#csat [data-rating='5']")).to_have_attribute("aria-label", "5 stars of 5")
    await expect(page.locator("#satisfaction tr[data-rating='5'] .count")).to_have_text("1")
    await expect(page.locator("#audit li").first).to_contain_text("Conversation begun")
    await expect(page.locator("#audit li").first).to_contain_text("contact_name Eva")
    token = page.locator("#audit li", has_text="Token made")
    await expect(token).to_contain_text(re.compile(r" · expires_at [^·]*\b20\d\d\b[^·]*$"))


async def test_the_courses_have_a_table_that_says_the_same(site: Site, open_page: Open) -> None:
    await rated(site, "Eva", 4, "")
    page = (await open_page(site)).page

    await page.locator("#by-day").get_by_role("button", name="Show as table").click()

    today = page.locator("#by-day tbody tr").first
    await expect(today.locator("td")).to_have_text(["1", "1", "0"])
    await expect(page.locator("#by-day tbody tr")).to_have_count(30)
    await expect(page.locator(".times tr[data-figure=response_time] td")).to_have_text(["0s", "0s", "0s"])
    await page.locator("#times").get_by_role("button", name="Show as table").click()
    await expect(page.locator("#times tbody tr").last.locator("td")).to_have_text(["–", "–"])
    for name in ("open", "total", "closed"):
        await expect(page.locator(f".card[data-figure={name}] .spark")).to_have_count(1)


async def test_the_range_is_asked_for_and_stays_in_the_address(site: Site, open_page: Open) -> None:
    await rated(site, "Eva", 4, "")
    page = (await open_page(site)).page
    await expect(figure(page, "total")).to_have_text("1")

    await page.get_by_role("radio", name="7 days").check()
    await page.locator("#by-day").get_by_role("button", name="Show as table").click()
    await expect(page.locator("#by-day tbody tr")).to_have_count(7)
    await page.reload()
    await expect(page.get_by_role("radio", name="7 days")).to_be_checked()

    await page.get_by_role("radio", name="Own dates").check()
    await page.get_by_label("From").fill("2024-01-02")
    await page.get_by_label("to", exact=True).fill("2024-01-01")
    await expect(page.locator(".dates .fault")).to_have_text("The first day comes after the last one.")
    await page.get_by_label("From").fill("2024-01-01")
    await expect(figure(page, "average_satisfaction")).to_have_text("–")
    assert "from=2024-01-01&to=2024-01-01" in page.url


async def test_a_viewer_sees_no_audit_log_and_is_told_who_does(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    watched = await open_page(site)
    await signed_in(site, watched.page, Role.VIEWER)

    await expect(watched.page.locator("#audit")).to_contain_text("The audit log is for agents and admins.")
    await state(watched.page, "live")
    await expect(watched.page.locator("#online")).to_contain_text("user-viewer")
    await expect(watched.page.locator(".sensor-events .row")).to_have_count(1)
    await accessible(watched.page)
    assert [line for line in watched.network if "403" in line] == []


async def test_who_gets_another_role_sees_what_it_may_see(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    admin = {"Authorization": f"Bearer {await site.token(Role.ADMIN)}"}
    async with site.session.post(
        f"{site.url}/api/v1/users/", json={"name": "vera", "role": "viewer"}, headers=admin
    ) as made:
        vera = await made.json()
    link = await site.app[keys.ACCOUNTS].logins.make_link(SYSTEM, vera["id"])
    page = (await open_page(site, f"/login/{link.code}")).page
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("#audit")).to_contain_text("The audit log is for agents and admins.")
    await state(page, "live")

    where = f"{site.url}/api/v1/users/{vera['id']}/"
    async with site.session.patch(where, json={"role": "agent"}, headers=admin) as changed:
        assert changed.status == 200

    await expect(page.locator("#audit li").first).to_contain_text("User changed")
    await page.reload()
    await expect(page.locator("#audit li").first).to_contain_text("User changed")


async def test_a_device_that_may_read_nothing_is_told_so_everywhere(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    watched = await open_page(site)
    await signed_in(site, watched.page, Role.DEVICE)

    await state(watched.page, "barred")
    await expect(watched.page.locator(".panel .forbidden")).to_have_count(5)
    await expect(watched.page.locator("main")).not_to_contain_text("Loading")
    await accessible(watched.page)


async def test_who_comes_is_online_at_once(site: Site, open_page: Open) -> None:
    page = (await open_page(site)).page
    await expect(page.locator("#online")).to_contain_text("Nobody is signed in.")

    headers = {"Authorization": f"Bearer {await site.token(Role.AGENT)}"}
    async with site.session.ws_connect(f"{site.url}/ws/dashboard/", headers=headers):
        await expect(page.locator("#online li")).to_have_text(["user-agent"])
        other = (await open_page(site)).page
        await expect(other.locator("#online li")).to_have_text(["user-agent"])


async def test_what_was_missed_is_made_up_for_once(tmp_path: Path, open_page: Open) -> None:
    async with ClientSession(connector=TCPConnector(force_close=True)) as session:

        async def sensor(server: Server, name: str) -> None:
            body = {"tipo": "t", "modelo": "m", "nombre": name}
            async with session.post(f"{server.url}/api/v1/sensors/", json=body) as answer:
                assert answer.status == 201

        with Server(tmp_path) as server:
            page = (await open_page(server)).page
            await state(page, "live")
            await sensor(server, "before")
            await expect(page.locator("#audit li").first).to_contain_text("nombre before")
            count = await page.locator("#audit li").count()
            await offline(page, True)
            await state(page, "offline")
            await sensor(server, "meanwhile")
            server.process.kill()
            server.wait()
        with Server(tmp_path, port=server.port):
            await offline(page, False)
            await state(page, "live")
            await expect(page.locator("#audit li").first).to_contain_text("nombre meanwhile")
            await expect(page.locator("#audit li")).to_have_count(count + 1)


async def test_who_reads_in_a_list_is_not_moved(site: Site, open_page: Open) -> None:
    for n in range(12):
        await rated(site, f"Customer {n}", 1 + n % 5, "Well. " * 10)
    page = (await open_page(site)).page
    await expect(page.locator("#csat li")).to_have_count(12)
    await expect(page.locator("#by-day canvas")).to_be_visible()
    await page.locator("#csat ol").evaluate("list => { list.scrollTop = 200 }")
    read = page.locator("#csat li").nth(5)
    before = await read.bounding_box()

    await rated(site, "Somebody else", 3, "Hm.")

    button = page.locator("#csat").get_by_role("button", name="1 new event")
    await expect(button).to_be_visible()
    assert await read.bounding_box() == before
    await button.click()
    await expect(page.locator("#csat li").first).to_contain_text("Somebody else")
    await expect(page.locator("#csat li").first).to_be_in_viewport()


async def test_rows_are_walked_by_keys_and_tell_their_exact_time(site: Site, open_page: Open) -> None:
    first = await rated(site, "Ana", 4, "")
    await rated(site, "Eva", 5, "")
    page = (await open_page(site)).page
    await expect(page.locator("#csat li")).to_have_count(2)

    await page.locator("#csat ol").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")

    await expect(page.locator("#csat li").nth(1)).to_be_focused()
    time = page.locator("#csat li").nth(1).locator("time")
    told = await time.evaluate("time => getComputedStyle(time, '::after').content")
    assert told.strip('"') == await time.get_attribute("title")
    link = page.get_by_role("link", name="Ana")
    await expect(link).to_have_attribute("href", f"{site.url}/conversations?c={first}")


async def test_a_figure_says_what_it_means(site: Site, open_page: Open) -> None:
    await site.post("conversations", {"contact_name": "Eva"})
    page = (await open_page(site)).page
    word = page.get_by_role("button", name="CSAT score")
    meaning = page.get_by_role("tooltip", name="The share of ratings that are 4 or 5.")

    await word.focus()
    await expect(meaning).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(meaning).to_be_hidden()
    await word.hover()
    await expect(meaning).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(site: Site, open_page: Open, theme: str) -> None:
    await rated(site, "Eva", 4, "Good.")
    await rated(site, "João", 2, "Slow.")
    page = (await open_page(site, theme=theme)).page
    await state(page, "live")
    await expect(page.locator(".chart canvas")).to_have_count(2)
    await page.emulate_media(reduced_motion="reduce", color_scheme=theme)  # type: ignore[arg-type]
    await accessible(page)
    await page.get_by_role("radio", name="Own dates").check()
    await page.locator(".menu button").click()
    await accessible(page)


@pytest.mark.parametrize("size", [WALL, WIDE, PHONE, NARROW], ids=["wall", "wide", "phone", "narrow"])
async def test_it_fits_every_screen(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    await rated(site, "W" * 120, 4, "W" * 300)
    page = (await open_page(site, size=size)).page
    await expect(page.locator("#csat li")).to_have_count(1)
    await expect(page.locator(".chart canvas")).to_have_count(2)

    assert await overflow(page) <= 0
    await accessible(page)
