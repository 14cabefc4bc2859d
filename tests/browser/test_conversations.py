"""The page of conversations in a real browser: what one says another sees, once, also after the server was away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from playwright.async_api import expect

from realtime.policy import Role
from tests.browser.conftest import MakeSite, Open, Site, offline, state
from tests.browser.desk import MESSAGES, ROWS, conversation, desk, get, message, patch, reply, say
from tests.programs import Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_what_one_browser_does_the_other_sees(site: Site, open_page: Open) -> None:
    of = await conversation(site, "João", "Meu pedido não chegou")
    one, other = await desk(open_page, site, of), await desk(open_page, site, of)

    await one.get_by_label("Reply").press_sequentially("Vou")
    await expect(other.locator(".writing")).to_have_text("guest is writing …")
    await expect(other.locator(f"{ROWS} .last")).to_have_text("guest is writing …")
    await reply(one, "Vou verificar")
    for page in (one, other):
        await expect(message(page, "Vou verificar")).to_have_count(1)
        await expect(page.locator(".pending")).to_have_count(0)
    await expect(other.locator(".writing")).to_have_text("")
    await expect(message(other, "Vou verificar").locator(".delivery")).to_have_text("Sent")

    await message(one, "Vou verificar").hover()
    await message(one, "Vou verificar").get_by_role("button", name="Edit").click()
    await one.get_by_label("Edit message").fill("Vou olhar agora")
    await one.keyboard.press("Enter")
    await expect(message(other, "Vou olhar agora")).to_contain_text("Edited")

    mine = message(other, "Meu pedido")
    await mine.hover()
    await mine.get_by_role("button", name="React").click()
    await other.get_by_role("button", name="Heart").click()
    await expect(message(one, "Meu pedido").locator(".chip")).to_have_text("❤️ 11 person")
    await message(one, "Meu pedido").locator(".chip").click()
    await expect(mine.locator(".chip")).to_have_count(0)

    await message(one, "Vou olhar agora").hover()
    await message(one, "Vou olhar agora").get_by_role("button", name="Delete").click()
    await expect(other.locator(".gone")).to_have_count(1, timeout=10_000)
    await expect(one.locator(".gone")).to_have_count(1)
    assert [row["content"] for row in (await get(site, f"conversations/{of}/messages/"))["results"]][1:] == [""]


async def test_a_deletion_can_be_taken_back(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    await say(site, of, "Zu früh", "agent")
    page = await desk(open_page, site, of)

    await message(page, "Zu früh").focus()
    await page.keyboard.press("Delete")
    await expect(message(page, "Zu früh")).to_contain_text("Will be deleted")
    await page.get_by_role("button", name="Undo").click()

    await expect(message(page, "Zu früh")).not_to_contain_text("Will be deleted")
    await say(site, of, "later")
    await expect(message(page, "later")).to_have_count(1)
    assert (await get(site, f"conversations/{of}/messages/"))["results"][0]["deleted_at"] is None


async def test_whoever_leaves_meant_the_deletion(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    await say(site, of, "Adiós", "agent")
    page = await desk(open_page, site, of)
    other = await desk(open_page, site, of)

    await message(page, "Adiós").focus()
    await page.keyboard.press("Delete")
    await expect(message(page, "Adiós")).to_contain_text("Will be deleted")
    await page.goto("about:blank")

    await expect(other.locator(".gone")).to_have_count(1, timeout=3_000)


async def test_a_new_message_raises_its_conversation_and_is_unread_until_it_is_seen(
    site: Site, open_page: Open
) -> None:
    first = await conversation(site, "Primeira")
    await conversation(site, "Segunda")
    page = await desk(open_page, site)
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Segunda", "Primeira"])

    asked = await say(site, first, "Olá?")
    await say(site, first, "Alguém?")
    await conversation(site, "Terceira")

    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Terceira", "Primeira", "Segunda"])
    row = page.locator(ROWS).nth(1)
    await expect(row.locator(".last")).to_have_text("Alguém?")
    await expect(row.locator(".unread")).to_have_text("22 unread messages")
    await expect(page.locator(".count")).to_have_text("3 conversations")
    await row.click()
    await expect(row.locator(".unread")).to_have_count(0)
    assert (await get(site, f"messages/{asked}/"))["status"] == "read"
    assert page.url.endswith(f"/conversations?c={first}")


async def test_what_is_sent_without_a_connection_goes_once_when_it_is_back(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    page = await desk(open_page, site, of)
    await offline(page, True)
    await state(page, "offline")

    await reply(page, "one")
    await reply(page, "two")
    await expect(page.locator(".pending .delivery")).to_have_text(["Sending …", "Sending …"])
    await site.stop()
    await site.start()
    await say(site, of, "meanwhile")
    await offline(page, False)
    await state(page, "live")

    await expect(page.locator(".pending")).to_have_count(0)
    await expect(page.locator(f"{MESSAGES} .text")).to_have_text(["meanwhile", "one", "two"])
    assert (await get(site, f"conversations/{of}/messages/"))["count"] == 3


async def test_what_the_server_refuses_can_be_sent_again_or_dropped(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    page = await desk(open_page, site, of)

    await page.get_by_label("Reply").fill("x" * 65_537)
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer .hint")).to_contain_text("at most 65,536")
    await page.get_by_label("Type").select_option("image")
    await page.get_by_label("Reply").fill("javascript:alert(1)")
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer .hint")).to_contain_text("beginning with http")
    await page.get_by_label("Reply").fill(f"https://example.com/{'x' * 2_100}")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("at most 2048 characters")
    await page.get_by_role("button", name="Discard").click()
    await expect(page.locator(".pending")).to_have_count(0)
    assert (await get(site, f"conversations/{of}/messages/"))["count"] == 0


async def test_after_a_restart_the_page_has_what_it_missed_and_nothing_twice(site: Site, open_page: Open) -> None:
    of = await conversation(site, "João", "before")
    page = await desk(open_page, site, of)
    await offline(page, True)
    await state(page, "offline")
    await site.stop()
    await site.start()
    await say(site, of, "missed")
    await patch(site, f"conversations/{of}", {"status": "pending"})
    await conversation(site, "Carmen", "new")
    await offline(page, False)
    await state(page, "live")

    await expect(page.locator(f"{MESSAGES} .text")).to_have_text(["before", "missed"])
    await expect(page.locator(".thread .badge")).to_have_text("Pending")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Carmen", "João"])
    await expect(page.locator(f"{ROWS} .last")).to_have_text(["new", "missed"])
    await say(site, of, "after")
    await expect(page.locator(f"{MESSAGES} .text")).to_have_text(["before", "missed", "after"])


async def test_what_a_killed_server_had_acknowledged_is_on_the_page_once(tmp_path: Path, open_page: Open) -> None:
    async with ClientSession(connector=TCPConnector(force_close=True)) as session:

        async def post(server: Server, path: str, body: Any) -> None:
            async with session.post(f"{server.url}/api/v1/conversations/{path}", json=body) as answer:
                assert answer.status == 201

        with Server(tmp_path) as server:
            await post(server, "", {"contact_name": "João"})
            page = (await open_page(server, "/conversations?c=1")).page
            await state(page, "live")
            await post(server, "1/messages/", {"content": "before", "sender": "customer"})
            await expect(message(page, "before")).to_have_count(1)
            await offline(page, True)
            await reply(page, "written meanwhile")
            await post(server, "1/messages/", {"content": "unseen", "sender": "customer"})
            server.process.kill()
            server.wait()
        with Server(tmp_path, port=server.port) as server:
            await post(server, "1/messages/", {"content": "after", "sender": "customer"})
            await offline(page, False)
            await state(page, "live")

            await expect(page.locator(f"{MESSAGES} .text")).to_have_text(
                ["before", "unseen", "after", "written meanwhile"]
            )
            await expect(page.locator(".pending")).to_have_count(0)


async def test_in_another_history_all_is_loaded_again(make_site: MakeSite, open_page: Open, tmp_path: Any) -> None:
    site = await make_site()
    of = await conversation(site, "João", "old")
    page = await desk(open_page, site, of)
    await offline(page, True)
    await state(page, "offline")
    await site.stop()
    site.data = tmp_path / "another"
    await site.start()
    await conversation(site, "Carmen", "new")
    await offline(page, False)
    await state(page, "live")

    await expect(page.locator(".toast")).to_contain_text("so the page was loaded anew")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Carmen"])
    await expect(page.locator(f"{MESSAGES} .text")).to_have_text(["new"])
    await expect(page.locator(".thread h2")).to_have_text("Carmen")


async def test_after_a_gap_all_is_loaded_again(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(log_retention_events=1)
    of = await conversation(site, "João", "before")
    page = await desk(open_page, site, of)
    await offline(page, True)
    await state(page, "offline")
    for text in ("one", "two", "three"):
        await say(site, of, text)
    seen = (await get(site, "events?limit=1"))["tip"]
    await site.stop()
    await site.start()
    while (await get(site, "events?limit=1"))["oldest"] < seen:
        pass  # The log is trimmed in the background.
    await offline(page, False)
    await state(page, "live")

    await expect(page.locator(".toast")).to_contain_text("so the page was loaded anew")
    await expect(page.locator(f"{MESSAGES} .text")).to_have_text(["before", "one", "two", "three"])
    await expect(page.locator(f"{ROWS} .last")).to_have_text("three")


async def test_somebody_who_went_away_while_writing_is_forgotten(site: Site, open_page: Open) -> None:
    of = await conversation(site)
    page, other = await desk(open_page, site, of), await desk(open_page, site, of)
    await other.get_by_label("Reply").press_sequentially("Vou")
    await expect(page.locator(".writing")).to_have_text("guest is writing …")

    await offline(other, True)
    await other.context.close()

    await expect(page.locator(".writing")).to_have_text("", timeout=10_000)


async def test_an_agent_is_offered_themselves_and_who_has_conversations(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    site.session.headers["Authorization"] = f"Bearer {await site.token()}"
    page = (await open_page(site, await site.link(Role.AGENT, "bia"))).page
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).not_to_have_url(re.compile("login"))
    await conversation(site, "Um", assignee="user-agent")
    await conversation(site, "Dois", assignee="bia")
    of = await conversation(site, "Três")
    await page.goto(f"{site.url}/conversations?c={of}")

    await expect(page.get_by_label("Assigned to").locator("option")).to_have_text(["Nobody", "bia", "user-agent"])
    await page.keyboard.press("a")
    await expect(page.locator(".standing")).to_contain_text("bia")
    await page.get_by_label("Assignee").select_option("Mine")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Três", "Dois"])
    await page.get_by_label("Assignee").select_option("user-agent")
    await expect(page.locator(f"{ROWS} .contact")).to_have_text(["Um"])


async def test_a_conversation_is_taken_closed_rated_and_opened_again(make_site: MakeSite, open_page: Open) -> None:
    site = await make_site(access="closed")
    page = (await open_page(site, await site.link())).page
    await page.get_by_role("button", name="Sign in").click()
    site.session.headers["Authorization"] = f"Bearer {await site.token()}"
    of = await conversation(site, "João", "Olá")
    await page.goto(f"{site.url}/conversations?c={of}")

    await page.get_by_role("button", name="Assign to me").click()
    await expect(page.locator(".standing")).to_contain_text("ana")
    await page.get_by_label("Assigned to").select_option("user-agent")
    await expect(page.locator(".standing")).to_contain_text("user-agent")
    await page.get_by_label("Assigned to").select_option("Nobody")
    await expect(page.locator(".standing")).to_contain_text("Not assigned")
    await page.get_by_role("button", name="Mark as pending").click()
    await expect(page.locator(".standing .badge")).to_have_text("Pending")
    await page.locator(".levers").get_by_role("button", name="Close").click()
    await expect(page.locator(".ratings")).to_contain_text("A rating was asked for")
    await page.get_by_role("button", name="Record a rating").click()
    await page.get_by_role("radio", name="4").check()
    await page.get_by_label("What the customer says").fill("Muy bien")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".rating")).to_have_text("★★★★☆4 of 5 Muy bien")
    await page.get_by_role("button", name="Reopen").click()
    await expect(page.locator(".standing .badge")).to_have_text("Open")
    assert (await get(site, f"conversations/{of}/"))["cycle"] == 2
