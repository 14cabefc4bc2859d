"""
What the page of conversations knows, in a real browser but without the screen: however answers and events come
together, at the end it is what the server has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Open, Site
from tests.browser.desk import desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MODEL = Path(__file__).with_name("desk_model.js").read_text("utf-8")


@pytest.mark.parametrize("what", ["checkList", "checkThread"])
async def test_however_answers_and_events_meet_it_ends_as_the_server_has_it(
    site: Site, open_page: Open, what: str
) -> None:
    page = await desk(open_page, site)

    assert await page.evaluate(f"async () => {{ {MODEL} return check({what}); }}") == []
