"""`backup`, `restore` and `export`: the whole database in one file and back, events as lines."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from alembic.command import upgrade
from alembic.config import Config
from sqlalchemy import create_engine, text

from realtime.commands import spreadsheet
from realtime.store import schema
from tests.programs import RUN, Program, Server, command, commands_in, environment

GOOD, OTHER = "correct horse battery", "otro caballo, otra pila"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in the test's folder."""
    yield from commands_in(tmp_path, monkeypatch, capfd)


def change(path: Path, statement: str, *values: Any) -> int:
    """Change a database file, and return how many rows were."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        return database.execute(statement, values).rowcount


def look(path: Path, statement: str) -> list[Any]:
    """Look at a database file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def heating(run) -> list[str]:
    """What was published on one channel."""
    return [json.loads(line)["data"] for line in run("tail", "heating", "--no-follow").out.splitlines()]


async def ask(server: Server, path: str, **more: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.request(more.pop("method", "GET"), path, allow_redirects=False, **more) as answer,
    ):
        text = await answer.text()
        return answer.status, text if "nd" in answer.content_type or not answer.content_type.endswith(
            "json"
        ) else json.loads(text)


# -- backup -----------------------------------------------------------------------------


@pytest.mark.parametrize("running", [True, False], ids=["beside a server", "alone"])
def test_a_backup_is_one_whole_private_file(run, tmp_path, running):
    for number in range(3):
        run("publish", "heating", str(number))
    server = Server(tmp_path) if running else None
    try:
        ended = run("backup", "copy.db")
    finally:
        if server is not None:
            server.__exit__(None, None, None)

    copy = tmp_path / "copy.db"
    assert (ended.code, ended.err) == (0, "")
    assert f"copy.db: {copy.stat().st_size} bytes, up to position " in ended.out
    assert f"SHA-256 {hashlib.sha256(copy.read_bytes()).hexdigest()}" in ended.out
    assert copy.stat().st_mode & 0o777 == 0o600
    assert look(copy, "SELECT data FROM events WHERE channel = 'heating'") == [('"0"',), ('"1"',), ('"2"',)]
    assert [name for name in names(tmp_path) if name.startswith("copy")] == ["copy.db"]
    # The server's own copy was for this one download.
    assert names(tmp_path / "data" / "backups") == []


