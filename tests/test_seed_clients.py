"""The seed's own clients, unmodified, against the server as it starts by default."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import sync_playwright

from tests.parts import need
from tests.ports import ports_of_the_seeds
from tests.programs import PATIENCE, Output, Program

SEEDS = Path(__file__).parent / "seeds"
SERVER = "http://localhost:8000"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Program]:
    """`python run.py`, on the ports that the seeds' clients use."""
    with ports_of_the_seeds(), Program(tmp_path) as program:
        program.out.wait_for("^Listening on ")
        yield program


def create_sensor() -> int:
    body = json.dumps({"tipo": "temperatura", "modelo": "DHT22"}).encode()
    request = Request(f"{SERVER}/api/v1/sensors/", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE) as answer:
        return int(json.load(answer)["id"])


def connections() -> int:
    with urlopen(f"{SERVER}/api/v1/ws/stats/sensors", timeout=PATIENCE) as answer:
        return int(json.load(answer)["connections"])


def test_the_python_client_receives_the_seeds_event(server: Program) -> None:
    argv = [sys.executable, "-u", str(SEEDS / "channels_client.py")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as client:
        try:
            assert client.stdout is not None
            said = Output(client.stdout)
            while connections() == 0:
                assert client.poll() is None
            create_sensor()
            line = said.wait_for("Evento recibido:.*")[0]
        finally:
            client.terminate()
    assert "'type': 'entity_event', 'entity_type': 'sensor', 'event_type': 'created'" in line


def test_the_javascript_client_receives_the_seeds_event(server: Program) -> None:
    chromium = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{SERVER}/websocket_client.html")
        with page.expect_console_message(lambda message: message.text.startswith("Conectado")):
            page.evaluate("(text) => { globalThis.ws = new Function(text + '; return ws')() }", source())
        with page.expect_console_message(lambda message: message.text.startswith("Evento recibido")) as event:
            made = create_sensor()
        received = event.value.args[1].json_value()
        browser.close()
    assert received["type"] == "entity_event"
    assert received["entity_id"] == made
    assert received["metadata"] == {"action": "create_sensor"}


def source() -> str:
    return (SEEDS / "channels_client.js").read_text()
