"""The command line: one HTTP client more, with or without a server, for people and for scripts."""

import asyncio
import json
import os
import socket
import subprocess
import sys

import aiohttp
import pytest

from realtime import cli
from tests.programs import RUN, Server, command, commands_in, environment

EVERY = [(name,) for name in cli.COMMANDS] + [
    ("user", "add"),
    ("user", "list"),
    ("user", "disable"),
    ("user", "link"),
    ("user", "password"),
    ("token", "create"),
    ("token", "list"),
    ("token", "revoke"),
]


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


@pytest.fixture
def server(tmp_path):
    """Return a closed server on the folder `data` of the test's folder."""
    with Server(tmp_path, "--access", "closed") as started:
        yield started


def ask(server, path, token=None, method="GET"):
    """Ask the server over TCP, as another program would; returns status and body."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def go():
        async with (
            aiohttp.ClientSession(server.url, headers=headers) as session,
            session.request(method, path, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.read()

    return asyncio.run(go())


# -- help, usage, settings --------------------------------------------------------------


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example(run, words):
    ended = run(*words, "--help")

    assert ended.code == 0
    assert f"realtime {' '.join(words)}" in ended.out


@pytest.mark.parametrize("words", [words for words in EVERY if words not in (("user",), ("token",))], ids=" ".join)
def test_every_command_takes_the_data_folder(run, words):
    assert "--data" in run(*words, "--help").out


def test_every_setting_is_an_option_of_serve_with_its_default(run):
    from realtime.config import TABLE

    text = " ".join(run("serve", "--help").out.split())

    assert [row.flag for row in TABLE if row.flag not in text] == []
    assert "--port PORT The ports to listen on; 0 takes any free one. [default: 8000, 8010]" in text
    assert "--demo / --no-demo" in text
    assert "--frame-limit SIZE " in text
    assert "--heartbeat MILLISECONDS " in text
    assert "--token-days DAYS " in text
    assert "--connections-per-address INTEGER " in text


def test_examples_name_the_program_as_it_was_started(tmp_path):
    started = [sys.executable, "-m", "realtime"]
    folder = {"PYTHONPATH": os.path.dirname(RUN[1])}
    as_module = subprocess.run(
        [*started, "token", "-h"], cwd=tmp_path, env=environment(folder), capture_output=True, text=True, check=True
    ).stdout

    assert "TOKEN=$(python3 run.py token create " in command(tmp_path, "token", "--help").stdout
    assert "    python3 run.py serve --port 9000 " in command(tmp_path, "serve", "--help").stdout
    assert "TOKEN=$(python3 -m realtime token create " in as_module


@pytest.mark.parametrize("words", [(), ("serve",)], ids=["bare", "serve"])
def test_wrong_settings_are_told_all_at_once_and_nothing_is_begun(run, monkeypatch, tmp_path, words):
    monkeypatch.setenv("REALTIME_HEARTBEAT", "never")

    ended = run(*words, "--port", "70000", "--frame-limit", "2 miles")

    assert (ended.code, ended.out) == (2, "")
    assert "--port: must be" in ended.err
    assert "--frame-limit: must be" in ended.err
    assert "REALTIME_HEARTBEAT: must be" in ended.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "words", [("srve",), ("--prot", "1"), ("token", "create"), ("audit",), ("user", "add", "a", "--role", "x")]
)
def test_wrong_usage_ends_with_2(run, words):
    assert run(*words).code == 2


def test_help_and_completion_import_nothing_heavy(tmp_path):
    heavy = "{'aiohttp', 'sqlalchemy', 'aiosqlite', 'structlog', 'rich'}"
    program = (
        "import sys\nfrom realtime.cli import main\n"
        f"code = main(['--help'])\nprint(sorted({heavy} & sys.modules.keys()), file=sys.stderr)\nsys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment({"PYTHONPATH": os.path.dirname(RUN[1])}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "[]\n")


# -- users and tokens -------------------------------------------------------------------


def test_what_a_command_makes_besides_is_said_and_not_on_standard_output(run, tmp_path):
    first = run("token", "create", "--user", "carl", "--role", "agent")
    second = run("token", "create", "--user", "carl", "--role", "agent")

    assert f"made a new database in {tmp_path / 'data'}\n" in first.err
    assert "there was no user carl; made it, as agent" in first.err
    assert first.out.startswith("rt_")
    assert first.out.count("\n") == 1
    assert "made" not in second.err


def test_a_link_without_a_server_says_that_one_is_needed(run, tmp_path):
    run("user", "add", "ana")

    assert "No server runs on this folder" in run("user", "link", "ana").err
    with Server(tmp_path):
        assert "No server" not in run("user", "link", "ana").err


def test_a_token_made_while_the_server_runs_works_and_stands_alone_on_standard_output(server, tmp_path):
    made = command(tmp_path, "token", "create", "--user", "ana", "--role", "agent", "--data", "data")

    assert made.returncode == 0
    assert made.stdout.startswith("rt_")
    assert made.stdout.count("\n") == 1
    token = made.stdout.strip()
    assert token not in made.stderr
    assert ask(server, "/api/v1/sensors/", token)[0] == 200
    status, body = ask(server, "/api/v1/me", token)
    assert (status, json.loads(body)["name"], json.loads(body)["role"]) == (200, "ana", "agent")


def test_a_token_made_without_a_server_works_when_one_has_started(tmp_path):
    made = command(tmp_path, "token", "create", "--user", "ana", "--role", "agent", "--data", "data")

    with Server(tmp_path, "--access", "closed") as server:
        assert ask(server, "/api/v1/sensors/", made.stdout.strip())[0] == 200


def test_what_is_revoked_or_disabled_is_refused_at_once(server, run):
    tokens = [run("token", "create", "--user", name, "--role", "viewer").out.strip() for name in ("ana", "ben")]
    assert [ask(server, "/api/v1/sensors/", token)[0] for token in tokens] == [200, 200]
    rows = {row["user"]: row["id"] for row in json.loads(run("token", "list", "--json").out)}

    assert run("token", "revoke", str(rows["ana"])).code == 0
    assert run("user", "disable", "BEN").out == "ben is disabled\n"

    assert [ask(server, "/api/v1/sensors/", token)[0] for token in tokens] == [401, 401]
    assert {row["user"] for row in json.loads(run("token", "list", "--revoked", "--json").out)} >= {"ana", "ben"}


def test_a_sign_in_link_signs_in_once(server, run):
    run("user", "add", "ana", "--role", "agent")
    link = run("user", "link", "ana").out.strip()

    assert link.startswith(f"http://localhost:{server.port}/login/rk_")
    path = link.removeprefix(f"http://localhost:{server.port}")
    assert [ask(server, path, method="POST")[0] for _ in range(2)] == [303, 410]


def test_users_and_tokens_are_listed_for_people_and_for_programs(run):
    assert run("user", "add", "ana", "--role", "agent").out == "ana (agent) is user 3\n"
    run(
        "token",
        "create",
        "--user",
        "ana",
        "--role",
        "device",
        "--channel",
        "heating",
        "--verb",
        "publish",
        "--days",
        "1",
    )

    people, programs = run("user", "list"), run("user", "list", "--json")
    assert people.out.splitlines()[0].split() == ["id", "name", "role", "active", "created_at"]
    assert "\x1b" not in people.out
    assert json.loads(programs.out)[-1]["name"] == "ana"
    token = json.loads(run("token", "list", "--json").out)[0]
    assert (token["role"], token["channels"], token["verbs"]) == ("device", ["heating"], ["publish"])
    assert " heating " in run("token", "list").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "ana"), "the name ana is taken"),
        (("user", "add", "no spaces"), "must be"),
        (("user", "disable", "nobody-here"), "there is no user nobody-here"),
        (("user", "link", "guest"), "the user guest is built in and cannot sign in"),
        (("user", "link", "ben"), "the user ben is disabled and cannot sign in"),
        (("token", "create", "--user", "ben"), "the user ben is disabled and cannot have tokens"),
        (("token", "create", "--user", "typo"), "there is no such user"),
        (("token", "revoke", "77"), "there is no such token"),
        (("token", "create", "--user", "ana", "--role", "admin"), "would be above"),
        (("publish", "sensors", "x"), '"sensors" is one of the server\'s own channels; a channel of your own has'),
        (("publish", "Sensors", "x"), '"sensors" cannot be the name of a channel; a channel of your own has'),
        (("tail", "No/Channel", "--no-follow"), "there is no channel"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_what_is_refused_ends_with_1_and_the_servers_own_words(run, words, said):
    run("user", "add", "ana", "--role", "viewer")
    run("user", "add", "ben")
    run("user", "disable", "ben")

    ended = run(*words)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("realtime: ")
    assert said in ended.err.lower()


@pytest.mark.parametrize("words", [("user", "list"), ("tail", "x", "--no-follow"), ("audit", "--verify")], ids=" ".join)
def test_a_mistyped_folder_is_not_made(run, tmp_path, words):
    ended = run(*words, "--data", "daat")

    assert ended.code == 1
    assert "there is no database in daat" in ended.err
    assert not (tmp_path / "daat").exists()


def test_two_commands_at_once_both_do_their_work(tmp_path):
    arguments = [*RUN, "token", "create", "--role", "viewer", "--data", "data", "--user"]
    both = [
        subprocess.Popen([*arguments, name], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
        for name in ("ana", "ben")
    ]

    assert all(each.communicate()[0].startswith("rt_") for each in both)
    assert [each.returncode for each in both] == [0, 0]


def test_a_server_elsewhere_is_reached_by_its_address_and_a_token(server, run, monkeypatch, tmp_path):
    token = run("token", "create", "--user", "ana", "--role", "agent").out.strip()
    monkeypatch.setenv("REALTIME_URL", server.url)
    monkeypatch.setenv("REALTIME_DATA", str(tmp_path / "nothing-here"))
    assert run("publish", "heating", "21").code == 1
    monkeypatch.setenv("REALTIME_TOKEN", token)

    assert run("publish", "heating", "21").code == 0
    printed = run("tail", "heating", "--no-follow").out

    assert (json.loads(printed)["data"], json.loads(printed)["actor"]) == ("21", "ana")
    assert not (tmp_path / "nothing-here").exists()


@pytest.mark.parametrize("words", [("user", "list"), ("tail", "heating", "--no-follow")], ids=" ".join)
def test_an_address_where_nobody_answers_is_one_plain_sentence(run, monkeypatch, words):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("REALTIME_URL", url)

    ended = run(*words)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"realtime: no server answers at {url}: the connection was refused; is it running, and is the address right?\n"
    )
