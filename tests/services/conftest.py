"""What tests of the services share."""

import pytest

from realtime.policy import Principal, Role
from realtime.services.accounts import Accounts
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.messages import Messages, Place
from tests.saying import VISITOR

ADMIN = Principal("boss", Role.ADMIN, "socket")


@pytest.fixture
async def accounts(store, settings):
    """The accounts of a new database."""
    accounts = Accounts(store, settings)
    await accounts.start()
    yield accounts
    await accounts.stop()


@pytest.fixture
def ended(accounts):
    """What was told of credentials that ended: (credential, code)."""
    told = []
    accounts.on_revoked.append(lambda ended: told.extend((name, code) for name, (code, _) in ended.items()))
    return told


@pytest.fixture
def conversations(store):
    """The conversations of a new database."""
    return Conversations(store)


@pytest.fixture
def messages(store, conversations):
    """Its messages."""
    return Messages(store, conversations)


@pytest.fixture
def csat(store):
    """Its ratings."""
    return Csat(store)


@pytest.fixture
async def ana(accounts):
    """An agent."""
    return await _agent(accounts, "ana")


@pytest.fixture
async def rui(accounts):
    """Another agent."""
    return await _agent(accounts, "rui")


@pytest.fixture
async def sent(messages, ana, heard):
    """A message of a visitor, in the conversation `web-1` that it opened."""
    written = await messages.send(VISITOR, Place("web-1", open=True, origin_channel="web"), "Perdi a senha")
    del heard[:]
    return written


async def _agent(accounts, name):
    row = await accounts.users.create(ADMIN, name, Role.AGENT)
    return Principal(name, Role.AGENT, f"token:{row['id']}", user_id=row["id"])
