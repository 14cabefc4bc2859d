"""The roster over real sockets: seed 000's calls, and every connection seen and steered."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from realtime import keys
from realtime.policy import Action, Role
from tests.conftest import Client, MakeClient
from tests.roster import MANY, admin, audited, call, closing, listed, nobody_left, one, row_of
from tests.signing import bearer, token_for

FIELDS = [
    *("id", "user", "status", "dialect", "channels", "origin", "connected_at", "disconnected_at", "last_seen"),
    *("remote", "user_agent", "last_seq", "lag", "queued_bytes", "rtt_ms", "close_code", "close_reason"),
]


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def publish(client: Client, channel: str = "plaza") -> int:
    async with client.post(f"/api/v1/channels/{channel}", json={}) as response:
        assert response.status == 201
        return int((await response.json())["seq"])


# -- the seed's own calls ---------------------------------------------------------------


async def test_the_seeds_calls_answer_in_the_seeds_shape(client: Client) -> None:
    for user, status in (("user1", "Ativa"), ("user2", "Inativa")):
        await call(client, "POST", MANY, json={"user": user, "status": status})

    status, page = await call(client, "GET", MANY)
    made = await call(client, "POST", MANY, json={"user": "user3", "status": "Ativa"})
    _, filtered = await call(client, "GET", f"{MANY}?status=Ativa&limit=10&offset=0")

    assert (status, list(page)) == (200, ["count", "next", "previous", "results"])
    assert {name: page[name] for name in ("count", "next", "previous")} == {"count": 2, "next": None, "previous": None}
    assert [list(row.items())[:3] for row in page["results"]] == [
        [("id", 1), ("user", "user1"), ("status", "Ativa")],
        [("id", 2), ("user", "user2"), ("status", "Inativa")],
    ]
    assert made[0] == 201
    assert list(made[1].items())[:3] == [("id", 3), ("user", "user3"), ("status", "Ativa")]
    assert [row["id"] for row in filtered["results"]] == [1, 3]


async def test_the_lists_links_are_the_frameworks(client: Client) -> None:
    for number in range(5):
        await call(client, "POST", MANY, json={"user": f"user{number}", "status": "Ativa"})

    _, page = await call(client, "GET", f"{MANY}?limit=2&offset=2&status=Ativa")
    _, last = await call(client, "GET", f"{MANY}?limit=2&offset=4&status=Ativa")
    _, absurd = await call(client, "GET", f"{MANY}?limit=99999999999999999999&offset=-7&id_after=4&ordering=-id")

    place = str(client.make_url(MANY))
    assert page["next"] == f"{place}?limit=2&offset=4&status=Ativa"
    assert page["previous"] == f"{place}?limit=2&status=Ativa"
    assert (last["count"], last["next"], len(last["results"])) == (5, None, 1)
    assert [row["id"] for row in absurd["results"]] == [3, 2, 1]


# -- every connection is a row ----------------------------------------------------------


async def test_every_open_socket_and_stream_is_a_row(client: Client) -> None:
    async with (
        client.ws_connect("/api/v1/ws?channel=sensors,readings", headers={"User-Agent": "probe/1"}) as ws,
        client.ws_connect("/api/v1/ws", protocols=("realtime.v1",)),
        client.ws_connect("/ws/dashboard/"),
        client.get("/api/v1/events/stream?channel=plaza"),
        client.get("/api/v1/events/ndjson"),
    ):
        rows = await listed(client)
        seq = await publish(client)
        now = await row_of(client, 1)
        await ws.close(code=4999, message=b"enough")

    assert [list(row) for row in rows] == [FIELDS] * 5
    assert [row["dialect"] for row in rows] == ["channels", "realtime", "dashboard", "sse", "ndjson"]
    assert [row["channels"] for row in rows][:2] == [["sensors", "readings"], ["general"]]
    assert {(row["user"], row["status"], row["origin"], row["remote"]) for row in rows} == {
        ("guest", "Ativa", "socket", "127.0.0.1")
    }
    assert (rows[0]["user_agent"], rows[0]["close_code"], rows[0]["disconnected_at"]) == ("probe/1", None, None)
    assert rows[0]["connected_at"] <= rows[0]["last_seen"]
    assert (now["last_seq"], now["lag"], now["queued_bytes"]) == (seq, 0, 0)


async def test_a_closed_connection_stays_with_its_code(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws") as ws:
        await ws.close(code=4999)
    await nobody_left(client)

    (row,) = await listed(client, "?status=Inativa")
    assert (row["close_code"], row["close_reason"], row["lag"], row["queued_bytes"]) == (4999, None, None, None)
    assert row["disconnected_at"] >= row["connected_at"]
    assert row == await row_of(client, 1)


async def test_one_who_answered_no_ping_is_recorded_so(make_client: MakeClient) -> None:
    client = await make_client(heartbeat=100, heartbeat_timeout=100)
    async with client.ws_connect("/api/v1/ws", autoping=False) as ws:
        assert await closing(ws) == 4012
        await nobody_left(client)
        (row,) = await listed(client)

    assert (row["status"], row["close_code"]) == ("Inativa", 4012)
    assert row["close_reason"] == "no sign of life in time"


async def test_a_row_follows_what_its_client_subscribes_to(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?channel=sensors") as ws:
        assert await listed(client, "?channel=readings") == []
        await ws.send_json({"action": "subscribe", "channel": "readings"})
        await ws.receive_json(timeout=5)
        rows = await listed(client, "?channel=readings")

    assert [row["channels"] for row in rows] == [["sensors", "readings"]]


async def test_a_client_that_renews_its_credential_is_who_it_has_become(client: Client) -> None:
    token = await token_for(client, Role.AGENT, "ana")
    async with client.ws_connect("/api/v1/ws") as ws:
        assert [row["user"] for row in await listed(client)] == ["guest"]
        await ws.send_json({"type": "auth", "token": token})
        assert (await ws.receive_json(timeout=5))["success"]
        assert [row["user"] for row in await listed(client, "?user=ana")] == ["ana"]


async def test_the_time_of_an_answer_is_told(make_client: MakeClient) -> None:
    client = await make_client(heartbeat=50)
    async with client.ws_connect("/api/v1/ws") as ws:
        listening = asyncio.create_task(ws.receive())
        while (await row_of(client, 1))["rtt_ms"] is None:
            await asyncio.sleep(0.01)
        listening.cancel()
        assert 0 <= (await row_of(client, 1))["rtt_ms"] < 10_000


async def test_after_a_crash_no_row_is_open(client: Client, make_client: MakeClient, tmp_path: Path) -> None:
    async with client.ws_connect("/api/v1/ws"):
        await call(client, "POST", MANY, json={"user": "user3", "status": "Ativa"})
        assert [row["status"] for row in await listed(client)] == ["Ativa", "Ativa"]
        (tmp_path / "crashed").mkdir()
        for path in (tmp_path / "data0").glob("realtime.db*"):
            shutil.copy(path, tmp_path / "crashed")

    again = await make_client(data=tmp_path / "crashed")

    rows = await listed(again)
    assert [row["status"] for row in rows] == ["Inativa", "Inativa"]
    assert rows[0]["disconnected_at"]
    assert rows[0]["close_reason"]
    assert rows[1]["disconnected_at"] is None
    async with again.ws_connect("/api/v1/ws"):
        assert [row["id"] for row in await listed(again, "?status=Ativa")] == [3]


async def test_a_restart_keeps_the_rows_with_their_ends(make_client: MakeClient, tmp_path: Path) -> None:
    client = await make_client(data=tmp_path / "kept")
    async with client.ws_connect("/api/v1/ws") as ws:
        stopping = asyncio.create_task(client.app[keys.HUB].stop(0))
        assert await closing(ws) == 1001
        await stopping
    await client.close()

    again = await make_client(data=tmp_path / "kept")

    (row,) = await listed(again)
    assert (row["status"], row["close_code"], row["close_reason"]) == ("Inativa", 1001, "the server is stopping")


# -- filters and bad input --------------------------------------------------------------


@pytest.mark.parametrize("word", ["Ativa", "ATIVA", "active", "activa", "aCTIVa"])
async def test_a_status_may_be_spelt_in_many_ways(client: Client, word: str) -> None:
    _, made = await call(client, "POST", MANY, json={"user": "u", "status": word})
    await call(client, "POST", MANY, json={"user": "u", "status": word.lower().replace("a", "ina", 1)})

    assert made["status"] == "Ativa"
    assert [row["status"] for row in await listed(client, f"?status={word}")] == ["Ativa"]
    assert [row["id"] for row in await listed(client, "?status=INACTIVE")] == [2]


@pytest.mark.parametrize("word", ["x", "Ativo", "", " ", 5, True, "open"])
async def test_a_wrong_status_is_refused_in_the_frameworks_words(client: Client, word: Any) -> None:
    await call(client, "POST", MANY, json={"user": "u", "status": "Ativa"})
    said = {"status": [f'"{word}" is not a valid choice.']}

    for method, path in (("POST", MANY), ("PUT", one(1)), ("PATCH", one(1))):
        status, body = await call(client, method, path, json={"user": "u", "status": word})
        assert (status, body["errors"]) == (400, said), method
    if isinstance(word, str) and word:
        status, body = await call(client, "GET", MANY, params={"status": word})
        assert (status, body["errors"]) == (400, said)
    assert [row["status"] for row in await listed(client)] == ["Ativa"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "Ativa"},
        {"user": "u"},
        {"user": "", "status": "Ativa"},
        {"user": 5, "status": "Ativa"},
        {"user": " ana", "status": "Ativa"},
        {"user": "ana\u200b", "status": "Ativa"},
        {"user": "x" * 65, "status": "Ativa"},
        {"user": "u", "status": None},
        {"user": "u", "status": "Ativa", "id": 7},
        {"user": "u", "status": "Ativa", "color": "red"},
        {"user": "u", "status": "Ativa", "dialect": "sse"},
        {"user": "u", "status": "Ativa", "channels": []},
        {"user": "u", "status": "Ativa", "channels": ["No Channel"]},
        [],
    ],
)
async def test_a_bad_declaration_is_refused_and_leaves_nothing(client: Client, body: Any) -> None:
    status, problem = await call(client, "POST", MANY, json=body)

    assert (status, problem["code"]) == (400, "invalid")
    assert await listed(client) == []


@pytest.mark.parametrize("id", ["0", "7", "9223372036854775808", "9999999999999999999"])
async def test_an_unknown_id_is_not_found(client: Client, id: str) -> None:
    headers = await admin(client)
    for method, more in (("GET", {}), ("PATCH", {"json": {}}), ("DELETE", {})):
        status, _ = await call(client, method, f"{MANY}{id}/", headers=headers, **more)
        assert status == 404, method
    body = {"level": "info", "message": "hi"}
    assert (await call(client, "POST", f"{MANY}{id}/messages/", json=body, headers=headers))[0] == 404


@pytest.mark.parametrize("id", ["abc", "-1", "1.5", "99999999999999999999", "%31%00"])
async def test_an_id_of_another_type_is_no_address(client: Client, id: str) -> None:
    assert (await call(client, "GET", f"{MANY}{id}/"))[0] == 404


@pytest.mark.parametrize("query", ["block=-1", "block=x", "block=86401", "block=1e3", "reconnect=maybe"])
async def test_a_bad_way_of_closing_is_refused_and_closes_nothing(client: Client, query: str) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws"):
        for method, more in (("PATCH", {"json": {"status": "Inativa"}}), ("DELETE", {})):
            assert (await call(client, method, f"{one(1)}?{query}", headers=headers, **more))[0] == 400
        assert [row["status"] for row in await listed(client)] == ["Ativa"]


@pytest.mark.parametrize("query", ["dialect=morse", "channel=No%20Channel", 'channel="', "id_after=x"])
async def test_a_filter_of_no_meaning_is_refused(client: Client, query: str) -> None:
    assert (await call(client, "GET", f"{MANY}?{query}"))[0] == 400


async def test_an_idempotency_key_is_refused(client: Client) -> None:
    headers = {"Idempotency-Key": "k", **(await admin(client))}
    for path, body in (
        (MANY, {"user": "u", "status": "Ativa"}),
        (f"{one(1)}messages/", {"level": "info", "message": "x"}),
    ):
        assert (await call(client, "POST", path, json=body, headers=headers))[0] == 400
    assert await listed(client) == []


# -- rights -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.DEVICE])
async def test_who_has_no_right_is_not_told_whether_a_row_exists(client: Client, role: Role) -> None:
    headers = bearer(await token_for(client, role))
    async with client.ws_connect("/api/v1/ws"):
        for method, path, more in (
            ("GET", MANY, {}),
            ("POST", MANY, {"json": {"user": "u", "status": "Ativa"}}),
            *((method, one(number), {}) for number in (1, 7) for method in ("GET", "DELETE")),
            *(
                (method, one(number), {"json": {"status": "Inativa"}})
                for number in (1, 7)
                for method in ("PATCH", "PUT")
            ),
            *(("POST", f"{one(number)}messages/", {"json": {"level": "info", "message": "x"}}) for number in (1, 7)),
        ):
            status, body = await call(client, method, path, headers=headers, **more)
            assert (status, body["code"]) == ((403, "not_permitted") if status != 400 else (400, "")), (method, path)
        assert [row["status"] for row in await listed(client)] == ["Ativa"]


async def test_a_guest_sees_and_declares_and_never_kicks(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws"):
        await call(client, "POST", MANY, json={"user": "another", "status": "Ativa"}, headers=headers)
        answers = [
            await call(client, method, one(number), **more)
            for number in (1, 2, 7)
            for method, more in (("DELETE", {}), ("PATCH", {"json": {"status": "Inativa"}}))
        ]
        notice = await call(client, "POST", f"{one(1)}messages/", json={"level": "info", "message": "x"})
        assert {(status, body["detail"]) for status, body in answers} == {(403, answers[0][1]["detail"])}
        assert notice[0] == 403
        assert [row["status"] for row in await listed(client)] == ["Ativa", "Ativa"]

    await call(client, "POST", MANY, json={"user": "mine", "status": "Ativa"})
    assert (await call(client, "PATCH", one(3), json={"status": "inactive"}))[1]["status"] == "Inativa"
    assert (await call(client, "PUT", one(3), json={"user": "yours", "status": "active"}))[1]["user"] == "yours"
    assert (await call(client, "DELETE", one(3)))[0] == 204


async def test_a_closed_server_asks_for_a_credential(closed: Client) -> None:
    for method, path in (("GET", MANY), ("POST", MANY), ("GET", one(1)), ("PATCH", one(1)), ("DELETE", one(1))):
        assert (await call(closed, method, path))[0] == 401


async def test_a_token_for_the_roster_alone_may_look_and_not_close(client: Client) -> None:
    headers = bearer(await token_for(client, Role.ADMIN, verbs=[Action.ROSTER]))
    async with client.ws_connect("/api/v1/ws"):
        assert len(await listed(client, headers=headers)) == 1
        assert (await call(client, "DELETE", one(1), headers=headers))[0] == 403


# -- closing ----------------------------------------------------------------------------


async def refused(client: Client, path: str, **options: Any) -> int:
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.ws_connect(path, **options)
    return caught.value.status


async def test_a_kicked_client_is_kept_out_of_that_door_for_a_while(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws:
        status, row = await call(client, "PATCH", one(1), json={"status": "Inativa"}, headers=headers)
        assert await closing(ws) == 4503

    assert (status, row["status"], row["close_code"]) == (200, "Inativa", 4503)
    assert row["disconnected_at"]
    assert await refused(client, "/api/v1/ws") == 403
    async with client.get("/api/v1/ws", headers=HANDSHAKE) as response:
        assert (await response.json())["code"] == "blocked"
        assert 0 < int(response.headers["Retry-After"]) <= 60
    async with client.ws_connect("/api/v1/ws/secure"), client.ws_connect("/api/v1/ws", headers=headers):
        pass
    assert await row_of(client, 1) == row


async def test_a_block_lasts_as_long_as_it_says(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws:
        await call(client, "DELETE", f"{one(1)}?block=1", headers=headers)
        assert await closing(ws) == 4503
    assert await refused(client, "/api/v1/ws") == 403

    while client.app[keys.ROSTER].blocks.left("guest:127.0.0.1", "channels"):
        await asyncio.sleep(0.02)
    async with client.ws_connect("/api/v1/ws") as ws:
        await call(client, "DELETE", f"{one(2)}?block=0", headers=headers)
        assert await closing(ws) == 4503
    async with client.ws_connect("/api/v1/ws"):
        pass


async def test_reconnect_asks_the_client_to_come_back_and_blocks_nothing(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws:
        status, row = await call(
            client, "PATCH", f"{one(1)}?reconnect=1&block=60", json={"status": "inactive"}, headers=headers
        )
        assert await closing(ws) == 4011

    assert (status, row["close_code"]) == (200, 4011)
    async with client.ws_connect("/api/v1/ws"):
        pass


async def test_a_deleted_row_is_gone_and_does_not_return_when_its_socket_ends(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws, client.ws_connect("/api/v1/ws"):
        assert (await call(client, "DELETE", one(1), headers=headers))[0] == 204
        assert [row["id"] for row in await listed(client)] == [2]
        assert await closing(ws) == 4503
    await nobody_left(client)

    assert [row["id"] for row in await listed(client)] == [2]
    assert (await call(client, "GET", one(1)))[0] == 404
    assert (await call(client, "DELETE", one(2), headers=headers))[0] == 204
    assert (await call(client, "GET", MANY))[1]["count"] == 0


async def test_a_closed_row_takes_nothing_but_what_it_is(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws"):
        assert (await call(client, "PATCH", one(1), json={"status": "Ativa"}, headers=headers))[0] == 200
        assert (await call(client, "PATCH", one(1), json={"user": "ana"}, headers=headers))[0] == 400
        assert (await call(client, "PUT", one(1), json={"status": "Ativa"}, headers=headers))[0] == 400
    await nobody_left(client)
    before = await row_of(client, 1)

    assert await call(client, "PATCH", one(1), json={"status": "Inativa"}, headers=headers) == (200, before)
    assert (await call(client, "PATCH", one(1), json={"status": "Ativa"}, headers=headers))[0] == 409
    body = {"user": "guest", "status": "Inativa"}
    assert await call(client, "PUT", one(1), json=body, headers=headers) == (200, before)


async def test_an_event_stream_that_was_kicked_does_not_come_back(client: Client) -> None:
    headers = await admin(client)
    async with client.get("/api/v1/events/stream?channel=plaza&since=now") as response:
        assert (await call(client, "DELETE", one(1), headers=headers))[0] == 204
        await asyncio.wait_for(response.read(), 10)

    # The answer after which a browser's EventSource gives up.
    async with client.get("/api/v1/events/stream?channel=plaza") as response:
        assert response.status == 204
    async with client.get("/api/v1/events/ndjson?channel=plaza") as response:
        assert response.status == 200


async def test_who_is_blocked_is_refused_also_where_it_says_late_who_it_is(make_client: MakeClient) -> None:
    client = await make_client(access="closed")
    headers, token = await admin(client), await token_for(client, Role.AGENT, "ana")
    async with client.ws_connect("/api/v1/ws/secure", headers=bearer(token)) as ws:
        await call(client, "DELETE", one(1), headers=headers)
        assert await closing(ws) == 4503

    async with client.ws_connect("/api/v1/ws/secure") as ws:
        await ws.send_json({"type": "auth", "token": token})
        assert await closing(ws) == 4503
    assert await refused(client, "/api/v1/ws/secure", headers=bearer(token)) == 403


async def test_who_is_blocked_does_not_come_in_as_somebody_else_and_renew(client: Client) -> None:
    headers, token = await admin(client), await token_for(client, Role.AGENT, "ana")
    async with client.ws_connect("/api/v1/ws", headers=bearer(token)) as ws:
        await call(client, "DELETE", one(1), headers=headers)
        assert await closing(ws) == 4503

    async with client.ws_connect("/api/v1/ws") as ws:
        await ws.send_json({"type": "auth", "token": token})
        assert await closing(ws) == 4503


async def test_what_is_done_to_connections_is_audited(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws:
        await call(client, "PATCH", f"{one(1)}?block=5", json={"status": "Inativa"}, headers=headers)
        await closing(ws)
    await call(client, "POST", MANY, json={"user": "u", "status": "Ativa"}, headers=headers)
    await call(client, "PATCH", one(2), json={"status": "Inativa"}, headers=headers)
    await call(client, "DELETE", one(2), headers=headers)

    entries = audited(client)
    assert [entry["action"].removeprefix("connection_") for entry in entries] == [
        *("kicked", "blocked", "declared", "updated", "deleted")
    ]
    assert {entry["user"]["username"] for entry in entries} == {"the-admin"}
    kicked, blocked = (entry["details"] for entry in entries[:2])
    assert (kicked["connection_id"], kicked["code"], kicked["user"]) == (1, 4503, "guest")
    assert (blocked["blocked"], blocked["door"], blocked["seconds"]) == ("guest:127.0.0.1", "channels", 5)


# -- saying something -------------------------------------------------------------------


async def test_a_signal_goes_to_one_connection_whatever_it_listens_to(client: Client) -> None:
    headers = await admin(client)
    said = {"level": "warning", "message": "Até logo"}
    async with (
        client.ws_connect("/api/v1/ws/secure?channel=plaza") as one_of_them,
        client.ws_connect("/api/v1/ws/secure?channel=plaza") as other,
        client.ws_connect("/api/v1/ws", protocols=("realtime.v1",)) as canonical,
    ):
        assert (await canonical.receive_json(timeout=5))["type"] == "hello"
        answers = [
            await call(client, "POST", f"{one(number)}messages/", json=said, headers=headers) for number in (1, 3)
        ]
        await publish(client)
        frames = [await one_of_them.receive_json(timeout=5) for _ in range(2)]
        first = await other.receive_json(timeout=5)
        told = await canonical.receive_json(timeout=5)

    assert answers == [(202, said), (202, said)]
    assert [frame["type"] for frame in frames] == ["system_event", "message"]
    assert list(frames[0]) == ["type", "level", "message", "data", "timestamp"]
    assert {name: frames[0][name] for name in said} == said
    assert (told["type"], told["message"]) == ("system_event", "Até logo")
    assert first["type"] == "message"


async def test_a_stream_hears_what_is_said_to_it_alone(client: Client) -> None:
    headers = await admin(client)
    async with (
        client.get("/api/v1/events/stream?channel=plaza") as sse,
        client.get("/api/v1/events/ndjson?channel=plaza") as lines,
    ):
        for number in (1, 2):
            body = {"level": "error", "message": str(number)}
            assert (await call(client, "POST", f"{one(number)}messages/", json=body, headers=headers))[0] == 202
        said = [await asyncio.wait_for(stream.content.readline(), 5) for stream in (sse, lines)]

    assert json.loads(said[0].removeprefix(b"data: "))["message"] == "1"
    assert json.loads(said[1])["type"] == "system_event"


async def test_the_dashboard_has_its_own_word_for_it(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/ws/dashboard/") as ws:
        await call(client, "POST", f"{one(1)}messages/", json={"level": "info", "message": "hi"}, headers=headers)
        while (frame := await ws.receive_json(timeout=5))["type"] != "system_notice":
            pass
    assert {name: frame["data"][name] for name in ("level", "message")} == {"level": "info", "message": "hi"}


async def test_nothing_is_said_to_who_is_not_there(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws"):
        pass
    await nobody_left(client)
    await call(client, "POST", MANY, json={"user": "u", "status": "Ativa"})

    for number in (1, 2):
        body = {"level": "info", "message": "x"}
        assert (await call(client, "POST", f"{one(number)}messages/", json=body, headers=headers))[0] == 409


@pytest.mark.parametrize(
    "body", [{"level": "loud", "message": "x"}, {"level": "info"}, {"level": "info", "message": "x" * 501}, {}]
)
async def test_a_bad_message_is_refused(client: Client, body: dict[str, Any]) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws"):
        assert (await call(client, "POST", f"{one(1)}messages/", json=body, headers=headers))[0] == 400


async def test_metrics_tell_who_came_and_who_was_kept_out(client: Client) -> None:
    headers = await admin(client)
    async with client.ws_connect("/api/v1/ws") as ws:
        await call(client, "DELETE", one(1), headers=headers)
        await closing(ws)
    await refused(client, "/api/v1/ws")

    async with client.get("/metrics") as response:
        figures = await response.text()
    assert 'realtime_sessions_opened_total{door="channels"} 1.0' in figures
    assert 'realtime_sessions_closed_total{code="4503"} 1.0' in figures
    assert "realtime_blocks 1.0" in figures
    assert "realtime_blocks_refused_total 1.0" in figures


async def test_metrics_tell_how_clients_have_left_by_codes_that_nobody_can_make_up(client: Client) -> None:
    for code in (1000, 4777, 4778):
        ws = await client.ws_connect("/api/v1/ws")
        await ws.close(code=code)
    (await client.ws_connect("/api/v1/ws"))._response.close()
    await nobody_left(client)

    async with client.get("/metrics") as response:
        figures = await response.text()
    found = dict(re.findall(r'^realtime_sessions_left_total\{code="(\w+)"\} (.+)$', figures, re.MULTILINE))
    assert found == {"1000": "1.0", "other": "2.0", "none": "1.0"}
