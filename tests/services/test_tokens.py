"""Tokens: a role never too high, limits that hold, secrets that are kept by nobody."""

import pytest

from realtime import clock
from realtime.policy import ASSIGNABLE, Action, Principal, Role
from realtime.services import tokens
from realtime.services.credentials import narrowed
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.accounts import ALL, audited, refusal, token_of


async def test_a_token_stands_for_its_user_with_its_own_role_and_limits(accounts):
    secret, row = await token_of(
        accounts, "ana", Role.AGENT, channels=["readings", "lab"], verbs=[Action.READ, Action.PUBLISH], days=2
    )

    who = await accounts.principal(secret)
    assert (who.name, who.role, who.credential, who.user_id) == (
        "ana",
        Role.AGENT,
        f"token:{row['id']}",
        row["user_id"],
    )
    assert who.channels == {"readings", "lab"}
    assert who.verbs == {Action.READ, Action.PUBLISH}
    assert who.expires_at == row["created_at"] + 2 * clock.DAY
    assert not who.browser


async def test_a_token_is_good_for_the_time_that_the_settings_name(accounts, settings):
    _, row = await token_of(accounts, "ana")

    assert row["expires_at"] - row["created_at"] == settings.token_days * clock.DAY


async def test_only_hashes_of_secrets_are_stored_anywhere(accounts, settings):
    secret, row = await token_of(accounts, "ana")
    link = await accounts.logins.make_link(SYSTEM, row["user_id"])
    login = await accounts.logins.sign_in(link.code)
    unused = await accounts.logins.make_link(SYSTEM, row["user_id"])

    stored = b"".join(path.read_bytes() for path in settings.data.iterdir())
    for told in (secret, link.code, login.secret, unused.code):
        assert told[3:].encode() not in stored


async def test_what_looks_like_a_token_and_is_none_is_refused_without_being_repeated(accounts):
    for wrong in (
        "",
        "x",
        "rt_",
        "rt_" + "A" * 43,
        "rl_" + "A" * 43,
        "rt_" + "A" * 42 + "é",
        "rt_\udcff",
        "rt_" + "A" * 5000,
    ):
        with refusal("unauthenticated") as caught:
            await accounts.principal(wrong)
        assert not wrong or wrong not in caught.value.detail + str(caught.value.headers) or wrong in "x rt_"
        assert caught.value.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("user", ASSIGNABLE)
@pytest.mark.parametrize("token", ASSIGNABLE)
async def test_a_token_is_never_above_its_user(accounts, user, token):
    row = await accounts.users.create(SYSTEM, "ana", user)
    below = {
        Role.VIEWER: {Role.VIEWER},
        Role.DEVICE: {Role.DEVICE},
        Role.AGENT: {Role.AGENT, Role.VIEWER, Role.DEVICE},
        Role.ADMIN: set(ASSIGNABLE),
    }[user]

    if token in below:
        assert (await accounts.tokens.create(SYSTEM, Wanted(user=row["id"], role=token)))[0]["role"] == token
    else:
        with refusal("invalid"):
            await accounts.tokens.create(SYSTEM, Wanted(user=row["id"], role=token))


@pytest.mark.parametrize("token", ASSIGNABLE)
@pytest.mark.parametrize("user", [*ASSIGNABLE, Role.GUEST, Role.NOBODY])
def test_a_role_that_was_lowered_narrows_what_tokens_may(token, user):
    role = narrowed(token, user)

    assert role in (None, token, user)
    if Role.VIEWER in (user, token) and Role.DEVICE in (user, token):
        assert role is None
    elif user is Role.ADMIN or user is token:
        assert role is token
    elif user is Role.AGENT:
        assert role is (Role.AGENT if token is Role.ADMIN else token)


async def test_users_make_tokens_for_themselves_alone_and_never_above_what_they_came_with(accounts):
    secret, _ = await token_of(accounts, "ana", Role.AGENT)
    viewer, _ = await token_of(accounts, "eva", Role.AGENT)
    ana = await accounts.principal(secret)
    eva = await accounts.principal(viewer)

    row, _ = await accounts.tokens.create(ana, Wanted())
    assert (row["user"], row["role"]) == ("ana", "agent")
    with refusal("not_permitted"):
        await accounts.tokens.create(ana, Wanted(user="eva"))
    with refusal("not_permitted"):
        await accounts.tokens.create(ana, Wanted(user="nobody-there", make_user=True))
    with refusal("invalid"):
        await accounts.tokens.create(ana, Wanted(role=Role.ADMIN))

    _, low = await accounts.tokens.create(eva, Wanted(role=Role.VIEWER))
    with refusal("invalid"):
        await accounts.tokens.create(await accounts.principal(low), Wanted(role=Role.AGENT))


