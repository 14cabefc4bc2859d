"""The rules that we hold ourselves to, read from the source; and the outside of the house."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import house, parts

WEB_AND_SQL = house.SQL_LIBRARIES | {"aiohttp", "socketio", "engineio", "asyncio"}


@pytest.fixture
def sample(tmp_path):
    """Return a function that writes a package of the given files and returns its folder."""

    def write(**files: str) -> Path:
        for name, text in {"__init__": "", **files}.items():
            path = tmp_path / "realtime" / (name.replace("__in__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "realtime"

    return write


def test_every_room_has_a_floor(sample):
    assert not house.unknown_rooms(house.PACKAGE)

    (breach,) = house.unknown_rooms(sample(events="", gadgets=""))
    assert "gadgets" in breach
    assert "FLOORS in tests/house.py" in breach


def test_imports_point_down():
    assert not house.climbing_imports(house.PACKAGE)


@pytest.mark.parametrize(
    "line",
    [
        "import realtime.app",
        "from realtime import app",
        "from realtime.app import create_app",
        "from .. import app",
        "from ..app import create_app",
        "def f():\n    from ..app import create_app",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from realtime.app import create_app",
    ],
)
def test_an_import_that_climbs_is_found_however_it_is_written(sample, line):
    package = sample(app="", store__in__log=line, dialects__in__chat="from realtime.events import Event", events="")

    (breach,) = house.climbing_imports(package)

    assert breach.startswith("realtime/store/log.py:")
    assert "floor 2" in breach
    assert "floor 6" in breach


def test_store_and_delivery_are_one_floor_and_may_import_each_other(sample):
    package = sample(
        store__in__log="from realtime.delivery import hub",
        delivery__in__hub="from realtime.store import log",
        services__in__chat="from ..store.log import x",
    )

    assert not house.climbing_imports(package)


def test_only_the_store_speaks_sql(sample):
    assert not house.misplaced_imports(house.PACKAGE, house.SQL_LIBRARIES, home="store")

    package = sample(store__in__log="import sqlalchemy as sa", cli="from sqlalchemy.exc import OperationalError")
    (breach,) = house.misplaced_imports(package, house.SQL_LIBRARIES, home="store")
    assert breach.startswith("realtime/cli.py:1:")


def test_dialects_are_pure(sample):
    assert not house.impurities(house.PACKAGE, "dialects", WEB_AND_SQL)

    package = sample(
        dialects__in__a="import aiohttp",
        dialects__in__b="async def f():\n    await g()",
        handlers__in__a="import aiohttp\nasync def f(): ...",
    )
    breaches = house.impurities(package, "dialects", WEB_AND_SQL)
    assert [breach.partition(": ")[2] for breach in breaches] == ["imports aiohttp", "waits", "waits"]


def test_files_and_functions_stay_small(sample):
    assert not house.long_files(house.PACKAGE)
    assert not house.long_functions(house.PACKAGE)

    package = sample(
        events="x = 1\n" * 301,
        config="def f():\n" + "    x = 1\n" * 40,
        handlers__in__chat="async def f(request):\n" + "    x = 1\n" * 20 + "def g():\n" + "    x = 1\n" * 39,
    )
    assert house.long_files(package) == ["realtime/events.py: 301 lines, at most 300"]
    assert [breach.rpartition(": ")[2] for breach in house.long_functions(package)] == [
        "f has 41 lines, at most 40",
        "f has 21 lines, at most 20",
    ]


def test_an_installed_server_has_all_that_a_checkout_has(sample):
    assert not house.left_out_of_the_package(house.PACKAGE)

    package = sample(store__in____init__="", store__in__log="", dialects__in__chat="")
    assert house.left_out_of_the_package(package) == ["realtime/dialects"]


@pytest.mark.parametrize(
    "command",
    [("ruff", "format", "--check"), ("ruff", "check", "--output-format=concise"), ("mypy", "--no-pretty")],
    ids=["format", "lint", "types"],
)
def test_lint_and_types_are_clean(command):
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=house.ROOT, capture_output=True, text=True, check=False
    )

    if ended.returncode:
        pytest.fail(f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}", pytrace=False)


def test_the_top_level_is_where_the_card_says():
    files = house.own_files()
    agreed = (
        "realtime realtime/handlers realtime/static realtime/templates data tests run.py setup.cfg README.md Makefile"
    )

    assert [name for name in agreed.split() if not (house.ROOT / name).exists()] == []
    assert {path.parts[0] for path in files if len(path.parts) > 1} <= house.TOP_FOLDERS
    assert [path.as_posix() for path in files if path.parts[0] == "data"] == ["data/.gitkeep"]


def test_run_py_only_hands_over():
    lines = (house.ROOT / "run.py").read_text("utf-8").splitlines()

    assert len(lines) <= 10
    assert any(line.startswith("from realtime.cli import main") for line in lines)


def test_no_file_speaks_of_unfinished_work_or_of_the_machine_it_was_written_on():
    assert not house.stray_words(house.ROOT, house.own_files())


@pytest.mark.parametrize(
    "text",
    ["# TO" + "DO later", "FI" + "XME", "cd /ro" + "ot/x", "see /ho" + "me/ana/notes", "https://pypi." + "org/simple"],
)
def test_a_stray_word_is_found(tmp_path, text):
    (tmp_path / "notes.md").write_text(f"fine\n{text}\n")

    (breach,) = house.stray_words(tmp_path, [Path("notes.md")])

    assert breach.startswith("notes.md:2:")


def test_the_gate_runs_the_tests_and_nothing_may_be_skipped():
    gate = house.ROOT / ".ci" / "run"
    text = gate.read_text("utf-8")

    assert os.access(gate, os.X_OK)
    assert "export CI=true" in text
    assert re.search(r"^exec make .*\btest$", text, re.MULTILINE)


def run_parts(path: Path, *names: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Look for parts with nothing on the PATH but the given folder."""
    command = [sys.executable, str(house.ROOT / "tools" / "parts.py"), *names]
    return subprocess.run(
        command, env={"PATH": str(path), "CI": ci}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_missing_part_is_named_with_the_line_that_installs_it(tmp_path):
    ended = run_parts(tmp_path, "chromium")

    assert ended.returncode == 0
    assert "Missing: chromium" in ended.stderr
    assert "apt-get install chromium" in ended.stderr


def test_a_missing_part_fails_the_gate(tmp_path):
    assert run_parts(tmp_path, "chromium", ci="true").returncode == 1


def test_a_part_that_is_there_is_not_mentioned(tmp_path):
    (tmp_path / "chromium").touch(mode=0o755)

    ended = run_parts(tmp_path, "python", "chromium", ci="true")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_an_unknown_part_is_refused_with_the_names_that_are_known(tmp_path):
    ended = run_parts(tmp_path, "chrome")

    assert ended.returncode == 2
    assert "chromium" in ended.stderr


def test_a_test_that_needs_a_missing_part_skips_at_home_and_fails_at_the_gate(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        parts.need("chromium")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        parts.need("chromium")

    (tmp_path / "chromium").touch(mode=0o755)
    assert parts.need("chromium") == str(tmp_path / "chromium")


def test_contributing_sends_nobody_to_a_place_that_does_not_exist():
    text = (house.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    places = set(re.findall(r"[`(]((?:realtime|tests|tools|docs|benchmarks|requirements)/[\w./-]*)[`)]", text))

    assert "realtime/errors.py" in places
    assert sorted(place for place in places if not (house.ROOT / place).exists()) == []
