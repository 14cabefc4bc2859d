"""Settings: where they come from, which wins, and what is said about bad ones."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from realtime import config
from realtime.config import TABLE, Settings, SettingsError, load, tables
from realtime.settings_values import MIB
from tests.leaks import TOKEN

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "configuration.md"


def problems_of(flags=None, environ=None, dotenv=None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(flags, environ or {}, dotenv)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def dotenv(tmp_path):
    """Return a function that writes a `.env` file and returns its path."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / ".env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_server_without_any_setting_listens_on_loopback_and_is_open():
    settings = load({}, {}, None)

    assert settings == Settings()
    assert settings.port == (8000, 8010)
    assert settings.bind_hosts == ("127.0.0.1", "::1")
    assert settings.loopback_only
    assert settings.access_mode == "open"
    assert {settings.source_of(row.name) for row in TABLE} == {"default"}


def test_a_flag_wins_over_the_environment_and_that_over_the_file(dotenv):
    file = dotenv("REALTIME_RING_EVENTS=1\nREALTIME_REPLAY_PAGE=1\nREALTIME_COMMIT_QUEUE=1\n")
    environ = {"REALTIME_REPLAY_PAGE": "2", "REALTIME_COMMIT_QUEUE": "2"}

    settings = load({"commit_queue": "3", "join_window": None, "port": ()}, environ, file)

    assert (settings.ring_events, settings.replay_page, settings.commit_queue) == (1, 2, 3)
    names = ("ring_events", "replay_page", "commit_queue", "join_window", "port")
    assert [settings.source_of(name) for name in names] == [".env", "environment", "flag", "default", "default"]


def test_what_a_flag_overrides_need_not_even_be_right():
    assert load({"port": ("9000",)}, {"REALTIME_PORT": "none of your business"}, None).port == (9000,)


def test_the_real_environment_and_the_file_in_the_working_directory_are_read_by_themselves(dotenv, monkeypatch):
    monkeypatch.chdir(dotenv("REALTIME_DEMO=yes").parent)
    monkeypatch.setenv("REALTIME_TICKET_SECONDS", "31")

    assert load().demo is True
    assert load().ticket_seconds == 31


def test_all_bad_settings_are_told_at_once_under_the_names_their_author_wrote(dotenv):
    file = dotenv("REALTIME_HEARTBEAT=often\n")
    environ = {"REALTIME_FRAME_LIMIT": "2 miles", "REALTIME_PROT": "1", "REALTIME_SHUTDOWN_TIMEOUT": "1"}

    assert problems_of({"port": ("80", "99999"), "access": "maybe"}, environ, file) == [
        "REALTIME_PROT: is not a setting; the nearest is REALTIME_PORT",
        '--port: must be 1 to 16 whole numbers from 0 to 65535, separated by commas, not "80,99999"',
        '--access: must be open or closed, not "maybe"',
        "REALTIME_FRAME_LIMIT: must be a size from 1 KiB to 64 GiB, such as 512KiB, 10MB or a plain number of bytes,"
        ' not "2 miles"',
        f'REALTIME_HEARTBEAT in {file}: must be a whole number from 1 to 86400000, not "often"',
        "REALTIME_SHUTDOWN_TIMEOUT: must be at least --shutdown-spread (3000), not 1",
    ]


def test_a_problem_never_shows_a_secret_nor_a_control_character():
    environ = {
        "REALTIME_TOKN": TOKEN,
        "REALTIME_PUBLIC_URL": "https://ana:hunter2@example.org",
        "REALTIME_DATA": "\0",
        "REALTIME_ACCESS": f"\x1b[31m{TOKEN}\n--port: is fine",
        "REALTIME_LOG_LEVEL": "x" * 5000,
    }

    text = "\n".join(problems_of(None, environ))

    assert "REALTIME_TOKN: is not a setting; the nearest is REALTIME_TOKEN" in text
    assert TOKEN not in text
    assert "hunter2" not in text
    assert all(line.isprintable() and len(line) < 300 for line in text.split("\n"))
    assert len(text.split("\n")) == 5


def test_the_command_lines_own_variables_are_no_settings():
    assert load({}, {"REALTIME_TOKEN": TOKEN, "REALTIME_URL": "http://localhost:8000", "HOME": "/"}, None) == Settings()


