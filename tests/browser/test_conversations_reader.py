"""The page of conversations and its reader: by keyboard, on a phone, narrowed, without rights, with hostile names."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from realtime.policy import Role
from tests.browser.conftest import NARROW, PHONE, WIDE, MakeSite, Open, Site, accessible, overflow, state
from tests.browser.desk import MESSAGES, ROWS, conversation, desk, get, message, say
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_everything_goes_by_keyboard(site: Site, open_page: Open) -> None:
    for name in ("Um", "Dois", "Três"):
        await conversation(site, name, f"Aqui {name}")
    page = await desk(open_page, site)
    press = page.keyboard.press
    await expect(page.locator(ROWS)).to_have_count(3)

    await press("j")
    await press("j")
    await press("ArrowDown")
    await press("k")
    await expect(page.locator(f"{ROWS}:focus .contact")).to_have_text("Dois")
    await press("Enter")
    await expect(page.locator(".thread h2")).to_be_focused()
    await expect(page.locator(".thread h2")).to_have_text("Dois")
    await press("r")
    await page.keyboard.type("Olá r n a ? /")
    await press("Shift+Enter")
    await page.keyboard.type("linha")
    await press("Enter")
    await expect(message(page, "linha").locator(".text")).to_have_text("Olá r n a ? /\nlinha")
    await message(page, "linha").focus()
    await press("ArrowUp")
    await expect(page.locator(f"{MESSAGES}:focus .text")).to_have_text("Aqui Dois")
    await press("ArrowDown")
    await press("e")
    await expect(page.get_by_label("Edit message")).to_be_focused()
    await page.keyboard.type("!")
    await press("Escape")
    await expect(page.locator(f"{MESSAGES}:focus")).to_have_count(1)
    await press("Escape")
    await expect(page.locator(f"{ROWS}:focus .contact")).to_have_text("Dois")
    await expect(page.locator(".thread.none")).to_have_count(1)
    await press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await press("Tab")
    await page.locator("body").click(position={"x": 5, "y": 400})
    await press("n")
    await page.get_by_label("Name of the contact").fill("Quatro")
    await press("Enter")
    await expect(page.locator(".thread h2")).to_have_text("Quatro")


async def test_letters_do_nothing_once_they_are_turned_off(site: Site, open_page: Open) -> None:
    await conversation(site)
    page = await desk(open_page, site)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Back to the list")
    await page.get_by_role("switch").uncheck()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.keyboard.press("n")
    await page.keyboard.press("?")

    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(page.get_by_role("dialog")).to_have_count(1)


async def test_the_browsers_own_way_back_leads_through_what_was_open(site: Site, open_page: Open) -> None:
    first, second = await conversation(site, "Um"), await conversation(site, "Dois")
    page = await desk(open_page, site)

    await page.locator(ROWS, has_text="Um").click()
    await page.locator(ROWS, has_text="Dois").click()
    await expect(page.locator(".thread h2")).to_have_text("Dois")
    assert page.url.endswith(f"?c={second}")
    await page.go_back()
    await expect(page.locator(".thread h2")).to_have_text("Um")
    assert page.url.endswith(f"?c={first}")
    await page.go_back()
    await expect(page.locator(".thread.none")).to_have_count(1)
    await page.go_forward()
    await expect(page.locator(".thread h2")).to_have_text("Um")


async def test_older_messages_come_on_demand_and_move_nothing(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    for number in range(75):
        await say(site, of, f"number {number}", "agent")
    page = await desk(open_page, site, of)
    await expect(page.locator(MESSAGES)).to_have_count(50)
    await expect(message(page, "number 74")).to_be_in_viewport()

    await page.locator(".said").evaluate("box => (box.scrollTop = 0)")
    before = await message(page, "number 25").bounding_box()
    await page.get_by_role("button", name="Older messages").click()
    await expect(page.locator(MESSAGES)).to_have_count(75)
    after = await message(page, "number 25").bounding_box()
    await say(site, of, "number 75")

    await expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 60
    assert await page.get_by_role("button", name="Older messages").count() == 0
    await page.get_by_role("button", name="1 new message").click()
    await expect(message(page, "number 75")).to_be_in_viewport()


async def test_a_viewer_sees_no_levers(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    site.session.headers["Authorization"] = f"Bearer {await site.token()}"
    of = await conversation(site, "João", "Olá")
    viewer = f"Bearer {await site.token(Role.VIEWER)}"

    async def prepare(context: Any) -> None:
        await context.set_extra_http_headers({"Authorization": viewer})

    page = (await open_page(site, f"/conversations?c={of}", prepare=prepare)).page
    await expect(message(page, "Olá")).to_have_count(1)

    buttons = await page.locator(".desk button").all_text_contents()
    assert buttons == ["Keyboard shortcuts", "← All conversations"]
    assert await page.locator(".desk textarea, .levers, .desk form").count() == 0
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert (await get(site, f"conversations/{of}/?summary=true"))["unread"] == 1


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_hostile_names_do_nothing_and_break_nothing(site: Site, open_page: Open, size: tuple[int, int]) -> None:
    of = 0
    for name in HOSTILE:
        of = await conversation(site, name[:200], name)
        await say(site, 1, name, "agent")
    await say(site, 1, "https://example.com/?<script>window.hit=1</script>".replace(" ", ""), message_type="video")
    page = await desk(open_page, site, 1, size=size)
    await expect(page.locator(MESSAGES)).to_have_count(len(HOSTILE) + 2)
    async with site.session.post(
        f"{site.url}/api/v1/messages/1/reactions/", json={"reaction": HOSTILE[1][:32]}
    ) as done:
        assert done.status == 200
    await expect(page.locator(".chip")).to_contain_text("<img")

    assert of == len(HOSTILE)
    assert await page.evaluate("window.hit") is None
    assert await page.locator(".desk img, .desk svg, .desk script, .desk video").count() == 0
    assert await overflow(page) <= 0
    link = page.locator(f"{MESSAGES} a")
    assert await link.get_attribute("rel") == "noreferrer noopener"
    assert await link.get_attribute("target") == "_blank"


async def test_what_is_not_there_is_said(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/conversations?c=77")).page

    await expect(page.locator(".thread").get_by_role("alert")).to_contain_text("There is no conversation 77.")
    await expect(page.locator(".empty")).to_contain_text("There are no conversations yet.")
    await page.goto(f"{site.url}/conversations")
    await expect(page.locator(".empty")).to_contain_text("There are no conversations yet.")
    await expect(page.locator(".thread")).not_to_contain_text("Choose a conversation.")
    await page.get_by_role("button", name="New conversation").click()
    await page.get_by_role("dialog").get_by_role("button", name="Create").click()
    await expect(page.get_by_role("dialog").locator("[aria-invalid=true]")).to_be_focused()
    await page.get_by_label("Name of the contact").fill("Ana")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread h2")).to_have_text("Ana")


@pytest.mark.parametrize("size", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_and_it_fits(site: Site, open_page: Open, theme: str, size: tuple[int, int]) -> None:
    of = await conversation(site, "João", "Meu pedido")
    await say(site, of, "Vou ver", "agent")
    await say(site, of, "https://example.com/a.png", message_type="image")
    await conversation(site, "Carmen", "¿Hola?", status="closed")
    async with site.session.post(f"{site.url}/api/v1/messages/1/reactions/", json={"reaction": "👍"}) as done:
        assert done.status == 200
    page = (await open_page(site, "/conversations", theme=theme, size=size)).page
    await state(page, "live")
    await expect(page.locator(ROWS)).to_have_count(2)
    await page.emulate_media(reduced_motion="reduce", color_scheme=theme)  # type: ignore[arg-type]
    await accessible(page)
    await page.locator(ROWS, has_text="João").click()
    await expect(page.locator(MESSAGES)).to_have_count(3)
    await message(page, "Vou ver").focus()
    await message(page, "Vou ver").get_by_role("button", name="React").click()
    assert await overflow(page) <= 0
    await accessible(page)
    if size != WIDE:
        await expect(page.locator(".conversations")).to_be_hidden()
        await page.get_by_role("button", name="All conversations").click()
        await expect(page.locator(".thread")).to_be_hidden()
        await expect(page.locator(ROWS, has_text="João")).to_be_focused()


async def test_who_may_not_read_conversations_is_told(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    bearer = f"Bearer {await site.token(Role.DEVICE)}"

    async def prepare(context: Any) -> None:
        await context.set_extra_http_headers({"Authorization": bearer})

    page = (await open_page(site, "/conversations", prepare=prepare)).page

    await expect(page.locator(".forbidden")).to_contain_text("may read conversations")
    assert await page.locator(".desk .new, .desk form").count() == 0
