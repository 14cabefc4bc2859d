"""The lock files: hashed, current with setup.cfg, free of host names, and with no part older than the threats allow."""

import configparser
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests import house

LOCKS = sorted((house.ROOT / "requirements").glob("*.txt"))
# Older ones have known holes. Those of Socket.IO count from the day they are dependencies.
MINIMUM = {
    "aiohttp": "3.14.5",
    "jinja2": "3.1.6",
    "marshmallow": "4.1.2",
    "python-socketio": "5.16.2",
    "python-engineio": "4.13.2",
}
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)$", re.MULTILINE)


def pins(text: str) -> dict[str, set[str]]:
    """Return the versions of each part in a lock; more than one where they differ by Python version or platform."""
    found: dict[str, set[str]] = {}
    for match in PIN.finditer(text):
        found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def without_hash(text: str) -> list[str]:
    """Name the pins that carry no hash, and the lines that are neither pin, hash nor comment."""
    bare = [match["name"] for match in PIN.finditer(text) if "--hash=sha256:" not in match["rest"]]
    rest = PIN.sub("", text)
    return bare + [line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def declared(section: str, option: str) -> list[Requirement]:
    """Return the requirements that setup.cfg declares."""
    config = configparser.ConfigParser()
    config.read(house.ROOT / "setup.cfg")
    return [Requirement(line) for line in config[section][option].strip().splitlines()]


def out_of_range(requirements: list[Requirement], locked: dict[str, set[str]]) -> list[str]:
    """Name what is declared and not locked, or locked outside the declared range."""
    breaches = []
    for requirement in requirements:
        versions = locked.get(canonicalize_name(requirement.name), set())
        if not versions or not all(requirement.specifier.contains(each) for each in versions):
            breaches.append(f"{requirement}: locked {sorted(versions) or 'nowhere'}; run: make lock")
    return breaches


def too_old(locked: dict[str, set[str]]) -> list[str]:
    """Name the pins below the minimum versions."""
    return [
        f"{name} {each} is older than {MINIMUM[name]}"
        for name in MINIMUM.keys() & locked.keys()
        for each in locked[name]
        if Version(each) < Version(MINIMUM[name])
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pin_carries_a_hash_and_no_line_names_a_host(lock: Path):
    text = lock.read_text("utf-8")

    assert pins(text)
    assert not without_hash(text)
    assert "://" not in text
    assert not re.search(r"^--|find-links|index-url|trusted-host", text, re.MULTILINE)


def test_a_pin_without_a_hash_is_found():
    text = "# head\na==1 \\\n    --hash=sha256:00\n    # via b\nb==2\nc @ file\n"

    assert without_hash(text) == ["b", "c @ file"]


def test_the_locks_hold_what_setup_cfg_declares():
    run, test = (pins((house.ROOT / "requirements" / name).read_text("utf-8")) for name in ("run.txt", "test.txt"))

    assert not out_of_range(declared("options", "install_requires"), run)
    assert not out_of_range(declared("options.extras_require", "test"), test)
    assert run.items() <= test.items(), "the tests run on the versions that users get"
    assert out_of_range([Requirement("aiohttp>=99"), Requirement("left-pad")], run)


def test_no_part_is_older_than_the_known_holes_allow():
    locked = pins((house.ROOT / "requirements" / "test.txt").read_text("utf-8"))

    assert {"aiohttp", "jinja2", "marshmallow"} <= locked.keys()
    assert not too_old(locked)
    assert too_old({"aiohttp": {"3.14.4"}}) == ["aiohttp 3.14.4 is older than 3.14.5"]


@pytest.mark.parametrize(
    "name", sorted(MINIMUM.keys() & pins((house.ROOT / "requirements/run.txt").read_text()).keys())
)
def test_what_is_installed_is_not_older_either(name):
    assert Version(version(name)) >= Version(MINIMUM[name])
