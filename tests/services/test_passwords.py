"""Passwords: set, tried, changed; and that whoever tries learns nothing from an answer or its time."""

import asyncio
import statistics
import time

import pytest

from realtime.config import Settings
from realtime.errors import CloseCode, Problem
from realtime.policy import Principal, Role
from realtime.services import hashing
from realtime.services.accounts import Accounts
from realtime.services.first_start import SYSTEM
from realtime.services.logins import LOGINS_PER_USER
from realtime.services.sign_in_limits import ACCOUNT_TRIES
from realtime.store.tables import passwords
from tests.accounts import admin, audited, login_of, refusal, token_of

GOOD, OTHER = "correct horse battery", "otro caballo, otra pila"
HERE = "203.0.113.9"


@pytest.fixture
def settings(tmp_path):
    """As little memory for a hash as may be: these tests are not about how slow it is."""
    return Settings(data=tmp_path / "data", password_memory="8MiB", sign_in_attempts=1000)


@pytest.fixture
async def ana(accounts):
    """An agent with a password."""
    row = await accounts.users.create(SYSTEM, "ana", Role.AGENT)
    await accounts.passwords.set(SYSTEM, row["id"], GOOD)
    return row


async def stored(store):
    """All rows of passwords."""
    async with store.database.read() as connection:
        return [dict(row) for row in (await connection.execute(passwords.select())).mappings()]


async def signed_in(accounts, name="ana", password=GOOD):
    """Who comes in with this name and password."""
    login = await accounts.passwords.sign_in(name, password, HERE)
    return await accounts.principal(login.secret)


async def test_name_and_password_sign_in_and_the_name_in_whatever_case(accounts, ana, settings):
    for name in ("ana", "ANA"):
        who = await signed_in(accounts, name)
        assert (who.name, who.role, who.user_id, who.browser) == ("ana", Role.AGENT, ana["id"], True)
    assert (await accounts.passwords.sign_in("ana", GOOD, HERE)).seconds == settings.login_days * 86_400
    assert accounts.passwords.outcomes == {"ok": 3, "wrong": 0, "limited": 0, "busy": 0}


async def test_what_is_kept_is_argon2id_and_never_the_password(accounts, ana, store, heard):
    await signed_in(accounts)
    (row,) = await stored(store)

    assert row["hash"].startswith("$argon2id$v=19$m=8192,t=3,p=1$")
    entries = [entry for entry in audited(heard) if entry["action"] in ("password_set", "login_created")]
    assert [(entry["action"], entry["details"].get("method")) for entry in entries] == [
        ("password_set", None),
        ("login_created", "password"),
    ]
    assert not any(GOOD.encode() in event.data or row["hash"].encode() in event.data for event in heard)


async def test_the_same_password_typed_on_another_keyboard_is_the_same(accounts, ana):
    await accounts.passwords.set(SYSTEM, ana["id"], "señal café mañana")

    assert (await signed_in(accounts, password="sen\u0303al cafe\u0301 man\u0303ana")).name == "ana"


@pytest.mark.parametrize("case", ["wrong", "nobody", "no password", "disabled", "built in", "removed", "nonsense"])
async def test_every_refusal_is_the_same(accounts, ana, case):
    name, password = ("ana", GOOD)
    if case == "wrong":
        password = OTHER
    elif case == "nobody":
        name = "eva"
    elif case == "no password":
        name = (await accounts.users.create(SYSTEM, "eva", Role.AGENT))["name"]
    elif case == "disabled":
        await accounts.users.update(SYSTEM, ana["id"], active=False)
    elif case == "built in":
        name = "guest"
    elif case == "removed":
        await accounts.passwords.remove(SYSTEM, ana["id"])
    else:
        name, password = "x" * 5000 + "\0", "\ud800"

    with refusal("unauthenticated") as refused:
        await accounts.passwords.sign_in(name, password, HERE)

    assert refused.value.detail == "Name or password is wrong."
    assert accounts.passwords.outcomes["wrong"] == 1


async def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(store, tmp_path, accounts):
    slow = Accounts(store, Settings(data=tmp_path / "data", password_memory="64MiB", sign_in_attempts=1000))
    row = await slow.users.create(SYSTEM, "ana", Role.AGENT)
    await slow.passwords.set(SYSTEM, row["id"], GOOD)
    took = {}
    for name in ("ana", "eva"):
        times = []
        for _ in range(ACCOUNT_TRIES):
            begun = time.process_time()
            with refusal("unauthenticated"):
                await slow.passwords.sign_in(name, OTHER, HERE)
            times.append(time.process_time() - begun)
        took[name] = statistics.median(times)
    await slow.stop()

    assert 0.5 < took["eva"] / took["ana"] < 2


