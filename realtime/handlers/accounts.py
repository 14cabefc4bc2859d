"""Users, tokens and tickets by REST, and who one is."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.clock import timestamp
from realtime.errors import Problem
from realtime.handlers.access import require, rights_of, signed_in
from realtime.handlers.answers import answer, empty
from realtime.handlers.bodies import read_json
from realtime.handlers.filters import IDENTIFIER, TEXT, Filter, stretch, value
from realtime.handlers.idempotency import refuse_key
from realtime.handlers.logins import link_url
from realtime.handlers.pagination import Window, page, page_after, parameter, window
from realtime.handlers.schemas.accounts import NewPassword, NewToken, NewUser, UserChange
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.policy import Action, Role
from realtime.services.credentials import words
from realtime.services.tokens import Wanted
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row

_NEW_USER: Final = NewUser()
_USER_CHANGE: Final = UserChange()
_NEW_PASSWORD: Final = NewPassword()
_NEW_TOKEN: Final = NewToken()

_FLAG: Final = Filter({"true": True, "false": False}.get, "true or false.", {"type": "boolean"})


async def list_users(request: web.Request) -> web.Response:
    """`GET /api/v1/users/?name=&role=&active=&search=`: a page of users."""
    require(request, Action.ADMIN)
    where = {name: text for name in ("name", "role") if (text := parameter(request, name))}
    active = value(request, "active", _FLAG)
    wanted = window(request)
    part = stretch(request, wanted)
    conditions = where if active is None else {**where, "active": active}
    search = value(request, "search", TEXT) or ""
    count, rows = await request.app[keys.ACCOUNTS].users.list(conditions, part, search=search)
    return _listed(request, wanted, part, count, await _shown(request, *rows))


async def create_user(request: web.Request) -> web.Response:
    """`POST /api/v1/users/`: 201 and the row."""
    who = require(request, Action.ADMIN)
    refuse_key(request)
    body = check(_NEW_USER, await read_json(request))
    row = await request.app[keys.ACCOUNTS].users.create(who, body["name"], Role(body["role"]))
    (view,) = await _shown(request, row)
    return answer(view, 201, headers={"Location": f"/api/v1/users/{row['id']}/"})


async def get_user(request: web.Request) -> web.Response:
    """`GET /api/v1/users/{id or uuid}/`."""
    require(request, Action.ADMIN)
    (view,) = await _shown(request, await request.app[keys.ACCOUNTS].users.get(_user_key(request)))
    return answer(view)


async def replace_user(request: web.Request) -> web.Response:
    """`PUT /api/v1/users/{id or uuid}/`: role, and whether active (true where not given)."""
    return await _update_user(request, partial=False)


async def change_user(request: web.Request) -> web.Response:
    """`PATCH /api/v1/users/{id or uuid}/`: role, active, or both."""
    return await _update_user(request, partial=True)


async def disable_user(request: web.Request) -> web.Response:
    """`DELETE /api/v1/users/{id or uuid}/`: deactivated, all credentials revoked; the name stays taken. 204."""
    who = require(request, Action.ADMIN)
    await request.app[keys.ACCOUNTS].users.update(who, _user_key(request), active=False)
    return empty()


async def make_link(request: web.Request) -> web.Response:
    """`POST /api/v1/users/{id or uuid}/link/`: 201 `{user, url, expires_at}`, a one-time sign-in link."""
    who = require(request, Action.ADMIN)
    refuse_key(request)
    link = await request.app[keys.ACCOUNTS].logins.make_link(who, _user_key(request))
    body = {"user": link.user, "url": link_url(request, link.code), "expires_at": timestamp(link.expires_at)}
    return answer(body, 201)


async def set_password(request: web.Request) -> web.Response:
    """`PUT /api/v1/users/{id or uuid}/password/` with `{password, current?}`: by an admin or by its user. 204."""
    who = signed_in(request)
    body = check(_NEW_PASSWORD, await read_json(request))
    address = request[keys.ADDRESS]
    await request.app[keys.ACCOUNTS].passwords.set(who, _user_key(request), **body, address=address)
    return empty()


async def remove_password(request: web.Request) -> web.Response:
    """`DELETE /api/v1/users/{id or uuid}/password/`: sign-in links are the way in that is left. 204."""
    who = require(request, Action.ADMIN)
    await request.app[keys.ACCOUNTS].passwords.remove(who, _user_key(request))
    return empty()


async def list_tokens(request: web.Request) -> web.Response:
    """`GET /api/v1/tokens/?user_id=&revoked=`: a page of one's own tokens; an admin's, of all."""
    who = signed_in(request)
    wanted = window(request)
    part = stretch(request, wanted)
    revoked = value(request, "revoked", _FLAG) or False
    user_id = value(request, "user_id", IDENTIFIER)
    tokens = request.app[keys.ACCOUNTS].tokens
    count, rows = await tokens.list(who, part, user_id=user_id, revoked=revoked)
    return _listed(request, wanted, part, count, [token_view(row) for row in rows])


async def create_token(request: web.Request) -> web.Response:
    """`POST /api/v1/tokens/`: 201, the row, and `token`: the secret, told this once."""
    who = signed_in(request)
    refuse_key(request)
    body = check(_NEW_TOKEN, await read_json(request))
    role, verbs = body.pop("role"), body.pop("verbs")
    wanted = Wanted(
        role=None if role is None else Role(role),
        verbs=None if verbs is None else [Action(verb) for verb in verbs],
        **body,
    )
    row, secret = await request.app[keys.ACCOUNTS].tokens.create(who, wanted)
    return answer({**token_view(row), "token": secret}, 201, headers={"Location": f"/api/v1/tokens/{row['id']}/"})


async def revoke_token(request: web.Request) -> web.Response:
    """`DELETE /api/v1/tokens/{id}/`: revoked, its sockets closed. 204."""
    who = signed_in(request)
    await request.app[keys.ACCOUNTS].tokens.revoke(who, _id(request.match_info["id"], "token"))
    return empty()


async def make_ticket(request: web.Request) -> web.Response:
    """`POST /api/v1/ws/ticket`: 201 `{ticket, expires_in}`; good once, as `?ticket=` on a socket."""
    who = request[keys.PRINCIPAL]
    refuse_key(request)
    tickets = request.app[keys.ACCOUNTS].tickets
    return answer({"ticket": tickets.issue(who), "expires_in": tickets.seconds}, 201)


async def me(request: web.Request) -> web.Response:
    """`GET /api/v1/me`: `{name, role, user_id, credential (its kind), expires_at, access, may, reads}`."""
    who = request[keys.PRINCIPAL]
    rights = rights_of(request, who)
    body = {
        "name": who.name,
        "role": who.role,
        "user_id": who.user_id,
        "credential": who.credential.partition(":")[0],
        "expires_at": None if who.expires_at is None else timestamp(who.expires_at),
        "access": request.app[keys.SETTINGS].access_mode,
        "may": rights.may,
        "reads": rights.reads,
    }
    return answer(body)


def user_view(row: Row, seen: tuple[bool, int] | None) -> dict[str, Any]:
    """A user as answers show it; `seen` is whether online, and when they last came or left."""
    view = {name: row[name] for name in ("id", "uuid", "name", "role", "active")}
    online, last_seen = (False, None) if seen is None else (seen[0], timestamp(seen[1]))
    times = {name: timestamp(row[name]) for name in ("created_at", "updated_at")}
    return {**view, "online": online, "last_seen": last_seen, **times}


def token_view(row: Row) -> dict[str, Any]:
    """A token as answers show it; the secret is not in the row."""
    view = {name: row[name] for name in ("id", "user_id", "user", "name", "role")}
    for limit in ("channels", "verbs"):
        view[limit] = None if row[limit] is None else words(row[limit])
    for time in ("created_at", "expires_at", "revoked_at"):
        view[time] = None if row[time] is None else timestamp(row[time])
    return view


def _listed(
    request: web.Request, wanted: Window, part: Stretch, count: int, results: list[dict[str, Any]]
) -> web.Response:
    if part.id_after is None:
        return answer(page(request, wanted, count, results))
    return answer(page_after(request, wanted, count, results))


async def _shown(request: web.Request, *rows: Row) -> list[dict[str, Any]]:
    seen = await request.app[keys.PRESENCE].seen([row["id"] for row in rows])
    return [user_view(row, seen.get(row["id"])) for row in rows]


async def _update_user(request: web.Request, *, partial: bool) -> web.Response:
    who = require(request, Action.ADMIN)
    body = check(_USER_CHANGE, await read_json(request), partial=partial)
    role = Role(body["role"]) if "role" in body else None
    users = request.app[keys.ACCOUNTS].users
    row = await users.update(who, _user_key(request), role=role, active=body.get("active"))
    (view,) = await _shown(request, row)
    return answer(view)


def _user_key(request: web.Request) -> int | str:
    key = request.match_info["user"]
    return _id(key, "user") if key.isdigit() else key.lower()


def _id(text: str, what: str) -> int:
    if not 1 <= int(text) <= LARGEST_ID:
        raise Problem("not_found", f"There is no {what} {text}.")
    return int(text)


_USER: Final = "/api/v1/users/{user:[0-9]{1,19}|[0-9a-fA-F-]{36}}/"

ROUTES = [
    web.get("/api/v1/users/", list_users),
    web.post("/api/v1/users/", create_user),
    web.get(_USER, get_user),
    web.put(_USER, replace_user),
    web.patch(_USER, change_user),
    web.delete(_USER, disable_user),
    web.post(f"{_USER}link/", make_link),
    web.put(f"{_USER}password/", set_password),
    web.delete(f"{_USER}password/", remove_password),
    web.get("/api/v1/tokens/", list_tokens),
    web.post("/api/v1/tokens/", create_token),
    web.delete("/api/v1/tokens/{id:[0-9]{1,19}}/", revoke_token),
    web.post("/api/v1/ws/ticket", make_ticket),
    web.get("/api/v1/me", me),
]