def test_an_unknown_flag_is_a_mistake_of_the_program():
    with pytest.raises(KeyError):
        load({"prot": 1}, {}, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('# a comment\nexport REALTIME_DATA="/srv/a b"\n', "/srv/a b"),
        ("OTHER=${X}\nnot a line at all\nREALTIME_DATA='/srv/${X}'\n", "/srv/${X}"),
        ("\ufeffREALTIME_DATA=/srv\r\n", "/srv"),
        ("REALTIME_DATA=/one\nREALTIME_DATA=/two\n", "/two"),
    ],
)
def test_a_dotenv_file_is_taken_literally(dotenv, text, value):
    assert load({}, {}, dotenv(text)).data == Path(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("REALTIME_DATA\n", "line 1 of {}: must be of the form NAME=value"),
        ("A=1\nREALTIME_DATA='unclosed\n", "line 2 of {}: must be of the form NAME=value"),
        ("REALTIME_DTA=rt_secret\n", "REALTIME_DTA in {}: is not a setting; the nearest is REALTIME_DATA"),
        (b"REALTIME_DATA=\xff\n", "{}: cannot be read: it is not UTF-8"),
    ],
)
def test_a_line_of_ours_in_a_dotenv_file_that_cannot_be_read_is_told(dotenv, text, said):
    path = dotenv(text)
    assert problems_of({}, {}, path) == [said.format(path)]


def test_no_dotenv_file_or_a_folder_of_that_name_is_no_problem(tmp_path):
    assert load({}, {}, tmp_path / "missing") == load({}, {}, tmp_path) == Settings()


def test_contradictions_are_refused_also_against_a_default():
    assert problems_of({"shutdown_spread": "20000"}) == [
        "--shutdown-timeout: must be at least --shutdown-spread (20000), not 10000"
    ]
    with pytest.raises(SettingsError, match=r"bulk_body_limit: must be at least body_limit"):
        Settings(body_limit=20 * MIB)


def test_an_embedder_reads_no_environment_and_gets_settings_that_cannot_change(monkeypatch, tmp_path):
    monkeypatch.setenv("REALTIME_DEMO", "yes")

    settings = Settings(data=tmp_path, port=(0,))

    assert settings.demo is False
    assert settings.source_of("data") == "code"
    assert dataclasses.replace(settings, demo=True).demo is True
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.demo = True


def test_every_default_is_what_its_own_reader_gives():
    for row in TABLE:
        assert row.kind.read(row.default) == row.default
        assert type(row.kind.read(row.default)) is type(row.default), row.name


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ({}, "open"),
        ({"host": "127.0.0.2"}, "open"),
        ({"host": "::ffff:127.0.0.1"}, "open"),
        ({"host": "0.0.0.0"}, "closed"),
        ({"host": "::"}, "closed"),
        ({"host": "192.0.2.1"}, "closed"),
        ({"host": "my-machine"}, "closed"),
        ({"host": "localhost.example.org"}, "closed"),
        ({"public_url": "http://localhost:8000"}, "closed"),
        ({"trusted_proxies": "127.0.0.1"}, "closed"),
        ({"access": "closed"}, "closed"),
        ({"access": "open", "host": "0.0.0.0", "public_url": "https://x.example"}, "open"),
    ],
)
def test_access_is_open_by_itself_only_on_bare_loopback(values, mode):
    assert Settings(**values).access_mode == mode


def test_the_allowed_hosts_are_loopback_the_bound_address_and_the_public_one():
    settings = Settings(host="192.0.2.1", public_url="https://Live.example.org:8443/x")

    assert settings.allowed_hosts == {"localhost", "127.0.0.1", "::1", "192.0.2.1", "live.example.org"}
    assert settings.public_origin == "https://live.example.org:8443"
    assert Settings().public_origin is None


def test_every_field_is_a_row_and_every_row_has_its_words():
    assert [row.name for row in TABLE] == [field.name for field in dataclasses.fields(Settings)][:-1]
    for row in TABLE:
        assert row.help.endswith(".")
        assert row.kind.allowed
        assert "|" not in row.help + row.kind.allowed


def test_the_document_names_every_setting_as_it_is_and_no_other():
    text = DOCUMENT.read_text("utf-8")
    written = text.split(config.BEGIN)[1].split(config.END)[0].strip()

    assert written == tables(), "run: python -m realtime.config docs/configuration.md"
    known = {row.variable for row in TABLE} | config.COMMAND_LINE_VARIABLES | {"REALTIME_PROT"}
    assert set(re.findall(r"REALTIME_\w+", text)) == known
    flags = {row.flag for row in TABLE} | {"--no-" + row.flag[2:] for row in TABLE if row.kind.boolean}
    assert set(re.findall(r"--[a-z][a-z-]+", text.split(config.BEGIN)[1])) == flags
    for row in TABLE:
        assert written.count(f"| `{row.variable}` | {row.shown(row.default)} |") == 1


def test_the_example_of_the_document_is_a_good_file(dotenv):
    example = re.search(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)

    settings = load({}, {}, dotenv(example[1]))

    assert settings.public_url == "https://live.example.org"
    assert settings.access_mode == "closed"


def test_one_command_writes_the_table_anew(tmp_path):
    stale = tmp_path / "configuration.md"
    text = DOCUMENT.read_text("utf-8")
    stale.write_text(text.replace("REALTIME_PORT` | 8000", "REALTIME_PORT` | 9000"), "utf-8")

    subprocess.run([sys.executable, "-m", "realtime.config", str(stale)], cwd=ROOT, check=True)

    assert stale.read_text("utf-8") == text
