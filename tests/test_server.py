"""The server as a program: where it listens, what it says at its start, and why it does not start."""

import asyncio
import os
import resource
import shlex
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from tests.programs import command, starting_in


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a server in the test's folder."""
    yield from starting_in(tmp_path)


async def get(url, path, **options):
    async with aiohttp.ClientSession() as session, session.get(url + path, **options) as answer:
        return answer.status, await answer.read()


# -- starting ---------------------------------------------------------------------------


async def test_every_address_in_the_banner_answers_and_both_of_localhost_have_one_port(start):
    server = start()

    assert [await get(url, "/healthz") for url in server.urls] == [(200, b'{"status":"ok"}\n')] * len(server.urls)
    assert {url.rpartition(":")[2] for url in server.urls} == {str(server.port)}
    assert f"Data: {server.data}" in str(server.out)
    assert "Access: open" in str(server.out)
    assert "Durability: full" in str(server.out)


async def test_the_pages_of_one_port_may_use_the_other(start):
    server = start("--port", "0")
    first, second = sorted({url.rpartition(":")[2] for url in server.urls})

    status, _ = await get(
        f"http://127.0.0.1:{first}", "/api/v1/sensors/", headers={"Origin": f"http://127.0.0.1:{second}"}
    )

    assert status == 200


async def test_a_closed_server_says_so_and_refuses_who_brings_nothing(start):
    server = start("--access", "closed")

    assert "Access: closed" in str(server.out)
    assert (await get(server.url, "/api/v1/sensors/"))[0] == 401


async def test_the_first_start_on_a_terminal_prints_a_link_that_signs_in_and_a_line_that_sends_a_reading(start):
    server = start(terminal=True)
    link = server.out.wait_for(r"^  (http\S+/login/rk_\S+)\r?$")[1]
    line = server.out.wait_for(r"^  (curl .+)\r?$")[1]

    assert not (server.data / "first-login.txt").exists()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post(link, allow_redirects=False) as answer:
            assert answer.status == 303
        async with browser.get(link.partition("/login/")[0] + "/api/v1/me") as answer:
            assert (await answer.json())["role"] == "admin"
    status, row = await run_curl(line)
    assert (status, row["valor"]) == (201, 21.5)


async def run_curl(line):
    """Do what the printed line does, with another client."""
    words = shlex.split(line)
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1]
    async with aiohttp.ClientSession() as session, session.post(words[-1], data=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_without_a_terminal_the_first_secrets_go_to_a_file_of_the_owner_which_the_first_sign_in_deletes(start):
    server = start()
    file = server.data / "first-login.txt"

    server.out.wait_for("first-login.txt")
    text = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "rk_" not in str(server.out) + str(server.err)
    assert "rt_" not in str(server.out) + str(server.err)

    line = next(line for line in text.splitlines() if "curl" in line)
    assert (await run_curl(line.strip()))[0] == 201
    link = next(word for word in text.split() if "/login/" in word)
    async with aiohttp.ClientSession() as session, session.post(link, allow_redirects=False) as answer:
        assert answer.status == 303
    assert not file.exists()


async def test_a_later_start_prints_the_line_without_a_secret(start):
    assert start().stop() == 0

    again = start()
    line = again.out.wait_for(r"^  (curl .+)$")[1]

    assert '"Authorization: Bearer $REALTIME_TOKEN"' in line
    assert "login" not in str(again.out)
    assert again.out.wait_for(r"^  python3 run.py user link admin --data (.+)$")[1] == str(again.data)
    # With the variable unset the credential is empty, which counts as none: a guest's, on this server.
    assert (await run_curl(line.replace("$REALTIME_TOKEN", "")))[0] == 201


async def test_only_the_owner_can_read_the_database_and_connect_to_the_socket(start):
    server = start(prepare=lambda: os.umask(0o000) and None)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in server.data.iterdir()}

    assert {"realtime.db", "realtime.db-wal", "realtime.sock", "lock"} <= modes.keys()
    assert set(modes.values()) == {0}


