"""What the server is made of, and how it stands: for whoever looks after it."""

from __future__ import annotations

import asyncio
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import realtime
from realtime import clock
from realtime.channels import EVERYTHING
from realtime.config import Settings
from realtime.delivery.hub import Hub
from realtime.store.database import BESIDE, FILE_NAME, SQLITE_VERSION
from realtime.store.opening import Store

LIBRARIES: Final = (
    *("aiohttp", "Jinja2", "SQLAlchemy", "aiosqlite", "alembic", "marshmallow", "orjson", "uvloop"),
    *("click", "structlog", "prometheus-client", "argon2-cffi", "Babel", "numpy"),
)
"""The libraries whose versions are told: those that a report of a fault would be asked for."""


class About:
    """One server, from the moment at which this was made."""

    def __init__(self, store: Store, hub: Hub, settings: Settings) -> None:
        self._store = store
        self._hub = hub
        self._settings = settings
        self._started_at = clock.now()

    async def now(self) -> dict[str, Any]:
        """
        `versions` (name to version), `started_at` in milliseconds, `access`, the log
        (`epoch`, `tip`, `oldest`, events `damaged` that were met), connected `clients` and
        units of work that are `waiting`; `disk`: bytes of the `database`, of the `wal`
        beside it, and those `free`.
        """
        log = self._store.log
        return {
            "versions": await asyncio.to_thread(_versions),
            "started_at": self._started_at,
            "access": self._settings.access_mode,
            "epoch": log.epoch,
            "tip": log.tip,
            "oldest": await log.oldest(EVERYTHING) + 1,
            "damaged": log.damaged,
            "clients": len(self._hub.sessions),
            "waiting": self._store.committer.waiting,
            "disk": await asyncio.to_thread(_disk, self._settings.data),
        }


def _versions() -> dict[str, str]:
    found = {"realtime": realtime.__version__, "Python": platform.python_version(), "SQLite": SQLITE_VERSION}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # uvloop is not for every platform
            continue
    return found


def _disk(folder: Path) -> dict[str, int]:
    def size(name: str) -> int:
        try:
            return (folder / name).stat().st_size
        except FileNotFoundError:
            return 0

    wal = sum(size(FILE_NAME + suffix) for suffix in BESIDE)
    return {"database": size(FILE_NAME), "wal": wal, "free": shutil.disk_usage(folder).free}
