"""The test client in a real browser, served and opened as a file."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from realtime.assets import FOLDER
from tests.browser.conftest import NARROW, PHONE, MakeSite, Open, Site, accessible, overflow

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SERVED = "/websocket_client.html"
FILE = (FOLDER / "websocket_client.html").as_uri()
FRAMES = "#frames li"


async def connect(page: Page) -> None:
    await page.get_by_role("button", name="Connect", exact=True).click()


async def connected(page: Page) -> None:
    await expect(page.locator("#state")).to_have_text("Connected")


async def as_file(open_page: Open, site: Site) -> Page:
    page = (await open_page(site, FILE)).page
    await page.get_by_label("Address").fill(f"ws://localhost:{site.port}/api/v1/ws")
    return page


async def test_served_it_connects_to_its_own_host_and_shows_the_seeds_frames(site: Site, open_page: Open) -> None:
    watched = await open_page(site, SERVED)
    page = watched.page
    await expect(page.get_by_label("Address")).to_have_value(f"ws://localhost:{site.port}/api/v1/ws")
    await expect(page.get_by_role("link", name="Live events")).to_have_attribute("href", "./")

    await connect(page)
    await connected(page)
    await site.sensor(nombre="<b>Patio</b>")

    frame = page.locator(FRAMES).first
    await expect(frame.locator("strong")).to_have_text("sensor created")
    await expect(frame.locator("pre")).to_contain_text('"nombre":"<b>Patio</b>"')
    await expect(frame).to_have_attribute("data-kind", "created")
    assert watched.sockets == [f"ws://localhost:{site.port}/api/v1/ws?channel=general&since=now"]


async def test_a_test_event_comes_back(site: Site, open_page: Open) -> None:
    page = (await open_page(site, SERVED)).page
    await page.get_by_role("checkbox", name="general").uncheck()
    await page.get_by_role("checkbox", name="readings").check()
    await connect(page)
    await connected(page)

    await page.get_by_label("Message").fill("¡hola!")
    await page.get_by_role("button", name="Send test event").click()

    await expect(page.locator("#test-told")).to_contain_text("Sent to readings as event 2; listening: 1.")
    await expect(page.locator(f"{FRAMES} pre").first).to_contain_text('"message":"¡hola!"')


async def test_a_test_event_needs_a_connection_and_says_so(site: Site, open_page: Open) -> None:
    page = (await open_page(site, SERVED)).page
    send = page.get_by_role("button", name="Send test event")
    await expect(send).to_be_disabled()
    await expect(send).to_have_accessible_description("Connect first, to see it come back.")

    await connect(page)
    await expect(send).to_be_enabled()
    await page.get_by_role("button", name="Disconnect").click()

    await expect(send).to_be_disabled()
    await expect(page.locator("#send-hint")).to_be_visible()


async def test_it_is_connected_again_only_when_it_has_all(site: Site, open_page: Open) -> None:
    held: list[Any] = []

    async def prepare(context: Any) -> None:
        def wire(ours: Any) -> None:
            server = ours.connect_to_server()
            server.on_message(
                lambda frame: held.append((ours, frame)) if '"type":"recovered"' in frame else ours.send(frame)
            )

        await context.route_web_socket(lambda url: "/api/v1/ws" in url, wire)

    page = (await open_page(site, SERVED, prepare=prepare)).page
    await connect(page)
    await connected(page)
    await site.stop()
    await expect(page.locator("#state")).to_contain_text("Reconnecting")
    await site.start()

    await expect(page.locator("#state")).to_have_text("Catching up …")
    ours, frame = held[0]
    ours.send(frame)
    await connected(page)


async def test_the_frames_scroll_in_a_box_of_their_own(site: Site, open_page: Open) -> None:
    page = (await open_page(site, SERVED)).page
    sensor = await site.sensor()
    await connect(page)
    await connected(page)
    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(50)])
    await expect(page.locator(FRAMES)).to_have_count(51)

    height = await page.evaluate("document.documentElement.scrollHeight")
    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(50)])
    await expect(page.locator(FRAMES)).to_have_count(101)
    assert await page.evaluate("document.documentElement.scrollHeight") == height
    assert await page.locator(f"{FRAMES} time").first.text_content() == await page.evaluate(
        "new Date(document.querySelector('#frames time').title).toTimeString().slice(0, 8)"
    )
    await accessible(page)


async def test_after_a_restart_it_goes_on_from_its_position(site: Site, open_page: Open) -> None:
    watched = await open_page(site, SERVED)
    page = watched.page
    await connect(page)
    await connected(page)
    await site.sensor(nombre="one")
    await expect(page.locator(FRAMES)).to_have_count(2)

    await site.stop()
    await expect(page.locator("#state")).to_contain_text("Reconnecting")
    await site.start()
    await site.sensor(nombre="two")

    await connected(page)
    await expect(page.locator(f"{FRAMES} pre", has_text='"two"')).to_have_count(1)
    await expect(page.locator(f"{FRAMES} pre", has_text='"one"')).to_have_count(1)
    epoch_and_seq = watched.sockets[-1].partition("since=")[2]
    assert epoch_and_seq.endswith("%3A2")


async def test_a_channel_of_our_own_goes_through_the_secure_door(site: Site, open_page: Open) -> None:
    watched = await open_page(site, SERVED)
    page = watched.page
    await page.get_by_label("Other channels").fill("machine-7")
    await connect(page)
    await connected(page)

    await site.post("channels/machine-7", {"rpm": 900})

    await expect(page.locator(f"{FRAMES} strong").first).to_have_text("message on machine-7")
    assert "/api/v1/ws/secure?" in watched.sockets[0]


async def test_a_closed_server_is_explained_and_a_token_helps(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    watched = await open_page(site, SERVED)
    page = watched.page
    await connect(page)
    await expect(page.locator("#told")).to_contain_text("Paste a token")

    token = await site.token()
    await page.get_by_label("Token").fill(token)
    await connect(page)
    await connected(page)
    await page.get_by_role("button", name="Send test event").click()

    await expect(page.locator(f"{FRAMES} pre").first).to_contain_text('"message":"test"')
    assert not [url for url in watched.sockets if token in url]
    assert token not in await page.content()


async def test_a_wrong_token_is_not_tried_again(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, SERVED)).page
    await page.get_by_label("Token").fill("rt_" + "A" * 43)

    await connect(page)

    await expect(page.locator("#state")).to_have_text("Closed (4500)")
    await expect(page.locator("#told")).to_contain_text("not valid")


async def test_a_token_in_the_address_is_refused(site: Site, open_page: Open) -> None:
    watched = await open_page(site, SERVED)
    await watched.page.get_by_label("Address").fill(f"ws://localhost:{site.port}/api/v1/ws?token=rt_x")

    await connect(watched.page)

    await expect(watched.page.locator("#told")).to_contain_text("put the token into the token field")
    assert watched.sockets == []


async def test_as_a_file_it_says_that_it_needs_a_token(site: Site, open_page: Open) -> None:
    page = await as_file(open_page, site)

    await expect(page.locator("#file-hint")).to_be_visible()
    await connect(page)
    await expect(page.locator("#told")).to_contain_text("python3 run.py token create")
    await expect(page.get_by_role("link", name="Live events")).to_be_hidden()


async def test_as_a_file_with_a_token_it_works(site: Site, open_page: Open) -> None:
    page = await as_file(open_page, site)
    await page.get_by_label("Token").fill(await site.token())
    await connect(page)
    await connected(page)

    await page.get_by_role("button", name="Send test event").click()
    await expect(page.locator(f"{FRAMES} pre").first).to_contain_text('"message":"test"')
    await site.stop()
    await expect(page.locator("#state")).to_contain_text("Reconnecting")
    await site.start()
    await site.sensor(nombre="meanwhile")

    await connected(page)
    await expect(page.locator(f"{FRAMES} pre", has_text="meanwhile")).to_have_count(1)
    await expect(page.locator(f"{FRAMES} pre", has_text='"message":"test"')).to_have_count(1)


async def test_a_server_that_is_not_there_is_named(site: Site, open_page: Open) -> None:
    page = (await open_page(site, SERVED)).page
    await site.stop()

    await connect(page)

    await expect(page.locator("#told")).to_contain_text(f"No server answers at localhost:{site.port}")


async def test_frames_are_bounded_counted_copied_and_cleared(site: Site, open_page: Open) -> None:
    page = (await open_page(site, SERVED, prepare=allow_clipboard)).page
    sensor = await site.sensor()
    await connect(page)
    await connected(page)
    await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(700)])

    await expect(page.locator("#count")).to_have_text("701, the last 500 shown")
    assert await page.locator(FRAMES).count() == 500
    await page.get_by_role("button", name="Copy as JSON").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText().then(JSON.parse)")
    assert [frame["data"]["valor"] for frame in copied] == list(range(200, 700))
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator(FRAMES)).to_have_count(0)
    await expect(page.locator("#count")).to_have_text("0")


async def allow_clipboard(context: object) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(site: Site, open_page: Open, theme: str) -> None:
    page = (await open_page(site, SERVED, theme=theme)).page
    await connect(page)
    await connected(page)
    await site.sensor()
    await expect(page.locator(FRAMES)).to_have_count(2)

    await accessible(page)


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow"])
async def test_it_fits_a_phone(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    page = (await open_page(site, SERVED, size=size)).page
    await connect(page)
    await connected(page)
    await site.sensor(nombre="W" * 200)
    await expect(page.locator(FRAMES)).to_have_count(2)

    assert await overflow(page) <= 0
    await accessible(page)
