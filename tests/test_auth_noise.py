"""Nonsense in headers and addresses: refused or passed over, never a failure of the server."""

import pytest

from tests.signing import CHANNELS, LIST, SECURE, STREAM, accounts_of

NASTY = (
    "",
    " ",
    ",",
    ";",
    "=",
    '"',
    "\udcff\udcfe",
    "é",
    "%00",
    "%ff",
    "a=b; c",
    "=x; ;",
    "[",
    "[::1",
    ":",
    "0",
    "x" * 4000,
    "null",
)


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Cookie",
        "Origin",
        "Host",
        "Sec-Fetch-Site",
        "Sec-WebSocket-Protocol",
        "X-Forwarded-For",
        "Forwarded",
        "Accept",
        "X-Request-Id",
        "Access-Control-Request-Method",
    ],
)
async def test_no_header_whatever_it_holds_breaks_the_server(make_client, name):
    client = await make_client(trusted_proxies="127.0.0.1", access="open", sign_in_attempts=1_000)
    cookie = accounts_of(client).cookie

    for value in NASTY:
        headers = {
            name: f"{cookie}={value}" if name == "Cookie" else f"Bearer {value}" if name == "Authorization" else value
        }
        for method, path in (("GET", LIST), ("OPTIONS", LIST), ("GET", "/"), ("GET", CHANNELS), ("POST", "/login")):
            async with client.request(method, path, headers=headers) as response:
                assert response.status < 500, (name, value, path)


@pytest.mark.parametrize("value", ["%ff", "%00", "%ud800", "x" * 4000, "rt_%ff", "%72%74_x"])
async def test_no_credential_in_a_url_breaks_the_server(client, value):
    for path in (CHANNELS, SECURE, STREAM):
        for name in ("token", "ticket"):
            async with client.get(f"{path}?{name}={value}") as response:
                assert response.status in (400, 401, 426)
