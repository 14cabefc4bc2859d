"""The command line and the figures of the support desk."""

import json
import sqlite3
from contextlib import closing

import pytest

from realtime.commands.client import ask
from tests.programs import Server, commands_in


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


def change(folder, statement):
    """Change the database of a folder behind the server's back, and return how many rows were."""
    with closing(sqlite3.connect(folder / "data" / "realtime.db", isolation_level=None)) as database:
        return database.execute(statement).rowcount


@pytest.fixture
def worked(run, tmp_path):
    """A folder in which a conversation was closed and rated."""

    async def work(client):
        one = (await client.post("/api/v1/conversations/", {"contact_name": "Zoë"}))["id"]
        for sender in ("customer", "agent"):
            await client.post(f"/api/v1/conversations/{one}/messages/", {"content": "¿Hola?", "sender": sender})
        await client.post(f"/api/v1/conversations/{one}/csat/", {"rating": 4})
        await client.post(f"/api/v1/conversations/{one}/close/", b"")

    ask("data", work, create=True)
    return tmp_path


def test_the_metrics_agree_with_what_happened_with_and_without_a_server(run, worked):
    alone = run("metrics", "--verify")
    with Server(worked):
        beside = run("metrics", "--verify")

    assert (alone.code, beside.code) == (0, 0)
    assert alone.out == "The metrics agree with what happened: 1 conversations, 2 messages, 4 samples, 1 days.\n"
    assert beside.out == alone.out


def test_what_disagrees_is_named_and_the_exit_code_says_so(run, worked):
    assert change(worked, "UPDATE samples SET value = 3 WHERE kind = 'rating'") == 1
    assert change(worked, "DELETE FROM metric_days WHERE kind = 'rating_4'") == 1

    said, told = run("metrics", "--verify"), run("metrics", "--verify", "--json")

    assert (said.code, told.code) == (1, 1)
    assert said.out.startswith("The metrics DISAGREE in 4 places: 1 conversations,")
    assert ", rating_4, count: 1 by the recount, 0 stored\n" in said.out
    report = json.loads(told.out)
    assert (report["ok"], report["disagreed"]) == (False, 4)
    assert [each["stored"] for each in report["disagreements"]] == [1, 0, 0, 0]


def test_metrics_without_its_flag_is_wrong_usage(run):
    assert run("metrics").code == 2
