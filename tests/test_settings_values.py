"""Values of settings: what is taken, what it becomes, and what is said about all else."""

import re
from ipaddress import ip_network
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.config import TABLE, Settings, SettingsError, load
from realtime.settings_values import KIB, MIB, Refused

GOOD = [
    ("host", "[::1]", "::1"),
    ("host", "Example.ORG", "example.org"),
    ("host", "0.0.0.0", "0.0.0.0"),
    ("port", "8000, 8010,8000", (8000, 8010)),
    ("port", "0,0", (0, 0)),
    ("port", 9000, (9000,)),
    ("port", ["1", "2,3"], (1, 2, 3)),
    ("data", "here", Path("here")),
    ("demo", "ON", True),
    ("demo", "0", False),
    ("access", "", None),
    ("access", " Closed ", "closed"),
    ("public_url", "HTTPS://Example.org:443/live/", "https://example.org/live"),
    ("public_url", "http://[::1]:8000", "http://[::1]:8000"),
    ("public_url", "", None),
    ("trusted_proxies", "10.0.0.0/8,::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    ("allowed_origins", "https://A.example:443,app://local", ("https://a.example", "app://local")),
    ("cors_origins", "", ()),
    ("cors_origins", "http://a.example:8080", ("http://a.example:8080",)),
    ("public_channels", "news,news.eu", ("news", "news.eu")),
    ("frame_limit", "2MiB", 2 * MIB),
    ("frame_limit", "512 kib", 512 * KIB),
    ("frame_limit", "10MB", 10_000_000),
    ("frame_limit", "4096", 4096),
    ("heartbeat", "1", 1),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_a_value_reads_the_same_from_a_flag_a_variable_and_a_program(name, text, value):
    assert getattr(load({name: text}, {}, None), name) == value
    assert getattr(Settings(**{name: text}), name) == value
    if isinstance(text, str):
        assert getattr(load({}, {f"REALTIME_{name.upper()}": text}, None), name) == value


BAD = [
    ("host", ["", "http://x", "localhost:8000", "127.1", "0x7f.1", "a b", "a..b", "-a", "x" * 64, "*"]),
    ("port", ["", "-1", "65536", "8_000", "٨٠٠٠", "1.5", "http", ",".join(map(str, range(17)))]),
    ("data", ["", " ", "a\0b", "~nobody-of-that-name/x"]),
    ("demo", ["", "maybe", "2"]),
    ("access", ["half", "open,closed"]),
    ("public_url", ["example.org", "ftp://x", "https://x/?a=1", "https://x/#a", "https://a:b@x", "https:///x", "/x"]),
    ("trusted_proxies", ["proxy", "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0.0/33"]),
    (
        "allowed_origins",
        ["null", "*", "https://x/", "https://x/y", "x.example", "file:///x", "https://a@x", "http://x:y"],
    ),
    ("cors_origins", ["null", "*,https://x", "https://*.x"]),
    ("public_channels", ["Sensors", "sensors", "chat", "conversation:7", "-x", "x" * 65, "a b"]),
    ("frame_limit", ["", "0", "1MiB1", "1.5MiB", "1TiB", "-1", "65GiB", "9" * 5000, "MiB"]),
    ("heartbeat", ["", "0", "25s", "1e3", "86400001"]),
    ("log_format", ["", "xml"]),
]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD for text in texts])
def test_a_bad_value_is_refused_with_what_is_allowed(name, text):
    with pytest.raises(SettingsError) as caught:
        load({name: text}, {}, None)
    (problem,) = map(str, caught.value.problems)
    allowed = next(row.kind.allowed for row in TABLE if row.name == name)
    assert problem.startswith(f"--{name.replace('_', '-')}: must be {allowed}")

    with pytest.raises(SettingsError, match=re.escape(allowed)):
        Settings(**{name: text})


TEXTS = (
    st.text()
    | st.from_regex(r"[a-z0-9:/@.,\[\]%\\#?*~ -]{0,30}", fullmatch=True)
    | st.sampled_from([text for _, text, _ in GOOD if isinstance(text, str)])
)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=9) | st.lists(st.integers())


@hypothesis.settings(max_examples=500)
@given(row=st.sampled_from(TABLE), value=TEXTS | VALUES)
def test_anything_is_read_or_refused_and_what_was_read_reads_as_itself(row, value):
    try:
        found = row.kind.read(value)
    except Refused:
        return
    assert row.kind.read(found) == found
    assert row.shown(found)
