"""Users, tokens and tickets by REST."""

import pytest

from realtime.policy import Role
from tests.signing import CHANNELS, LIST, WRONG, accounts_of, bearer, me, principal_of, problem, refusal, token_for

USERS, TOKENS, TICKET = "/api/v1/users/", "/api/v1/tokens/", "/api/v1/ws/ticket"


@pytest.fixture
async def root(client):
    """The header of an admin."""
    return bearer(await token_for(client, Role.ADMIN))


async def create(client, path, headers, **body):
    async with client.post(path, headers=headers, json=body) as response:
        assert response.status == 201, await response.text()
        return await response.json()


# -- users ----------------------------------------------------------------------------


async def test_users_are_made_read_changed_and_disabled(client, root):
    async with client.post(USERS, headers=root, json={"name": "ana", "role": "agent"}) as response:
        row = await response.json()
        assert (response.status, response.headers["Location"]) == (201, f"{USERS}{row['id']}/")
    assert set(row) == {"id", "uuid", "name", "role", "active", "online", "last_seen", "created_at", "updated_at"}
    assert (row["online"], row["last_seen"]) == (False, None)

    for key in (row["id"], row["uuid"], row["uuid"].upper()):
        async with client.get(f"{USERS}{key}/", headers=root) as response:
            assert await response.json() == row
    async with client.patch(f"{USERS}{row['uuid']}", headers=root, json={"role": "viewer"}) as response:
        assert ((await response.json())["role"], response.status) == ("viewer", 200)
    async with client.put(f"{USERS}{row['id']}/", headers=root, json={"role": "agent", "active": True}) as response:
        assert (await response.json())["role"] == "agent"
    async with client.delete(f"{USERS}{row['id']}/", headers=root) as response:
        assert response.status == 204
    async with client.get(f"{USERS}{row['id']}/", headers=root) as response:
        assert (await response.json())["active"] is False
    async with client.post(USERS, headers=root, json={"name": "ANA", "role": "agent"}) as response:
        assert await problem(response) == (409, "conflict")


async def test_lists_of_users_are_paged_filtered_and_ordered(client, root):
    for name in ("ana", "eva", "leo"):
        await create(client, USERS, root, name=name, role="viewer")

    async def names(query):
        async with client.get(USERS + query, headers=root) as response:
            body = await response.json()
            return body["count"], [row["name"] for row in body["results"]]

    assert await names("?limit=2") == (6, ["system", "guest"])
    assert await names("?limit=2&offset=3") == (6, ["ana", "eva"])
    assert await names("?ordering=-id&limit=1") == (6, ["leo"])
    assert await names("?id_after=4&limit=1") == (6, ["eva"])
    assert await names("?name=EVA") == (1, ["eva"])
    assert await names("?search=V") == (1, ["eva"])
    assert await names("?search=%25") == (0, [])
    assert await names("?role=admin") == (1, ["the-admin"])
    assert await names("?active=false") == (0, [])
    assert (await names("?unknown=1"))[0] == 6
    async with client.get(f"{USERS}?active=perhaps", headers=root) as response:
        assert await problem(response) == (400, "invalid")


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.AGENT, Role.DEVICE])
async def test_users_are_for_admins(client, role):
    headers = {} if role is None else bearer(await token_for(client, role))

    for method, path in (
        ("GET", USERS),
        ("POST", USERS),
        ("GET", f"{USERS}1/"),
        ("PATCH", f"{USERS}1/"),
        ("PUT", f"{USERS}1/"),
        ("DELETE", f"{USERS}1/"),
        ("POST", f"{USERS}1/link/"),
        ("DELETE", f"{USERS}1/password/"),
    ):
        async with client.request(method, path, headers=headers, json={"name": "x", "role": "admin"}) as response:
            assert await problem(response) == (403, "not_permitted"), (method, path)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "ana"},
        {"role": "agent"},
        {"name": "ana", "role": "guest"},
        {"name": "ana", "role": "nobody"},
        {"name": "ana", "role": ["agent"]},
        {"name": 7, "role": "agent"},
        {"name": "a b", "role": "agent"},
        {"name": "x" * 65, "role": "agent"},
        {"name": "ana", "role": "agent", "id": 1},
        {"name": "ana", "role": "agent", "active": False},
        {"name": "ana", "role": "agent", "uuid": "00000000-0000-4000-8000-000000000000"},
        [],
    ],
)
async def test_a_bad_body_makes_no_user(client, root, body):
    async with client.post(USERS, headers=root, json=body) as response:
        assert (await problem(response))[0] == 400
    async with client.get(USERS, headers=root) as response:
        assert (await response.json())["count"] == 3


