"""The settings by REST: all of them, with where each came from, for admins, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from realtime.config import TABLE, group_of, load
from realtime.handlers.settings import view
from realtime.policy import Role
from realtime.settings_table import ROWS
from realtime.words import LANGUAGES, own_catalogue
from tests.conftest import Client, MakeClient
from tests.signing import bearer, problem, token_for

SETTINGS = "/api/v1/settings/"


async def listed(client: Client, **headers: str) -> dict[str, dict[str, Any]]:
    """The settings by name, as an admin sees them."""
    headers |= bearer(await token_for(client, Role.ADMIN))
    async with client.get(SETTINGS, headers=headers) as response:
        assert response.status == 200
        body = await response.json()
    assert (body["count"], body["next"]) == (len(TABLE), None)
    return {row["name"]: row for row in body["results"]}


async def test_every_setting_is_told_with_its_value_its_variable_and_where_it_came_from(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = await make_client(frame_limit="2MiB")

    rows = await listed(client)

    assert list(rows) == [row.name for row in TABLE]
    assert rows["frame_limit"] == {
        "name": "frame_limit",
        "group": "Limits on what comes in",
        "value": "2 MiB",
        "default": "1 MiB",
        "source": "code",
        "flag": "--frame-limit",
        "variable": "REALTIME_FRAME_LIMIT",
        "help": "The largest frame that a socket may send; a larger one closes it with 1009.",
    }
    assert (rows["token_days"]["value"], rows["token_days"]["source"]) == ("90 days", "default")
    assert (rows["access"]["value"], rows["trusted_proxies"]["value"]) == ("derived", "none")


def test_flag_environment_and_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REALTIME_TOKEN_DAYS=7\nREALTIME_LOGIN_DAYS=7\nREALTIME_LINK_MINUTES=7\n")
    environ = {"REALTIME_LOGIN_DAYS": "8", "REALTIME_LINK_MINUTES": "8"}

    settings = load({"link_minutes": "9"}, environ, tmp_path / ".env")

    found = [view(ROWS[name], settings, "en") for name in ("token_days", "login_days", "link_minutes", "heartbeat")]
    assert [(row["value"], row["source"]) for row in found] == [
        ("7 days", ".env"),
        ("8 days", "environment"),
        ("9 minutes", "flag"),
        ("25000 ms", "default"),
    ]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVICE, Role.AGENT])
async def test_only_an_admin_sees_them(client: Client, role: Role) -> None:
    for path in (SETTINGS, "/api/v1/about"):
        async with client.get(path, headers=bearer(await token_for(client, role))) as response:
            assert await problem(response) == (403, "not_permitted")


async def test_a_guest_of_an_open_server_sees_none(client: Client, closed: Client) -> None:
    async with client.get(SETTINGS) as response:
        assert await problem(response) == (403, "not_permitted")
    async with closed.get(SETTINGS) as response:
        assert await problem(response) == (401, "unauthenticated")


async def test_a_page_of_them_leads_to_the_next(client: Client) -> None:
    headers = bearer(await token_for(client, Role.ADMIN))
    names: list[str] = []
    following: str | None = f"{SETTINGS}?limit=20"
    while following:
        async with client.get(following[following.index("/api") :], headers=headers) as response:
            body = await response.json()
        assert len(body["results"]) <= 20
        names += [row["name"] for row in body["results"]]
        following = body["next"]
    assert names == [row.name for row in TABLE]


async def test_a_value_that_reads_like_one_of_our_words_stays_as_it_is(make_client: MakeClient) -> None:
    client = await make_client(public_channels="events", access="open")

    rows = await listed(client, **{"Accept-Language": "es"})

    assert (rows["public_channels"]["value"], rows["access"]["value"], rows["demo"]["value"]) == (
        "events",
        "open",
        "false",
    )


async def test_they_are_told_in_the_readers_language(client: Client) -> None:
    rows = await listed(client, **{"Accept-Language": "es-MX, en;q=0.5"})

    assert rows["token_days"]["value"] == "90 días"
    assert rows["trusted_proxies"]["value"] == "ninguno"
    assert rows["frame_limit"]["group"] != "Limits on what comes in"
    assert rows["frame_limit"]["help"].startswith("El ")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_word_about_a_setting_is_translated_and_none_is_left_over(language: str) -> None:
    words = {"none", "derived"} | {row.help for row in TABLE} | {group_of(row.name) for row in TABLE}
    words |= {row.unit for row in TABLE} - {"", "ms", "bytes"}

    assert set(own_catalogue(language)) == words
    assert all(str(text).strip() for text in own_catalogue(language).values())


async def test_a_server_tells_what_it_is_made_of_and_how_it_stands(client: Client) -> None:
    async with client.post("/api/v1/channels/plaza", json={"n": 1}) as response:
        seq = (await response.json())["seq"]
    headers = bearer(await token_for(client, Role.ADMIN))

    async with client.ws_connect("/api/v1/ws"), client.get("/api/v1/about", headers=headers) as response:
        body = await response.json()

    assert {"realtime", "Python", "SQLite", "aiohttp"} <= set(body["versions"])
    assert (body["access"], body["clients"], body["oldest"], body["damaged"]) == ("open", 1, 1, 0)
    assert body["tip"] >= seq
    assert body["disk"]["database"] > 0
    assert body["disk"]["free"] > 0