async def test_a_disabled_user_has_no_password_when_made_active_again(accounts, ana, store):
    await accounts.users.update(SYSTEM, ana["id"], active=False)
    assert await stored(store) == []
    await accounts.users.update(SYSTEM, ana["id"], active=True)

    with refusal("unauthenticated"):
        await signed_in(accounts)


# -- changing it ------------------------------------------------------------------------


async def test_a_new_password_ends_logins_and_links_and_leaves_tokens(accounts, ana, ended):
    first, second = await login_of(accounts, ana["id"]), await login_of(accounts, ana["id"])
    link = await accounts.logins.make_link(SYSTEM, ana["id"])
    secret, _ = await token_of(accounts, "ana")

    await accounts.passwords.set(SYSTEM, ana["id"], OTHER)

    assert ended == [("login:1", CloseCode.BAD_TOKEN), ("login:2", CloseCode.BAD_TOKEN)]
    for login in (first, second):
        with refusal("unauthenticated"):
            await accounts.principal(login.secret)
    with refusal("link_used"):
        await accounts.logins.sign_in(link.code)
    assert (await accounts.principal(secret)).name == "ana"
    with refusal("unauthenticated"):
        await signed_in(accounts)
    assert (await signed_in(accounts, password=OTHER)).name == "ana"


async def test_whoever_changes_their_own_stays_signed_in_where_they_are(accounts, ana, ended):
    here = await signed_in(accounts)
    await signed_in(accounts)

    await accounts.passwords.set(here, ana["uuid"], OTHER, current=GOOD, address=HERE)

    assert ended == [("login:2", CloseCode.BAD_TOKEN)]
    assert accounts.is_current(here)


async def test_ones_own_is_changed_with_the_present_one_alone(accounts, ana):
    who = await signed_in(accounts)

    for current in (None, OTHER):
        with refusal("invalid") as refused:
            await accounts.passwords.set(who, ana["id"], OTHER, current=current, address=HERE)
        assert list(refused.value.errors) == ["current"]
    assert (await signed_in(accounts)).name == "ana"


async def test_tries_at_the_present_one_count_like_sign_ins(accounts, ana):
    who = await signed_in(accounts)
    codes = []
    for _ in range(ACCOUNT_TRIES + 2):
        with pytest.raises(Problem) as refused:
            await accounts.passwords.set(who, ana["id"], OTHER, current=OTHER, address=HERE)
        codes.append(refused.value.code)

    assert codes == ["invalid"] * (ACCOUNT_TRIES + 1) + ["too_many_requests"]


async def test_the_first_one_is_set_without_any(accounts):
    row = await accounts.users.create(SYSTEM, "eva", Role.VIEWER)
    who = await accounts.principal((await login_of(accounts, row["id"])).secret)

    await accounts.passwords.set(who, row["id"], GOOD)

    assert (await signed_in(accounts, "eva")).role is Role.VIEWER


async def test_nobody_but_an_admin_sets_anothers_and_a_token_sets_none(accounts, ana):
    eva = await accounts.users.create(SYSTEM, "eva", Role.AGENT)
    ana_herself = await signed_in(accounts)
    secret, _ = await token_of(accounts, "ana")
    limited, _ = await token_of(accounts, "root", Role.ADMIN, verbs=["admin"])

    for who, key in (
        (ana_herself, eva["id"]),
        (ana_herself, 99),
        (await accounts.principal(secret), ana["id"]),
        (await accounts.principal(limited), ana["id"]),
    ):
        with refusal("not_permitted"):
            await accounts.passwords.set(who, key, OTHER, current=GOOD)
    await accounts.passwords.set(await admin(accounts), ana["id"], OTHER)
    assert (await signed_in(accounts, password=OTHER)).name == "ana"


async def test_who_cannot_sign_in_gets_no_password(accounts, ana):
    await accounts.users.update(SYSTEM, ana["id"], active=False)

    for key in (1, 2, ana["id"]):
        with refusal("conflict"):
            await accounts.passwords.set(SYSTEM, key, GOOD)
    with refusal("not_found"):
        await accounts.passwords.set(SYSTEM, 99, GOOD)


