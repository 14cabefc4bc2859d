"""Servers on Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.peers.base import Door, Missing, Peer, Start

HERE = Path(__file__).with_name("node")


def install_modules() -> None:
    """The modules that the lock file names, exactly. Raises Missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Missing("node and npm are not installed")
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(["npm", "ci"], cwd=HERE, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"npm ci failed: {done.stderr.strip()[-300:]}")


def module_version(module: str) -> str:
    """The installed version of one module."""
    package = json.loads((HERE / "node_modules" / module / "package.json").read_text())
    return str(package["version"])


class NodeWs(Peer):
    name = "node"
    title = "Node ws"
    does = "parses the JSON and serialises the frame once for all: no authentication, nothing on disk; one process"

    def install(self) -> None:
        install_modules()

    def version(self) -> str:
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return f"ws {module_version('ws')}, Node {node.removeprefix('v')}"

    def start(self, folder: Path, port: int) -> Start:
        argv = ("node", str(HERE / "fanout.js"), str(port))
        return Start(argv=argv, ready="/ready", door=Door(publish="/publish", subscribe="/subscribe"))
