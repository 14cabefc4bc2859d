"""The packets of Socket.IO: what is read, what is refused, and that refusing costs nothing."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.delivery.frames import text_frame
from realtime.delivery.socketio_format import packets
from realtime.dialects import socketio
from realtime.dialects.socketio import Answer, BadPacket, Connect, Emit, Leave
from realtime.errors import Problem


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("0", Connect("/", {})),
        ('0{"token":"x"}', Connect("/", {"token": "x"})),
        ('0/admin,{"a":1}', Connect("/admin", {"a": 1})),
        ("0/admin", Connect("/admin", {})),
        ("0/admin?x=1,", Connect("/admin", {})),
        ("1", Leave()),
        ('2["x"]', Emit(None, "x", [])),
        ('20["x",{"a":[1]}]', Emit(0, "x", [{"a": [1]}])),
        ('2123["message:send",{},"more"]', Emit(123, "message:send", [{}, "more"])),
        ("37[]", Answer()),
    ],
)
def test_a_packet_is_read(text: str, packet: socketio.Packet) -> None:
    assert socketio.parse(text) == packet


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("", "malformed", None),
        ("x", "malformed", None),
        ("9", "malformed", None),
        ('07["token"]', "invalid", None),
        ("0[]", "invalid", None),
        ("0{", "malformed", None),
        ("2", "malformed", None),
        ("25", "malformed", 5),
        ('25{"a":1}', "malformed", 5),
        ("25[", "malformed", 5),
        ("25[]", "invalid", 5),
        ("25[7]", "invalid", 5),
        ('25[["x"]]', "invalid", 5),
        ('25[""]', "invalid", 5),
        ('25["connect",{}]', "invalid", 5),
        ('25["disconnect"]', "invalid", 5),
        (f'25["{"x" * 65}"]', "invalid", 5),
        ('25["x",NaN]', "malformed", 5),
        ('25["x",{"a":1,"a":2}]', "malformed", 5),
        ('25["x",' + "[" * 40 + "]" * 40 + "]", "malformed", 5),
        ('25["x","\\ud800"]', "malformed", 5),
        ("2" + "7" * 16 + '["x"]', "malformed", None),
        ('2/admin,5["x"]', "not_found", None),
        ("0/" + "a" * 200, "malformed", None),
        ('4{"message":"no"}', "malformed", None),
        ('21-["x",{"_placeholder":true,"num":0}]', "malformed", None),
        ("3x", "malformed", None),
        ('51-5["x",{"_placeholder":true,"num":0}]', "unsupported_media_type", 5),
        ('51000-5["x"]', "unsupported_media_type", 5),
        ('599999999999999999-["x"]', "unsupported_media_type", None),
        ("5", "unsupported_media_type", None),
        ("61-7[]", "unsupported_media_type", 7),
    ],
)
def test_what_cannot_be_taken_is_refused_under_its_number(text: str, code: str, number: int | None) -> None:
    with pytest.raises(BadPacket) as caught:
        socketio.parse(text)
    assert (caught.value.problem.code, caught.value.id) == (code, number)


@given(st.text() | st.text(alphabet='0123456-/,["]{}x'))
def test_whatever_comes_is_a_packet_or_a_bad_packet(text: str) -> None:
    with suppress(BadPacket):
        socketio.parse(text)


def test_the_number_of_a_packet_that_is_too_long_is_found_in_its_head() -> None:
    assert socketio.number_of('242["message:send",{"body":"' + "x" * 1_000_000) == 42
    assert socketio.number_of('2["x"]') is None
    assert socketio.number_of("nonsense") is None


def test_a_refusal_is_what_the_official_client_makes_an_error_of() -> None:
    problem = Problem("unauthenticated", "No.")
    assert socketio.refused(problem) == b'44{"message":"No.","data":{"code":"unauthenticated"}}'
    assert socketio.refused(problem, "/admin").startswith(b"44/admin,{")


def test_an_acknowledgement_that_fails_says_which_field() -> None:
    problem = Problem("invalid", "It is not.", errors={"content": ["Must be text.", "And short."]})
    assert socketio.failure(problem) == {
        "ok": False,
        "error": {"code": "invalid", "message": "content: Must be text. And short."},
    }
    assert socketio.acknowledgement(7, {"ok": True}) == b'437[{"ok":true}]'


@given(st.lists(st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]), max_size=6))
def test_packets_are_taken_out_of_their_frames_again(sizes: list[int]) -> None:
    content = [b"%d" % number * size for number, size in enumerate(sizes)]
    frames = b"".join(map(text_frame, content))

    found, starts = [], [0]
    for packet, start in packets(frames, 0):
        found.append(packet)
        starts.append(start)

    assert found == content
    for index, start in enumerate(starts):
        assert [packet for packet, _ in packets(frames, start)] == content[index:]


def test_the_opening_says_the_heartbeat_and_the_limit() -> None:
    packet = socketio.opening("s", interval=25_000, timeout=20_000, limit=1_048_576, upgradable=True)
    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": "s",
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_048_576,
    }