async def test_a_password_is_taken_away_once(accounts, ana, heard):
    await accounts.passwords.remove(SYSTEM, ana["id"])

    with refusal("not_found"):
        await accounts.passwords.remove(SYSTEM, ana["id"])
    assert [entry["action"] for entry in audited(heard)][-1] == "password_removed"


async def test_a_password_that_changes_while_it_is_looked_at_lets_nobody_in(accounts, ana):
    tries = [asyncio.create_task(accounts.passwords.sign_in("ana", GOOD, HERE)) for _ in range(2)]
    # Both have read the hash, and it is being looked at beside the loop.
    while not accounts.passwords.hasher.waiting:
        await asyncio.sleep(0)
    await accounts.passwords.remove(SYSTEM, ana["id"])

    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert [outcome.code for outcome in outcomes] == ["unauthenticated"] * 2


async def test_hashes_with_other_parameters_are_made_anew_when_the_password_is_there(store, accounts, ana, tmp_path):
    later = Accounts(store, Settings(data=tmp_path / "data", password_memory="9MiB"))
    before = await stored(store)
    for password, changed in ((OTHER, False), (GOOD, True), (GOOD, True)):
        try:
            await later.passwords.sign_in("ana", password, HERE)
        except Problem:
            assert password == OTHER
        (row,) = await stored(store)
        assert (row["hash"] != before[0]["hash"]) is changed
        assert row["hash"].startswith("$argon2id$v=19$m=9216," if changed else "$argon2id$v=19$m=8192,")
        assert row["set_at"] == before[0]["set_at"]
    await later.stop()


# -- limits -----------------------------------------------------------------------------


async def test_past_the_tries_of_an_account_even_the_right_password_waits(accounts, ana):
    for number in range(ACCOUNT_TRIES + 1):
        with refusal("unauthenticated"):
            await accounts.passwords.sign_in("ana", OTHER, f"203.0.113.{number}")

    with refusal("too_many_requests") as refused:
        await accounts.passwords.sign_in("ANA", GOOD, "198.51.100.1")

    assert refused.value.headers["Retry-After"] == "1"
    assert accounts.passwords.outcomes["limited"] == 1


async def test_many_tries_at_once_get_no_further_than_one_after_the_other(accounts, ana):
    outcomes = await asyncio.gather(
        *(accounts.passwords.sign_in("ana", OTHER, HERE) for _ in range(40)), return_exceptions=True
    )

    codes = [outcome.code for outcome in outcomes]
    assert codes.count("unauthenticated") == ACCOUNT_TRIES + 1
    assert codes.count("too_many_requests") == 40 - ACCOUNT_TRIES - 1


async def test_no_more_wait_than_may(accounts, monkeypatch):
    monkeypatch.setattr(hashing, "WAITING_LIMIT", 3)
    hasher = accounts.passwords.hasher

    outcomes = await asyncio.gather(*(hasher.verify(None, OTHER) for _ in range(10)), return_exceptions=True)

    assert outcomes[:3] == [False] * 3
    assert [outcome.code for outcome in outcomes[3:]] == ["busy"] * 7
    assert all("Retry-After" in outcome.headers for outcome in outcomes[3:])
    assert hasher.waiting == 0


async def test_who_was_turned_away_before_the_password_was_looked_at_has_not_failed(accounts, ana, monkeypatch):
    monkeypatch.setattr(hashing, "WAITING_LIMIT", 0)

    for _ in range(ACCOUNT_TRIES * 2):
        with refusal("busy"):
            await accounts.passwords.sign_in("ana", GOOD, HERE)

    assert accounts.passwords.limits.addresses.failures(HERE) == 0
    assert accounts.passwords.outcomes["busy"] == ACCOUNT_TRIES * 2


async def test_the_loop_goes_on_while_passwords_are_hashed(accounts, ana):
    tries = asyncio.gather(
        *(accounts.passwords.sign_in(f"u{n}", OTHER, HERE) for n in range(8)), return_exceptions=True
    )
    turns = 0
    while not tries.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns > 100


async def test_the_oldest_login_ends_when_there_are_too_many(accounts, ana, ended):
    logins = [await login_of(accounts, ana["id"]) for _ in range(LOGINS_PER_USER)]

    await accounts.passwords.sign_in("ana", GOOD, HERE)

    assert ended == [("login:1", CloseCode.BAD_TOKEN)]
    with refusal("unauthenticated"):
        await accounts.principal(logins[0].secret)
    assert isinstance(await accounts.principal(logins[1].secret), Principal)
