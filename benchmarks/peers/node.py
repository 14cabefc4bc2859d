"""Servers on Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.peers.base import SOCKET_IO, Door, Missing, Peer, Start, Way

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


def versions(module: str) -> str:
    """The installed versions of one module and of Node."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{module} {module_version(module)}, Node {node.removeprefix('v')}"


class NodeWs(Peer):
    name = "node"
    title = "Node ws"
    does = "parses the JSON and serialises the frame once for all: no authentication, nothing on disk; one process"

    def install(self) -> None:
        install_modules()

    def version(self) -> str:
        return versions("ws")

    def start(self, folder: Path, port: int) -> Start:
        argv = ("node", str(HERE / "fanout.js"), str(port))
        doors = {Way.POST: Door(publish="/publish", subscribe="/subscribe")}
        return Start(argv=argv, ready="/ready", doors=doors)


class NodeSocketIO(Peer):
    name = "node-socketio"
    title = "Node socket.io"
    does = (
        "`io.emit` to all, its frame made once for all, then the acknowledgement: "
        "no authentication, nothing on disk; one process"
    )

    def install(self) -> None:
        install_modules()

    def version(self) -> str:
        return versions("socket.io")

    def start(self, folder: Path, port: int) -> Start:
        argv = ("node", str(HERE / "fanout_socketio.js"), str(port))
        doors = {Way.SOCKET_IO: Door(publish=SOCKET_IO, subscribe=SOCKET_IO)}
        return Start(argv=argv, ready="/ready", doors=doors)
