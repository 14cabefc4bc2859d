"""Ratings: asked for at closing, one for each cycle, the latest answer counts."""

import pytest

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.store.csat import CsatFilter
from realtime.store.telemetry import Stretch

GUEST = Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=2)
ALL = Stretch(1_000)


@pytest.fixture
async def conversation(conversations, ana, heard):
    """The id of a conversation."""
    written = await conversations.create({"contact_name": "João Silva"}, ana)
    del heard[:]
    return written.row["id"]


async def test_the_answer_to_the_question_at_closing_is_told_with_the_row(
    csat, conversations, conversation, heard, ana
):
    await conversations.close(conversation, ana)
    asked = (await csat.list(CsatFilter(), ALL))[1]
    del heard[:]
    written = await csat.rate(conversation, 5, "Excelente atendimento!", GUEST)

    (event,) = heard
    assert (event.channel, event.type, event.entity_id) == ("csat", "csat.created", asked[0]["id"])
    assert (event.seq, event.value) == (written.seq, written.row)
    assert written.row == {
        **asked[0],
        "rating": 5,
        "feedback": "Excelente atendimento!",
        "answered_at": event.time,
        "updated_at": event.time,
    }
    assert written.row["contact_name"] == "João Silva"
    assert await csat.get(written.row["id"]) == written.row


async def test_a_later_answer_takes_the_place_of_the_one_before_and_is_told_too(csat, conversation, heard):
    await csat.rate(conversation, 2, "Demorou", GUEST)
    later = await csat.rate(conversation, 4, None, GUEST)

    count, rows = await csat.list(CsatFilter(), ALL)
    assert (count, rows) == (1, [later.row])
    assert (rows[0]["rating"], rows[0]["feedback"], rows[0]["asked_at"]) == (4, None, None)
    assert [event.value["rating"] for event in heard] == [2, 4]


async def test_each_cycle_has_its_own_rating(csat, conversations, conversation, ana):
    await csat.rate(conversation, 2, None, GUEST)
    await conversations.close(conversation, ana)
    await conversations.reopen(conversation, ana)
    await csat.rate(conversation, 5, None, GUEST)
    await conversations.close(conversation, ana)
    await conversations.reopen(conversation, ana)
    await conversations.close(conversation, ana)

    _, rows = await csat.list(CsatFilter(), ALL)
    assert [(row["cycle"], row["rating"], row["asked_at"] is not None) for row in rows] == [
        (1, 2, True),
        (2, 5, True),
        (3, None, True),
    ]


@pytest.mark.parametrize(
    ("rating", "feedback"),
    [(0, None), (6, None), (True, None), (4.0, None), (4, "x" * 2_001), (4, "a\0b"), (4, " ")],
)
async def test_what_is_no_rating_is_refused_and_nothing_is_stored(csat, conversation, heard, rating, feedback):
    with pytest.raises(Problem) as refused:
        await csat.rate(conversation, rating, feedback, GUEST)

    assert refused.value.code == "invalid"
    assert heard == []
    assert await csat.list(CsatFilter(), ALL) == (0, [])


async def test_what_does_not_exist_is_not_found(csat):
    for asked in (csat.rate(7, 5, None, GUEST), csat.rate("no-such", 5, None, GUEST), csat.get(7)):
        with pytest.raises(Problem) as refused:
            await asked
        assert refused.value.code == "not_found"


async def test_ratings_are_found_by_what_they_are(csat, conversations, ana, monkeypatch):
    now = [2_000_000_000_000]
    monkeypatch.setattr("realtime.clock.now", lambda: now[0])
    for rating in (5, 3, None, 5):
        made = await conversations.create({"contact_name": "Zoë", "status": "closed"}, ana)
        if rating:
            await csat.rate(made.row["uuid"], rating, None, GUEST)
        now[0] += 1_000

    async def found(**wanted):
        count, rows = await csat.list(CsatFilter(**wanted), ALL)
        assert count == len(rows)
        return [row["conversation_id"] for row in rows]

    start = 2_000_000_000_000
    assert await found() == [1, 2, 3, 4]
    assert await found(rating=5) == [1, 4]
    assert await found(answered=True) == [1, 2, 4]
    assert await found(answered=False) == [3]
    assert await found(conversation=2) == [2]
    assert await found(conversation=(await conversations.get(4))["uuid"]) == [4]
    assert await found(conversation="no-such") == []
    assert await found(since=start + 1_000, until=start + 3_000) == [2]
    assert [row["id"] for row in (await csat.list(CsatFilter(), Stretch(2, newest_first=True)))[1]] == [4, 3]
