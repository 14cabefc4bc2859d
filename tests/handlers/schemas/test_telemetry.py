"""The quick check of readings and the schema are one rule."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from realtime.clock import timestamp
from realtime.handlers.schemas.checking import Faults, faults
from realtime.handlers.schemas.telemetry import SCHEMAS, quick_reading
from realtime.store.telemetry import READING

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 3),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["", " ", "\t\u2003", "x" * 200, "x" * 201, "°C", "5", "true"]),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)
moments = st.one_of(
    scalars,
    st.integers(0, 253_402_300_799_999).map(timestamp),
    st.sampled_from(["2025-07-20", "2025-07-20T00:05:37", "2025-07-20 00:05:37.1+02:00", "1969-12-31T23:59:59Z"]),
)
good = st.fixed_dictionaries(
    {"sensor_id": st.integers(1, 2**63 - 1), "valor": st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats())},
    optional={"unidad": st.one_of(st.none(), st.text(min_size=1, max_size=9)), "timestamp": moments},
)
odd = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "sensor_id": scalars,
            "valor": scalars,
            "unidad": scalars,
            "timestamp": moments,
            "id": scalars,
            "zona": scalars,
        },
    ),
    scalars,
)


@given(st.one_of(good, odd))
@example({"sensor_id": 1, "valor": True})
@example({"sensor_id": 1, "valor": 1, "unidad": " \t"})
@example({"sensor_id": 1, "valor": 1, "unidad": "x" * 200})
@example({"sensor_id": 1, "valor": 1, "unidad": "x" * 201})
@example({"sensor_id": 2**63, "valor": 1})
@example({"sensor_id": 1, "valor": float("nan")})
@example({"sensor_id": True, "valor": 1})
@example({"sensor_id": 1, "valor": 1, "unidad": None, "timestamp": None})
@example({"sensor_id": 1, "valor": 1, "zona": None})
def test_the_quick_check_and_the_schema_take_and_refuse_the_same(value: Any) -> None:
    quick, judged = quick_reading(value), faults(SCHEMAS[READING], value)

    assert (quick is None) == isinstance(judged, Faults)
    if quick is not None:
        assert quick == judged
        assert {name: type(part) for name, part in quick.items()} == {name: type(part) for name, part in judged.items()}
