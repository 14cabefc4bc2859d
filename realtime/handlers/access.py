"""What a handler asks before it does anything: may whoever sent this request do that?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from realtime import keys
from realtime.channels import EVERY, PRIVATE, SEED_CHANNELS
from realtime.errors import Problem
from realtime.policy import Action, Principal, Role
from realtime.services.credentials import unauthenticated


def require(request: web.Request, action: Action, channel: str | None = None) -> Principal:
    """
    Who asks, if that one may do `action` (on `channel`).

    Raises Problem `unauthenticated` where a credential could help, else `not_permitted`.
    """
    who = request[keys.PRINCIPAL]
    if request.app[keys.POLICY].may(who, action, channel):
        return who
    if who.role is Role.NOBODY:
        raise _needed()
    where = "" if channel is None else f" ({channel})"
    hint = "; sign in, or send a token with more rights" if who.is_guest else ""
    raise Problem("not_permitted", f"{_MEANING[action]}{where} is not permitted to {who.name} ({who.role}){hint}.")


def shown(request: web.Request, row: dict[str, Any], channel: str) -> dict[str, Any]:
    """
    What a write is answered with: the row, or, to a token that may write to the channel but
    not read it, the row's ids. A change that changes nothing is no way to read.
    """
    if request.app[keys.POLICY].may(request[keys.PRINCIPAL], Action.READ, channel):
        return row
    return {name: row[name] for name in ("id", "uuid") if name in row}


def signed_in(request: web.Request) -> Principal:
    """
    Who asks, if that one has an account; what it may do is then the service's to say.

    Raises Problem `unauthenticated` for nobody, `not_permitted` for a guest.
    """
    who = request[keys.PRINCIPAL]
    if who.role is Role.NOBODY:
        raise _needed()
    if who.is_guest:
        raise Problem("not_permitted", "This is for users; a guest has no account.")
    return who


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do, and which of the product's own channels they may read (`*`: any channel at all)."""

    may: tuple[Action, ...]
    reads: tuple[str, ...]


def rights_of(request: web.Request, who: Principal) -> Rights:
    """The rights of `who`, as a page needs them to ask for nothing that would be refused."""
    policy = request.app[keys.POLICY]
    # A device publishes on the channels of its limit, and a signed-in browser has none.
    silent = {Action.PUBLISH} if who.role is Role.DEVICE and not who.channels else set()
    may = tuple(action for action in Action if action not in silent and policy.may(who, action))
    reads = tuple(name for name in (*SEED_CHANNELS, *PRIVATE) if policy.may(who, Action.READ, name))
    if policy.readable(who):
        reads += (EVERY,)
    return Rights(may, reads)


def _needed() -> Problem:
    return unauthenticated("A token is needed: send it as Authorization: Bearer rt_…", wrong=False)


_MEANING: Final = {
    Action.READ: "Reading",
    Action.PUBLISH: "Publishing",
    Action.REPORT: "Reporting",
    Action.WRITE: "Writing",
    Action.ROSTER: "Seeing connections",
    Action.ADMIN: "What only an admin does",
}
