"""The page of whoever looks after the server: users, tokens, backups, health, the settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from playwright.async_api import expect

from realtime import keys
from realtime.config import TABLE
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.browser.conftest import MakeSite, Open, state
from tests.browser.settings_page import GOOD, OTHER, as_admin, closed_site, row, user

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


# -- users ------------------------------------------------------------------------------


async def test_a_user_is_made_by_keyboard_and_a_wrong_name_is_said_beside_it(
    make_site: MakeSite, open_page: Open
) -> None:
    page = await as_admin(open_page, await closed_site(make_site))

    await page.get_by_role("button", name="New user").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("not a name")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    assert await dialog.get_by_label("Name").input_value() == "not a name"

    await dialog.get_by_label("Name").fill("eva")
    await dialog.get_by_label("Role").select_option("viewer")
    await page.keyboard.press("Enter")
    await expect(row(page, "eva").locator(".badge").first).to_have_text("viewer")
    await expect(dialog).to_have_count(0)


async def test_a_sign_in_link_is_shown_once_and_signs_in(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    await user(site, "bruno", Role.AGENT)
    page = await as_admin(open_page, site)

    await row(page, "bruno").get_by_role("button").click()
    await page.get_by_role("menuitem", name="Make a sign-in link").click()
    link = await page.get_by_role("dialog").locator("code").inner_text()
    await page.keyboard.press("Escape")
    assert link not in await page.content()

    other = (await open_page(site, link)).page
    await other.get_by_role("button", name="Sign in as bruno").click()
    await other.wait_for_url(f"{site.url}/")


async def test_an_admin_sets_a_password_changes_a_role_and_disables(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    await user(site, "bruno", Role.AGENT)
    page = await as_admin(open_page, site)
    bruno = row(page, "bruno")

    await bruno.get_by_role("button").click()
    await page.get_by_role("menuitem", name="Set a password").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("New password").fill(GOOD)
    await dialog.get_by_label("Once more").fill(OTHER)
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("These two are not the same.")).to_be_visible()
    await dialog.get_by_label("Once more").fill(GOOD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("bruno has a new password")
    await site.app[keys.ACCOUNTS].passwords.sign_in("bruno", GOOD, "203.0.113.1")

    await bruno.get_by_role("button").click()
    await page.get_by_role("menuitemradio", name="viewer").click()
    await expect(bruno.locator(".badge").first).to_have_text("viewer")

    await bruno.get_by_role("button").click()
    await page.get_by_role("menuitem", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(bruno).to_have_attribute("data-active", "false")


async def test_users_are_found_by_a_part_of_their_name(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    for number in range(30):
        await user(site, f"sensor-{number}", Role.DEVICE)
    page = await as_admin(open_page, site)
    users = page.locator("#users")

    await users.get_by_role("searchbox").fill("SOR-27")
    await expect(page.locator("[data-user]")).to_have_count(1)
    await users.get_by_role("searchbox").fill("nobody-like-that")
    await expect(users).to_contain_text("There is no such user.")
    await users.get_by_role("searchbox").fill("")
    await expect(users.get_by_role("navigation")).to_contain_text("1 to 20 of 33")


async def test_what_the_server_refuses_is_said(make_site: MakeSite, open_page: Open) -> None:
    page = await as_admin(open_page, await closed_site(make_site))

    await row(page, "ana").get_by_role("button").click()
    await page.get_by_role("menuitemradio", name="viewer").click()

    await expect(page.locator(".toast")).to_contain_text("ana is the last active admin")
    await expect(row(page, "ana").locator(".badge").first).to_have_text("admin")


async def test_what_is_done_elsewhere_appears_also_after_the_server_was_away(
    make_site: MakeSite, open_page: Open
) -> None:
    site = await closed_site(make_site)
    page = await as_admin(open_page, site)

    await user(site, "elsewhere", Role.AGENT)
    await row(page, "elsewhere").wait_for()

    await site.stop()
    await state(page, "waiting")
    await site.start()
    await user(site, "meanwhile", Role.AGENT)
    await row(page, "meanwhile").wait_for()
    await state(page, "live")
    assert await row(page, "elsewhere").count() == 1


async def test_after_another_history_began_the_page_says_so_and_asks_anew(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    page = await as_admin(open_page, site)
    await site.stop()
    with closing(sqlite3.connect(site.data / "realtime.db", isolation_level=None)) as database:
        database.execute("UPDATE history SET value = '0badcafe' WHERE key = 'epoch'")
        database.execute("UPDATE users SET role = 'viewer' WHERE name = 'guest'")

    await site.start()

    await expect(page.locator(".toast")).to_contain_text("so the page was loaded anew")
    await expect(row(page, "guest").locator(".badge").first).to_have_text("viewer")


async def test_who_comes_and_goes_is_seen(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site, presence_grace=0)
    page = await as_admin(open_page, site)
    token = await site.token(Role.AGENT)
    online = row(page, "user-agent").get_by_text("online")

    socket = await site.session.ws_connect(f"{site.url}/ws/dashboard/?token={token}")
    await expect(online).to_be_visible()
    await socket.close()
    await expect(online).to_have_count(0)


# -- tokens -----------------------------------------------------------------------------


async def test_a_token_is_shown_once_works_and_is_revoked(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    page = await as_admin(open_page, site)

    await page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("greenhouse")
    await dialog.get_by_label("Role").select_option("viewer")
    await dialog.get_by_label("Good for so many days").fill("7")
    await dialog.get_by_text("Fewer rights").click()
    await dialog.get_by_label("Only these channels").fill("plaza, sensors")
    await dialog.get_by_label("read").check()
    await dialog.get_by_role("button", name="Make").click()
    await expect(dialog.locator("code")).to_have_count(2)
    token, curl = await dialog.locator("code").all_inner_texts()
    assert token.startswith("rt_")
    assert curl == (
        f'curl -N -H "Authorization: Bearer {token}" "{site.url}/api/v1/events/stream?channel=plaza%2Csensors"'
    )
    await dialog.get_by_role("button", name="Done").click()

    shown = page.locator("[data-token]")
    await expect(shown).to_contain_text("only channels: plaza, sensors")
    await expect(shown).to_contain_text("only to: read")
    assert token not in await page.content()
    headers = {"Authorization": f"Bearer {token}"}
    async with site.session.get(f"{site.url}/api/v1/me", headers=headers) as answer:
        assert (await answer.json())["role"] == "viewer"

    await page.get_by_role("button", name="Revoke greenhouse").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("There is no token yet.")).to_be_visible()
    async with site.session.get(f"{site.url}/api/v1/me", headers=headers) as answer:
        assert answer.status == 401


async def test_many_tokens_come_a_page_at_a_time(make_site: MakeSite, open_page: Open) -> None:
    site = await closed_site(make_site)
    number = await user(site, "bruno", Role.AGENT)
    for index in range(25):
        await site.app[keys.ACCOUNTS].tokens.create(SYSTEM, Wanted(f"number {index}", number))
    page = await as_admin(open_page, site)
    pager = page.get_by_role("navigation", name="Pages of tokens")

    await expect(pager).to_contain_text("1 to 20 of 25")
    await pager.get_by_role("button", name="On").click()
    await expect(pager).to_contain_text("21 to 25 of 25")
    await expect(page.locator("[data-token]")).to_have_count(5)


# -- backups, health, settings ----------------------------------------------------------


async def test_a_backup_is_made_downloaded_and_deleted(make_site: MakeSite, open_page: Open) -> None:
    page = await as_admin(open_page, await closed_site(make_site))
    panel = page.locator("#backups")
    await expect(panel).to_contain_text("There is no backup yet.")

    await panel.get_by_role("button", name="Back up now").click()
    done = panel.locator("[data-state=done]")
    await done.wait_for()
    async with page.expect_download() as download:
        await done.get_by_role("button", name="Download").click()
    file = await download.value
    assert (await file.path()).read_bytes().startswith(b"SQLite format 3\0")
    await panel.get_by_text("How to put one back").click()
    await expect(panel.locator(".restoring code")).to_contain_text(f"backups/{file.suggested_filename}")

    await done.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(panel).to_contain_text("There is no backup yet.")


async def test_the_server_says_how_it_stands_and_what_it_goes_by(make_site: MakeSite, open_page: Open) -> None:
    page = await as_admin(open_page, await closed_site(make_site, frame_limit="2MiB"))

    await expect(page.locator("#health")).to_contain_text("closed: everybody signs in")
    await expect(page.locator("#versions")).to_contain_text("SQLite")
    table = page.locator("#table")
    await expect(table.get_by_role("status")).to_have_text(f"{len(TABLE)} settings")
    await table.get_by_role("searchbox").fill("frame limit")
    await expect(table.locator("tr[data-setting]")).to_have_count(1)
    setting = table.locator("[data-setting=frame_limit]")
    for words in ("--frame-limit", "REALTIME_FRAME_LIMIT", "2 MiB", "default: 1 MiB", "program"):
        await expect(setting).to_contain_text(words)
    await table.get_by_role("searchbox").fill("")
    await table.get_by_label("Only those that were set").check()
    await expect(table.locator("[data-source=default]")).to_have_count(0)
