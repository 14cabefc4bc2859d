"""Users: names, roles, and an admin who cannot be lost."""

import asyncio

import pytest

from realtime.policy import Role
from realtime.services.first_start import SYSTEM
from realtime.services.tokens import Wanted
from tests.accounts import ALL, refusal


async def test_system_and_guest_are_there_from_the_beginning_and_nobody_signs_in_as_them(accounts):
    count, rows = await accounts.users.list({}, ALL)

    assert (count, [(row["id"], row["name"]) for row in rows]) == (2, [(1, "system"), (2, "guest")])
    for row in rows:
        with refusal("conflict"):
            await accounts.logins.make_link(SYSTEM, row["id"])
        with refusal("conflict"):
            await accounts.tokens.create(SYSTEM, Wanted(user=row["id"]))
        with refusal("conflict"):
            await accounts.users.update(SYSTEM, row["id"], role=Role.ADMIN)


@pytest.mark.parametrize("name", ["system", "Guest", "ana", "ANA", "ａｎａ"])
async def test_a_name_is_taken_in_whatever_spelling(accounts, name):
    await accounts.users.create(SYSTEM, "Ana", Role.AGENT)

    with refusal("conflict"):
        await accounts.users.create(SYSTEM, name, Role.AGENT)


@pytest.mark.parametrize(
    "name", ["", "x" * 65, " ana", "ana b", "a/b", "guest:1", "-ana", "a\nb", "a\0b", "<b>", "ana\u202e"]
)
async def test_what_is_no_name_is_refused(accounts, name):
    with refusal("invalid"):
        await accounts.users.create(SYSTEM, name, Role.AGENT)


@pytest.mark.parametrize("name", ["José", "ana.maria@example.org", "7", "Ольга", "a_b+c-d"])
async def test_people_may_have_their_own_names(accounts, name):
    row = await accounts.users.create(SYSTEM, name, Role.VIEWER)

    assert (await accounts.users.get(row["id"]))["name"] == name
    assert (await accounts.users.get(row["uuid"]))["id"] == row["id"]
    assert (await accounts.users.list({"name": name.upper()}, ALL))[0] == 1


@pytest.mark.parametrize("role", [Role.NOBODY, Role.GUEST])
async def test_nobody_and_guest_are_no_roles_to_be_given(accounts, role):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)

    with refusal("invalid"):
        await accounts.users.create(SYSTEM, "eva", role)
    with refusal("invalid"):
        await accounts.users.update(SYSTEM, row["id"], role=role)


async def test_who_is_not_there_is_not_found(accounts):
    for key in (99, "00000000-0000-4000-8000-000000000000"):
        with refusal("not_found"):
            await accounts.users.get(key)
        with refusal("not_found"):
            await accounts.users.update(SYSTEM, key, active=False)
        with refusal("not_found"):
            await accounts.logins.make_link(SYSTEM, key)


@pytest.mark.parametrize("change", [{"role": Role.AGENT}, {"active": False}])
async def test_the_last_active_admin_stays(accounts, change):
    first = await accounts.users.create(SYSTEM, "root", Role.ADMIN)
    second = await accounts.users.create(SYSTEM, "ana", Role.ADMIN)

    await accounts.users.update(SYSTEM, first["id"], **change)
    with refusal("conflict"):
        await accounts.users.update(SYSTEM, second["id"], **change)
    assert await accounts.has_admin()


async def test_two_admins_who_dismiss_each_other_at_once_leave_one(accounts):
    first = await accounts.users.create(SYSTEM, "root", Role.ADMIN)
    second = await accounts.users.create(SYSTEM, "ana", Role.ADMIN)

    outcomes = await asyncio.gather(
        accounts.users.update(SYSTEM, first["id"], active=False),
        accounts.users.update(SYSTEM, second["id"], active=False),
        return_exceptions=True,
    )

    assert [getattr(outcome, "code", "done") for outcome in outcomes] == ["done", "conflict"]
    assert await accounts.has_admin()


async def test_a_change_that_changes_nothing_is_no_event(accounts, heard):
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    before = len(heard)

    assert await accounts.users.update(SYSTEM, row["id"], role=Role.AGENT, active=True) == row
    assert len(heard) == before
