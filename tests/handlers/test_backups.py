"""Backups by REST: who may, what one is told while it is made, and taking it away."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from realtime.policy import Role
from tests.conftest import Client, MakeClient
from tests.signing import FOREIGN, bearer, cookie_for, problem, token_for

BACKUPS = "/api/v1/backups/"
NONE = f"{BACKUPS}20250720T000537Z/"


@pytest.fixture
async def root(client: Client) -> dict[str, str]:
    """The header of an admin."""
    return bearer(await token_for(client, Role.ADMIN))


async def made(client: Client, root: dict[str, str], query: str = "") -> dict[str, Any]:
    """A backup that is done."""
    async with client.post(BACKUPS + query, headers=root) as response:
        row = await response.json()
        assert (response.status, response.headers["Location"]) == (202, f"{BACKUPS}{row['id']}/")
    async with asyncio.timeout(60):
        while row["state"] == "running":
            async with client.get(f"{BACKUPS}{row['id']}/", headers=root) as response:
                row = await response.json()
    assert row["state"] == "done", row
    return dict(row)


async def test_a_backup_is_begun_watched_listed_taken_away_and_deleted(
    client: Client, root: dict[str, str], tmp_path: Path
) -> None:
    async with client.post("/api/v1/channels/plaza", json={"n": 1}) as response:
        seq = (await response.json())["seq"]

    row = await made(client, root)
    path = f"{BACKUPS}{row['id']}/"

    assert set(row) == {
        *("id", "state", "kept", "created_at", "position", "size", "sha256", "written", "expected", "error")
    }
    assert re.fullmatch(rf"[0-9a-f]{{8}}:{seq}", row["position"])
    assert (row["kept"], row["error"], row["written"]) == (True, None, row["size"])
    async with client.get(BACKUPS, headers=root) as response:
        assert await response.json() == {"count": 1, "next": None, "previous": None, "results": [row]}
    async with client.get(f"{path}file", headers=root) as response:
        content = await response.read()
        assert (response.status, response.content_type) == (200, "application/vnd.sqlite3")
        name = f"realtime-{row['id']}-{row['position'].replace(':', '-')}.db"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response.headers["Cache-Control"] == "no-store"
    assert (len(content), hashlib.sha256(content).hexdigest()) == (row["size"], row["sha256"])
    (tmp_path / "copy.db").write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
        assert database.execute("SELECT data FROM events WHERE channel = 'plaza'").fetchall() == [('{"n":1}',)]
    async with client.delete(path, headers=root) as response:
        assert response.status == 204
    async with client.get(path, headers=root) as response:
        assert await problem(response) == (404, "not_found")


async def test_a_download_that_was_cut_off_goes_on_where_it_was(client: Client, root: dict[str, str]) -> None:
    row = await made(client, root)
    path = f"{BACKUPS}{row['id']}/file"

    async with client.get(path, headers={**root, "Range": "bytes=0-9999"}) as response:
        assert response.status == 206
        first = await response.read()
    async with client.get(path, headers={**root, "Range": "bytes=10000-"}) as response:
        assert response.status == 206
        rest = await response.read()

    assert hashlib.sha256(first + rest).hexdigest() == row["sha256"]


async def test_lists_are_paged_and_ordered(client: Client, root: dict[str, str]) -> None:
    rows = [await made(client, root) for _ in range(3)]

    async def ids(query: str) -> tuple[int, list[str]]:
        async with client.get(BACKUPS + query, headers=root) as response:
            body = await response.json()
            return body["count"], [row["id"] for row in body["results"]]

    assert await ids("?limit=2") == (3, [rows[0]["id"], rows[1]["id"]])
    assert await ids("?limit=2&offset=2") == (3, [rows[2]["id"]])
    assert await ids("?ordering=-id&limit=1") == (3, [rows[2]["id"]])
    assert await ids(f"?offset={10**30}") == (3, [])


async def test_one_for_a_download_says_so(client: Client, root: dict[str, str]) -> None:
    assert (await made(client, root, "?kept=false"))["kept"] is False
    async with client.post(f"{BACKUPS}?kept=perhaps", headers=root) as response:
        assert await problem(response) == (400, "invalid")
    async with client.post(BACKUPS, headers={**root, "Idempotency-Key": "x"}) as response:
        assert await problem(response) == (400, "invalid")


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.AGENT, Role.DEVICE])
async def test_backups_are_for_admins(client: Client, root: dict[str, str], role: Role | None) -> None:
    path = f"{BACKUPS}{(await made(client, root))['id']}/"
    headers = {} if role is None else bearer(await token_for(client, role))

    for method, where in (
        ("GET", BACKUPS),
        ("POST", BACKUPS),
        ("GET", path),
        ("GET", f"{path}file"),
        ("DELETE", path),
    ):
        async with client.request(method, where, headers=headers) as response:
            assert await problem(response) == (403, "not_permitted"), (method, where)


async def test_an_admin_with_a_limited_token_gets_none(client: Client, root: dict[str, str]) -> None:
    path = f"{BACKUPS}{(await made(client, root))['id']}/"
    limited = bearer(await token_for(client, Role.ADMIN, verbs=["admin", "read"]))

    for method, where in (("POST", BACKUPS), ("GET", f"{path}file"), ("DELETE", path)):
        async with client.request(method, where, headers=limited) as response:
            assert await problem(response) == (403, "not_permitted")


async def test_no_page_of_another_site_begins_or_takes_one(client: Client, root: dict[str, str]) -> None:
    path = f"{BACKUPS}{(await made(client, root))['id']}/file"
    cookie = await cookie_for(client, Role.ADMIN)

    for headers in (FOREIGN, {"Sec-Fetch-Site": "cross-site"}):
        async with client.post(BACKUPS, headers={**cookie, **headers}) as response:
            assert await problem(response) == (403, "foreign_origin")
        async with client.get(path, headers={**cookie, **headers}) as response:
            assert await problem(response) == (403, "foreign_origin")


@pytest.mark.parametrize("path", [NONE, f"{NONE}file", f"{BACKUPS}nonsense/", f"{BACKUPS}..%2frealtime.db/file"])
async def test_what_is_not_there_is_not_found(client: Client, root: dict[str, str], path: str) -> None:
    for method in ("GET",) if path.endswith("file") else ("GET", "DELETE"):
        async with client.request(method, path, headers=root) as response:
            assert await problem(response) == (404, "not_found")


async def test_backups_are_there_after_a_restart(make_client: MakeClient, tmp_path: Path) -> None:
    first = await make_client(data=tmp_path / "same")
    root = bearer(await token_for(first, Role.ADMIN))
    row = await made(first, root)
    await first.close()

    again = await make_client(data=tmp_path / "same")

    async with again.get(BACKUPS, headers=root) as response:
        assert (await response.json())["results"] == [row]
