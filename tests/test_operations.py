"""The handbook of whoever runs the server names what there is."""

import re

import pytest

from realtime.cli import COMMANDS
from realtime.server.exit_codes import ExitCode
from tests import house

TEXT = (house.ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_row(name):
    assert re.search(rf"^\| `{name}\b", TEXT, re.MULTILINE)


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_every_exit_code_has_its_row(code):
    assert re.search(rf"^\| {code.value} \|", TEXT, re.MULTILINE)


def test_every_metric_has_its_row():
    source = (house.PACKAGE / "metrics.py").read_text("utf-8")
    names = set(re.findall(r'"(realtime_\w+)"', source))

    assert "realtime_log_tip" in names
    assert [name for name in sorted(names) if not re.search(rf"^\| `{name}(_total)?` \|", TEXT, re.MULTILINE)] == []
