"""The page of the API: what the documents say, found, read and tried."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Page, expect

from realtime.policy import Role
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, state
from tests.parts import need

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(open_page: Open, site: Site, **more: Any) -> Page:
    """The page, with both documents on it."""
    page: Page = (await open_page(site, "/docs", **more)).page
    await expect(page.locator("#requests .fold").first).to_be_visible()
    await expect(page.locator("#events .fold").first).to_be_visible()
    return page


def fold(page: Page, place: str, name: str) -> Any:
    """What folds below that heading and has exactly this name in its summary."""
    exactly = page.locator("summary code").filter(has_text=re.compile(f"^{re.escape(name)}$"))
    return page.locator(f"{place} details.fold").filter(has=exactly)


async def unfolded(page: Page, door: str, command: str) -> Any:
    """A command of a socket, its place on the page opened."""
    socket = fold(page, "#sockets >", door).first
    await socket.locator("summary").first.click()
    inner = socket.locator(".fold", has=page.locator("summary code", has_text=re.compile(f"^{command}$"))).first
    await inner.locator("summary").click()
    return inner


async def test_every_request_and_every_event_is_there_and_can_be_found(site: Site, open_page: Open) -> None:
    page = await opened(open_page, site)
    document = await (await site.session.get(f"{site.url}/openapi.json")).json()
    operations = sum(len(methods) for methods in document["paths"].values())
    described = await (await site.session.get(f"{site.url}/asyncapi.json")).json()
    types = sum(len(channel["types"]) for channel in described["x-channels"])

    await expect(page.locator("#requests .fold")).to_have_count(operations)
    await expect(page.locator("#events .fold")).to_have_count(types)
    await expect(page.locator("#sockets > .fold")).to_have_count(len(described["channels"]))
    await expect(page.locator("#endings tbody tr")).to_have_count(len(described["x-close-codes"]))
    await page.get_by_role("searchbox").fill("POST conversations csat")
    await expect(page.locator("#requests .fold")).to_have_count(1)
    await page.get_by_role("searchbox").fill("nothing like that")
    await expect(page.locator("#requests")).to_contain_text("No request is like that.")


async def test_a_request_is_sent_as_its_example_stands_there(site: Site, open_page: Open) -> None:
    page = await opened(open_page, site)
    await page.get_by_role("searchbox").fill("POST /api/v1/conversations/ create")
    await page.locator("#requests summary").press("Enter")
    form = page.get_by_role("form", name="Try it: POST /api/v1/conversations/")
    await expect(page.locator("#requests .code")).to_contain_text(f"curl -X POST '{site.url}/api/v1/conversations/'")
    await form.get_by_role("button", name="Send").click()

    await expect(form.get_by_role("status")).to_contain_text("201")
    await expect(form.get_by_role("status")).to_contain_text('"contact_name": "João Silva"')
    async with site.session.get(f"{site.url}/api/v1/conversations/") as answer:
        assert (await answer.json())["count"] == 1
    await form.get_by_label("Body").fill("{")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("status")).to_contain_text("malformed")


async def test_what_a_request_needs_is_there_already(site: Site, open_page: Open) -> None:
    await site.sensor()
    page = await opened(open_page, site)

    for path in ("/api/v1/sensors/latest", "/api/v1/readings/series"):
        request = fold(page, "#requests", path)
        await request.locator("summary").click()
        await expect(request.locator(".code").first).to_contain_text(f"curl '{site.url}{path}?sensor_id=1'")
        await request.get_by_role("button", name="Send", exact=True).click()
        await expect(request.locator(".came b")).to_have_text("200")


async def test_lines_of_json_are_shown_as_they_came(site: Site, open_page: Open) -> None:
    await site.sensor()
    page = await opened(open_page, site)

    request = page.locator("#requests .fold", has_text="POST /api/v1/events/export")
    await request.locator("summary").click()
    await request.get_by_role("button", name="Send", exact=True).click()

    await expect(request.locator(".came b")).to_have_text("200")
    lines = (await request.locator("[role=status] pre").inner_text()).splitlines()
    assert len(lines) > 1
    assert all(line.startswith("{") and line.endswith("}") for line in lines)


async def test_a_stream_is_read_for_a_while(site: Site, open_page: Open) -> None:
    page = await opened(open_page, site)
    await page.get_by_role("searchbox").fill("events/ndjson")
    await page.locator("#requests summary").click()
    form = page.get_by_role("form")
    await form.get_by_label("since").fill("0")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("status")).to_contain_text("Sistema iniciado correctamente", timeout=15_000)


@pytest.mark.parametrize(
    ("door", "command", "answered"),
    [
        ("/api/v1/ws", "subscribe", '"success":true'),
        ("/ws/dashboard/", "ping", '"position"'),
        ("/socket.io/", "users:list", '"ok":true'),
    ],
)
async def test_a_command_is_said_on_its_socket(
    site: Site, open_page: Open, door: str, command: str, answered: str
) -> None:
    inner = await unfolded(await opened(open_page, site), door, command)
    form = inner.get_by_role("form")
    await form.get_by_role("button", name="Say it and listen").click()
    await expect(form.get_by_role("log")).to_contain_text(answered)
    await form.get_by_role("button", name="Close").click()
    await expect(form.get_by_role("log")).to_contain_text("Closed")


async def test_an_event_is_shown_in_every_dialect(site: Site, open_page: Open) -> None:
    page = await opened(open_page, site)
    event = fold(page, "#events", "message.created")
    await event.locator("summary").click()
    for title in ("Canonical", "Dashboard: chat_message", "Chat: message:send"):
        await expect(event.locator("figcaption", has_text=title)).to_be_visible()


async def test_an_address_can_name_a_request(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/docs#post_api_v1_sensors")).page
    document = await (await site.session.get(f"{site.url}/openapi.json")).json()
    ident = document["paths"]["/api/v1/sensors/"]["post"]["operationId"]
    await page.goto(f"{site.url}/docs?again#{ident}")
    await expect(page.locator(f"#{ident} .inside")).to_be_in_viewport()


async def test_a_closed_server_shows_it_to_its_users_and_code_carries_a_token(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link(Role.VIEWER))).page
    await page.locator("form button").first.click()
    await page.wait_for_url(re.compile(r"^(?!.*login)"))
    await page.goto(f"{site.url}/docs")
    await page.get_by_role("searchbox").fill("List sensors")
    await page.locator("#requests summary").click()
    await expect(page.locator("#requests .code")).to_contain_text("Authorization: Bearer $REALTIME_TOKEN")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("form").get_by_role("status")).to_contain_text('"count"')


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
async def test_anybody_can_read_it(site: Site, open_page: Open, theme: str, size: tuple[int, int]) -> None:
    page = await opened(open_page, site, theme=theme, size=size)
    await state(page, "live")
    for place, name in (("#requests", "/api/v1/readings/series"), ("#events", "csat.created")):
        await fold(page, place, name).first.locator("summary").click()
    socket = fold(page, "#sockets >", "/ws/dashboard/").first
    await socket.locator("summary").first.click()
    await socket.locator(".fold summary").first.click()

    assert await overflow(page) <= 0
    await accessible(page)


PROGRAMS = {
    "curl": ("bash", "-c"),
    "JavaScript": ("node", "--input-type=module", "-e"),
    "Python": (sys.executable, "-c"),
}


async def ran(program: tuple[str, ...], code: str, until: str) -> str:
    """What the program says until this was said, or it ends."""
    process = await asyncio.create_subprocess_exec(*program, code, stdout=PIPE, stderr=STDOUT)
    said = ""
    try:
        async with asyncio.timeout(20):
            assert process.stdout is not None
            while until not in said and (more := await process.stdout.read(1_000)):
                said += more.decode()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
    return said


@pytest.mark.parametrize("language", PROGRAMS)
async def test_the_code_of_a_request_runs_as_it_stands_there(site: Site, open_page: Open, language: str) -> None:
    if language == "JavaScript":
        need("node")
    page = await opened(open_page, site)
    await page.get_by_role("searchbox").fill("POST /api/v1/conversations/ create")
    await page.locator("#requests summary").click()
    await page.locator("#requests").get_by_role("button", name=language).click()
    code = await page.locator("#requests .code pre").text_content()

    assert "João Silva" in await ran(PROGRAMS[language], code or "", "João Silva")
    async with site.session.get(f"{site.url}/api/v1/conversations/") as answer:
        assert [row["contact_name"] for row in (await answer.json())["results"]] == ["João Silva"]


@pytest.mark.parametrize(
    ("door", "command", "answered"),
    [("/api/v1/ws", "subscribe", "'success': True"), ("/socket.io/", "users:list", "'ok': True")],
)
async def test_the_code_of_a_socket_runs_as_it_stands_there(
    site: Site, open_page: Open, door: str, command: str, answered: str
) -> None:
    inner = await unfolded(await opened(open_page, site), door, command)
    await inner.get_by_role("button", name="Python").click()
    code = await inner.locator(".code pre").first.text_content()

    assert answered in await ran(PROGRAMS["Python"], code or "", answered)
