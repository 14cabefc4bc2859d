"""Sign-in links, logins, and the tickets that a credential stands behind."""

import asyncio

import pytest

from realtime import clock
from realtime.errors import CloseCode, Problem
from realtime.policy import Role
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from tests.accounts import admin, login_of, refusal, token_of


async def test_a_link_signs_in_once_and_looking_at_it_does_not_count(accounts, settings):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    link = await accounts.logins.make_link(SYSTEM, row["id"])

    assert [await accounts.logins.look_at_link(link.code) for _ in range(3)] == ["ana"] * 3
    login = await accounts.logins.sign_in(link.code)
    who = await accounts.principal(login.secret)

    assert (who.name, who.role, who.credential, who.browser) == ("ana", Role.AGENT, "login:1", True)
    assert login.seconds == settings.login_days * 86_400
    for look in (accounts.logins.look_at_link, accounts.logins.sign_in):
        with refusal("link_used"):
            await look(link.code)


async def test_of_many_who_use_a_link_at_once_one_gets_in(accounts):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    link = await accounts.logins.make_link(SYSTEM, row["id"])

    outcomes = await asyncio.gather(*(accounts.logins.sign_in(link.code) for _ in range(20)), return_exceptions=True)

    assert sum(not isinstance(outcome, Problem) for outcome in outcomes) == 1


async def test_a_link_grows_old_and_a_newer_one_replaces_it(accounts, monkeypatch):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    first = await accounts.logins.make_link(SYSTEM, row["id"])
    second = await accounts.logins.make_link(SYSTEM, row["id"])
    with refusal("link_used"):
        await accounts.logins.sign_in(first.code)

    monkeypatch.setattr(clock, "now", lambda: second.expires_at)
    with refusal("link_used"):
        await accounts.logins.sign_in(second.code)


@pytest.mark.parametrize("code", ["", "rk_", "rk_" + "A" * 43, "rt_" + "A" * 43, "é", "rk_" + "A" * 42 + "\0"])
async def test_what_is_no_link_is_answered_like_a_used_one(accounts, code):
    for look in (accounts.logins.look_at_link, accounts.logins.sign_in):
        with refusal("link_used"):
            await look(code)


async def test_signing_out_ends_that_login_alone(accounts, ended):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    first, second = [await login_of(accounts, row["id"]) for _ in range(2)]

    await accounts.logins.sign_out(await accounts.principal(first.secret))

    with refusal("unauthenticated"):
        await accounts.principal(first.secret)
    assert (await accounts.principal(second.secret)).credential == "login:2"
    assert ended == [("login:1", CloseCode.BAD_TOKEN)]
    with refusal("invalid"):
        await accounts.logins.sign_out(SYSTEM)


async def test_the_cookie_is_named_after_the_database(accounts, store, settings):
    again = Accounts(store, settings)
    await again.start()

    assert accounts.cookie == again.cookie != "login"


async def test_a_ticket_stands_for_its_maker_once(accounts):
    who = await admin(accounts)
    ticket = accounts.tickets.issue(who)

    assert accounts.tickets.redeem(ticket) is who
    with refusal("unauthenticated"):
        accounts.tickets.redeem(ticket)
    assert len(accounts.tickets) == 0


async def test_the_tickets_of_a_revoked_token_are_void(accounts):
    secret, row = await token_of(accounts, "ana")
    ticket = accounts.tickets.issue(await accounts.principal(secret))
    other = accounts.tickets.issue(await admin(accounts))

    await accounts.tokens.revoke(SYSTEM, row["id"])

    with refusal("unauthenticated"):
        accounts.tickets.redeem(ticket)
    accounts.tickets.redeem(other)
