"""
The parts of the system that the project needs beside its Python packages.

    python tools/parts.py python venv chromium

looks for each part by name. What is missing is installed where that is possible without asking (root, on a Debian
system); otherwise the line that installs it is printed. A missing part ends the command with 1 if nothing works without
it (`python`, `venv`) or if the environment variable `CI` is `true`; else the tests that need it skip themselves, and
the command ends with 0. An unknown name ends it with 2.

Runs before anything is installed, on whatever Python is there: the standard library only, and no new syntax.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (18, 0)


class Part(NamedTuple):
    """
    What to look for. `package` is Debian's name, empty if none helps; without a `vital` part nothing works. A part that
    is no package of the system is made by the command `make`, in the folder of the checkout.
    """

    find: Callable[[], str | None]
    package: str
    purpose: str
    vital: bool = False
    make: tuple[str, ...] = ()


def program(*names: str) -> Callable[[], str | None]:
    """Look for the first of these programs on the PATH."""
    return lambda: next((path for name in names if (path := shutil.which(name))), None)


def find_python() -> str | None:
    """Return this interpreter if it is new enough."""
    return sys.executable if sys.version_info[:2] >= OLDEST_PYTHON else None


def find_venv() -> str | None:
    """Return the interpreter if it can make virtual environments; Debian keeps that in a package of its own."""
    return sys.executable if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv") else None


def find_node() -> str | None:
    """Return Node if it is new enough: Debian 12 has 18."""
    path = shutil.which("node") or shutil.which("nodejs")
    if path is None:
        return None
    # "v20.20.2"; one that cannot even say its version is none.
    ended = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v([0-9]+)\.([0-9]+)", ended.stdout)
    return path if version and (int(version[1]), int(version[2])) >= OLDEST_NODE else None


def modules(folder: str) -> Callable[[], str | None]:
    """Look for the Node modules that the lock file of a folder names, installed after it was last changed."""

    def find() -> str | None:
        lock = ROOT / folder / "package-lock.json"
        installed = ROOT / folder / "node_modules" / ".package-lock.json"
        fresh = installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime
        return str(installed.parent) if fresh else None

    return find


PARTS = {
    "python": Part(
        find_python,
        "",
        "Python {}.{} or later; name another, for example: make run PYTHON=python3.13".format(*OLDEST_PYTHON),
        vital=True,
    ),
    "venv": Part(
        find_venv, "python{}.{}-venv".format(*sys.version_info[:2]), "virtual environments for the packages", vital=True
    ),
    "chromium": Part(
        program("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "chromium",
        "the browser that the page tests drive",
    ),
    "node": Part(
        find_node,
        "nodejs",
        "Node {}.{} or later, in which the clients of other documents run".format(*OLDEST_NODE),
    ),
    "npm": Part(program("npm"), "npm", "what installs Node's modules, each as its lock file names it"),
    "socket.io-client": Part(
        modules("tests/chat_clients"),
        "",
        "the official client of Socket.IO, and a WebSocket, for Node",
        make=("npm", "ci", "--prefix", "tests/chat_clients"),
    ),
    "cc": Part(
        program("cc"), "build-essential", "what builds the clock that a test sets, and the load of the benchmarks"
    ),
    "nginx": Part(program("nginx"), "nginx-light", "the proxy behind which the pages are tried"),
    "openssl": Part(program("openssl"), "openssl", "what makes that proxy's certificate"),
    "curl": Part(program("curl"), "curl", "what runs the lines that the pages show for it"),
    "strace": Part(program("strace"), "strace", "the witness that what is acknowledged was synced to disk before"),
}


def find(name: str) -> str | None:
    """Return where the part is, or None. Tests ask here whether they can run."""
    return PARTS[name].find()


def must_be_here() -> bool:
    """Tell whether a missing part is a failure: on the machine that guards the main branch, nothing may be skipped."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def install(packages: list[str]) -> bool:
    """Install Debian packages if this is root on a Debian system; tell whether that worked."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Another package manager may hold the lock on a machine that has just started.
    apt = ["apt-get", "--quiet=2", "--option", "DPkg::Lock::Timeout=300"]
    print("Installing {} (once) ...".format(" ".join(packages)), flush=True)
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        ended = subprocess.run([*apt, *step], env=environment, capture_output=True, text=True, check=False)
        if ended.returncode:
            print(ended.stderr, end="", file=sys.stderr)
            print(f"apt-get {step[0]} ended with {ended.returncode}", file=sys.stderr)
            return False
    return True


def make(name: str) -> bool:
    """Make a part by its own command; tell whether that worked."""
    command = PARTS[name].make
    program = shutil.which(command[0])
    if program is None:
        return False
    print(f"Making {name} (once) ...", flush=True)
    ended = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        print(ended.stderr, end="", file=sys.stderr)
    return ended.returncode == 0


def report(name: str) -> bool:
    """Say what is missing and how to get it; tell whether the work can go on without it."""
    part = PARTS[name]
    fatal = part.vital or must_be_here()
    outcome = "cannot go on without it" if fatal else "the tests that need it are skipped"
    print(f"Missing: {name} ({part.purpose}): {outcome}.", file=sys.stderr)
    if part.package:
        print(f"  On Debian or Ubuntu: sudo apt-get install {part.package}", file=sys.stderr)
    if part.make:
        print(f"  With npm: {' '.join(part.make)}", file=sys.stderr)
    return not fatal


def main(names: list[str]) -> int:
    """Find or install the named parts; the exit code is described at the top."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print("Unknown: {}. Known are: {}.".format(", ".join(unknown), ", ".join(PARTS)), file=sys.stderr)
        return 2
    missing = [name for name in names if not find(name)]
    installable = [PARTS[name].package for name in missing if PARTS[name].package]
    if installable and install(installable):
        missing = [name for name in missing if not find(name)]
    missing = [name for name in missing if not (PARTS[name].make and make(name) and find(name))]
    reports = [report(name) for name in missing]  # a list: all are said, not only the first
    return 0 if all(reports) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
