"""`restore` and what is more than the log: the support desk, its search and its figures, the roster."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from realtime.commands.client import ask
from tests.programs import Server, commands_in


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


async def work(client):
    """A conversation with a message from each side, rated and closed."""
    one = (await client.post("/api/v1/conversations/", {"contact_name": "Zoë"}))["id"]
    for sender, content in (("customer", "¿Dónde está mi paquete?"), ("agent", "En camino.")):
        await client.post(f"/api/v1/conversations/{one}/messages/", {"content": content, "sender": sender})
    await client.post(f"/api/v1/conversations/{one}/csat/", {"rating": 4})
    await client.post(f"/api/v1/conversations/{one}/close/", b"")


async def more(client):
    """What happens after the backup, under the same ids as what happens after the restore."""
    await client.post("/api/v1/conversations/", {"contact_name": "Nobody knows"})


async def found(client):
    """The conversations, how many have a message about the parcel, and the rows of the roster that are open."""
    names = [row["contact_name"] for row in (await client.get("/api/v1/conversations/"))["results"]]
    matches = (await client.get("/api/v1/conversations/", search="paquete"))["count"]
    return names, matches, (await client.get("/api/v1/websockets/", status="Ativa"))["count"]


async def while_somebody_listens(server, work):
    """Do this while a socket is open, whose row is then in the database."""
    async with aiohttp.ClientSession(server.url) as session, session.ws_connect("/api/v1/ws"):
        await asyncio.to_thread(work)


def test_a_restored_desk_is_searched_counted_and_worked_on_as_before(run, tmp_path):
    ask("data", work, create=True)
    with Server(tmp_path) as server:
        asyncio.run(while_somebody_listens(server, lambda: run("backup", "copy.db")))
    ask("data", more)

    assert run("restore", "copy.db").code == 0

    assert ask("data", found) == (["Zoë"], 1, 0)
    verified = run("metrics", "--verify")
    assert (verified.code, verified.out[:34]) == (0, "The metrics agree with what happen")
    ask("data", work)
    assert ask("data", found) == (["Zoë", "Zoë"], 2, 0)
    assert run("metrics", "--verify").code == 0
    assert run("check").code == 0
