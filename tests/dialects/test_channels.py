"""The channels dialect, held against the frames that the seed shows."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import clock
from realtime.dialects.canonical import CANONICAL
from realtime.dialects.channels import CHANNELS
from realtime.dialects.commands import BadCommand, read
from realtime.errors import Problem
from realtime.events import Draft, Event

SEEDS = Path(__file__).parent.parent / "seeds"


def golden(name: str) -> dict[str, object]:
    return dict(json.loads((SEEDS / f"{name}.json").read_text()))


def happened(draft: Draft, seq: int = 7, at: int = clock.parse("2025-07-20T00:05:37.123Z")) -> Event:
    return Event(seq, draft.channel, draft.type, draft.data, draft.entity_id, draft.actor, at, draft.metadata)


def frame(event: Event) -> dict[str, object]:
    said = CHANNELS.event(event, replayed=False)
    assert said is not None
    return dict(json.loads(said))


def test_an_entity_event_is_the_seeds_key_for_key_and_then_its_seq() -> None:
    shown = golden("entity_event")
    event = happened(Draft.of("sensors", "sensor.created", shown["data"], entity_id=123))
    assert list(frame(event).items()) == [*shown.items(), ("seq", 7)]


def test_a_system_event_is_the_seeds_key_for_key_and_then_its_seq() -> None:
    shown = golden("system_event")
    event = happened(Draft.of("general", "system.info", {"message": shown["message"], "data": shown["data"]}))
    assert list(frame(event).items()) == [*shown.items(), ("seq", 7)]


@pytest.mark.parametrize(
    ("type", "entity", "done", "action"),
    [
        ("reading.updated", "reading", "updated", "update_reading"),
        ("location.deleted", "location", "deleted", "delete_location"),
        ("anomaly.detected", "anomaly", "anomaly_detected", "detect_anomaly"),
        ("prediction.completed", "prediction", "prediction_completed", "complete_prediction"),
    ],
)
def test_each_type_has_the_seeds_words(type: str, entity: str, done: str, action: str) -> None:
    said = frame(happened(Draft.of("x", type, {}, entity_id=1)))
    assert (said["entity_type"], said["event_type"], said["metadata"]) == (entity, done, {"action": action})


def test_what_the_emitter_says_of_an_event_comes_before_the_usual() -> None:
    event = happened(Draft.of("sensors", "sensor.created", {}, entity_id=1, metadata={"action": "import", "by": "x"}))
    assert frame(event)["metadata"] == {"action": "import", "by": "x"}


@pytest.mark.parametrize("type", ["message.created", "csat.created", "audit.created", "user.online"])
def test_there_is_no_word_for_what_is_private(type: str) -> None:
    assert CHANNELS.event(happened(Draft.of("chat", type, {})), replayed=False) is None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # NUL and halves of surrogate pairs never come this far.
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\é😀', max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, actor=st.text(st.characters(exclude_categories=("Cs",)), max_size=20), replayed=st.booleans())
def test_any_value_comes_through_both_dialects_as_it_went_in(value: object, actor: str, replayed: bool) -> None:
    event = happened(Draft.of("plaza", "publication.created", value, actor=actor))
    message = json.loads(CHANNELS.event(event, replayed=replayed) or b"")
    canonical = json.loads(CANONICAL.event(event, replayed=replayed))

    assert message["data"] == canonical["data"] == value
    assert canonical["actor"] == actor
    assert message["timestamp"] == canonical["at"] == "2025-07-20T00:05:37.123Z"
    assert message.get("replayed", False) is canonical.get("replayed", False) is replayed


@given(text=st.text() | VALUES.map(json.dumps))
def test_whatever_a_client_says_is_a_command_or_a_problem_with_a_reason(text: str) -> None:
    problem = refusal(text)
    assert problem is None or (problem.status < 500 and problem.detail)


def refusal(text: str) -> Problem | None:
    try:
        read(text)
    except BadCommand as bad:
        return bad.problem
    return None
