"""What is counted and written about requests: enough to understand, and never a secret."""

import json

from realtime import keys
from tests.signing import CHANNELS, LIST, STREAM, WRONG, bearer, cookie_for, link_for, token_for


async def test_answers_are_counted_by_route_and_never_by_what_a_user_chose(client):
    for path in (LIST, f"{LIST}1/", f"{LIST}2/", "/nothing", f"/x/{WRONG}"):
        await (await client.get(path)).release()
    counted = client.app[keys.REQUESTS]

    assert counted["GET", LIST.rstrip("/"), 200] == 1
    assert counted["GET", "", 404] == 2
    assert sum(count for (_, route, status), count in counted.items() if "{id" in route and status == 404) == 2
    assert all(WRONG not in route for _, route, _ in counted)


async def test_no_secret_gets_into_the_log_by_whatever_way_it_came(make_client, log_lines):
    client = await make_client(access_log=True, access="closed")
    token, cookie, code = await token_for(client), await cookie_for(client), await link_for(client)
    secrets = [token, WRONG, code, cookie["Cookie"].partition("=")[2]]
    for headers in (bearer(token), bearer(WRONG), cookie, {"Authorization": f"Basic {token}"}):
        for path in (LIST, "/api/v1/me", f"/nothing/{token}", f"{LIST}?token={token}"):
            await (await client.get(path, headers=headers)).release()
    for path in (f"{STREAM}?token={token}&channel={WRONG}", f"/login/{code}", f"/login/{WRONG}"):
        await (await client.get(path)).release()
    await (await client.post(f"/login/{code}", allow_redirects=False)).release()
    async with client.ws_connect(f"{CHANNELS}?token={token}", protocols=["bearer", token]):
        pass
    async with client.post("/api/v1/ws/ticket", headers=bearer(token)) as response:
        secrets.append((await response.json())["ticket"])
    async with client.ws_connect(f"{CHANNELS}?ticket={secrets[-1]}"):
        pass
    await client.close()

    lines = json.dumps(log_lines())
    assert len([line for line in log_lines() if line["event"] == "request"]) >= 20
    for secret in secrets:
        assert secret[4:] not in lines
    assert "?" not in "".join(line.get("path", "") for line in log_lines())


async def test_a_line_of_the_log_tells_who_asked_what_and_how_it_ended(make_client, log_lines):
    client = await make_client(access_log=True)
    async with client.get(f"{LIST}?limit=1", headers=bearer(await token_for(client))) as response:
        name = response.headers["X-Request-Id"]

    (line,) = [line for line in log_lines() if line.get("request_id") == name]
    assert (line["method"], line["path"], line["status"], line["address"]) == ("GET", LIST, 200, "127.0.0.1")
    assert line["who"] == "token 1"
    assert line["milliseconds"] >= 0


async def test_without_the_setting_no_request_costs_a_line(client, log_lines):
    await (await client.get(LIST)).release()

    assert not [line for line in log_lines() if line["event"] == "request"]
