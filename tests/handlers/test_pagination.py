"""Lists a page at a time: what Django REST Framework's limit/offset pagination answers, held against a simple model."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import keys
from realtime.policy import Role
from tests.accounts import token_of
from tests.conftest import Client, MakeClient

ROWS = 23

good_numbers = st.integers(0, 30).map(str)
odd_numbers = st.sampled_from(
    ["", " ", "x", "-1", "1.5", "0", "007", " 5 ", "+3", "1_0", "٣", "9" * 30, "1" * 3500, "1001"]
)
numbers = st.one_of(st.none(), good_numbers, odd_numbers)
others = st.dictionaries(
    st.sampled_from(["colour", "tipo", "q", "a b", "ñ", "since"]),
    st.sampled_from(["", "1h", "x y", "&=", "ü"]),
    max_size=3,
).filter(lambda found: found.get("since", "") in ("", "1h") and "tipo" not in found)


def whole(text: str | None) -> int | None:
    """What Python's `int` makes of the text, if it is a number that is not negative."""
    try:
        return number if (number := int(text or "")) >= 0 else None
    except ValueError:
        return None


def expected_links(count: int, limit: int, offset: int) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """The paging parameters of `next` and `previous`."""
    following = {"limit": str(limit), "offset": str(offset + limit)} if offset + limit < count else None
    if offset == 0:
        return following, None
    previous = {"limit": str(limit)}
    if offset > limit:
        previous["offset"] = str(offset - limit)
    return following, previous


def parameters(link: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(link).query, keep_blank_values=True).items()}


async def get(client: Client, target: str) -> dict[str, Any]:
    async with client.get(target) as response:
        assert response.status == 200, await response.text()
        return dict(await response.json())


@pytest.fixture
async def filled(client: Client) -> Client:
    for n in range(ROWS):
        async with client.post("/api/v1/locations/", json={"nombre": f"n{n}"}) as response:
            assert response.status == 201
    return client


@given(limit=numbers, offset=numbers, rest=others)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_page_is_the_one_that_the_framework_would_give(
    filled: Client, limit: str | None, offset: str | None, rest: dict[str, str]
) -> None:
    query = {**rest, **({} if limit is None else {"limit": limit}), **({} if offset is None else {"offset": offset})}
    page = await get(filled, f"/api/v1/locations/?{urlencode(query)}")

    size, skipped = min(whole(limit) or 100, 1000), whole(offset) or 0
    assert page["count"] == ROWS
    assert [row["id"] for row in page["results"]] == list(range(1, ROWS + 1))[skipped : skipped + size]
    for link, wanted in zip((page["next"], page["previous"]), expected_links(ROWS, size, skipped), strict=True):
        if wanted is None:
            assert link is None
        else:
            assert parameters(link) == rest | wanted
            assert link.startswith(str(filled.make_url("/api/v1/locations/?")))


async def test_the_links_lead_through_the_whole_list_and_back(filled: Client) -> None:
    there: list[list[int]] = []
    back: list[list[int]] = []
    link = "/api/v1/locations?limit=5&colour=red"
    while link:
        page = await get(filled, link)
        last, link = link, page["next"] and page["next"].removeprefix(str(filled.make_url("")).rstrip("/"))
        there.append([row["id"] for row in page["results"]])
    while last:
        page = await get(filled, last)
        last = page["previous"] and page["previous"].removeprefix(str(filled.make_url("")).rstrip("/"))
        back.append([row["id"] for row in page["results"]])

    assert [row for page in there for row in page] == list(range(1, ROWS + 1))
    assert back == there[::-1]


async def test_links_are_sorted_absolute_and_as_the_framework_writes_them(filled: Client) -> None:
    base = str(filled.make_url("/api/v1/locations/"))
    page = await get(filled, f"/api/v1/locations/?zone=a%20b&offset=5&b=&limit=5&a={quote('ñ')}")

    assert page["next"] == f"{base}?a=%C3%B1&b=&limit=5&offset=10&zone=a+b"
    assert page["previous"] == f"{base}?a=%C3%B1&b=&limit=5&zone=a+b"


async def test_an_empty_list_has_no_links(client: Client) -> None:
    for query in ("", "?offset=5", "?limit=1"):
        page = await get(client, f"/api/v1/sensors/{query}")
        assert (page["count"], page["next"], page["results"]) == (0, None, [])


async def test_behind_a_proxy_links_lead_to_the_public_address(make_client: MakeClient) -> None:
    client = await make_client(public_url="https://sensors.example", access="open")
    for nombre in ("a", "b"):
        async with client.post("/api/v1/locations/", json={"nombre": nombre}) as response:
            assert response.status == 201
    page = await get(client, "/api/v1/locations/?limit=1")

    assert page["next"] == "https://sensors.example/api/v1/locations/?limit=1&offset=1"


@pytest.mark.parametrize("path", ["users", "tokens", "locations"])
@pytest.mark.parametrize("offset", [2**63 - 1, 2**63, 10**20])
async def test_an_offset_past_every_number_is_a_page_past_the_end(client: Client, path: str, offset: int) -> None:
    secret, _ = await token_of(client.app[keys.ACCOUNTS], "root", Role.ADMIN)
    headers = {"Authorization": f"Bearer {secret}"}
    async with client.get(f"/api/v1/{path}/?limit=5&offset={offset}", headers=headers) as response:
        assert response.status == 200, await response.text()
        page = await response.json()

    assert (page["results"], page["next"]) == ([], None)
    assert parameters(page["previous"]) == {"limit": "5", "offset": str(offset - 5)}