def test_on_a_terminal_one_sees_how_far_it_is(run, tmp_path):
    run("publish", "heating", "1")
    theirs, ours = os.openpty()
    program = subprocess.Popen(
        [*RUN, "backup", "copy.db", "--data", "data"],
        cwd=tmp_path,
        env=environment({"TERM": "xterm", "COLUMNS": "100"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=ours,
    )
    os.close(ours)
    shown = b""
    with suppress(OSError):  # a pseudo-terminal ends with an error when the program at its other end does
        while piece := os.read(theirs, 1024):
            shown += piece
    os.close(theirs)
    out, _ = program.communicate(timeout=60)

    assert program.returncode == 0
    assert b"Writing" in shown
    assert b"Taking it" in shown
    assert b"\x1b" not in out


def test_a_backup_for_programs(run, tmp_path):
    run("publish", "heating", "1")

    told = json.loads(run("backup", "copy.db", "--json").out)

    assert (told["file"], told["size"]) == ("copy.db", (tmp_path / "copy.db").stat().st_size)
    assert told["position"].endswith(":1")


def test_a_backup_of_a_server_elsewhere(run, tmp_path, monkeypatch):
    with Server(tmp_path, "--access", "closed") as server:
        token = run("token", "create", "--user", "root", "--role", "admin").out.strip()
        monkeypatch.setenv("REALTIME_URL", server.url)
        assert "token is needed" in run("backup", "copy.db").err
        monkeypatch.setenv("REALTIME_TOKEN", token)
        assert run("backup", "copy.db").code == 0

    assert look(tmp_path / "copy.db", "SELECT count(*) FROM users WHERE name = 'root'") == [(1,)]


def test_what_is_there_is_not_replaced_unless_it_is_said(run, tmp_path):
    run("publish", "heating", "1")
    (tmp_path / "copy.db").write_text("something of mine")

    refused = run("backup", "copy.db")
    assert (refused.code, refused.out) == (1, "")
    assert "copy.db is there already; --force replaces it" in refused.err
    assert (tmp_path / "copy.db").read_text() == "something of mine"
    assert run("backup", "--force", "copy.db").code == 0
    assert "is a folder" in run("backup", "data").err
    assert "there is no folder nowhere" in run("backup", "nowhere/copy.db").err


def test_where_there_is_no_database_there_is_no_backup(run, tmp_path):
    ended = run("backup", "copy.db")

    assert ended.code == 1
    assert "there is no database in data" in ended.err
    assert names(tmp_path) == []


def test_a_backup_that_is_interrupted_leaves_nothing(tmp_path):
    with Server(tmp_path) as server:
        asyncio.run(fill(server, 40))
        with Program(tmp_path, "backup", "copy.db", "--data", "data") as backup:
            while not any(path.stat().st_size for path in (tmp_path / "data").glob("backups/*.partial")):
                assert backup.process.poll() is None
            backup.signal(signal.SIGINT)
            assert backup.wait() == 130
            assert "Traceback" not in str(backup.err)
        assert command(tmp_path, "backup", "another.db", "--data", "data").returncode == 0
        assert names(tmp_path / "data" / "backups") == []

    assert [name for name in names(tmp_path) if name.startswith("copy")] == []


async def fill(server: Server, mebibytes: int) -> None:
    """Make the database as large as that."""
    async with aiohttp.ClientSession(server.url) as session:
        for _ in range(mebibytes * 5):
            async with session.post("/api/v1/channels/ballast", data="x" * 209_715) as answer:
                assert answer.status == 201


# -- restore ----------------------------------------------------------------------------


@pytest.fixture
def copy(run, tmp_path):
    """A backup of a database with two events, after which a third one happened."""
    run("publish", "heating", "1")
    run("publish", "heating", "2")
    assert run("backup", "copy.db").code == 0
    run("publish", "heating", "3")
    return tmp_path / "copy.db"


def test_a_backup_takes_the_place_of_the_database_which_is_kept(run, tmp_path, copy):
    before = copy.read_bytes()

    ended = run("restore", "copy.db")

    assert ended.code == 0, ended.err
    assert heating(run) == ["1", "2"]
    assert copy.read_bytes() == before
    (former,) = (tmp_path / "data").glob("realtime.db.before-*")
    assert str(former.relative_to(tmp_path)) in ended.err
    assert look(former, "SELECT data FROM events WHERE channel = 'heating'") == [('"1"',), ('"2"',), ('"3"',)]
    assert not (tmp_path / "data" / "restoring").exists()
    assert [path.name for path in (tmp_path / "data").glob("*-wal")] == []
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()} == {0}
    assert run("check", "--full").code == 0
    assert run("audit", "--verify").code == 0


def test_positions_of_the_former_history_are_told_as_gaps(run, tmp_path, copy):
    with Server(tmp_path) as server:
        _, before = asyncio.run(ask(server, "/api/v1/events?channel=heating"))
    last = before["results"][-1]["seq"]
    assert run("restore", "copy.db").code == 0

    with Server(tmp_path) as server:
        for number in range(3, 9):
            run("publish", "heating", f"new {number}")
        _, after = asyncio.run(ask(server, "/api/v1/events?channel=heating"))
        refused = asyncio.run(ask(server, f"/api/v1/events?channel=heating&since={before['epoch']}:{last}"))
        streamed = asyncio.run(ask(server, f"/api/v1/events/ndjson?channel=heating&since={before['next']}&poll=1"))

    assert after["epoch"] != before["epoch"]
    assert after["tip"] > last
    assert (refused[0], refused[1]["code"], refused[1]["epoch"]) == (410, "trimmed", after["epoch"])
    assert streamed[1].startswith('{"type":"gap"')


def test_the_new_history_begins_with_an_audit_entry(run, copy):
    ended = run("restore", "copy.db", "--json")
    entries = [json.loads(line)["data"] for line in run("tail", "audit", "--no-follow").out.splitlines()]

    told = json.loads(ended.out)
    assert [entry["action"] for entry in entries] == ["backup_created", "database_restored"][-1:]
    assert entries[-1]["details"]["file"] == "copy.db"
    assert entries[-1]["details"]["epoch"] == told["epoch"]
    assert entries[-1]["details"]["position"].endswith(":2")


def test_restore_refuses_while_a_server_has_the_folder(run, tmp_path, copy):
    with Server(tmp_path) as server:
        ended = run("restore", "copy.db")
        assert ended.code == 3
        assert f"process {server.process.pid}" in ended.err

    assert heating(run) == ["1", "2", "3"]


def test_a_folder_that_is_new_is_made(run, tmp_path, copy):
    ended = run("restore", "copy.db", "--data", "elsewhere")

    assert ended.code == 0
    assert [
        json.loads(line)["data"]
        for line in run("tail", "heating", "--no-follow", "--data", "elsewhere").out.splitlines()
    ] == ["1", "2"]
    assert "kept" not in ended.err
    assert "good again" in ended.err


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(b"no database, but long enough to be one" * 200), "damaged, or no database"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8192]), "damaged, or no database"),
        (lambda path: change(path, "DROP TABLE alembic_version"), "not one of this server"),
        (lambda path: change(path, "UPDATE alembic_version SET version_num = 'ffff'"), "does not know"),
        (lambda path: change(path, "UPDATE events SET data = '9' WHERE seq = 2"), "1 of 2 that were looked at"),
        (lambda path: change(path, "DELETE FROM events WHERE seq = 1"), "1 are missing"),
        (lambda path: path.with_name("copy.db-wal").write_bytes(b"x"), "newest part lies beside it"),
        (lambda path: path.unlink(), "there is no file copy.db"),
    ],
    ids=["nonsense", "cut off", "foreign", "newer", "damaged", "holes", "live", "gone"],
)  # fmt: skip
def test_what_is_no_sound_backup_changes_nothing(run, tmp_path, copy, damage, said):
    damage(copy)
    files = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file()}

    ended = run("restore", "copy.db")

    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file()} == files
    assert not (tmp_path / "data" / "restoring").exists()


