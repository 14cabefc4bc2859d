"""Hosts, origins and addresses behind proxies: every rule as a row of a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from realtime.config import Settings
from realtime.origins import Origins, is_forwarded, split_host

PUBLIC = "https://live.example.org"


def rules(**given):
    return Origins.of(Settings(**given))


def headers(**given):
    return CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in given.items()}))


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        ("localhost", "localhost", None),
        ("LocalHost:8000", "localhost", 8000),
        ("[::1]", "::1", None),
        ("[::1]:8000", "::1", 8000),
        ("", "", None),
        ("::1", "", None),
        ("localhost:", "", None),
        ("localhost:80x", "", None),
        ("localhost:123456", "", None),
        ("localhost:٣", "", None),
        ("[::1", "", None),
        ("[::1:8000", "", None),
        (":8000", "", 8000),
    ],
)
def test_a_host_header_is_a_name_and_perhaps_a_port(text, name, port):
    assert split_host(text)[0] == name
    if name:
        assert split_host(text)[1] == port


@given(st.text(max_size=40))
def test_no_host_header_breaks_anything(text):
    assert rules().serves(text) in (True, False)
    assert rules().is_own(text, "http", "localhost:8000") in (True, False)
    assert rules().is_own("http://localhost:8000", "http", text) in (True, False)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST:9999", "127.0.0.1:8010", "[::1]:8000"])
def test_the_names_of_this_machine_are_served_on_any_port(host):
    assert rules().serves(host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "localhost.", "192.168.1.5", "0.0.0.0"]
)
def test_any_other_host_is_refused(host):
    assert not rules().serves(host)


def test_the_bound_address_and_the_host_of_the_public_url_are_served():
    assert rules(host="192.168.1.5").serves("192.168.1.5:8000")
    assert rules(public_url=PUBLIC).serves("live.example.org")
    assert not rules(public_url=PUBLIC).serves("example.org")


def test_where_all_addresses_are_bound_the_one_that_was_reached_is_served():
    everywhere = rules(host="0.0.0.0")

    assert everywhere.serves("192.168.1.5:8000", "192.168.1.5")
    assert not everywhere.serves("192.168.1.6:8000", "192.168.1.5")
    assert not everywhere.serves("evil.example", "192.168.1.5")
    assert not everywhere.serves("", "")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://localhost:8000", "localhost:8010"),
        ("http://localhost:8010", "LOCALHOST:8000"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8010", "[::1]:8000"),
        # A port that something in front of us maps to ours.
        ("http://localhost:9000", "localhost:9000"),
        ("http://localhost", "localhost"),
    ],
)
def test_our_own_pages_are_those_of_the_same_host_on_any_port_that_we_listen_on(origin, host):
    assert rules().is_own(origin, "http", host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "localhost:8000"),
        ("", "localhost:8000"),
        ("http://evil.example", "localhost:8000"),
        ("https://localhost:8000", "localhost:8000"),
        ("http://localhost:3000", "localhost:8000"),
        ("http://localhost", "localhost:8000"),
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("http://localhost:8000.evil.example", "localhost:8000"),
        ("http://localhost:8000@evil.example", "localhost:8000"),
        ("http://localhost:8000/", "localhost:8000"),
        ("file://", "localhost:8000"),
        ("http://", ""),
    ],
)
def test_every_other_origin_is_foreign(origin, host):
    assert not rules().is_own(origin, "http", host)


def test_behind_a_proxy_the_public_url_is_our_own_origin():
    public = rules(public_url=f"{PUBLIC}/realtime")

    assert public.is_own(PUBLIC, "http", "live.example.org")
    # Proxies that do not pass the host on.
    assert public.is_own(PUBLIC, "http", "127.0.0.1:8000")
    assert public.is_own("http://localhost:8000", "http", "localhost:8000")
    assert not public.is_own("https://evil.example", "http", "live.example.org")


def test_a_page_of_the_public_host_that_came_without_tls_is_not_ours():
    assert not rules(public_url=PUBLIC).is_own("http://live.example.org", "http", "live.example.org")
    assert rules(public_url="http://live.example.org").is_own("http://live.example.org", "http", "live.example.org")


def test_port_zero_is_no_port_that_a_page_could_come_from():
    assert not rules(port=0).is_own("http://localhost:0", "http", "localhost:8000")


OWN = "http://localhost:8000"


@pytest.mark.parametrize(
    ("given", "foreign"),
    [
        ({}, False),
        ({"Origin": OWN}, False),
        ({"Origin": "null"}, True),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"}, True),
        ({"Origin": OWN, "Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "same-origin"}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Sec_Fetch_Site": "same-site"}, True),
        ({"Sec_Fetch_Site": "cross-site"}, True),
        ({"Sec_Fetch_Site": "something-new"}, True),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_browser_carries_by_itself_counts_for_our_own_pages_alone(given, foreign, method):
    asked = headers(Host="localhost:8000", **given)

    assert rules().foreign(asked, "http", method, "/api/v1/sensors/") is foreign


VISIT = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}


@pytest.mark.parametrize(
    ("method", "path", "changes", "foreign"),
    [
        ("GET", "/", {}, False),
        ("HEAD", "/sensors", {}, False),
        ("GET", "/login/rk_x", {}, False),
        ("GET", "/", {"Sec_Fetch_Dest": "iframe"}, True),
        ("GET", "/", {"Sec_Fetch_Mode": "no-cors"}, True),
        ("POST", "/logout", {}, True),
        ("GET", "/api/v1/sensors/", {}, True),
        ("GET", "/ws/dashboard/", {}, True),
        ("GET", "/socket.io/", {}, True),
        ("GET", "/metrics", {}, True),
    ],
)
def test_a_link_on_another_site_may_lead_to_a_page_and_to_nothing_else(method, path, changes, foreign):
    asked = headers(Host="localhost:8000", **{**VISIT, **changes})

    assert rules().foreign(asked, "http", method, path) is foreign


def test_allowed_origins_are_trusted_like_our_own_but_never_null():
    trusting = rules(allowed_origins="https://app.example.org")

    assert not trusting.foreign(
        headers(Host="localhost:8000", Origin="https://app.example.org", Sec_Fetch_Site="cross-site"),
        "http",
        "POST",
        "/",
    )
    assert trusting.foreign(headers(Host="localhost:8000", Origin="null"), "http", "POST", "/")
    assert trusting.foreign(headers(Host="localhost:8000", Origin="http://app.example.org"), "http", "POST", "/")


def test_pages_that_bring_a_token_may_come_from_wherever_cors_origins_says():
    listed = rules(cors_origins="https://a.example")

    assert rules().may_send_token("null", "http", "localhost:8000")
    assert rules().may_send_token("https://evil.example", "http", "localhost:8000")
    assert listed.may_send_token("https://a.example", "http", "localhost:8000")
    assert listed.may_send_token(OWN, "http", "localhost:8000")
    assert not listed.may_send_token("null", "http", "localhost:8000")
    assert not listed.may_send_token("https://b.example", "http", "localhost:8000")


def test_other_pages_may_read_answers_but_never_with_what_the_browser_carries():
    anyone = rules().cors_headers("https://other.example", "http", "localhost:8000")
    listed = rules(cors_origins="https://a.example").cors_headers("https://a.example", "http", "localhost:8000")

    assert anyone["Access-Control-Allow-Origin"] == "*"
    assert listed["Access-Control-Allow-Origin"] == "https://a.example"
    assert listed["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in {**anyone, **listed}
    assert rules(cors_origins="https://a.example").cors_headers("https://b.example", "http", "localhost:8000") == {}


@pytest.mark.parametrize("origin", ["http://localhost:8010", "https://app.example.org"])
def test_trusted_pages_may_read_answers_with_what_the_browser_carries(origin):
    granted = rules(allowed_origins="https://app.example.org").cors_headers(origin, "http", "localhost:8000")

    assert granted["Access-Control-Allow-Origin"] == origin
    assert granted["Access-Control-Allow-Credentials"] == "true"
    assert granted["Vary"] == "Origin"


@pytest.mark.parametrize(
    "name",
    ["Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-ANYTHING", "X-Real-IP", "via", "x-forwarded-"],
)
def test_these_headers_say_that_a_request_came_through_a_proxy(name):
    assert is_forwarded(["Host", name])


@pytest.mark.parametrize("name", ["Host", "Viable", "X-Forward", "X-Real-IPv6", "Forwarded-For", "Vary", ""])
def test_these_headers_say_nothing_of_a_proxy(name):
    assert not is_forwarded([name])


PROXIES = "10.0.0.0/8,::1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        # Only a trusted proxy is believed.
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::1", "198.51.100.7", "198.51.100.7"),
        # What the client wrote itself stands to the left of what the proxy saw.
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.7:5678", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::7]:5678", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_trusted_proxy(peer, forwarded, address):
    asked = headers() if forwarded is None else headers(X_Forwarded_For=forwarded)

    assert rules(trusted_proxies=PROXIES).address(peer, asked) == address


def test_forwarding_headers_in_several_lines_are_one_list():
    asked = CIMultiDictProxy(CIMultiDict([("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "198.51.100.7")]))

    assert rules(trusted_proxies=PROXIES).address("10.0.0.1", asked) == "198.51.100.7"


def test_without_trusted_proxies_nobody_is_believed():
    assert rules().address("127.0.0.1", headers(X_Forwarded_For="198.51.100.7")) == "127.0.0.1"
    assert rules().address("::ffff:127.0.0.1", headers()) == "127.0.0.1"
