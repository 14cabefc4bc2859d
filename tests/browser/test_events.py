"""The console over the log: all channels live, replays, one event in every dialect, making something happen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from realtime import keys
from realtime.policy import Role
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = ".entries .entry"


async def console(open_page: Open, site: Site, **more: Any) -> Page:
    """The page, once it is live and shows what there is."""
    page: Page = (await open_page(site, "/events", **more)).page
    await state(page, "live")
    await expect(page.locator(".console .note", has_text="Loading")).to_have_count(0)
    return page


async def sign_in(open_page: Open, site: Site, role: Role = Role.ADMIN, **more: Any) -> Page:
    """The page of somebody who has just signed in."""
    page: Page = (await open_page(site, await site.link(role), **more)).page
    await page.locator("form button").first.click()
    await page.wait_for_url(re.compile(r"^(?!.*login)"))
    await page.goto(f"{site.url}/events")
    await state(page, "live")
    return page


async def replay(page: Page, since: str) -> None:
    await page.get_by_label("Replay from").fill(since)
    await page.get_by_role("button", name="Replay", exact=True).click()


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=name, exact=True)


async def test_what_happens_appears_on_whatever_channel(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    await site.sensor(nombre="Patio")
    await site.post("conversations", {"contact_name": "João"})
    await site.post("channels/never-heard-of", {"hola": "mundo"})

    await expect(page.locator(ROWS).first).to_contain_text("never-heard-of")
    await expect(page.locator(ROWS, has_text="conversation.created")).to_have_count(1)
    await expect(page.locator(f"{ROWS}.fresh[data-channel=sensors]", has_text="Patio")).to_have_count(1)
    await expect(box(page, "never-heard-of")).to_be_visible()


async def test_an_audit_entry_is_told_in_words_and_by_whom(site: Site, open_page: Open) -> None:
    await site.post("conversations", {"contact_name": "João"})
    page = await console(open_page, site, locale="es")

    entry = page.locator(f"{ROWS}[data-channel=audit] .data")
    await expect(entry.first).to_have_text("Conversación iniciada · guest")


async def test_the_forms_stand_side_by_side_where_there_is_room(site: Site, open_page: Open) -> None:
    page = await sign_in(open_page, site)
    boxes = "parts => parts.map((one) => one.getBoundingClientRect().toJSON())"
    programs, tried, publish = await page.locator("#programs, #test-event, #publish").evaluate_all(boxes)
    assert programs["x"] == tried["x"] < publish["x"]
    assert abs(tried["y"] + tried["height"] - publish["y"] - publish["height"]) < 160
    end = "part => part.getBoundingClientRect().right"
    lever = await page.get_by_role("button", name="Replay", exact=True).evaluate(end)
    assert abs(lever - await page.locator(".console .entries").evaluate(end)) <= 1


async def test_channels_and_types_are_chosen(site: Site, open_page: Open) -> None:
    sensor = await site.sensor(nombre="Patio")
    await site.post("readings", {"sensor_id": sensor, "valor": 1})
    await site.post("channels/plaza", "one")
    page = await console(open_page, site)
    await box(page, "plaza").check()
    await expect(page.locator(ROWS)).to_have_count(1)
    await box(page, "readings").check()
    await expect(page.locator(ROWS)).to_have_count(2)

    await site.sensor(nombre="Techo")
    await site.post("channels/plaza", "two")
    await expect(page.locator(f"{ROWS} .data")).to_have_text(["two", "one", f"1 · sensor {sensor}"])
    await page.get_by_label("Type").fill("reading.created")
    await expect(page.locator(f"{ROWS} .data")).to_have_text([f"1 · sensor {sensor}"])
    await page.get_by_label("Type").fill("reading.deleted")
    await expect(page.locator(".console .empty")).to_contain_text("Nothing has happened here yet")


async def test_the_log_is_replayed_from_any_position_or_time(site: Site, open_page: Open) -> None:
    await site.sensor(nombre="Patio")
    await site.post("channels/plaza", "before")
    page = await console(open_page, site)
    seqs = page.locator(f"{ROWS} .seq")
    everything = await seqs.all_text_contents()
    for since in ("0", "1h", "2020-07-20T00:05:37Z"):
        await replay(page, since)
        await expect(seqs).to_have_text(everything)
        await expect(page.get_by_role("button", name="To the newest")).to_be_visible()
    await replay(page, everything[1])
    await expect(seqs).to_have_text(everything[:1])
    await replay(page, "now")
    await expect(page.locator(".console .empty")).to_be_visible()

    await site.post("channels/plaza", "after")
    await expect(page.locator(f"{ROWS} .data")).to_have_text(["after"])
    await page.get_by_role("button", name="To the newest").click()
    await expect(page.locator(ROWS)).to_have_count(len(everything) + 1)
    await expect(page.get_by_label("Replay from")).to_have_value("")


async def test_a_position_that_cannot_be_is_explained_at_its_field(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    shown = await page.locator(ROWS).count()
    error = page.locator(".since .error")
    for since, words in (("yesterday", "since must be a position"), ("999999", "of the future")):
        await replay(page, since)
        await expect(error).to_contain_text(words)
        await expect(page.get_by_label("Replay from")).to_have_attribute("aria-invalid", "true")
        await expect(page.locator(ROWS)).to_have_count(shown)

    await replay(page, "00000000:5")
    await expect(page.locator(f"{ROWS}.gap")).to_contain_text("new history")
    await expect(error).to_have_count(0)
    await expect(page.locator(ROWS)).to_have_count(shown + 1)


async def test_it_can_be_paused_and_goes_on_where_it_was(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    before = await page.locator(ROWS).count()
    await page.get_by_role("button", name="Pause").click()
    await site.sensor()
    await expect(page.get_by_role("button", name="2 new events")).to_be_visible()  # with its audit entry
    await expect(page.locator(ROWS)).to_have_count(before)

    await page.get_by_role("button", name="Resume").click()
    await expect(page.locator(ROWS)).to_have_count(before + 2)


async def test_an_event_opens_by_keyboard_to_every_dialect_and_to_what_became_of_it(
    site: Site, open_page: Open
) -> None:
    async with site.session.ws_connect(f"{site.url}/api/v1/ws?channel=sensors"):
        page = await console(open_page, site)
        await site.post("conversations", {"contact_name": "João"})
        row = page.locator(".entries [data-index]", has_text="conversation.created")
        await row.focus()
        await page.keyboard.press("Enter")

        dialog = page.get_by_role("dialog")
        frames = dialog.locator(".frame")
        await expect(frames).to_have_count(4)
        await expect(frames.locator("h3")).to_have_text(["realtime", "dashboard", "chat", "channels"])
        await expect(frames.nth(1).locator("pre")).to_contain_text("conversation_updated")
        await expect(frames.nth(2).locator("pre")).to_contain_text("conversation:update")
        await expect(frames.nth(3)).to_contain_text("no word for it")
        await expect(dialog.locator("tr", has_text="channels")).to_contain_text("not_subscribed")
        await expect(dialog.locator("tr", has_text="realtime")).to_contain_text(re.compile("written|confirmed"))
        await dialog.get_by_label("User").fill("nobody-here")
        await expect(dialog.locator(".deliveries")).to_contain_text("No connection is like that")
        await page.keyboard.press("Escape")  # empties the field
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(row).to_be_focused()


async def test_something_is_published_once_and_the_result_tells_its_number(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    form = page.locator("#publish")
    await form.get_by_label("Channel").fill("plaza")
    await form.get_by_label("Data").fill('{"hola": ')
    await form.get_by_role("button", name="Publish").click()
    await expect(form.locator(".field .error")).to_contain_text("This is no JSON")
    await expect(page.locator(ROWS, has_text="plaza")).to_have_count(0)

    await form.get_by_label("Data").fill('{"n": 12345678901234567}')
    await form.get_by_label("Idempotency-Key").fill("k1")
    for said in ("on plaza", "as before"):
        await form.get_by_role("button", name="Publish").click()
        await expect(form.locator(".made")).to_contain_text(said)
    await expect(page.locator(ROWS, has_text="plaza")).to_have_count(1)
    async with site.session.get(f"{site.url}/api/v1/events?channel=plaza") as answer:
        assert (await answer.json())["results"][0]["data"] == {"n": 12345678901234567}

    await form.get_by_label("Kind").select_option("text")
    await form.get_by_label("Data").fill("<b>plain</b>")
    await form.get_by_label("Channel").fill("sensors")
    await form.get_by_role("button", name="Publish").click()
    await expect(form.locator(".error, .refused").first).to_contain_text("server's own channels")


async def test_a_test_event_says_who_listens(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    await page.locator("#test-event").get_by_label("Message").fill("is anybody there?")
    await page.locator("#test-event").get_by_role("button", name="Send").click()
    await expect(page.locator("#test-event .made")).to_contain_text("1 connection listens there")
    await expect(page.locator(ROWS).first).to_contain_text("is anybody there?")


async def test_after_a_restart_it_catches_up_and_shows_nothing_twice(site: Site, open_page: Open) -> None:
    page = await console(open_page, site)
    await site.post("channels/plaza", "before")
    await expect(page.locator(ROWS, has_text="before")).to_have_count(1)
    await site.stop()
    await state(page, "waiting")
    await site.start()
    await site.post("channels/plaza", "after")
    await expect(page.locator(ROWS, has_text="after")).to_have_count(1)

    await expect(page.locator(ROWS, has_text="before")).to_have_count(1)
    seqs = [int(text) for text in await page.locator(f"{ROWS} .seq").all_text_contents()]
    assert seqs == list(range(max(seqs), min(seqs) - 1, -1))


async def test_another_history_is_said_and_its_events_are_told_apart(make_site: MakeSite, open_page: Open) -> None:
    site, other = await make_site(), await make_site()
    await site.post("channels/plaza", "former")
    page = await console(open_page, site)
    await site.stop()
    await other.stop()
    other.port, other.url = site.port, site.url
    await other.start()
    await other.post("channels/plaza", "present")

    await expect(page.locator(f"{ROWS}.gap")).to_contain_text("new history")
    await expect(page.locator(ROWS, has_text="present")).to_have_count(1)
    await page.locator(f"{ROWS}[data-channel=plaza]", has_text="former").click()
    await expect(page.get_by_role("dialog")).to_contain_text("belongs to a former history")
    await expect(page.locator(".frame pre")).to_contain_text('"data": "former"')


async def test_who_may_read_nothing_is_told_so(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page: Page = (await open_page(site, await site.link(Role.DEVICE))).page
    await page.locator("form button").first.click()
    await page.wait_for_url(re.compile(r"^(?!.*login)"))
    await page.goto(f"{site.url}/events")

    await state(page, "barred")
    await expect(page.locator(".forbidden")).to_contain_text("may not see this")
    await expect(page.locator(".entries, .choice")).to_have_count(0)


async def test_a_long_replay_stops_at_its_limit_and_draws_what_is_in_sight(site: Site, open_page: Open) -> None:
    sensor = await site.sensor()
    for _ in range(3):
        await site.post("readings", [{"sensor_id": sensor, "valor": n} for n in range(900)])
    page = await console(open_page, site)
    await replay(page, "0")
    await expect(page.locator(".console .full")).to_contain_text("The replay stopped after 2,000 events")
    assert await page.locator(ROWS).count() < 60
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".console .full")).to_have_count(0)
    await expect(page.locator(f"{ROWS} .seq").first).to_have_text(str(site.app[keys.STORE].log.tip))


async def test_a_viewer_reads_and_makes_nothing(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = await sign_in(open_page, site, Role.VIEWER)
    await expect(box(page, "chat")).to_be_visible()

    await expect(box(page, "audit")).to_have_count(0)
    await expect(page.locator("#publish, #test-event")).to_have_count(0)
    await page.locator(ROWS).first.click()
    await expect(page.locator(".frame")).to_have_count(4)
    await expect(page.locator(".deliveries")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
async def test_it_reads_well_whatever_was_published(
    site: Site, open_page: Open, theme: str, size: tuple[int, int]
) -> None:
    for text in (
        "<img src=x onerror='window.hit = 1'>",
        "W" * 20_000,
        "${window.hit=1}",
        '"><script>window.hit=1</script>',
    ):
        await site.post("channels/plaza", text)
    page = await sign_in(open_page, site, size=size, theme=theme)
    await expect(page.locator(ROWS, has_text="plaza")).to_have_count(4)
    assert await overflow(page) <= 0
    await accessible(page)

    await page.locator(ROWS, has_text="<script>").click()
    await expect(page.locator(".deliveries tbody tr").first).to_be_visible()
    await accessible(page)
    assert await overflow(page) <= 0
    assert await page.evaluate("window.hit") is None
