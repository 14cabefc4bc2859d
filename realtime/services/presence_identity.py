"""Who is present by a session: an account, or who a guest says it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from realtime.delivery.session import Session
from realtime.errors import Problem
from realtime.policy import Role
from realtime.services import desk_checks as checks
from realtime.services.users import folded
from realtime.store import presence as rows
from realtime.store.opening import Store

DOORS: Final = frozenset({"dashboard", "chat", "channels", "secure"})
"""Where a connection is presence; the pages come in by these too, as `realtime.v1`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who somebody is: an account (`user:7`, its uuid known from the first commit on), or who
    a guest claims to be (`claim:ana`, where the uuid is the claimed id).
    """

    key: str
    username: str
    user_id: int | None = None
    uuid: str = ""


def account_key(user_id: int) -> str:
    """The key of an account."""
    return f"user:{user_id}"


def account_of(session: Session) -> Identity | None:
    """The account that is present by this session; None for a guest, a device, the command line and other doors."""
    who = session.principal
    if session.door not in DOORS or who.user_id is None or who.is_guest or who.role is Role.DEVICE:
        return None
    return Identity(account_key(who.user_id), who.name, who.user_id)


async def claim_of(session: Session, user_id: str, username: str, store: Store) -> Identity:
    """
    Who the guest of a `chat` session claims to be. Raises Problem `invalid` for what is no
    `desk_checks.CLAIM`, `not_permitted` for anybody else, and for the id, uuid or name of an account.
    """
    if session.door != "chat" or session.principal.role is not Role.GUEST:
        raise Problem("not_permitted", "Only a user, or a guest of the chat, can be online.")
    user_id, username = user_id.strip(), username.strip() or user_id.strip()
    for name, text in (("user_id", user_id), ("username", username)):
        checks.claim(name, text)
    async with store.database.read() as connection:
        for text in (user_id, username):
            if await rows.is_account(connection, text, folded(text)):
                raise Problem("not_permitted", f"{text} is an account of this server; sign in to be it.")
    return Identity(f"claim:{user_id}", username, uuid=user_id)
