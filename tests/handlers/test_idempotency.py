"""`Idempotency-Key`: what is asked for twice is done once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import keys
from realtime.policy import Principal, Role
from realtime.services.tokens import Wanted
from tests.conftest import Client, MakeClient

BODY = {"sensor_id": 1, "valor": 21.5}


@pytest.fixture
async def site(client: Client) -> Client:
    """A server with a sensor."""
    await client.post("/api/v1/sensors/", json={"tipo": "t", "modelo": "m"})
    return client


async def post(client: Client, key: str | None, body: Any = BODY, path: str = "readings/", **more: str) -> Any:
    """Status, `Event-Seq` and body of the answer to a POST with a key."""
    headers = {**more, **({} if key is None else {"Idempotency-Key": key})}
    async with client.post(f"/api/v1/{path}", json=body, headers=headers) as response:
        return response.status, response.headers.get("Event-Seq"), await response.json()


async def count(client: Client, path: str = "readings/") -> int:
    async with client.get(f"/api/v1/{path}?limit=1") as response:
        return int((await response.json())["count"])


async def test_the_same_again_gets_the_same_answer_and_is_not_done_again(site: Client) -> None:
    first = await post(site, "a")
    again = [await post(site, "a"), await post(site, "a", path="readings")]

    assert first[0] == 201
    assert again == [first, first]
    assert await count(site) == 1


async def test_another_key_or_none_or_another_path_is_another_request(site: Client) -> None:
    for key in ("a", "b", "A", None, None):
        await post(site, key)
    sensor = {"tipo": "t", "modelo": "m"}
    assert (await post(site, "a", sensor, "sensors/"))[0] == 201

    assert (await count(site), await count(site, "sensors/")) == (5, 2)


async def test_another_body_is_refused(site: Client) -> None:
    await post(site, "a")
    status, _, problem = await post(site, "a", {**BODY, "valor": 22})

    assert (status, problem["code"]) == (422, "key_reused")
    assert await count(site) == 1


async def test_a_request_that_was_refused_may_be_sent_again(site: Client) -> None:
    assert (await post(site, "a", {"sensor_id": 2, "valor": 1}))[0] == 400
    await post(site, None, {"tipo": "t", "modelo": "m"}, "sensors/")
    assert (await post(site, "a", {"sensor_id": 2, "valor": 1}))[0] == 201


async def test_the_answer_shows_the_row_as_it_is_now(site: Client) -> None:
    _, seq, _ = await post(site, "a")
    async with site.patch("/api/v1/readings/1/", json={"valor": 5}) as response:
        changed = await response.json()

    assert await post(site, "a") == (201, seq, changed)


async def test_many_at_once_are_answered_again_with_the_same_ids_and_seqs(site: Client) -> None:
    first = await post(site, "a", [BODY] * 700)

    assert await post(site, "a", [BODY] * 700) == first
    assert (await post(site, "a", [BODY] * 701))[0] == 422
    assert await count(site) == 700


async def test_a_publication_is_made_once(client: Client) -> None:
    first = await post(client, "a", {"n": 1}, "channels/plaza")
    again = await post(client, "a", {"n": 1}, "channels/plaza/")
    other = await post(client, "a", {"n": 2}, "channels/plaza")
    elsewhere = await post(client, "a", {"n": 1}, "channels/patio")
    async with client.get("/api/v1/events?type=publication.created") as response:
        told = (await response.json())["results"]

    assert (first[0], again, other[0], elsewhere[0]) == (201, first, 422, 201)
    assert [event["channel"] for event in told] == ["plaza", "patio"]


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ñ", "tab\there"])
async def test_a_bad_key_is_refused(site: Client, key: str) -> None:
    status, _, problem = await post(site, key)

    assert (status, problem["code"]) == (400, "invalid")
    assert await count(site) == 0


async def test_the_longest_key_is_taken(site: Client) -> None:
    assert (await post(site, "~" * 255))[0] == 201


async def test_a_key_belongs_to_one_credential(site: Client) -> None:
    assert site.app is not None
    root, tokens = Principal("socket", Role.ADMIN, "socket"), site.app[keys.ACCOUNTS].tokens
    secrets = [(await tokens.create(root, Wanted(user="ana", role=Role.AGENT, make_user=True)))[1] for _ in range(2)]
    answers = [await post(site, "a", Authorization=f"Bearer {secret}") for secret in (*secrets, secrets[0])]

    assert [row["id"] for _, _, row in answers] == [1, 2, 1]


async def test_a_key_survives_a_restart(make_client: MakeClient, tmp_path: Path) -> None:
    first = await make_client(data=tmp_path / "kept")
    await post(first, None, {"tipo": "t", "modelo": "m"}, "sensors/")
    answer = await post(first, "a")
    await first.close()
    second = await make_client(data=tmp_path / "kept")

    assert await post(second, "a") == answer
    assert await count(second) == 1


async def test_while_the_first_runs_the_second_is_told_to_wait(site: Client) -> None:
    answers = await asyncio.gather(*(post(site, "a") for _ in range(30)))

    assert {status for status, _, _ in answers} <= {201, 409}
    assert {problem["code"] for status, _, problem in answers if status == 409} <= {"in_progress"}
    assert len({row["id"] for status, _, row in answers if status == 201}) == 1
    assert await count(site) == 1


async def test_who_hangs_up_and_comes_back_finds_it_done_once(site: Client) -> None:
    for attempt in range(20):
        gone = asyncio.create_task(post(site, f"k{attempt}"))
        for _ in range(attempt):
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        answer = await post(site, f"k{attempt}")
        while answer[0] == 409:
            assert answer[2]["code"] == "in_progress"
            answer = await post(site, f"k{attempt}")
        assert answer[0] == 201

    assert await count(site) == 20


steps = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2]), st.booleans()), min_size=1, max_size=12)


@given(steps)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_however_requests_are_repeated_each_key_is_done_once_with_its_first_body(
    site: Client, steps: list[tuple[str, int, bool]]
) -> None:
    before = await count(site)
    prefix = f"{before}-"
    first: dict[str, tuple[int, Any]] = {}
    for key, valor, twice in steps:
        requests = [post(site, prefix + key, {"sensor_id": 1, "valor": valor}) for _ in range(1 + twice)]
        for status, seq, body in await asyncio.gather(*requests):
            known = first.get(key)
            if status == 201:
                assert known is None or known == (valor, (seq, body))
                first[key] = (valor, (seq, body))
            elif status == 422:
                assert known is not None
                assert known[0] != valor
            else:
                assert (status, twice) == (409, True)

    assert await count(site) == before + len({key for key, _, _ in steps})
    assert len({json.dumps(answer) for _, answer in first.values()}) == len(first)