def test_a_second_start_names_the_process_that_has_the_folder(start, tmp_path):
    first = start()

    second = command(tmp_path, "serve", "--data", "data", "--port", "0")
    same_port = command(tmp_path, "serve", "--data", "data", "--host", "127.0.0.1", "--port", str(first.port))

    assert (second.returncode, same_port.returncode) == (3, 3)
    assert f"in use by process {first.process.pid}" in second.stderr
    assert f"in use by process {first.process.pid}" in same_port.stderr
    assert second.stderr.count("\n") == 1
    assert first.stop() == 0


def test_a_port_in_use_is_one_sentence_and_nothing_is_begun(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = command(tmp_path, "serve", "--data", "data", "--port", str(port))

    assert ended.returncode == 4
    assert ended.stderr == (
        f"realtime: cannot listen on 127.0.0.1:{port}: it is in use by another program; choose another with --port\n"
    )
    assert not (tmp_path / "data" / "realtime.db").exists()


async def test_a_restart_takes_the_same_port_at_once(start):
    first = start("--shutdown-spread", "0")
    async with aiohttp.ClientSession(first.url) as session, session.ws_connect("/api/v1/ws"):
        # The server closes first, so the system keeps the connection's end for a while.
        assert await asyncio.to_thread(first.stop) == 0

    again = start(port=first.port)

    assert again.port == first.port
    assert (await get(again.url, "/healthz"))[0] == 200


def test_a_host_that_is_not_there_is_a_sentence_too(tmp_path):
    ended = command(tmp_path, "serve", "--data", "data", "--port", "0", "--host", "192.0.2.1")

    assert ended.returncode == 4
    assert "cannot listen on 192.0.2.1:0: it is not an address of this machine" in ended.stderr


def test_the_parser_in_python_is_refused(tmp_path):
    ended = command(tmp_path, "serve", "--data", "data", "--port", "0", AIOHTTP_NO_EXTENSIONS="1")

    assert ended.returncode == 1
    assert "HTTP parser in C is missing" in ended.stderr


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(start):
    def lower():
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))

    server = start(prepare=lower)

    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard > 128


async def test_with_few_open_files_those_past_the_limit_get_an_answer_and_the_others_stay(start):
    server = start(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160)))
    async with aiohttp.ClientSession(server.url) as session:
        sockets = [await session.ws_connect("/api/v1/ws") for _ in range(160 - 128)]
        for _ in range(3):
            async with session.get("/api/v1/events/stream") as answer:
                assert answer.status == 503
                assert "Retry-After" in answer.headers
        await sockets[0].send_json({"action": "ping"})
        assert (await sockets[0].receive_json())["success"]

    server.err.wait_for("limit of open files is low")


def test_a_little_less_room_than_the_limit_is_nothing_to_warn_about(start):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    room = 10_000 if files == resource.RLIM_INFINITY else min(10_000, files - 128)
    few = room + 128
    server = start(
        "--connections-limit",
        str(room + room // 20),
        prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few)),
    )
    assert server.stop() == 0

    assert "limit of open files" not in str(server.err)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()

    ended = command(tmp_path, "serve", "--data", "file/data", "--port", "0")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("realtime: ")


# -- the local socket -------------------------------------------------------------------


async def local(path):
    connector = aiohttp.UnixConnector(str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://localhost/api/v1/me") as answer,
    ):
        return await answer.json()


async def test_whoever_may_open_the_local_socket_is_an_admin_on_a_closed_server(start):
    server = start("--access", "closed")

    assert (await local(server.data / "realtime.sock"))["role"] == "admin"


async def test_a_path_too_long_for_a_socket_lies_in_a_private_folder_that_the_data_folder_names(start, tmp_path):
    data = tmp_path / ("long" * 30)
    # The folder of a test may itself be deeper than a socket's path can be.
    with TemporaryDirectory(prefix="run-") as runtime:
        server = start("--data", str(data), XDG_RUNTIME_DIR=runtime)

        named = (data / "socket").read_text().strip()
        assert named.startswith(runtime)
        assert (await local(named))["role"] == "admin"

        assert server.stop() == 0
        assert list(Path(runtime).iterdir()) == []
    assert not (data / "socket").exists()


async def test_what_a_killed_server_left_behind_is_replaced(start):
    killed = start()
    killed.process.kill()
    killed.wait()
    assert (killed.data / "realtime.sock").exists()

    again = start()

    assert (await local(again.data / "realtime.sock"))["role"] == "admin"
    assert again.stop() == 0
    assert not (again.data / "realtime.sock").exists()
