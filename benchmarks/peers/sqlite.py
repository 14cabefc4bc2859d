"""SQLite as it comes with Python, without a server around it: what the disk and the tables allow at best."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

from benchmarks.peers.base import Peer, Start
from benchmarks.peers.realtime import Realtime, python

SCRIPT = Path(__file__).with_name("python") / "bulk_sqlite.py"


class BareSqlite(Peer):
    name = "sqlite3"
    title = "bare sqlite3"
    does = (
        "`executemany` of finished rows into the same two tables with the same indexes, and a synced commit a batch: "
        "no request, no JSON, no check, no checksum; the time in which its rows are made does not count"
    )

    def install(self) -> None:
        return

    def version(self) -> str:
        script = "import sys, sqlite3; print(sqlite3.sqlite_version, sys.version.split()[0])"
        done = subprocess.run([python(), "-c", script], capture_output=True, text=True, check=True)
        sqlite, interpreter = done.stdout.split()
        return f"SQLite {sqlite}, Python {interpreter}"

    def start(self, folder: Path, port: int) -> Start:
        # Our own command makes the tables, so that they are the same ones.
        Realtime().token(folder / "data")
        return Start(argv=(python(), str(SCRIPT), str(folder / "data" / "realtime.db")), ready="", doors={})

    def kept(self, folder: Path) -> int | None:
        database = sqlite3.connect(folder / "data" / "realtime.db")
        try:
            (count,) = database.execute("SELECT count(*) FROM events WHERE type = 'reading.created'").fetchone()
        finally:
            database.close()
        return int(count)
