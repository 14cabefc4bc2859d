"""Whatever comes in at the support desk's doors: a clear problem or a good answer, never a 500."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Client, MakeClient
from tests.handlers.test_bad_input import MALFORMED
from tests.rest import conversation, message, rows, send, told

WRITES: list[tuple[str, str, tuple[str, ...]]] = [
    ("POST", "conversations/", ("contact_name", "assignee", "status", "origin_channel")),
    ("PUT", "conversations/1/", ("contact_name", "assignee", "status", "origin_channel")),
    ("PATCH", "conversations/1/", ("contact_name", "assignee", "status", "origin_channel")),
    ("POST", "conversations/1/close/", ()),
    ("POST", "conversations/1/reopen/", ()),
    ("POST", "conversations/1/messages/", ("content", "sender", "message_type")),
    ("PUT", "messages/1/", ("content",)),
    ("PATCH", "messages/1/", ("content", "status")),
    ("POST", "messages/1/reactions/", ("reaction",)),
    ("POST", "conversations/1/csat/", ("rating", "feedback")),
]
GOOD = ["open", "pending", "closed", "customer", "agent", "bot", "text", "image", "read", "sent", 1, 2, 5, None]
FILTERS = (
    *("status", "assignee", "contact", "search", "since", "until", "ordering", "id_after", "limit", "offset"),
    *("sender", "message_type", "rating", "conversation_id", "answered", "action", "user"),
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts | st.sampled_from(GOOD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
running = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def desk(client: Client) -> Client:
    """A server with a conversation and a message."""
    await conversation(client)
    await message(client)
    return client


@pytest.mark.parametrize(("method", "path", "fields"), WRITES, ids=[f"{method} {path}" for method, path, _ in WRITES])
@running
@given(data=st.data())
async def test_any_json_in_any_place_is_taken_or_refused(
    desk: Client, method: str, path: str, fields: tuple[str, ...], data: st.DataObject
) -> None:
    known = st.dictionaries(st.sampled_from(fields), values) if fields else st.just({})
    more = st.builds(lambda some, others: {**some, **others}, known, st.dictionaries(texts, values, max_size=2))
    body = data.draw(known | more | values)
    # None would be no body at all.
    status, answer, headers = await send(desk, method, path, {} if body is None else body)

    assert status in (200, 201, 400)
    if status == 400:
        assert answer["code"] in ("invalid", "malformed")
        assert answer["detail"].endswith(".")
        assert "Event-Seq" not in headers


@running
@given(query=st.dictionaries(st.sampled_from(FILTERS), texts | st.sampled_from(["open", "1h", "1", "now", "-id"])))
async def test_any_text_in_any_filter_is_taken_or_refused(desk: Client, query: dict[str, str]) -> None:
    for path in ("conversations/", "conversations/1/messages/", "conversations/1/csat/", "csat/", "audit-logs/"):
        async with desk.get(f"/api/v1/{path}", params=query) as response:
            answer = await response.json()
            assert response.status in (200, 400), answer
            assert ("results" in answer) is (response.status == 200)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_not_json_is_refused_with_the_reason(desk: Client, body: bytes) -> None:
    before = await told(desk), await rows(desk, "conversations/"), await rows(desk, "conversations/1/messages/")
    for method, path, fields in WRITES:
        if not fields and not body.strip():
            continue
        async with desk.request(
            method, f"/api/v1/{path}", data=body, headers={"Content-Type": "application/json"}
        ) as response:
            assert (response.status, (await response.json())["code"]) == (400, "malformed"), path
    after = await told(desk), await rows(desk, "conversations/"), await rows(desk, "conversations/1/messages/")
    assert after == before


async def test_another_type_of_body_is_refused(desk: Client) -> None:
    before = await told(desk)
    for method, path, _ in WRITES:
        for headers in (
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ):
            async with desk.request(method, f"/api/v1/{path}", data=b'{"content": "x"}', headers=headers) as response:
                assert response.status == 415, path
    assert await told(desk) == before


async def test_a_body_over_the_limit_is_refused(make_client: MakeClient) -> None:
    client = await make_client(body_limit=2048)
    await conversation(client)
    await message(client)
    before = await told(client)
    for method, path, fields in WRITES:
        name = fields[0] if fields else "x"
        status, problem, _ = await send(client, method, path, {name: "x" * 3000})
        assert (status, problem["code"]) == (413, "too_large"), path
    assert await told(client) == before
