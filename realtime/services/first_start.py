"""The first start: somebody to manage the server, and a way to try it. No password, no default credential."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final, TextIO

from realtime.channels import SEED_CHANNELS
from realtime.config import Settings
from realtime.policy import Principal, Role
from realtime.program import program
from realtime.services.accounts import Accounts
from realtime.services.logins import FIRST_LOGIN
from realtime.services.tokens import Wanted
from realtime.store.accounts import SYSTEM_ID
from realtime.store.telemetry import Stretch

SYSTEM: Final = Principal("system", Role.ADMIN, "system", user_id=SYSTEM_ID)
"""Who does what the server does by itself."""

ADMIN: Final = "admin"
_ONE: Final = Stretch(limit=1)


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the first start made: both secrets are in `text`, and nowhere else."""

    user: str
    text: str


async def first_start(accounts: Accounts, settings: Settings, base: str, sensor_id: int = 1) -> FirstStart | None:
    """
    Where nobody can manage the server: a user `admin`, a one-time sign-in link, and a
    token for a device, good for a day. None, and nothing made, where somebody can.

    `base` is the server's own address (`own_url`), `sensor_id` the sensor of the example.
    """
    if await accounts.has_admin():
        return None
    user = await accounts.users.create(SYSTEM, await _free_name(accounts), Role.ADMIN)
    link = await accounts.logins.make_link(SYSTEM, user["id"])
    wanted = Wanted("first start", user["id"], Role.DEVICE, channels=SEED_CHANNELS, days=1)
    _, token = await accounts.tokens.create(SYSTEM, wanted)
    text = (
        f"Sign in as {user['name']} (once, within {settings.link_minutes} minutes):\n"
        f"  {base}/login/{link.code}\n"
        f"Send a reading (this token is good for a day):\n"
        f"  {curl_line(base, token, sensor_id)}\n"
    )
    return FirstStart(user["name"], text)


def later_start(settings: Settings, base: str, sensor_id: int = 1) -> str:
    """What every other start tells: how to make another link, and the same line with the reader's own token."""
    folder = "" if settings.data == Settings().data else f" --data {quote(str(settings.data))}"
    return (
        f"Make a link to sign in with:\n"
        f"  {program()} user link {ADMIN}{folder}\n"
        f"Send a reading:\n"
        f"  {curl_line(base, '$REALTIME_TOKEN', sensor_id)}\n"
    )


def curl_line(base: str, token: str, sensor_id: int) -> str:
    """The line that sends a reading. The quotes let the shell put a variable's value in."""
    return (
        f'curl -H "Authorization: Bearer {token}" -H "Content-Type: application/json" '
        f'-d \'{{"sensor_id": {sensor_id}, "valor": 21.5}}\' {base}/api/v1/readings/'
    )


def tell(first: FirstStart, folder: Path, stream: TextIO) -> Path | None:
    """
    Hand the secrets over: on a terminal, or else in a file that only the owner can read;
    returns its path. It is deleted when the link is used.
    """
    if stream.isatty():
        stream.write(first.text)
        stream.flush()
        return None
    path = folder / FIRST_LOGIN
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(first.text)
    return path


def own_url(settings: Settings, port: int | None = None) -> str:
    """Where a browser on this machine, or behind the proxy, reaches the server; `port` is the one that was taken."""
    if settings.public_url is not None:
        return settings.public_url
    host = "localhost" if settings.loopback_only or settings.host in ("0.0.0.0", "::") else settings.host
    authority = f"[{host}]" if ":" in host else host
    return f"http://{authority}:{port or settings.port[0]}"


async def _free_name(accounts: Accounts) -> str:
    for name in (ADMIN, *(f"{ADMIN}-{number}" for number in range(2, 1_000))):
        count, _ = await accounts.users.list({"name": name}, _ONE)
        if count == 0:
            return name
    raise RuntimeError("every name for an admin is taken")
