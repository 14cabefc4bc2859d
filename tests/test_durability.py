"""What was acknowledged is stored: through SIGKILL, and on the disk before the answer leaves."""

import os
import re
import signal
import subprocess

import aiohttp
import pytest

from tests import parts
from tests.programs import Server
from tests.soak import kill


async def test_what_was_acknowledged_is_there_after_kill_9_in_its_place_and_whole(tmp_path):
    said = []

    tally = await kill.soak(kill.Plan(tmp_path, kills=2, acks=600), said.append)

    assert tally.kept, str(tally)
    assert tally.acknowledged >= 600
    assert tally.stored >= tally.acknowledged
    assert len(said) == 2


def test_the_soak_would_notice(tmp_path):
    event = {"seq": 3, "channel": kill.CHANNEL, "data": {"from": 1, "number": 7}}

    assert kill._same(event, {"from": 1, "number": 7})
    assert not kill._same(event, {"from": 1, "number": 8})
    assert not kill._same({**event, "channel": "other"}, {"from": 1, "number": 7})
    for broken in ({"lost": [3]}, {"wrong": [3]}, {"holes": [3]}, {"damage": "check: …"}):
        assert not kill.Tally(**broken).kept


@pytest.mark.parametrize(("durability", "synced"), [("full", True), ("normal", False)])
async def test_the_sync_comes_before_the_answer(tmp_path, durability, synced):
    strace = parts.need("strace")
    if subprocess.run([strace, "-e", "trace=none", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let one process trace another")
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    prefix = (strace, "-f", "-o", str(trace), "-s", "64", "-e", calls)
    with Server(tmp_path, "--durability", durability, prefix=prefix) as server:
        async with aiohttp.ClientSession(server.url) as session:
            async with session.post("/api/v1/channels/traced", json="again") as answer:
                assert answer.status == 201  # the first one makes the channel
            async with session.post("/api/v1/channels/traced", json="traced") as answer:
                assert answer.status == 201
        # strace keeps the signals that it is sent for itself.
        os.kill(int((server.data / "lock").read_text()), signal.SIGTERM)
        assert server.wait() == 0

    lines = trace.read_text().splitlines()
    asked = [number for number, line in enumerate(lines) if "POST /api/v1/channels/traced" in line]
    answered = [number for number, line in enumerate(lines) if "HTTP/1.1 201" in line]
    between = "\n".join(lines[asked[1] : answered[1]])
    assert asked[1] < answered[1]
    assert bool(re.search(r"\b(fsync|fdatasync)\b.*= 0$", between, re.MULTILINE)) is synced, between
