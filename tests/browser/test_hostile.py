"""Whatever is typed into names, texts, channels' data and user agents: nothing of it runs, nothing breaks a page."""

from __future__ import annotations

from contextlib import AsyncExitStack
from itertools import cycle
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from realtime.handlers.pages import SCREENS
from tests.browser.conftest import PHONE, Open, Site, overflow, state
from tests.browser.hostile import TEXTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REPORTS = """
window.breaches = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  breaches.push(`${violatedDirective} ${blockedURI}`);
});
"""
INJECTED = "img[src=x], iframe, object, embed, base[href*=invalid], marquee, [onload], [onerror], [href^=javascript i]"


async def fill(site: Site, texts: list[str]) -> tuple[int, int]:
    """Put each text into the next place that takes one; the last conversation and sensor."""
    places = cycle(("sensor", "location", "anomaly", "conversation", "message", "rating", "own"))
    sensor = await site.sensor(nombre=texts[0])
    conversation = int((await site.post("conversations", {"contact_name": texts[0][:100]}))["id"])
    for text, place in zip(texts, places, strict=False):
        match place:
            case "sensor":
                sensor = await site.sensor(nombre=text[:100], unidad=text[:16])
            case "location":
                await site.post("locations", {"nombre": text[:100]})
            case "anomaly":
                told = {"tipo": text[:50], "severidad": "alta", "descripcion": text}
                await site.post("anomalies", {"sensor_id": sensor, **told})
            case "conversation":
                conversation = int((await site.post("conversations", {"contact_name": text[:100]}))["id"])
            case "message":
                told = {"content": text, "message_type": "document" if "://" in text else "text"}
                await say(site, conversation, told)
            case "rating":
                await site.post(f"conversations/{conversation}/csat", {"rating": 1, "feedback": text})
            case "own":
                async with site.session.post(f"{site.url}/api/v1/channels/plaza", json={text[:100]: text}) as answer:
                    assert answer.status == 201
    return conversation, sensor


async def say(site: Site, conversation: int, told: dict[str, Any]) -> None:
    """A message, or where it has to be an address and is none, the same as a text."""
    path = f"{site.url}/api/v1/conversations/{conversation}/messages/"
    async with site.session.post(path, json=told) as answer:
        if answer.status == 400:
            await site.post(f"conversations/{conversation}/messages", {**told, "message_type": "text"})


async def connect(site: Site, stack: AsyncExitStack) -> None:
    """Sockets whose user agents and labels are hostile too."""
    for text in [one for one in TEXTS if one.isascii()][::12]:
        url = f"{site.url}/api/v1/ws"
        socket = site.session.ws_connect(url, params={"user_id": text[:60]}, headers={"User-Agent": text})
        await stack.enter_async_context(socket)


async def harmless(page: Page, path: str) -> None:
    """Nothing ran, nothing was made of markup, nothing was asked for, nothing is wider than the screen."""
    assert await page.evaluate("window.hostile") is None, path
    assert await page.evaluate("window.breaches") == [], path
    assert await page.locator(INJECTED).count() == 0, path
    assert await overflow(page) == 0, path


async def test_five_hundred_hostile_texts_stay_texts_on_every_page(site: Site, open_page: Open) -> None:
    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(REPORTS)

    async with AsyncExitStack() as stack:
        await connect(site, stack)
        conversation, sensor = await fill(site, TEXTS[: len(TEXTS) // 2])
        addresses = [*SCREENS, f"/conversations?c={conversation}", f"/sensors?s={sensor}"]
        opened = {path: await open_page(site, path, size=PHONE, prepare=prepare) for path in addresses}
        for one in opened.values():
            await state(one.page, "live")
        await fill(site, TEXTS[len(TEXTS) // 2 :])
        for path, one in opened.items():
            await one.page.wait_for_load_state("networkidle")
            await harmless(one.page, path)