@pytest.mark.parametrize("key", ["0", "99", "9" * 19, "00000000-0000-4000-8000-000000000000", "abc", "1e3"])
async def test_who_is_not_there_is_not_found(client, root, key):
    for method, body in (("GET", None), ("PATCH", {"role": "agent"}), ("DELETE", None)):
        async with client.request(method, f"{USERS}{key}/", headers=root, json=body) as response:
            assert await problem(response) == (404, "not_found")


async def test_the_last_admin_and_the_built_in_users_stay_as_they_are(client, root):
    who = await me(client, **root)

    for path in (f"{USERS}{who['user_id']}/", f"{USERS}1/", f"{USERS}2/"):
        async with client.delete(path, headers=root) as response:
            assert await problem(response) == (409, "conflict")
    assert (await me(client, **root))["role"] == "admin"


async def test_an_admin_sets_a_password_and_takes_it_away(client, root):
    row = await create(client, USERS, root, name="ana", role="viewer")
    path = f"{USERS}{row['uuid']}/password/"

    for body in ({}, {"password": ""}, {"password": 7}, {"password": "short"}, {"password": "x" * 300}, {"hash": "x"}):
        async with client.put(path, headers=root, json=body) as response:
            assert await problem(response) == (400, "invalid"), body
    async with client.put(path, headers=root, json={"password": "Password1234"}) as response:
        assert (await response.json())["errors"] == {"password": ["Is one of the passwords that are tried first."]}
    async with client.put(path, headers=root, json={"password": "correct horse battery"}) as response:
        assert (response.status, await response.read()) == (204, b"")
    async with client.delete(path, headers=root) as response:
        assert response.status == 204
    async with client.delete(path, headers=root) as response:
        assert await problem(response) == (404, "not_found")
    async with client.put(f"{USERS}2/password/", headers=root, json={"password": "correct horse battery"}) as response:
        assert await problem(response) == (409, "conflict")


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.AGENT, Role.DEVICE])
async def test_no_token_of_anybody_else_sets_a_password(client, role):
    headers = {} if role is None else bearer(await token_for(client, role))

    for user in (1, 2, 3, 99):
        body = {"password": "correct horse battery"}
        async with client.put(f"{USERS}{user}/password/", headers=headers, json=body) as response:
            assert await problem(response) == (403, "not_permitted")


# -- tokens ---------------------------------------------------------------------------


async def test_a_token_is_told_once_listed_without_its_secret_and_revoked(client, root):
    made = await create(client, TOKENS, root, user="ana", role="agent", make_user=True, channels=["lab"], days=1)
    assert made["token"].startswith("rt_")
    assert (made["user"], made["role"], made["channels"], made["verbs"]) == ("ana", "agent", ["lab"], None)
    assert (await me(client, **bearer(made["token"])))["name"] == "ana"

    async with client.get(TOKENS, headers=root) as response:
        text = await response.text()
        row = (await response.json())["results"][-1]
    assert row == {name: value for name, value in made.items() if name != "token"}
    assert made["token"] not in text
    assert "hash" not in text

    for _ in range(2):
        async with client.delete(f"{TOKENS}{made['id']}/", headers=root) as response:
            assert response.status == 204
    assert await me(client, **bearer(made["token"])) == 401
    for query, ids in (("?revoked=true", [made["id"]]), ("?user_id=3", [1]), (f"?user_id={made['user_id']}", [])):
        async with client.get(TOKENS + query, headers=root) as response:
            assert [row["id"] for row in (await response.json())["results"]] == ids


async def test_people_make_and_revoke_tokens_for_themselves(client, root):
    mine = bearer(await token_for(client, Role.AGENT))
    other = await create(client, TOKENS, root, user="eva", role="agent", make_user=True)

    made = await create(client, TOKENS, mine, role="device")
    assert (made["user"], made["role"]) == ("the-agent", "device")
    async with client.get(TOKENS, headers=mine) as response:
        assert (await response.json())["count"] == 2
    for body in ({"user": "eva"}, {"user": other["user_id"]}, {"user": "new", "make_user": True}):
        async with client.post(TOKENS, headers=mine, json=body) as response:
            assert await problem(response) == (403, "not_permitted")
    async with client.post(TOKENS, headers=mine, json={"role": "admin"}) as response:
        assert await problem(response) == (400, "invalid")
    async with client.delete(f"{TOKENS}{other['id']}/", headers=mine) as response:
        assert await problem(response) == (404, "not_found")
    async with client.delete(f"{TOKENS}{made['id']}/", headers=mine) as response:
        assert response.status == 204


