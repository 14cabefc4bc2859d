"""The command line and the log: publishing, following, checking, migrating."""

import json
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.programs import PATIENCE, RUN, Program, Server, command, commands_in, environment


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


def events(text):
    """Return the events that `tail` printed."""
    return [json.loads(line) for line in str(text).splitlines()]


def change(folder, statement):
    """Change the database of a folder behind the server's back, and return how many rows were."""
    with closing(sqlite3.connect(folder / "data" / "realtime.db", isolation_level=None)) as database:
        return database.execute(statement).rowcount


# -- publish and tail -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [('{"target": 21.5}', {"target": 21.5}), ("[1]", [1]), ("21.5", "21.5"), ("¡hola!\n", "¡hola!\n")],
)
def test_what_begins_like_json_is_json_and_anything_else_is_a_text(run, typed, stored):
    assert run("publish", "heating", typed).code == 0

    (event,) = events(run("tail", "heating", "--no-follow").out)

    assert event["data"] == stored


def test_standard_input_is_published_as_one_event(tmp_path):
    done = subprocess.run(
        [*RUN, "publish", "notes", "--data", "data", "--json"],
        cwd=tmp_path,
        env=environment(),
        input="two\nlines\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert json.loads(done.stdout)["channel"] == "notes"
    assert (
        events(command(tmp_path, "tail", "notes", "--no-follow", "--data", "data").stdout)[0]["data"] == "two\nlines\n"
    )


def test_nothing_to_publish_is_wrong_usage(run):
    assert run("publish", "notes", "").code == 2


def test_whoever_follows_sees_what_is_published_and_misses_nothing_while_the_server_is_away(tmp_path):
    with Server(tmp_path) as server, Program(tmp_path, "tail", "heating", "--since", "0", "--data", "data") as tail:
        assert command(tmp_path, "publish", "heating", "1", "--data", "data").returncode == 0
        tail.out.wait_for('"data":"1"')
        assert server.stop() == 0
        tail.err.wait_for("connection lost")
        assert command(tmp_path, "publish", "heating", "2", "--data", "data").returncode == 0
        assert command(tmp_path, "publish", "elsewhere", "!", "--data", "data").returncode == 0

        with Server(tmp_path):
            assert command(tmp_path, "publish", "heating", "3", "--data", "data").returncode == 0
            tail.out.wait_for('"data":"3"')
            tail.signal(signal.SIGINT)
            assert tail.wait() == 130

    assert [event["data"] for event in events(tail.out)] == ["1", "2", "3"]
    assert "Traceback" not in str(tail.err)


def test_whoever_follows_from_now_on_waits_for_a_server_and_sees_nothing_old(tmp_path):
    command(tmp_path, "publish", "heating", "old", "--data", "data")
    with Program(tmp_path, "tail", "heating", "--data", "data") as tail:
        tail.err.wait_for("waiting for it")
        with Server(tmp_path) as server:
            # It is there when the server counts it.
            while "ndjson" not in metrics(server):
                pass
            command(tmp_path, "publish", "heating", "new", "--data", "data")
            tail.out.wait_for('"data":"new"')

    assert [event["data"] for event in events(tail.out)] == ["new"]


def metrics(server):
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_reader_that_has_had_enough_ends_the_following_without_an_error(tmp_path):
    command(tmp_path, "publish", "heating", "1", "--data", "data")
    arguments = [*RUN, "tail", "heating", "--since", "0", "--data", "data"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Server(tmp_path), subprocess.Popen(arguments, cwd=tmp_path, env=environment(), **pipes) as tail:
        assert b'"data":"1"' in tail.stdout.readline()
        tail.stdout.close()
        command(tmp_path, "publish", "heating", "2", "--data", "data")

        assert tail.wait(PATIENCE) == 0
        assert tail.stderr.read() == b""


def test_a_position_that_was_trimmed_is_said(tmp_path, run):
    run("publish", "heating", "1")
    run("publish", "heating", "2")
    change(tmp_path, "DELETE FROM events WHERE seq = 1")
    change(tmp_path, "INSERT INTO history (key, value) VALUES ('trimmed', '1')")

    ended = run("tail", "heating", "--no-follow", "--since", "0")

    assert ended.code == 0
    assert [event["data"] for event in events(ended.out)] == ["2"]
    assert "no longer kept" in ended.err


@pytest.mark.parametrize(
    ("position", "said"),
    [("0badcafe:1", "is of another history"), ("77", "lies in the future; the last event here is 1")],
)
def test_a_position_that_means_nothing_here_is_said_and_ends_with_1(run, position, said):
    run("publish", "heating", "1")

    ended = run("tail", "heating", "--no-follow", "--since", position)

    assert (ended.code, ended.out) == (1, "")
    assert f"{position} {said}" in ended.err


def test_a_channel_without_events_is_said_and_no_failure(run):
    run("publish", "heating", "1")

    nothing = run("tail", "nada", "--no-follow")
    none_since = run("tail", "heating", "--no-follow", "--since", "now")

    assert (nothing.code, nothing.out, nothing.err) == (0, "", "realtime: nada has no events yet\n")
    assert (none_since.code, none_since.err) == (0, "realtime: heating has no events since now\n")


# -- check, migrate, audit --------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path, run):
    """Return a function that changes the database of a folder with three events and a user behind the server's back."""
    for number in range(3):
        run("publish", "heating", str(number))
    run("user", "add", "ana")

    def damage(statement):
        assert change(tmp_path, statement) == 1

    return damage


def findings(ended):
    return {row["subject"]: row["ok"] for row in json.loads(ended.out)}


def test_a_sound_folder_is_found_sound_with_and_without_a_server(run, damaged, tmp_path):
    files = sorted(path.name for path in (tmp_path / "data").iterdir())

    assert run("check").code == 0
    assert all(findings(run("check", "--full", "--json")).values())
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == files

    with Server(tmp_path):
        beside = run("check", "--json")
    assert beside.code == 0
    assert "ports" not in findings(beside)


def test_what_a_killed_server_left_is_found_sound_too(run, tmp_path):
    with Server(tmp_path) as server:
        run("publish", "heating", "1")
        server.process.kill()
        server.wait()

    assert run("check").code == 0


@pytest.mark.parametrize(
    ("statement", "subject"),
    [
        ("""UPDATE events SET data = '"x"' WHERE seq = 2""", "events"),
        ("DELETE FROM events WHERE seq = 2", "order"),
        ("UPDATE alembic_version SET version_num = 'ffff'", "schema"),
    ],
)
def test_damage_is_found_and_named(run, damaged, statement, subject):
    damaged(statement)

    ended = run("check", "--json")

    assert ended.code == 1
    assert [name for name, ok in findings(ended).items() if not ok] == [subject]


def test_a_file_that_is_no_database_is_found(run, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "realtime.db").write_bytes(b"not a database, but long enough to be one" * 100)

    assert findings(run("check", "--json"))["database"] is False


def test_a_file_that_is_no_database_is_a_sentence_for_the_others(run, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "realtime.db").write_bytes(b"not a database, but long enough to be one" * 100)

    ended = run("user", "list")

    assert ended.code == 1
    assert ended.err.startswith("realtime: data cannot be opened: ")
    assert "Traceback" not in ended.err


def test_what_a_command_makes_is_for_its_owner_alone(run, tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    run("publish", "heating", "1")

    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()} == {0}


def test_check_names_a_port_that_is_taken_and_settings_that_are_wrong(run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("REALTIME_PORT", str(taken.getsockname()[1]))
        ended = run("check")
    assert ended.code == 1
    assert "in use by another program" in ended.out

    monkeypatch.setenv("REALTIME_PORT", "none")
    assert run("check").code == 2


def test_migrate_makes_what_is_missing_and_refuses_beside_a_server_or_before_the_future(run, tmp_path):
    assert "was not there" in run("migrate").out
    assert "nothing to do" in run("migrate").out

    with Server(tmp_path) as server:
        beside = run("migrate")
        assert beside.code == 3
        assert f"process {server.process.pid}" in beside.err

    change(tmp_path, "UPDATE alembic_version SET version_num = 'ffff'")
    future = run("migrate")
    assert future.code == 1
    assert "newer version" in future.err


def test_the_audit_chain_is_whole_until_somebody_rewrites_it(run, damaged):
    whole = run("audit", "--verify")
    assert whole.code == 0
    assert "The chain is whole: 1 entries" in whole.out

    damaged("UPDATE events SET chain = 'ffff' WHERE channel = 'audit'")

    broken = run("audit", "--verify", "--json")
    assert broken.code == 1
    assert json.loads(broken.out)["broken"] == 4
