"""What a reader asks to hear, checked before it is let in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from aiohttp import web

from realtime import keys
from realtime.channels import EVERY, GENERAL, RESERVED, SEED_CHANNELS, Coverage, covering, is_channel
from realtime.errors import Problem
from realtime.policy import Action, Policy, Principal, Role

NAMES_LIMIT: Final = 100
"""Channels that one subscription may name."""

# Ten thousand clients seldom hear ten thousand different things.
_coverage: Final = lru_cache(maxsize=1_024)(Coverage)


def named(request: web.Request) -> tuple[str, ...]:
    """The channels that the query names, by comma or repeated, each once; may be none."""
    names = (name.strip() for text in request.query.getall("channel", ()) for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def check(
    names: Iterable[str], who: Principal, policy: Policy, *, public: Iterable[str] = (), secure: bool = True
) -> None:
    """
    Refuse what `who` may not hear at this door. A door that is `secure` takes `*` for all that it may.

    Raises Problem `not_found` for a name that is no channel, or not one of a door that is
    not `secure` (it carries the seed's channels and the `public` ones), naming only what
    the caller may read; `unauthenticated` or `not_permitted` for one that needs more rights.
    """
    names = tuple(names)
    if len(names) > NAMES_LIMIT:
        raise Problem("invalid", f"A subscription names at most {NAMES_LIMIT} channels.")
    door = frozenset((*SEED_CHANNELS, *public))
    for name in names:
        if secure and name == EVERY:
            continue
        if not is_channel(name) or not (secure or name in door):
            raise Problem(
                "not_found", f'There is no channel "{name[:64]}" here; you may read: {_readable(who, policy, door)}.'
            )
    barred = [name for name in names if not _hears(who, policy, name)]
    if barred and who.role is Role.NOBODY:
        raise unauthenticated()
    if barred:
        raise Problem("not_permitted", f"You may not read: {', '.join(barred)}.")


def coverage_of(names: Iterable[str], who: Principal, policy: Policy) -> Coverage:
    """What a subscription of `who` to `names` covers; to none, or to `*`: all that `who` may read."""
    names = tuple(names)
    if not names or EVERY in names:
        return policy.readable(who)
    wanted = covering(names)
    return _coverage(frozenset(name for name in wanted.names if policy.may(who, Action.READ, name)))


def asked(request: web.Request) -> tuple[tuple[str, ...], Coverage]:
    """
    What the reader of a request asks to hear: the names, and what they cover. Without
    names, all that it may read. Raises Problem as `check` does, and where that is nothing.
    """
    who, policy = request[keys.PRINCIPAL], request.app[keys.POLICY]
    names = named(request)
    check(names, who, policy)
    coverage = coverage_of(names, who, policy)
    if not coverage:
        raise (
            unauthenticated() if who.role is Role.NOBODY else Problem("not_permitted", "You may not read any channel.")
        )
    return names, coverage


def unauthenticated() -> Problem:
    """What somebody without a credential is told."""
    return Problem(
        "unauthenticated",
        "A token is needed: send it as Authorization: Bearer rt_…",
        headers={"WWW-Authenticate": 'Bearer realm="realtime"'},
    )


def _hears(who: Principal, policy: Policy, name: str) -> bool:
    if name == EVERY:
        return bool(policy.readable(who))
    if name == GENERAL:
        # A union: whoever may read a part of it may listen to that part.
        return any(policy.may(who, Action.READ, part) for part in SEED_CHANNELS)
    return policy.may(who, Action.READ, name)


def _readable(who: Principal, policy: Policy, door: frozenset[str]) -> str:
    names = sorted(name for name in door | RESERVED if policy.may(who, Action.READ, name))
    return ", ".join(names) or "nothing without a credential"
