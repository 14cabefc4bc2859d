"""The programs that the console shows: they run as they stand, and print what it shows."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import ConsoleMessage, Page, expect

from realtime.policy import Role
from tests.browser.conftest import MakeSite, Open, Site, state
from tests.browser.test_events import box, replay, sign_in
from tests.parts import need

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def program(page: Page, name: str) -> str:
    """The text of one of the programs."""
    await page.locator("#programs").get_by_role("radio", name=name).check()
    found: str = await page.locator(f"#programs pre[data-program={name}]").inner_text()
    return found


def command(name: str, text: str) -> tuple[str, ...]:
    """How it is run."""
    if name == "Python":
        return sys.executable, "-c", text
    need("curl")
    return "sh", "-c", text


@asynccontextmanager
async def running(*command: str, token: str = "") -> AsyncIterator[Process]:
    """The program, as long as it is looked at."""
    environment = {**os.environ, "REALTIME_TOKEN": token}
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 9)
        await process.communicate()


async def printed(process: Process) -> dict[str, Any]:
    """The next event that it prints; curl shows the hello too, and empty lines as signs of life."""
    assert process.stdout is not None
    async with asyncio.timeout(10):
        while line := await process.stdout.readline():
            if line.strip() and "seq" in (found := json.loads(line)):
                told: dict[str, Any] = found
                return told
    raise AssertionError("it ended")


@pytest.mark.parametrize("name", ["curl", "Python"])
async def test_a_program_prints_what_is_chosen_past_and_present(site: Site, open_page: Open, name: str) -> None:
    await site.post("channels/plaza", {"n": 1})
    await site.sensor()
    page = (await open_page(site, "/events")).page
    await state(page, "live")
    await box(page, "plaza").check()
    await replay(page, "1h")
    await expect(page.locator("#programs pre code")).to_contain_text("1h")
    text = await program(page, name)
    assert f"{site.url}/api/v1/events/ndjson" in text

    async with running(*command(name, text)) as process:
        assert (await printed(process))["data"] == {"n": 1}
        await site.sensor()
        await site.post("channels/plaza", {"n": 2})
        assert (await printed(process))["data"] == {"n": 2}


@pytest.mark.parametrize("name", ["curl", "Python"])
async def test_a_program_knows_the_type_and_on_a_closed_server_the_token(
    make_site: MakeSite, open_page: Open, name: str
) -> None:
    site = await make_site(access="closed")
    token = await site.token(Role.AGENT)
    headers = {"Authorization": f"Bearer {token}"}
    page = await sign_in(open_page, site)
    await page.get_by_label("Type").fill("sensor.created")
    await expect(page.locator("#programs pre code")).to_contain_text("sensor.created")
    await replay(page, "0")
    await expect(page.locator("#programs pre code")).to_contain_text("since=0")
    text = await program(page, name)
    assert token not in text

    async with running(*command(name, text), token=token) as process:
        await site.post("channels/plaza", {"n": 2}, **headers)
        await site.post("sensors", {"tipo": "temperatura", "modelo": "DHT22"}, **headers)
        assert (await printed(process))["type"] == "sensor.created"


async def test_the_program_for_browsers_and_node_comes_back_and_misses_nothing(site: Site, open_page: Open) -> None:
    page = (await open_page(site, "/events")).page
    await state(page, "live")
    await expect(page.locator("#programs pre code")).to_contain_text("since=now")
    text = await program(page, "JavaScript")
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def said(message: ConsoleMessage) -> None:
        if message.type == "log":
            await heard.put(await message.args[0].json_value())

    # Another tab of the same site, in which nothing else runs.
    other = await page.context.new_page()
    other.on("console", said)
    await other.goto(f"{site.url}/healthz")
    async with other.expect_websocket() as opening:
        await other.evaluate(text)
    await (await opening.value).wait_for_event("framereceived")
    await site.post("channels/plaza", {"n": 1})
    assert (await asyncio.wait_for(heard.get(), 10))["data"] == {"n": 1}
    await site.stop()
    await site.start()
    await site.post("channels/plaza", {"n": 2})
    found = []
    while not found or found[-1]["channel"] != "plaza":
        found.append(await asyncio.wait_for(heard.get(), 10))
    assert found[-1]["data"] == {"n": 2}
    assert {"system.info"} <= {event["type"] for event in found}