async def test_guests_have_no_tokens(client):
    for method, path in (("GET", TOKENS), ("POST", TOKENS), ("DELETE", f"{TOKENS}1/")):
        async with client.request(method, path, json={}) as response:
            assert await problem(response) == (403, "not_permitted")


@pytest.mark.parametrize(
    "body",
    [
        {"user": True},
        {"user": []},
        {"user": ""},
        {"user": "x" * 65},
        {"role": "guest"},
        {"role": 1},
        {"channels": "lab"},
        {"channels": [1]},
        {"channels": ["no such name"]},
        {"channels": ["a"] * 101},
        {"verbs": ["fly"]},
        {"verbs": "read"},
        {"days": 0},
        {"days": 1.5},
        {"days": "7"},
        {"days": 10**9},
        {"days": True},
        {"make_user": 1},
        {"hash": "x"},
        {"token": WRONG},
        {"expires_at": None},
        [],
    ],
)
async def test_a_bad_body_makes_no_token(client, root, body):
    async with client.post(TOKENS, headers=root, json=body) as response:
        assert (await problem(response))[0] == 400
        assert WRONG not in await response.text()
    async with client.get(TOKENS, headers=root) as response:
        assert (await response.json())["count"] == 1


async def test_the_limits_of_a_token_hold(client, root):
    made = await create(
        client, TOKENS, root, user="ana", role="agent", make_user=True, channels=["lab"], verbs=["read", "publish"]
    )
    headers = bearer(made["token"])

    async with client.post("/api/v1/channels/lab", headers=headers, json={}) as response:
        assert response.status == 201
    for path in ("/api/v1/channels/other", LIST):
        async with client.post(path, headers=headers, json={"tipo": "a", "modelo": "b"}) as response:
            assert response.status == 403
    assert await refusal(client, f"{CHANNELS}/secure?channel=lab", headers=headers) == 101
    assert await refusal(client, f"{CHANNELS}/secure?channel=chat", headers=headers) == 403


# -- tickets, idempotency keys, me ----------------------------------------------------


async def test_a_ticket_is_good_once_at_a_socket_and_for_guests_of_an_open_server_too(client):
    for headers in ({}, bearer(await token_for(client))):
        async with client.post(TICKET, headers=headers) as response:
            body = await response.json()
            assert (response.status, body["expires_in"]) == (201, 30)
        assert await refusal(client, f"{CHANNELS}?ticket={body['ticket']}") == 101
        assert await refusal(client, f"{CHANNELS}?ticket={body['ticket']}") == 401


async def test_on_a_closed_server_a_ticket_needs_a_credential(closed):
    async with closed.post(TICKET) as response:
        assert await problem(response) == (401, "unauthenticated")


async def test_a_ticket_never_raises_rights(client):
    token = await token_for(client, Role.VIEWER)
    ticket = accounts_of(client).tickets.issue(await principal_of(client, token))

    async with client.ws_connect(f"{CHANNELS}/secure?ticket={ticket}") as ws:
        await ws.send_json({"action": "publish", "channel": "lab", "data": 1, "id": 1})
        assert (await ws.receive_json(timeout=5))["error"]["code"] == "not_permitted"


@pytest.mark.parametrize("path", [USERS, TOKENS, TICKET, f"{USERS}3/link/", "/login/rk_x"])
async def test_an_idempotency_key_is_refused_where_the_answer_could_not_be_given_again(client, root, path):
    async with client.post(path, headers={**root, "Idempotency-Key": "1"}, json={}) as response:
        assert await problem(response) == (400, "invalid")


async def test_me_says_who_one_is_and_nothing_that_could_be_used(client):
    token = await token_for(client, Role.DEVICE, days=3)

    async with client.get("/api/v1/me", headers=bearer(token)) as response:
        text, who = await response.text(), await response.json()
    assert set(who) == {"name", "role", "user_id", "credential", "expires_at", "access", "may", "reads"}
    assert (who["name"], who["role"], who["credential"]) == ("the-device", "device", "token")
    assert token not in text
