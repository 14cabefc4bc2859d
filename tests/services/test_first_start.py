"""The first start: an admin, a link, a device's token, told to whoever may read them."""

import io
import re
import stat

import pytest

from realtime.clock import DAY
from realtime.config import Settings
from realtime.policy import Role
from realtime.server import banner
from realtime.services.first_start import SYSTEM, curl_line, first_start, later_start, own_url, tell
from realtime.services.logins import FIRST_LOGIN
from realtime.services.tokens import Wanted
from realtime.store.telemetry import Stretch

BASE = "http://localhost:8000"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
async def first(accounts, settings):
    return await first_start(accounts, settings, BASE, 7)


def code_in(text):
    return re.search(rf"{BASE}/login/(rk_[\w-]{{43}})\n", text)[1]


async def test_the_first_start_makes_an_admin_who_signs_in_by_the_link(accounts, first):
    login = await accounts.logins.sign_in(code_in(first.text))

    who = await accounts.principal(login.secret)
    assert (first.user, who.name, who.role) == ("admin", "admin", Role.ADMIN)


async def test_the_line_to_try_carries_a_devices_token_that_is_good_for_a_day(accounts, first):
    line = next(line for line in first.text.splitlines() if line.strip().startswith("curl "))
    who = await accounts.principal(re.search(r"Bearer (rt_[\w-]{43})\"", line)[1])

    assert who.role is Role.DEVICE
    assert "readings" in who.channels
    _, rows = await accounts.tokens.list(SYSTEM, Stretch(10))
    assert rows[0]["expires_at"] - rows[0]["created_at"] == DAY
    assert '{"sensor_id": 7, "valor": 21.5}' in line
    assert line.endswith(f"{BASE}/api/v1/readings/")


async def test_where_there_is_an_admin_nothing_is_made(accounts, settings, first, heard):
    before = len(heard)

    assert await first_start(accounts, settings, BASE) is None
    assert len(heard) == before


async def test_a_name_that_is_taken_is_nobody_elses(accounts, settings):
    await accounts.tokens.create(SYSTEM, Wanted(user="Admin", role=Role.VIEWER, make_user=True))

    assert (await first_start(accounts, settings, BASE)).user == "admin-2"


async def test_on_a_terminal_the_secrets_are_printed_and_nowhere_else(first, settings):
    screen = Terminal()

    assert tell(first, settings.data, screen) is None
    assert screen.getvalue() == first.text
    assert not (settings.data / FIRST_LOGIN).exists()


async def test_without_one_they_lie_in_a_file_for_the_owner_alone_until_the_link_is_used(accounts, first, settings):
    (settings.data / FIRST_LOGIN).write_text("from before, for everyone to read")
    screen = io.StringIO()

    path = tell(first, settings.data, screen)

    assert screen.getvalue() == ""
    assert path.read_text() == first.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await accounts.logins.look_at_link(code_in(first.text))
    ana = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    await accounts.logins.sign_in((await accounts.logins.make_link(SYSTEM, ana["id"])).code)
    assert path.exists()  # it is somebody else's, who has yet to come
    await accounts.logins.sign_in(code_in(first.text))
    assert not path.exists()


def test_every_other_start_tells_the_line_without_a_secret():
    assert "Bearer $REALTIME_TOKEN" in later_start(Settings(), BASE)
    assert curl_line(BASE, "$REALTIME_TOKEN", 1) in later_start(Settings(), BASE)


@pytest.mark.parametrize(("data", "line"), [("data", "user link admin"), ("a b", "user link admin --data 'a b'")])
def test_every_other_start_tells_how_to_sign_in(data, line):
    assert f" {line}\n" in later_start(Settings(data=data), BASE)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://localhost:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://localhost:9000"),
        ({"host": "192.168.1.5"}, "http://192.168.1.5:8000"),
        ({"host": "2001:db8::1"}, "http://[2001:db8::1]:8000"),
        ({"public_url": "https://live.example.org/rt/"}, "https://live.example.org/rt"),
    ],
)
def test_the_servers_own_address_is_one_that_a_browser_can_open(given, url):
    assert own_url(Settings(**given)) == url
    assert own_url(Settings(port=0), 4711) == "http://localhost:4711"


async def test_a_link_that_cannot_be_handed_over_does_not_end_the_server(make_client, tmp_path, log_lines):
    client = await make_client(data=tmp_path / "data")
    (tmp_path / "data" / "first-login.txt").mkdir()
    said = io.StringIO()

    await banner.greet(client.app, [], said)

    assert banner.LISTENING in said.getvalue()
    assert any(line["level"] == "error" and "sign-in link" in line["event"] for line in log_lines())
