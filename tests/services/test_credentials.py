"""The end of a credential, and what the audit log tells of all changes."""

import asyncio

import pytest

from realtime import clock
from realtime.errors import CloseCode
from realtime.policy import Role
from realtime.services import credentials
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.accounts import ALL, admin, audited, login_of, refusal, token_of


async def test_a_revoked_token_is_good_for_nothing_at_once_and_its_sockets_are_named(accounts, ended):
    secret, row = await token_of(accounts, "ana")
    before = await accounts.principal(secret)

    await accounts.tokens.revoke(SYSTEM, row["id"])

    with refusal("unauthenticated"):
        await accounts.principal(secret)
    assert ended == [(f"token:{row['id']}", CloseCode.BAD_TOKEN)]
    assert not accounts.is_current(before)
    await accounts.tokens.revoke(SYSTEM, row["id"])
    assert len(ended) == 1
    assert (await accounts.tokens.list(SYSTEM, ALL))[0] == 0
    assert (await accounts.tokens.list(SYSTEM, ALL, revoked=True))[0] == 1


async def test_a_revocation_counts_even_if_whoever_asked_for_it_went_away(accounts, ended):
    secret, row = await token_of(accounts, "ana")
    await accounts.principal(secret)

    asking = asyncio.create_task(accounts.tokens.revoke(SYSTEM, row["id"]))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    # Units are done in order: when this one is, so is the one before.
    await accounts.users.create(SYSTEM, "later", Role.VIEWER)

    assert ended == [(f"token:{row['id']}", CloseCode.BAD_TOKEN)]
    with refusal("unauthenticated"):
        await accounts.principal(secret)


async def test_a_lookup_under_way_while_a_token_is_revoked_does_not_bring_it_back(accounts):
    for _ in range(20):
        secret, row = await token_of(accounts, "ana")
        await asyncio.gather(
            *(accounts.principal(secret) for _ in range(3)),
            accounts.tokens.revoke(SYSTEM, row["id"]),
            *(accounts.principal(secret) for _ in range(3)),
            return_exceptions=True,
        )
        with refusal("unauthenticated"):
            await accounts.principal(secret)


async def test_an_expired_token_is_refused_also_from_memory(accounts, monkeypatch):
    secret, row = await token_of(accounts, "ana", days=1)
    assert accounts.is_current(await accounts.principal(secret))

    monkeypatch.setattr(clock, "now", lambda: row["expires_at"])

    with refusal("unauthenticated") as caught:
        await accounts.principal(secret)
    assert "expired" in caught.value.detail


async def test_who_is_disabled_loses_everything_for_good(accounts, ended):
    await admin(accounts)
    secret, row = await token_of(accounts, "ana")
    login = await login_of(accounts, row["user_id"])
    link = await accounts.logins.make_link(SYSTEM, row["user_id"])
    await accounts.principal(secret)
    await accounts.principal(login.secret)

    await accounts.users.update(SYSTEM, row["user_id"], active=False)

    names = ("login:1", f"token:{row['id']}", f"user:{row['user_id']}")
    assert sorted(ended) == [(name, CloseCode.BAD_TOKEN) for name in names]
    await accounts.users.update(SYSTEM, row["user_id"], active=True)
    for lost in (secret, login.secret):
        with refusal("unauthenticated"):
            await accounts.principal(lost)
    with refusal("link_used"):
        await accounts.logins.sign_in(link.code)


async def test_another_role_is_another_role_at_once_and_the_sockets_come_back_with_it(accounts, ended):
    secret, row = await token_of(accounts, "ana", Role.AGENT)
    kept, _ = await token_of(accounts, "ana", Role.VIEWER)
    login = await login_of(accounts, row["user_id"])
    for credential in (secret, kept, login.secret):
        await accounts.principal(credential)

    await accounts.users.update(SYSTEM, row["user_id"], role=Role.VIEWER)

    assert (await accounts.principal(secret)).role is Role.VIEWER
    assert (await accounts.principal(kept)).role is Role.VIEWER
    assert (await accounts.principal(login.secret)).role is Role.VIEWER
    names = ("login:1", f"token:{row['id']}", f"user:{row['user_id']}")
    assert sorted(ended) == [(name, CloseCode.RECONNECT) for name in names]


async def test_a_token_that_has_nothing_in_common_with_the_new_role_ends(accounts, ended):
    secret, row = await token_of(accounts, "ana", Role.DEVICE)
    await accounts.users.update(SYSTEM, row["user_id"], role=Role.VIEWER)

    with refusal("unauthenticated"):
        await accounts.principal(secret)
    assert ended[0] == (f"token:{row['id']}", CloseCode.BAD_TOKEN)
    assert ended[1:] == [(f"user:{row['user_id']}", CloseCode.RECONNECT)]
    await accounts.users.update(SYSTEM, row["user_id"], role=Role.AGENT)
    assert (await accounts.principal(secret)).role is Role.DEVICE


async def test_the_memory_of_credentials_has_a_limit_and_forgets_nothing_that_matters(accounts, monkeypatch):
    monkeypatch.setattr(credentials, "CACHE_LIMIT", 3)
    secrets = [(await token_of(accounts, "ana"))[0] for _ in range(10)]

    for _ in range(2):
        for secret in secrets:
            assert (await accounts.principal(secret)).name == "ana"
    assert len(accounts._credentials._known) == len(accounts._credentials._hashes) == 3


async def test_every_change_is_audited_with_who_did_it_and_without_a_secret(accounts, heard):
    root = await admin(accounts)
    row = await accounts.users.create(root, "ana", Role.AGENT)
    token, secret = await accounts.tokens.create(root, Wanted(user="ana"))
    link = await accounts.logins.make_link(root, row["id"])
    login = await accounts.logins.sign_in(link.code)
    await accounts.logins.sign_out(await accounts.principal(login.secret))
    await accounts.tokens.revoke(root, token["id"])
    await accounts.users.update(root, row["id"], role=Role.VIEWER)
    await accounts.users.update(root, row["id"], active=False)

    entries = audited(heard)[2:]
    assert [(entry["action"], entry["user"]["username"]) for entry in entries] == [
        ("user_created", "root"),
        ("token_created", "root"),
        ("link_created", "root"),
        ("login_created", "ana"),
        ("login_ended", "ana"),
        ("token_revoked", "root"),
        ("user_updated", "root"),
        ("user_disabled", "root"),
    ]
    assert entries[6]["details"]["before"] == {"role": "agent"}
    assert entries[6]["details"]["after"] == {"role": "viewer"}
    told = b"".join(event.data for event in heard).decode()
    for secret_text in (secret, link.code, login.secret):
        assert secret_text[3:] not in told
    assert "hash" not in told


async def test_what_is_refused_leaves_no_trace(accounts, heard):
    await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    before = len(heard)

    with refusal("conflict"):
        await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    with refusal("not_found"):
        await accounts.tokens.create(SYSTEM, Wanted(user="eva"))
    with refusal("not_found"):
        await accounts.tokens.revoke(SYSTEM, 99)
    assert len(heard) == before
