"""Logs: one line for each thing, in the right shape, and never a secret in it."""

import io
import json
import logging
import os
import warnings

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from realtime import logs
from realtime.config import Settings
from realtime.redaction import REDACTED, printable, redact
from tests.leaks import HIDING_PLACES, MARK, SECRETS, TOKEN, UNSAFE


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    names = ("", "aiosqlite", "alembic", "sqlalchemy", "aiohttp.access")
    before, levels = list(root.handlers), [logging.getLogger(name).level for name in names]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    root.handlers[:] = before
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)


def started(stream=None, **values):
    """Configure logs as `values` say, and return the stream that they go to."""
    stream = io.StringIO() if stream is None else stream
    logs.configure(Settings(**{"log_format": "json", **values}), stream)
    return stream


def lines(stream) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.tuples(inner)
        | st.builds(ValueError, inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("form", ["json", "console"])
@given(event=st.text(), value=ANYTHING, secret=SECRETS, hide=HIDING_PLACES)
def test_one_call_is_one_line_without_a_secret_or_a_control_character(form, event, value, secret, hide):
    stream = started(log_format=form)

    structlog.get_logger("here").info(event, value=value, hidden=hide(secret), **{"key\n": 1})

    text = stream.getvalue()
    assert MARK not in text
    assert text.endswith("\n")
    assert not UNSAFE & set(text[:-1])
    if form == "json":
        (line,) = lines(stream)
        assert list(line)[:4] == ["timestamp", "level", "event", "logger"]
        assert (line["level"], line["logger"], line["key\\n"]) == ("info", "here", 1)
        assert line["event"] == printable(redact(event))


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exceptions_text_tells_no_secret_and_forges_no_line(form):
    stream = started(log_format=form)

    def fail():
        local = f"a local variable {TOKEN}"
        error = ValueError(f"bad {TOKEN}\n2026-01-01T00:00:00Z [info     ] all is well\x1b[2J")
        error.add_note(f"Cookie: realtime={TOKEN}")
        raise ExceptionGroup(f"many {TOKEN}", [error]) from KeyError(local)

    try:
        fail()
    except ExceptionGroup:
        structlog.get_logger().exception("it failed", stack_info=True)
        logging.getLogger("asyncio").exception("it failed too")

    text = stream.getvalue()
    assert TOKEN not in text
    assert "\x1b" not in text
    assert text.count("ValueError: bad [redacted]") == 2
    if form == "json":
        assert [line["event"] for line in lines(stream)] == ["it failed", "it failed too"]
        assert "Traceback (most recent call last)" in lines(stream)[0]["exception"]
        assert "test_logs.py" in lines(stream)[0]["stack"]
    else:
        starts = [line for line in text.splitlines() if line[:1].isdigit()]
        assert [line.split("] ")[1].split(" [")[0].strip() for line in starts] == ["it failed", "it failed too"]


def test_an_exceptions_text_cannot_look_like_a_line_of_its_own():
    stream = started(log_format="console")

    try:
        raise ValueError("bad\n2026-01-01T00:00:00Z [info     ] all is well")
    except ValueError:
        structlog.get_logger().exception("it failed")

    first, *others = stream.getvalue().splitlines()
    assert "it failed" in first
    assert "all is well" in others[-1]
    assert all(line.startswith("    ") for line in others)


def test_a_field_or_header_whose_name_says_secret_is_hidden_whatever_it_holds():
    stream = started()

    structlog.get_logger().info("here", ticket=7, headers={"Cookie": "a=b", "Host": "x"}, rows=[{b"token": ["y"]}])

    (line,) = lines(stream)
    assert line["ticket"] == REDACTED
    assert line["headers"] == {"Cookie": REDACTED, "Host": "x"}
    assert line["rows"] == [{"token": REDACTED}]


def test_what_libraries_log_takes_the_same_way():
    stream = started()
    structlog.contextvars.bind_contextvars(request="r-1")

    logging.getLogger("aiohttp.server").error("Error handling request from %s", f"/ws?token={TOKEN}")
    logging.getLogger("asyncio").warning("slow\ncallback", extra={"secret": TOKEN})
    logging.getLogger("alembic").error("%s of %s", "one", b"two")

    first, second, third = lines(stream)
    assert first["event"] == f"Error handling request from /ws?token={REDACTED}"
    assert (first["level"], first["logger"], first["request"]) == ("error", "aiohttp.server", "r-1")
    assert second["event"] == "slow\\ncallback"
    assert third["event"] == "one of b'two'"
    assert TOKEN not in stream.getvalue()


@pytest.mark.usefixtures("recwarn")
def test_warnings_take_the_same_way():
    stream = started()

    warnings.warn(f"old: {TOKEN}", DeprecationWarning, stacklevel=1)

    (line,) = lines(stream)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert f"DeprecationWarning: old: {REDACTED}" in line["event"]


def test_less_severe_messages_are_not_logged():
    stream = started(log_level="warning")

    for log in (structlog.get_logger("a"), logging.getLogger("a")):
        log.info("not this")
        log.warning("this")

    assert [line["event"] for line in lines(stream)] == ["this", "this"]


def test_at_debug_level_no_library_writes_the_values_of_statements():
    stream = started(log_level="debug")

    structlog.get_logger().debug("ours")
    logging.getLogger("aiosqlite").debug("executing %s", TOKEN)
    logging.getLogger("sqlalchemy.engine.Engine").info("%s", TOKEN)

    assert [line["event"] for line in lines(stream)] == ["ours"]


@pytest.mark.parametrize("wanted", [True, False])
def test_requests_are_logged_only_when_that_is_wanted(wanted):
    stream = started(access_log=wanted)

    logging.getLogger("aiohttp.access").info("GET /")

    assert len(lines(stream)) == wanted


def test_configuring_again_replaces_the_stream_and_the_level_and_keeps_the_handlers_of_others():
    mine = logging.NullHandler()
    logging.getLogger().addHandler(mine)
    log = structlog.get_logger("early")
    first = started(log_level="error")
    log.info("too early")

    second = started(log_level="info")
    log.info("now")

    assert lines(first) == []
    assert [line["event"] for line in lines(second)] == ["now"]
    assert mine in logging.getLogger().handlers


def test_a_line_that_cannot_be_made_is_told_without_its_values(capsys):
    # The test runner's own handlers would raise.
    logging.getLogger().handlers.clear()
    stream = started()

    logging.getLogger("library").error("%d tokens", TOKEN)

    (line,) = lines(stream)
    assert "a log line of library" in line["event"]
    assert "TypeError" in line["event"]
    assert TOKEN not in stream.getvalue() + "".join(capsys.readouterr())


def test_a_stream_that_is_gone_hurts_nobody(capsys):
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        started(stream)
        os.close(read)
        structlog.get_logger().error("lost")
        # What the pipe did not take is still in the buffer; without this, closing would fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)

    structlog.get_logger().error("lost too")

    assert capsys.readouterr() == ("", "")


def test_a_value_that_cannot_be_shown_costs_only_itself():
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError(TOKEN)

    stream = started()
    structlog.get_logger().info("here", value=Broken(), other=1)

    assert lines(stream)[0]["value"] == "<Broken that cannot be shown: RuntimeError>"
    assert lines(stream)[0]["other"] == 1


def test_long_texts_and_lists_are_cut_and_say_so():
    loop: list = []
    loop.append(loop)
    stream = started()

    structlog.get_logger().info("x" * 20_000, many=list(range(1000)), keys=dict.fromkeys(range(300)), loop=loop)

    (line,) = lines(stream)
    assert line["event"].endswith(f"… {20_000 - logs.TEXT_LIMIT} more")
    assert line["many"][-1] == "… 900 more"
    assert line["keys"]["…"] == 200
    assert len(stream.getvalue()) < logs.TEXT_LIMIT + 10_000


def test_a_secret_that_the_cut_goes_through_is_gone_as_a_whole():
    stream = started()

    structlog.get_logger().info("." * (logs.TEXT_LIMIT - 10) + TOKEN)

    assert "rt_" not in stream.getvalue()


@pytest.mark.parametrize(
    ("form", "environ", "looks"),
    [
        ("auto", {"TERM": "xterm"}, "colored"),
        ("auto", {"TERM": "dumb"}, "plain"),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, "plain"),
        ("console", {"TERM": "xterm"}, "colored"),
        ("json", {"TERM": "xterm"}, "json"),
    ],
)
def test_on_a_terminal_logs_are_for_people(monkeypatch, form, environ, looks):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours, "rb", buffering=0) as screen:
        started(terminal, log_format=form)
        structlog.get_logger("here").info("hello")
        shown = screen.read(1000)

    assert b"hello" in shown
    assert (b"\x1b[" in shown) is (looks == "colored")
    assert shown.startswith(b"{") is (looks == "json")


def test_anywhere_else_logs_are_json_lines(tmp_path):
    with (tmp_path / "log").open("w") as stream:
        started(stream, log_format="auto")
        structlog.get_logger("here").info("olá")

    assert json.loads((tmp_path / "log").read_text())["event"] == "olá"
