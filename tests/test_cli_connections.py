"""The command line and the roster."""

import json
import signal

import pytest

from tests.programs import Program, Server, commands_in


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


@pytest.fixture
def tailed(tmp_path):
    """A folder whose server has one client: `tail`, by the server's socket."""
    with Server(tmp_path) as server, Program(tmp_path, "tail", "general", "--since", "0") as tail:
        tail.out.wait_for("system.info")
        yield server


def test_who_is_connected_is_a_table_or_json(run, tailed):
    shown = run("connections")
    as_json = run("connections", "--json", "--dialect", "ndjson", "--channel", "general")
    nobody = run("connections", "--json", "--user", "ana")

    assert (shown.code, as_json.code, nobody.code) == (0, 0, 0)
    assert shown.out.split()[:4] == ["id", "user", "status", "dialect"]
    assert "ndjson" in shown.out
    assert "close_code" not in shown.out
    (row,) = json.loads(as_json.out)
    assert (row["id"], row["status"], row["channels"], row["lag"]) == (1, "Ativa", ["general"], 0)
    assert json.loads(nobody.out) == []


def test_on_a_terminal_the_table_refreshes_until_it_is_interrupted(tmp_path, tailed):
    with Program(tmp_path, "connections", terminal=True, COLUMNS="200", LINES="30", TERM="xterm") as table:
        table.out.wait_for("ndjson")
        with Program(tmp_path, "tail", "general", "--since", "0") as another:
            another.out.wait_for("system.info")
            table.out.wait_for(r"(?s)ndjson.*ndjson.*ndjson")
        table.signal(signal.SIGINT)
        assert table.wait() == 130


def test_without_a_server_the_connections_that_it_had_are_shown(run, tmp_path):
    with Server(tmp_path) as server, Program(tmp_path, "tail", "general", "--since", "0") as tail:
        tail.out.wait_for("system.info")
        server.stop()
    (row,) = json.loads(run("connections", "--status", "inactive", "--json").out)

    assert (row["status"], row["dialect"]) == ("Inativa", "ndjson")
    assert "close_code" in run("connections", "--status", "inactive", "--once").out
    assert json.loads(run("connections", "--json").out) == []


def test_a_wrong_status_is_refused_in_a_sentence(run, tailed):
    ended = run("connections", "--status", "open")

    assert ended.code == 1
    assert '"open" is not a valid choice.' in ended.err
