"""
The pictures of the pages, for the README.

    python -m tools.images [PAGE …]

starts a server with the demo on an empty folder, lets it play for a while, and photographs every page in Debian's
Chromium: wide and on a phone, light and dark, into `docs/images/<page>-<size>-<theme>.png`. Ends with 1 where there is
no browser.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tools.parts import PARTS, ROOT

FOLDER: Final = ROOT / "docs" / "images"
SIZES: Final = {"wide": (1280, 900), "phone": (390, 844)}
THEMES: Final = ("light", "dark")
PAGES: Final = ("overview", "conversations", "sensors", "connections", "events", "settings", "login", "docs")
ADDRESSES: Final = {"overview": "", "conversations": "conversations?c=1", "sensors": "sensors?s=1"}
"""Where a page is not shown at its own address: with the first of its rows open."""

PLAY_SECONDS: Final = 60.0
"""How long the demo plays before the pictures: long enough for conversations to be answered and rated."""

START_SECONDS: Final = 30.0
SETTLE_MS: Final = 3000


def main(wanted: list[str]) -> int:
    """Returns the exit status."""
    chromium = PARTS["chromium"].find()
    if chromium is None:
        print("the pictures need a browser: install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as (url, link), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        state = signed_in(browser, link)
        for name in wanted or PAGES:
            for size in SIZES:
                for theme in THEMES:
                    photograph(browser, state, url, name, size, theme)
                    print(f"{name}-{size}-{theme}.png", flush=True)
        browser.close()
    return 0


@contextmanager
def served() -> Iterator[tuple[str, str]]:
    """A closed server with the demo that has played for a while: its address, and a link that signs an admin in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="realtime-images-") as data:
        command = [sys.executable, str(ROOT / "run.py")]
        at = ["--data", data]
        serve = [*command, "serve", "--demo", "--access", "closed", "--port", str(port), *at]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REALTIME_")}
        process = subprocess.Popen(serve, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://localhost:{port}"
            wait_for(url)
            time.sleep(PLAY_SECONDS)
            made = subprocess.run(
                [*command, "user", "link", "admin", *at], env=environment, capture_output=True, text=True, check=True
            )
            yield url, next(word for word in made.stdout.split() if "/login/" in word)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_for(url: str) -> None:
    """Return when the server answers. Raises TimeoutError."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the server did not answer within {START_SECONDS:.0f} s")


def signed_in(browser: Browser, link: str) -> StorageState:
    """The cookies of an admin."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_selector("[data-state=live]")
    state = context.storage_state()
    context.close()
    return state


def photograph(browser: Browser, state: StorageState, url: str, name: str, size: str, theme: str) -> None:
    """One picture of a page."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
        storage_state=None if name == "login" else state,
    )
    page = context.new_page()
    page.goto(f"{url}/{ADDRESSES.get(name, name)}")
    settle(page, name)
    page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png")
    context.close()


def settle(page: Page, name: str) -> None:
    """Wait until the page shows what it has, and open what is worth seeing."""
    if name not in ("login", "docs"):
        page.wait_for_selector("[data-state=live]")
    page.wait_for_timeout(SETTLE_MS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
