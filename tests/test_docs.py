"""The docs name everything that there is: routes, errors, close codes, events, commands."""

import re
from pathlib import Path

import pytest
from aiohttp import web

from realtime.dialects.channels import _LEVELS, _WORDS
from realtime.dialects.dashboard import WORDS
from realtime.dialects.dashboard_commands import TYPES
from realtime.errors import ERRORS, CloseCode
from realtime.handlers import routes

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def test_every_route_stands_in_the_protocol() -> None:
    found = {route.path.rstrip("/") or "/" for route in routes() if isinstance(route, web.RouteDef)}
    paths = {re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path) for path in found}
    missing = [path for path in sorted(paths) if path not in PROTOCOL]
    assert missing == []


def test_every_error_stands_in_the_protocol_with_its_status() -> None:
    missing = [code for code, kind in ERRORS.items() if not re.search(rf"`{code}`[^\n]*\| {kind.status} ", PROTOCOL)]
    assert missing == []


def test_every_close_code_stands_in_the_protocol() -> None:
    assert [code for code in CloseCode if code != 1000 and str(int(code)) not in PROTOCOL] == []


def test_every_type_of_event_stands_in_the_protocol() -> None:
    # A reading that is deleted is told as a warning: the seed has no word for it.
    types = {*_WORDS, *_LEVELS, *WORDS, "publication.created", "audit.created"} - {"reading.deleted"}
    assert [name for name in sorted(types) if f"`{name}`" not in PROTOCOL] == []


def test_every_frame_of_the_dashboard_stands_in_the_protocol() -> None:
    words = {word for word, _ in WORDS.values()} | {"audit_log", "dashboard_metrics", "typing", "system_notice"}
    assert [word for word in sorted(words) if f"`{word}`" not in PROTOCOL] == []


def test_every_command_of_the_dashboard_stands_in_the_protocol() -> None:
    assert [name for name in TYPES.split(", ") if f"| `{name}`" not in PROTOCOL] == []


@pytest.mark.parametrize("document", [*sorted(path.name for path in (ROOT / "docs").glob("*.md")), "../README.md"])
def test_every_link_leads_somewhere(document: str) -> None:
    text = (ROOT / "docs" / document).read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    folder = (ROOT / "docs" / document).parent
    assert [link for link in links if link and not (folder / link).exists()] == []
