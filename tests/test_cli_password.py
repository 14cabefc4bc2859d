"""`user password`: typed twice on a terminal without showing it, or read from standard input."""

import asyncio
import os
import re
import subprocess
from contextlib import suppress

import aiohttp
import pytest

from tests.programs import RUN, Server, command, commands_in, environment

GOOD = "correct horse battery"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


def given(folder, text, *arguments):
    """Run `user password` with this on its standard input."""
    return subprocess.run(
        [*RUN, "user", "password", "--data", "data", *arguments],
        cwd=folder,
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


async def signed_in(server, form):
    """How the form is answered: status, and where to go on."""
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.post("/login", data=form, allow_redirects=False) as answer,
    ):
        return answer.status, answer.headers.get("Location")


def typed(folder, *lines):
    """Run `user password ana` on a terminal, on which these lines are typed; its exit code, and all that is shown."""
    theirs, ours = os.openpty()
    program = subprocess.Popen(
        [*RUN, "user", "password", "ana", "--data", "data"],
        cwd=folder,
        env=environment(),
        stdin=ours,
        stdout=ours,
        stderr=ours,
        start_new_session=True,
    )
    os.close(ours)
    shown = b""
    # A pseudo-terminal ends with an error when the program at its other end does.
    with suppress(OSError):
        for line in lines:
            while not shown.endswith(b": "):
                shown += os.read(theirs, 1024)
            shown += b"\n"
            os.write(theirs, line.encode() + b"\n")
        while piece := os.read(theirs, 1024):
            shown += piece
    os.close(theirs)
    return program.wait(60), shown.decode()


def test_a_password_read_from_standard_input_signs_in(tmp_path, run):
    run("user", "add", "ana", "--role", "agent")
    with Server(tmp_path, "--access", "closed") as server:
        ended = given(tmp_path, f"{GOOD}\r\nmore\n", "ANA")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ana has a new password\n", "")

        assert asyncio.run(signed_in(server, {"name": "ana", "password": GOOD})) == (303, "/")
        assert asyncio.run(signed_in(server, {"name": "ana", "password": "more"}))[0] == 401


def test_on_a_terminal_it_is_typed_twice_and_not_shown(tmp_path, run):
    run("user", "add", "ana", "--role", "agent")

    code, shown = typed(tmp_path, GOOD, GOOD)

    assert code == 0
    assert re.search(r"New password of ana: .*Once more: .*ana has a new password", shown, re.DOTALL)
    assert GOOD not in shown


def test_two_that_differ_are_asked_for_again(tmp_path, run):
    run("user", "add", "ana", "--role", "agent")

    code, shown = typed(tmp_path, GOOD, "something else", GOOD, GOOD)

    assert code == 0
    assert shown.count("New password of ana: ") == 2


def test_a_weak_one_is_refused_in_the_servers_words(tmp_path, run):
    run("user", "add", "ana")

    ended = given(tmp_path, "password123\n", "ana")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "password: Is one of the passwords that are tried first." in ended.stderr
    assert "password123" not in ended.stderr


def test_none_at_all_is_wrong_usage(tmp_path, run):
    run("user", "add", "ana")

    for text in ("", "\n"):
        assert given(tmp_path, text, "ana").returncode == 2


def test_it_is_taken_away_without_asking(tmp_path, run):
    run("user", "add", "ana")
    given(tmp_path, f"{GOOD}\n", "ana")

    first, second = (command(tmp_path, "user", "password", "ana", "--remove", "--data", "data") for _ in range(2))

    assert (first.returncode, first.stdout) == (0, "ana has no password any more\n")
    assert second.returncode == 1
    assert "has no password" in second.stderr


def test_who_is_not_there_is_said(tmp_path, run):
    run("user", "add", "ana")

    assert "there is no user eva" in given(tmp_path, f"{GOOD}\n", "eva").stderr
