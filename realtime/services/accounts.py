"""Everything about accounts, behind one name: users, tokens, logins, tickets, and who holds which."""

from __future__ import annotations

from realtime.config import Settings
from realtime.policy import Principal
from realtime.services.credentials import Credentials, OnRevoked
from realtime.services.logins import Logins
from realtime.services.passwords import Passwords
from realtime.services.tickets import Tickets
from realtime.services.tokens import Tokens
from realtime.services.users import Users
from realtime.store import accounts
from realtime.store.opening import Store


class Accounts:
    """
    `users`, `tokens`, `logins`, `passwords` and `tickets` change things; `principal` says
    whom a secret stands for. Ended by `stop`.

    `on_revoked` is a list of functions that are told at once of credentials that have ended,
    or stand for another role now: `{"token:7": (code, reason)}`, so that their sockets close.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._credentials = Credentials(store)
        self.users = Users(store, self._credentials)
        self.tokens = Tokens(store, self._credentials, settings)
        self.logins = Logins(store, self._credentials, settings)
        self.passwords = Passwords(store, self._credentials, self.logins, settings)
        self.tickets = Tickets(settings.ticket_seconds)
        self.cookie = "login"
        self.on_revoked.append(self.tickets.forget)

    async def start(self) -> None:
        """
        Name the cookie after this database.

        A browser keeps one cookie of a name for all ports of a host: two servers on one
        machine would sign each other's users out.
        """
        async with self._store.database.read() as connection:
            self.cookie = f"login_{(await accounts.system_uuid(connection))[:8]}"

    async def stop(self) -> None:
        """End what is under way beside the loop."""
        await self.passwords.stop()

    @property
    def on_revoked(self) -> list[OnRevoked]:
        """Who is told when credentials end."""
        return self._credentials.on_revoked

    async def principal(self, secret: str) -> Principal:
        """Whom a token or a login's cookie stands for. Raises Problem `unauthenticated`."""
        return await self._credentials.principal(secret)

    def is_current(self, who: Principal) -> bool:
        """Whether `who`, as it was found before some awaits, still stands for the same."""
        return self._credentials.is_current(who)

    async def has_admin(self) -> bool:
        """Whether somebody can manage this server: there is an active admin."""
        async with self._store.database.read() as connection:
            return await accounts.has_admin(connection)
