"""
What every door of sockets and streams does before it lets a client in: is it kept out,
where does it go on, and what does the roster tell of it.

    opening = await entrance(request, "channels", who)      # before the upgrade
    hub.connect(…, start=opening.start, opted_in=opening.opted_in, peer=opening.peer)
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from realtime import keys
from realtime.delivery.session import NOW, UNKNOWN, CursorKey, Peer, Start
from realtime.errors import invalid
from realtime.events import parse_position
from realtime.handlers import positions
from realtime.handlers.subscriptions import unauthenticated
from realtime.policy import Principal, Role
from realtime.services.blocks import holder
from realtime.services.cursors import NAME_LIMIT

USER_AGENT_LIMIT: Final = 256
"""Characters of a client's name for itself that are kept."""


LATE: Final = ("secure", "chat")
"""Doors at which nobody may yet say who it is."""

NO_CURSORS: Final = ("sse", "ndjson")
"""Doors whose clients come back with a position of their own (`Last-Event-ID`)."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a client begins, whether it asked for control frames, and what is known of its end."""

    start: Start = NOW
    opted_in: bool = False
    peer: Peer = UNKNOWN


async def entrance(request: web.Request, door: str, who: Principal, *, given: tuple[str, str] | None = None) -> Opening:
    """
    How `who` comes in at `door`. Whoever authenticates after the upgrade is asked twice: as
    nobody before it, and as who it is after it. `given` is a position that stands elsewhere
    than in the request's head. `session=` names a cursor: the client goes on where it has
    confirmed, or, where a position of its own is later, there.

    Raises Problem: `blocked`, `bad_position`, `invalid` (a bad name of a cursor),
    `unauthenticated` (a cursor of nobody), `too_many_requests`, `busy`.
    """
    given = given or positions.given(request)
    start, cursor = await _asked(request, door, who, given)
    peer = Peer(request[keys.ADDRESS], _user_agent(request), cursor)
    if cursor is None:
        return Opening(start, given is not None or _names_cursor(request, door), peer)
    found = await request.app[keys.ROSTER].cursors.start(cursor, start)
    return Opening(_later(found, start, given, request), opted_in=True, peer=peer)


async def knock(request: web.Request, door: str, who: Principal) -> None:
    """
    Refuse at once, as `entrance` does, what it would refuse of `who` later: at a door where
    everybody comes in after the upgrade, and perhaps as somebody else. No cursor is made.
    """
    await _asked(request, door, who, positions.given(request))


async def _asked(
    request: web.Request, door: str, who: Principal, given: tuple[str, str] | None
) -> tuple[Start, CursorKey | None]:
    """Where the request wants to begin, and the cursor that it names. Raises Problem, as `entrance` does."""
    request.app[keys.ROSTER].blocks.check(holder(who, request[keys.ADDRESS]), door)
    start = NOW if given is None else await positions.start_of(*given, request.app[keys.STORE].log)
    return start, _cursor(request, door, who)


def _names_cursor(request: web.Request, door: str) -> bool:
    return door not in NO_CURSORS and bool(request.query.get("session"))


def _cursor(request: web.Request, door: str, who: Principal) -> CursorKey | None:
    """The cursor that the address names; of nobody none, which is only said where nobody will say more."""
    if not _names_cursor(request, door):
        return None
    name = request.query["session"]
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise invalid(session=f"At most {NAME_LIMIT} characters, none of them invisible.")
    if who.role is not Role.NOBODY:
        owner = holder(who, request[keys.ADDRESS])
        # The cursors of who lent its credential are not lent with it.
        return CursorKey(f"{owner} for {who.name}" if who.lent else owner, door, name)
    if door not in LATE:
        raise unauthenticated()
    return None


def _later(found: Start, start: Start, given: tuple[str, str] | None, request: web.Request) -> Start:
    """A client that keeps its own position may know more than it has confirmed; an age or a time says nothing."""
    epoch = request.app[keys.STORE].log.epoch
    named = given is not None and parse_position(given[1], epoch) is not None
    if named and found.after is not None and start.after is not None and start.after > found.after:
        return replace(found, after=start.after)
    return found


def _user_agent(request: web.Request) -> str:
    # Ten thousand clients are seldom ten thousand programs.
    return sys.intern(request.headers.get("User-Agent", "")[:USER_AGENT_LIMIT])
