"""Redaction: no secret and no control character survives, whatever stands around it."""

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.redaction import REDACTED, holds_secrets, printable, quoted, redact
from tests.leaks import BASE64URL, MARK, SECRETS, TOKEN, UNSAFE

# What stands around a secret, and tries to make its end, its beginning or its name unseen.
AROUND = st.lists(
    st.sampled_from(["token=", "ticket: ", "Cookie: ", "authorization", "bearer ", "rt_", "://", "start_", REDACTED])
    | st.sampled_from(["\n", "\\n", "\\", "&", "=", ": ", "|", " ", "@", "{", "}", "[", "%3D", '"', "'", "b'", "x"])
    | st.text(max_size=8).filter(lambda text: MARK not in text),
    max_size=6,
).map("".join)
VALUES = st.text(BASE64URL + ".~+/=:%!*", max_size=40).map(MARK.__add__)
NAMES = (
    st.sampled_from(
        ["token=", "?token=", "&TICKET=", "token%3D", "access_token=", "password = ", "apikey=", "ticket: "]
    )
    | st.sampled_from(["Bearer ", "bearer, ", "Bearer%20", "X-Api-Key: "])
    | st.sampled_from(['"token": "', r"\"token\": \"", "'secret': '", "b'api-key': b'"])
)
HEADERS = st.sampled_from(
    ["Authorization: ", "Proxy-Authorization: Digest ", "cookie: ", "Set-Cookie:", "cookie="]
) | st.sampled_from(["Sec-WebSocket-Protocol: ", "'Authorization': 'Basic ", '{"Cookie":"', "(b'Authorization', b'"])


@hypothesis.settings(max_examples=300)
@given(before=AROUND, secret=SECRETS, after=AROUND)
def test_what_begins_like_a_secret_of_ours_is_taken_out_wherever_it_stands(before, secret, after):
    assert MARK not in redact(before + secret + after)


@hypothesis.settings(max_examples=300)
@given(before=AROUND, name=NAMES, value=VALUES, after=AROUND)
def test_what_follows_the_name_of_a_secret_is_taken_out(before, name, value, after):
    assert MARK not in redact(before + name + value + after)


@hypothesis.settings(max_examples=300)
@given(before=AROUND, name=HEADERS, value=st.text(BASE64URL + " ;=,'\"{}\\&", max_size=40), after=AROUND)
def test_the_rest_of_a_line_after_the_name_of_a_secret_header_is_taken_out(before, name, value, after):
    assert MARK not in redact(before + name + value + MARK + after)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"GET /api/v1/ws?channel=a&token={TOKEN}&user_id=7", f"GET /api/v1/ws?channel=a&token={REDACTED}&user_id=7"),
        (f"bad token {TOKEN}.", f"bad token {REDACTED}."),
        (f"next=%2Fws%3Ftoken%3D{TOKEN}", f"next=%2Fws%3Ftoken%3D{REDACTED}"),
        (f"curl -H 'Authorization: Bearer {TOKEN}'\nnext line", f"curl -H 'Authorization: {REDACTED}\nnext line"),
        ("redis://ana:hunter2@host/0", f"redis://ana:{REDACTED}@host/0"),
        (f"/login/rk_{'a' * 22}/", f"/login/{REDACTED}/"),
        (f"/login%2Frk_{'a' * 22} \\nrk_{'a' * 22}", f"/login%2F{REDACTED} \\n{REDACTED}"),
    ],
)
def test_only_the_secret_is_taken_out(text, clean):
    assert redact(text) == clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "restart_after_the_connection_was_lost port_rt_x start_token tokens=5 token_days=90 mailto:ana@example.org",
        "GET /api/v1/tokens/7/ 200, a ticket was used, the secret is safe, close_code=4500",
        "http://localhost:8000/@here sort_keys=1 ws://[::1]:8010/",
    ],
)
def test_text_without_a_secret_stays_as_it_is(text):
    assert redact(text) == text


def test_names_that_hold_secrets_are_known_in_any_spelling():
    yes = ("token", "Authorization", "Set-Cookie", "X-API-Key", "sec-websocket-protocol", "device_token", "ticket")
    no = ("token_id", "tokens", "channel", "key", "ticket_seconds", "Sec-WebSocket-Key")

    assert all(map(holds_secrets, yes))
    assert not any(map(holds_secrets, no))


@given(st.text(st.characters() | st.sampled_from(sorted(UNSAFE))))
def test_printable_text_cannot_forge_a_line_or_move_a_cursor(text):
    assert not UNSAFE & set(printable(text))
    assert not (UNSAFE - {"\n", "\t"}) & set(printable(text, lines=True))
    assert "".join(printable(text).split("\\")) == "".join(printable(printable(text)).split("\\"))


@given(st.text() | st.lists(st.text()), SECRETS)
def test_a_quoted_value_is_short_ascii_in_quotes_and_tells_no_secret(value, secret):
    text = quoted([value, secret])
    assert text.isascii()
    assert text.isprintable()
    assert text[0] == text[-1] == '"'
    assert len(text) < 1300
    assert MARK not in text