def test_the_database_itself_is_no_backup_of_it(run, copy):
    assert "already" in run("restore", "data/realtime.db").err


def test_what_is_damaged_here_and_there_is_restored_where_that_is_wanted(run, copy):
    change(copy, "UPDATE events SET data = '9' WHERE seq = 2")

    ended = run("restore", "--force", "copy.db")

    assert ended.code == 0
    assert heating(run) == ["1"]
    assert "clients are told of a gap" in ended.err


def at_revision(path: Path, revision: str) -> None:
    """Make a database as an older version left it."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        upgrade(config, revision)
        connection.execute(text("INSERT INTO own_channels (name, created_at) VALUES ('heating', 1)"))
    engine.dispose()


@pytest.mark.parametrize("revision", sorted(schema.known_revisions() - {schema.HEAD}))
def test_a_backup_of_an_older_version_is_brought_up_to_date(run, tmp_path, set_password, revision):
    at_revision(tmp_path / "copy.db", revision)

    assert run("restore", "copy.db").code == 0

    assert look(tmp_path / "data" / "realtime.db", "SELECT version_num FROM alembic_version") == [(schema.HEAD,)]
    assert look(tmp_path / "data" / "realtime.db", "SELECT name FROM own_channels") == [("heating",)]
    run("user", "add", "ana")
    set_password("ana", GOOD)


def test_a_damaged_database_is_replaced_and_kept_with_all_that_lay_beside_it(run, tmp_path, copy):
    with Server(tmp_path) as server:
        run("publish", "heating", "4")
        server.process.kill()
        server.wait()
    current = tmp_path / "data" / "realtime.db"
    current.write_bytes(b"not a database, but long enough to be one" * 100)
    wal = (tmp_path / "data" / "realtime.db-wal").read_bytes()

    ended = run("restore", "copy.db")

    assert ended.code == 0
    assert heating(run) == ["1", "2"]
    kept = sorted((tmp_path / "data").glob("realtime.db.before-*"))
    assert kept[0].read_bytes().startswith(b"not a database")
    assert [path.read_bytes() for path in kept if path.name.endswith("-wal")] == [wal]
    assert "good again" in ended.err


def test_what_a_killed_server_had_committed_is_in_what_is_kept(run, tmp_path):
    # Programs of their own: nothing of this process may have the database open.
    for arguments in (("publish", "heating", "1"), ("publish", "heating", "2"), ("backup", "copy.db")):
        assert command(tmp_path, *arguments).returncode == 0
    with Server(tmp_path) as server:
        assert command(tmp_path, "publish", "heating", "4").returncode == 0
        server.process.kill()
        server.wait()

    assert run("restore", "copy.db").code == 0
    (former,) = (tmp_path / "data").glob("realtime.db.before-*")

    assert look(former, "SELECT data FROM events WHERE channel = 'heating'")[-1] == ('"4"',)
    assert heating(run) == ["1", "2"]


def test_two_restores_keep_two_databases(run, tmp_path, copy):
    assert run("restore", "copy.db").code == 0
    run("publish", "heating", "again")
    assert run("restore", "copy.db").code == 0

    kept = [
        look(path, "SELECT data FROM events WHERE channel = 'heating'")[-1]
        # All names first: looking into one puts files beside it.
        for path in sorted((tmp_path / "data").glob("realtime.db.before-*"))
    ]
    assert sorted(kept) == [('"3"',), ('"again"',)]


# -- what does not come back ------------------------------------------------------------


@pytest.fixture
def set_password(run, monkeypatch):
    """Return a function that sets a user's password, which costs as little to hash as may be."""
    monkeypatch.setenv("REALTIME_PASSWORD_MEMORY", "8MiB")

    def set_it(name: str, password: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        assert run("user", "password", name).code == 0

    return set_it


def test_what_was_taken_away_since_the_backup_stays_so_and_what_was_given_does_not(run, tmp_path, set_password):
    people = {
        name: run("token", "create", "--user", name, "--role", "agent").out.strip()
        for name in ("ana", "ben", "eva", "leo")
    }
    for name in ("ana", "eva", "leo"):
        set_password(name, GOOD)
    link = run("user", "link", "eva").out.strip().rpartition("/")[2]
    assert run("backup", "copy.db").code == 0
    ids = {row["user"]: row["id"] for row in json.loads(run("token", "list", "--json").out)}
    run("token", "revoke", str(ids["ana"]))
    run("user", "disable", "ben")
    set_password("leo", OTHER)
    later = run("token", "create", "--user", "eva", "--role", "agent").out.strip()
    (eva,) = [row["id"] for row in json.loads(run("user", "list", "--json").out) if row["name"] == "eva"]
    root = run("token", "create", "--user", "root", "--role", "admin").out.strip()
    with Server(tmp_path) as server:
        asyncio.run(lower(server, root, eva))

    ended = run("restore", "copy.db")

    # Whoever is disabled has lost a token with it.
    for said in ("tokens that were revoked (2)", "disabled (1)", "lowered (1)", "changed, and are removed (1)"):
        assert said in ended.err
    with Server(tmp_path, "--access", "closed") as server:
        asyncio.run(after(server, people, later, link))


async def lower(server: Server, token: str, user: int) -> None:
    """Make a user a viewer."""
    headers = {"Authorization": f"Bearer {token}"}
    status, _ = await ask(server, f"/api/v1/users/{user}/", method="PATCH", json={"role": "viewer"}, headers=headers)
    assert status == 200


async def after(server: Server, people: dict[str, str], later: str, link: str) -> None:
    """What is good after the restore."""

    async def me(token: str) -> Any:
        status, body = await ask(server, "/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        return (body["name"], body["role"]) if status == 200 else status

    async def sign_in(**form: str) -> int:
        return (await ask(server, "/login", method="POST", data=form))[0]

    assert await me(people["ana"]) == 401
    assert await me(people["ben"]) == 401
    assert await me(people["eva"]) == ("eva", "viewer")
    assert await me(people["leo"]) == ("leo", "agent")
    assert await me(later) == 401
    assert await sign_in(name="ana", password=GOOD) == 303
    assert await sign_in(name="leo", password=GOOD) == 401
    assert await sign_in(name="leo", password=OTHER) == 401
    assert await sign_in(code=link) == 410


def test_whoever_was_signed_in_has_to_sign_in_anew(run, tmp_path):
    run("user", "add", "ana", "--role", "agent")
    link = run("user", "link", "ana").out.strip().rpartition("/")[2]

    async def cookie(server: Server) -> str:
        async with (
            aiohttp.ClientSession(server.url) as session,
            session.post(f"/login/{link}", allow_redirects=False) as answer,
        ):
            return answer.headers["Set-Cookie"].partition(";")[0]

    with Server(tmp_path, "--access", "closed") as server:
        header = {"Cookie": asyncio.run(cookie(server))}
        assert asyncio.run(ask(server, "/api/v1/me", headers=header))[0] == 200
        assert run("backup", "copy.db").code == 0

    assert run("restore", "copy.db").code == 0
    with Server(tmp_path, "--access", "closed") as server:
        assert asyncio.run(ask(server, "/api/v1/me", headers=header))[0] == 401


def test_a_database_of_another_origin_has_nothing_to_say(run, tmp_path, copy):
    run("token", "create", "--user", "ana", "--role", "agent", "--data", "other")
    run("token", "revoke", "1", "--data", "other")

    ended = run("restore", "copy.db", "--data", "other")

    assert ended.code == 0
    assert "good again" in ended.err


# -- export -----------------------------------------------------------------------------


def test_an_export_is_a_line_an_event(run, tmp_path):
    for number in range(3):
        run("publish", "heating", str(number))
    run("publish", "plaza", "x")

    everything = run("export")
    some = run("export", "--channel", "heating", "some.ndjson")

    lines = [json.loads(line) for line in everything.out.splitlines()]
    assert everything.code == 0
    assert [(line["channel"], line["data"]) for line in lines if line["channel"] != "audit"] == [
        ("heating", "0"),
        ("heating", "1"),
        ("heating", "2"),
        ("plaza", "x"),
    ]
    assert (some.code, some.out) == (0, "some.ndjson: 3 events\n")
    assert [json.loads(line)["data"] for line in (tmp_path / "some.ndjson").read_text().splitlines()] == ["0", "1", "2"]
    assert (tmp_path / "some.ndjson").stat().st_mode & 0o777 == 0o600


def test_an_export_as_a_table_is_a_line_an_event(run, tmp_path):
    for words in ("one", 'a "quoted", line\nand another', "ñ"):
        run("publish", "heating", words)

    ended = run("export", "--channel", "heating", "--format", "csv", "heating.csv")

    assert (ended.code, ended.out) == (0, "heating.csv: 3 events\n")
    with (tmp_path / "heating.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["seq", "channel", "type", "entity_id", "actor", "at", "data"]
    assert [json.loads(each["data"]) for each in rows] == ["one", 'a "quoted", line\nand another', "ñ"]
    assert rows[0]["type"] == "publication.created"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_table_holds_nothing_that_a_spreadsheet_would_run(begin):
    event = {"seq": 7, "channel": "heating", "actor": f"{begin}cmd|' /C calc'!A0", "data": -5}

    (cells,) = csv.reader(io.StringIO(spreadsheet.line(event).decode(), newline=""))

    assert cells == ["7", "heating", "", "", f"'{begin}cmd|' /C calc'!A0", "", "'-5"]


def test_an_export_of_several_channels_from_somewhere_on(run):
    for number in range(4):
        run("publish", "heating" if number % 2 else "plaza", str(number))
    run("publish", "patio", "x")

    ended = run("export", "--channel", "heating", "--channel", "plaza", "--since", "2")

    assert [json.loads(line)["data"] for line in ended.out.splitlines()] == ["2", "3"]


def test_an_export_is_audited(run):
    run("publish", "heating", "1")
    run("export", "--channel", "heating")

    (line,) = run("tail", "audit", "--no-follow").out.splitlines()
    assert json.loads(line)["data"]["action"] == "events_exported"
    assert json.loads(line)["data"]["details"]["channels"] == ["heating"]


def test_what_an_export_cannot_tell_is_said_and_not_among_its_lines(run, tmp_path):
    for number in range(3):
        run("publish", "heating", str(number))
    change(tmp_path / "data" / "realtime.db", "UPDATE events SET data = '9' WHERE seq = 2")

    ended = run("export", "--channel", "heating")

    assert ended.code == 0
    assert [json.loads(line)["data"] for line in ended.out.splitlines()] == ["0", "2"]
    assert "not kept any more, or damaged" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--channel", "No/Channel"), "there is no channel"),
        (("--since", "0badcafe:1"), "another history"),
        (("--since", "whenever"), "since must be"),
        (("there",), "there is there already"),
    ],
)
def test_an_export_that_is_refused_writes_nothing(run, tmp_path, words, said):
    run("publish", "heating", "1")
    (tmp_path / "there").write_text("mine")

    ended = run("export", *words)

    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err.lower()
    assert (tmp_path / "there").read_text() == "mine"


def test_a_reader_that_has_had_enough_ends_an_export_without_an_error(tmp_path):
    with Server(tmp_path) as server:
        asyncio.run(fill(server, 4))
        arguments = [*RUN, "export", "--data", "data"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(arguments, cwd=tmp_path, env=environment(), **pipes) as export:
            assert export.stdout is not None
            assert export.stderr is not None
            assert export.stdout.read(100)
            export.stdout.close()

            assert export.wait(60) == 0
            assert export.stderr.read() == b""


def test_an_export_that_is_cut_off_leaves_no_file(tmp_path):
    with Server(tmp_path) as server:
        asyncio.run(fill(server, 60))
        with Program(tmp_path, "export", "all.ndjson", "--data", "data") as export:
            partial = tmp_path / "all.ndjson.partial"
            while not (partial.exists() and partial.stat().st_size):
                assert export.process.poll() is None
            server.process.kill()
            assert export.wait() == 1
            assert "was lost" in str(export.err)

    assert [name for name in names(tmp_path) if name.startswith("all")] == []


def test_a_command_beside_a_server_needs_no_more_than_its_socket(tmp_path):
    with Server(tmp_path):
        assert command(tmp_path, "backup", "copy.db", "--data", "data").returncode == 0
        assert command(tmp_path, "export", "all.ndjson", "--data", "data").returncode == 0
