"""What tests of the services share."""

import pytest

from realtime.services.accounts import Accounts


@pytest.fixture
async def accounts(store, settings):
    """The accounts of a new database."""
    accounts = Accounts(store, settings)
    await accounts.start()
    return accounts


@pytest.fixture
def ended(accounts):
    """What was told of credentials that ended: (credential, code)."""
    told = []
    accounts.on_revoked.append(lambda ended: told.extend((name, code) for name, (code, _) in ended.items()))
    return told