async def test_a_token_that_a_token_makes_does_not_outlive_it(accounts):
    secret, row = await token_of(accounts, "ana", days=1)
    ana = await accounts.principal(secret)

    child, _ = await accounts.tokens.create(ana, Wanted())
    assert child["expires_at"] == row["expires_at"]
    with refusal("invalid"):
        await accounts.tokens.create(ana, Wanted(days=2))


@pytest.mark.parametrize("limits", [{"channels": ["lab"]}, {"verbs": [Action.READ, Action.ADMIN]}])
async def test_a_limited_token_cannot_take_its_limits_away_through_accounts(accounts, limits):
    secret, row = await token_of(accounts, "root", Role.ADMIN, **limits)
    _, other = await token_of(accounts, "root", Role.ADMIN)
    who = await accounts.principal(secret)

    with refusal("not_permitted"):
        await accounts.tokens.create(who, Wanted())
    with refusal("not_permitted"):
        await accounts.logins.make_link(who, row["user_id"])
    with refusal("not_permitted"):
        await accounts.users.create(who, "eva", Role.ADMIN)
    with refusal("not_permitted"):
        await accounts.users.update(who, row["user_id"], active=False)
    with refusal("not_permitted"):
        await accounts.tokens.revoke(who, other["id"])
    with refusal("not_permitted"):
        await accounts.tokens.list(who, ALL)
    await accounts.tokens.revoke(who, row["id"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ["No Channel"]},
        {"channels": ["lab\0"]},
        {"channels": [f"c{n}" for n in range(101)]},
        {"verbs": ["fly"]},
        {"days": 0},
        {"days": 36_501},
        {"role": Role.GUEST},
        {"role": Role.NOBODY},
    ],
)
async def test_a_token_with_impossible_wishes_is_not_made(accounts, wrong):
    await accounts.users.create(SYSTEM, "ana", Role.ADMIN)

    with refusal("invalid"):
        await accounts.tokens.create(SYSTEM, Wanted(user="ana", **wrong))
    assert (await accounts.tokens.list(SYSTEM, ALL))[0] == 0


async def test_a_token_for_a_new_user_makes_the_user_only_where_that_was_asked_for(accounts, heard):
    with refusal("not_found"):
        await accounts.tokens.create(SYSTEM, Wanted(user="ana", role=Role.AGENT))

    await token_of(accounts, "ana", Role.AGENT)
    await token_of(accounts, "Ana", Role.VIEWER)

    count, rows = await accounts.users.list({"name": "ana"}, ALL)
    assert (count, rows[0]["role"]) == (1, "agent")
    assert [entry["action"] for entry in audited(heard)] == ["user_created", "token_created", "token_created"]


async def test_the_limits_of_a_token_are_audited_as_lists(accounts, heard):
    await token_of(accounts, "ana", Role.AGENT, channels=["lab", "csat"], verbs=["read"])
    await token_of(accounts, "ana", Role.AGENT)

    told = [entry["details"] for entry in audited(heard) if entry["action"] == "token_created"]
    assert [(each["channels"], each["verbs"]) for each in told] == [(["csat", "lab"], ["read"]), (None, None)]


async def test_a_user_has_at_most_so_many_tokens(accounts, monkeypatch):
    monkeypatch.setattr(tokens, "TOKENS_PER_USER", 3)
    rows = [(await token_of(accounts, "ana"))[1] for _ in range(3)]

    with refusal("conflict"):
        await token_of(accounts, "ana")
    await accounts.tokens.revoke(SYSTEM, rows[0]["id"])
    await token_of(accounts, "ana")


async def test_everyone_sees_their_own_tokens_and_an_admin_all_but_nobody_a_secret(accounts):
    secret, mine = await token_of(accounts, "ana")
    await token_of(accounts, "eva")
    ana = await accounts.principal(secret)

    count, rows = await accounts.tokens.list(ana, ALL)
    assert (count, [row["id"] for row in rows]) == (1, [mine["id"]])
    assert (await accounts.tokens.list(SYSTEM, ALL))[0] == 2
    assert all("hash" not in row for row in [*rows, mine])
    with refusal("not_permitted"):
        await accounts.tokens.list(Principal("guest", Role.GUEST, "guest:127.0.0.1", user_id=2), ALL)


async def test_another_users_token_is_not_even_there_to_be_revoked(accounts):
    secret, _ = await token_of(accounts, "ana")
    _, other = await token_of(accounts, "eva")

    with refusal("not_found"):
        await accounts.tokens.revoke(await accounts.principal(secret), other["id"])
    with refusal("not_found"):
        await accounts.tokens.revoke(SYSTEM, 99)
