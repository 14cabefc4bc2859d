"""A full disk: 507 and nothing half stored; reading and live delivery go on; it heals without a restart."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Client, MakeClient
from tools import parts


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB, of which a ballast file takes 4."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        reason = "a small file system can be mounted by root only"
        pytest.fail(reason) if parts.must_be_here() else pytest.skip(reason)
    (folder / "ballast").write_bytes(b"\0" * 4 * 2**20)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_refuses_writes_clearly_and_heals_by_itself(
    small_disk: Path, make_client: MakeClient
) -> None:
    client = await make_client(data=small_disk / "data")
    body = {"padding": "x" * 60_000}
    acknowledged = []
    async with client.ws_connect("/api/v1/ws/secure?channel=plaza") as ws:
        while True:
            async with client.post("/api/v1/channels/plaza", json=body) as response:
                answer = await response.json()
                if response.status != 201:
                    break
                acknowledged.append(answer["seq"])
        assert response.status == 507
        assert answer["code"] == "disk_full"
        assert [(await ws.receive_json(timeout=5))["seq"] for _ in acknowledged] == acknowledged

        assert await read_all(client) == acknowledged

        (small_disk / "ballast").unlink()
        async with client.post("/api/v1/channels/plaza", json=body) as response:
            assert response.status == 201
            acknowledged.append((await response.json())["seq"])
        assert (await ws.receive_json(timeout=5))["seq"] == acknowledged[-1] == acknowledged[-2] + 1
    assert await read_all(client) == acknowledged
    await client.close()


async def read_all(client: Client) -> list[int]:
    """The seq of every event of the channel, as a poll gives them."""
    async with client.get("/api/v1/events/ndjson?channel=plaza&since=0&poll=1") as response:
        assert response.status == 200
        return [json.loads(line)["seq"] for line in (await response.text()).splitlines()]
