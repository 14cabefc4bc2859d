"""
The five clients of seed 001, each from the seed's own text, in Node, against a closed
server on the port that they know. Their frameworks are stubbed to the few hooks that they use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from tests.dashboard_seed import clients, frames
from tests.parts import need
from tests.ports import ports_of_the_seeds
from tests.programs import PATIENCE, Output, Server, command

DRIVERS = Path(__file__).parent / "dashboard_clients"
PACKAGES = {"react": "react", "@angular/core": "angular-core", "rxjs": "rxjs"}
FIVE = ("class", "react", "vue", "angular", "reconnecting")
SEES = {"react": {"chat_message", "dashboard_metrics", "csat_update"}}
"""What a client has an ear for, where it is not all seven types."""

SEEDS_INTERVAL = 5_000
"""Milliseconds between two tries to reconnect."""


class Desk:
    """A closed server on port 8010, with an agent and another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()
        self.token = self._token("agente1")
        self.other = self._token("agente2")

    def start(self) -> None:
        # Wrong tokens are counted; here there are some on purpose.
        self.server = Server(self.folder, "--access", "closed", "--sign-in-attempts", "1000", port=8010)

    def _token(self, user: str) -> str:
        data = ("--data", str(self.server.data))
        ended = command(self.folder, "token", "create", "--user", user, "--role", "agent", *data)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = Request(f"http://localhost:8010/api/v1/{path}", json.dumps(body).encode(), headers)
        with urlopen(request, timeout=PATIENCE) as answer:
            return dict(json.load(answer))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A closed server where the seed's clients look for it."""
    with ports_of_the_seeds():
        made = Desk(tmp_path)
        yield made
        made.server.__exit__(None, None, None)


class Client:
    """One of the five, in a Node of its own."""

    def __init__(self, folder: Path, name: str, token: str, interval: int = SEEDS_INTERVAL, more: str = "") -> None:
        folder.mkdir()
        seed = clients()[name].replace("seu_token_aqui", token)
        (folder / "seed.mjs").write_text(seed, "utf-8")
        for file in ("harness.mjs", f"{name}.mjs"):
            shutil.copy(DRIVERS / file, folder)
        for package, stub in PACKAGES.items():
            place = folder / "node_modules" / package
            place.mkdir(parents=True)
            shutil.copy(DRIVERS / "stubs" / f"{stub}.mjs", place / "index.mjs")
            (place / "package.json").write_text(json.dumps({"name": package, "exports": "./index.mjs"}))
        self.process = subprocess.Popen(
            [need("node"), f"{name}.mjs", token, str(interval), more],
            cwd=folder,
            env={**os.environ, "MODULES": need("socket.io-client")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.out, self.err = Output(self.process.stdout), Output(self.process.stderr)

    def hears(self, name: str, times: int = 1) -> Any:
        """What the client heard under that name, for the `times`th time."""
        line = rf'\["{name}",(.*)\]$'
        try:
            return json.loads(self.out.wait_for(rf"(?:^{line}[\s\S]*?){{{times}}}")[1])
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.err}") from None

    def heard(self) -> list[str]:
        """The names of all that it has heard so far."""
        return [json.loads(line)[0] for line in str(self.out).splitlines()]

    def does(self, action: str, *given: Any) -> None:
        """Let it call its own method."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([action, *given]).encode() + b"\n")
        self.process.stdin.flush()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.out.close()
        self.err.close()


@contextmanager
def colleague(desk: Desk) -> Iterator[None]:
    """Another agent comes online."""
    with connect(f"ws://localhost:8010/ws/dashboard/?token={desk.other}"):
        yield


def shape(value: Any) -> Any:
    """The keys of an object, in their order, at every depth."""
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize("name", FIVE)
def test_each_client_of_the_seed_gets_each_of_its_events_and_speaks(desk: Desk, tmp_path: Path, name: str) -> None:
    sees = SEES.get(name, set(frames()))
    with Client(tmp_path / "client", name, desk.token) as client:
        client.hears("connected")
        heard = {"dashboard_metrics": client.hears("dashboard_metrics")}

        conversation = desk.post("conversations/", contact_name="João Silva")
        said = {"conversation_id": conversation["id"], "content": "Olá, João!"}
        client.does("send", {"type": "send_message", "id": 1, "data": said})
        heard["chat_message"] = client.hears("chat_message")
        message = heard["chat_message"]["message"]["id"]
        client.does("send", {"type": "react", "data": {"message_id": message, "reaction": "👍"}})
        client.does("send", {"type": "delete_message", "data": {"message_id": message}})
        desk.post(f"conversations/{conversation['id']}/csat/", rating=5, feedback="Excelente atendimento!")
        with colleague(desk):
            heard |= {kind: client.hears(kind) for kind in sees - heard.keys()}
        metrics = client.hears("dashboard_metrics", times=2)
        client.does("disconnect")
        client.hears("disconnected")

    assert {kind: shape(data) for kind, data in heard.items()} == {kind: shape(frames()[kind]["data"]) for kind in sees}
    assert heard["chat_message"]["message"] | {"timestamp": None} == {
        "id": message,
        "content": "Olá, João!",
        "sender": "agent",
        "timestamp": None,
        "message_type": "text",
    }
    assert heard["csat_update"]["contact_name"] == "João Silva"
    assert heard["csat_update"]["feedback"] == "Excelente atendimento!"
    assert heard["dashboard_metrics"]["total_conversations"] == 0
    assert metrics["total_conversations"] == 1
    assert "error" not in client.heard()


@pytest.mark.parametrize("name", ["class", "reconnecting"])
def test_a_client_that_reconnects_is_there_again_after_a_restart(desk: Desk, tmp_path: Path, name: str) -> None:
    with Client(tmp_path / "client", name, desk.token) as client:
        client.hears("connected")
        desk.server.stop()
        client.hears("disconnected")
        desk.start()
        client.hears("connected", times=2)

        conversation = desk.post("conversations/", contact_name="João Silva")
        desk.post(f"conversations/{conversation['id']}/messages/", content="De volta")
        assert client.hears("chat_message")["message"]["content"] == "De volta"


def test_with_a_cursor_in_its_address_a_client_misses_nothing_that_was_said_while_it_was_away(
    desk: Desk, tmp_path: Path
) -> None:
    conversation = desk.post("conversations/", contact_name="João Silva")
    messages = f"conversations/{conversation['id']}/messages/"
    with Client(tmp_path / "client", "reconnecting", desk.token, more="&session=painel") as client:
        client.hears("dashboard_metrics")
        desk.post(messages, content="Ainda aqui")
        client.hears("chat_message")
        desk.server.stop()
        client.hears("disconnected")
        desk.start()
        desk.post(messages, content="Enquanto isso")
        client.hears("connected", times=2)
        client.out.wait_for(r'^\["chat_message",.*Enquanto isso')


@pytest.mark.parametrize("name", ["class", "reconnecting"])
def test_a_client_with_a_wrong_token_gives_up_by_itself(desk: Desk, tmp_path: Path, name: str) -> None:
    with Client(tmp_path / "client", name, "rt_wrong", interval=50) as client:
        client.hears("reconnect_failed")

    # Its counter begins anew whenever a socket opens: one that opened and closed would try for ever.
    assert client.heard() == ["error", "disconnected"] * 6 + ["reconnect_failed"]
