"""A server on a fixed port that can be stopped and started again, and a real browser in front of it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession, web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from realtime import keys
from realtime.app import create_app
from realtime.config import Settings
from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.parts import need
from tests.serving import Runner

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ROWS = ".feed .row"
WIDE, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)

# What a browser says by itself when a server is away or refuses; everything else that it says is a fault of ours.
NETWORK = ("net::ERR_", "WebSocket connection to", "Failed to load resource")


class Site:
    """The whole server in this process, on the same port at every start."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.data = folder / "data"
        self.settings = settings
        self.url = f"http://localhost:{self.port}"
        self.runner: web.AppRunner | None = None
        self.session = ClientSession()

    async def start(self) -> None:
        """Listen; what was stored before is there again."""
        settings = Settings(data=self.data, host="localhost", port=(self.port,), shutdown_spread=0, **self.settings)
        self.app = create_app(settings)
        self.runner = Runner(self.app)
        await self.runner.setup()
        for host in ("127.0.0.1", "::1"):
            await web.TCPSite(self.runner, host, self.port).start()

    async def stop(self) -> None:
        """Close every socket, and stop."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        """What `curl` would do: a row, stored."""
        async with self.session.post(f"{self.url}/api/v1/{path}/", json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return await answer.json()

    async def sensor(self, **more: Any) -> int:
        """The id of a new sensor."""
        row = await self.post("sensors", {"tipo": "temperatura", "modelo": "DHT22", **more})
        return int(row["id"])

    async def token(self, role: Role = Role.AGENT) -> str:
        """A token of a user with that role."""
        wanted = Wanted("test", f"user-{role}", role, make_user=True)
        return (await self.app[keys.ACCOUNTS].tokens.create(SYSTEM, wanted))[1]

    async def link(self, role: Role = Role.ADMIN, name: str = "ana") -> str:
        """A link that signs a new user in, an admin where nothing else is said."""
        user = await self.app[keys.ACCOUNTS].users.create(SYSTEM, name, role)
        link = await self.app[keys.ACCOUNTS].logins.make_link(SYSTEM, user["id"])
        return f"{self.url}/login/{link.code}"


class Watched:
    """A page, and what the browser found fault with while it was open."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.faults: list[str] = []
        self.network: list[str] = []
        self.sockets: list[str] = []
        page.on("console", lambda message: message.type in ("error", "warning") and self._said(message.text))
        page.on("pageerror", lambda error: self.faults.append(f"thrown: {error}"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        page.on("websocket", lambda ws: self.sockets.append(ws.url))
        page.on("request", lambda request: self._asked(request.url, site.url))

    def _said(self, text: str) -> None:
        (self.network if any(word in text for word in NETWORK) else self.faults).append(text)

    def _asked(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:", "file:", "blob:")):
            self.faults.append(f"a request to another place: {url}")


MakeSite = Callable[..., Awaitable[Site]]
Open = Callable[..., Awaitable[Watched]]


# One loop for all browser tests: a browser belongs to the loop that started it, and starting one takes seconds.
@pytest_asyncio.fixture(loop_scope="session")
async def make_site(tmp_path: Path) -> AsyncIterator[MakeSite]:
    """Starts a site with the settings given."""
    sites: list[Site] = []

    async def make(**settings: Any) -> Site:
        site = Site(tmp_path / f"site{len(sites)}", **settings)
        sites.append(site)
        await site.start()
        return site

    yield make
    for site in sites:
        await site.stop()
        await site.session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def site(make_site: MakeSite) -> Site:
    """An open server."""
    return await make_site()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, one for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=need("chromium"), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[Open]:
    """
    Opens an address of a site in a browser profile of its own. At the end nothing may have
    gone wrong in it: no error, no breach of the policy, no request to another place.
    """
    watched: list[Watched] = []

    async def open_it(
        site: Site,
        address: str = "/",
        *,
        size: tuple[int, int] = WIDE,
        theme: Any = "light",
        locale: str = "en-GB",
        prepare: Callable[[BrowserContext], Awaitable[None]] | None = None,
    ) -> Watched:
        width, height = size
        context = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale=locale
        )
        context.set_default_timeout(20_000)
        if prepare is not None:
            await prepare(context)
        opened = Watched(await context.new_page(), site)
        watched.append(opened)
        await opened.page.goto(address if "://" in address else site.url + address)
        return opened

    yield open_it
    for opened in watched:
        await opened.page.context.close()
    assert [fault for opened in watched for fault in opened.faults] == []


async def accessible(page: Page) -> None:
    """Fail with what axe finds (WCAG 2.2 AA and its best practices)."""
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wider: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


async def state(page: Page, kind: str) -> None:
    """Wait until the start page's connection is `kind`."""
    await page.wait_for_selector(f".status[data-state={kind}]")


async def texts(page: Page, part: str = ".data") -> list[str]:
    """One part of each row, from the top."""
    found: list[str] = await page.locator(f".feed .row {part}").all_text_contents()
    return found


async def read(site: Site, sensor: int, *values: float) -> None:
    """Make readings, one after the other."""
    for value in values:
        await site.post("readings", {"sensor_id": sensor, "valor": value})


async def offline(page: Page, is_offline: bool) -> None:
    """Take the browser's network away, or give it back."""
    await page.context.set_offline(is_offline)
