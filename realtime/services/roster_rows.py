"""
A connection as the roster keeps it: what is in memory while it is open, the row that is
stored, and the row as answers show it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from realtime import clock
from realtime.channels import Coverage
from realtime.delivery.session import Session
from realtime.dialects.roster import ACTIVE, INACTIVE
from realtime.jsonio import dumps, loads_trusted
from realtime.policy import Policy
from realtime.services.telemetry_rows import written as moment
from realtime.store.roster import Kind
from realtime.store.transaction import Row

CHANGES_KEPT: Final = 16
"""Changes of subscription that are kept of one connection; of what was before, `deliveries` knows nothing."""

SOCKET: Final = "socket"
API: Final = "api"

Span = tuple[int, Coverage]
"""What is covered of the events after a `seq`."""


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ended. The code is one of RFC 6455, or of this server's own."""

    code: int | None
    reason: str


class Connection:
    """
    An open connection, and one that has closed and waits to be stored.

    `user` and `origin` are those of a declared row that it became. `counted` is what its
    row was stored as last. Its positions are looked up when somebody asks.
    """

    __slots__ = ("_closed", "_more", "_session", "_since", "connected_at", "counted", "end", "gone", "id", "user")

    def __init__(self, id: int, session: Session, declared: Row | None = None) -> None:
        self.id = id
        self.user: str | None = None if declared is None else declared["user"]
        self.connected_at = clock.now()
        self.counted: Kind | None = None
        self.end: End | None = None
        """Set when the roster closes it, before anybody else has a reason to."""
        self.gone = False
        """Whether its row is deleted."""
        self._session: Session | None = session
        self._since: Span = (session.cursor, session.coverage)
        self._more: list[Span] | None = None
        self._closed: Row | None = None

    @property
    def session(self) -> Session | None:
        """The hub's session; None once it has closed."""
        return self._session

    def changed(self, after: int, coverage: Coverage) -> None:
        """Of the events after `after` it hears what `coverage` covers."""
        more = self._more = self._more or []
        more.append((after, coverage))
        if len(more) >= CHANGES_KEPT:
            self._since = more.pop(0)

    def close(self, policy: Policy, tip: int) -> None:
        """It has closed, when the log was `tip` long: its row is what it is from now on."""
        self._closed = self.closing(policy, tip)
        self._session = None

    def closing(self, policy: Policy, tip: int) -> Row:
        """The row that it would have if it closed now."""
        session = self._session
        return self.row(policy) if session is None else self.row(policy) | self._ending(session, tip)

    def row(self, policy: Policy) -> Row:
        """The row, as of now."""
        session = self._session
        if session is None:
            assert self._closed is not None
            return self._closed
        who, peer = session.principal, session.peer
        return {
            "id": self.id,
            "user": who.name if self.user is None else self.user,
            "status": ACTIVE,
            "dialect": session.format.name,
            "channels": _names(session.channels),
            "origin": SOCKET if self.user is None else API,
            "connected_at": self.connected_at,
            "disconnected_at": None,
            "last_seen": _seen(session),
            "remote": peer.remote or None,
            "user_agent": peer.user_agent or None,
            "last_seq": session.written,
            "confirmed": session.confirmed or None,
            "closed_seq": None,
            "subscriptions": _spans((self._since, *(self._more or ()))),
            "readable": _coverage(policy.readable(who)),
            "close_code": None,
            "close_reason": None,
            "credential": who.credential,
            "user_id": who.user_id,
            "touched_at": self.connected_at,
        }

    def _ending(self, session: Session, tip: int) -> Row:
        now = clock.now()
        if self.end is not None:
            end = self.end
        elif session.close_code is not None:
            end = End(session.close_code, session.close_reason)
        else:
            end = End(session.peer_code, "")
        return {
            "status": INACTIVE,
            "disconnected_at": now,
            "closed_seq": tip,
            "close_code": end.code,
            "close_reason": end.reason or None,
            "touched_at": now,
        }


def declared_row(id: int, values: Mapping[str, Any], at: int) -> Row:
    """A row that nobody is connected as yet; `values` are user, status, dialect, channels, credential, user_id."""
    empty = dict.fromkeys(_EMPTY)
    channels = _names(tuple(values["channels"]))
    return {"id": id, **empty, **values, "channels": channels, "origin": API, "touched_at": at}


def shown(row: Row, session: Session | None = None, tip: int = 0) -> dict[str, Any]:
    """
    The row as answers show it, with what is true of its `session` at this moment, where it
    is open. `tip` is the last event delivered.
    """
    open_ = session is not None
    view = {name: row[name] for name in ("id", "user", "status", "dialect")}
    view["channels"] = loads_trusted(row["channels"].encode())
    view["origin"] = row["origin"]
    for name in ("connected_at", "disconnected_at"):
        view[name] = _moment(row[name])
    # Reckoned from another clock, it may come out a little before the connection.
    seen = row["last_seen"] if session is None else max(_seen(session), row["connected_at"] or 0)
    view["last_seen"] = _moment(seen)
    view |= {name: row[name] for name in ("remote", "user_agent")}
    view["last_seq"] = row["last_seq"] if session is None else session.written
    view["lag"] = max(0, tip - view["last_seq"]) if open_ else None
    view["queued_bytes"] = None if session is None else session.outlet.pending()
    trip = None if session is None else session.round_trip
    view["rtt_ms"] = None if trip is None else round(trip * 1_000, 1)
    return view | {name: row[name] for name in ("close_code", "close_reason")}


_EMPTY: Final = (
    *("connected_at", "disconnected_at", "last_seen", "remote", "user_agent", "last_seq", "confirmed"),
    *("closed_seq", "subscriptions", "readable", "close_code", "close_reason"),
)


def coverage_of(value: list[Any]) -> Coverage:
    """A coverage as the rows keep it: `[names, all but these]`."""
    return Coverage(frozenset(value[0]), all_but=value[1])


def _moment(at: int | None) -> str | None:
    return None if at is None else moment(at)


def _seen(session: Session) -> int:
    """When its client last sent anything, by the wall clock."""
    return clock.now() - round((asyncio.get_running_loop().time() - session.heard_at) * 1_000)


@lru_cache(maxsize=1_024)
def _names(names: tuple[str, ...]) -> str:
    return dumps(names).decode()


@lru_cache(maxsize=1_024)
def _value(coverage: Coverage) -> list[Any]:
    return [sorted(coverage.names), coverage.all_but]


@lru_cache(maxsize=1_024)
def _coverage(coverage: Coverage) -> str:
    return dumps(_value(coverage)).decode()


def _spans(spans: Iterable[Span]) -> str:
    return dumps([[after, *_value(coverage)] for after, coverage in spans]).decode()
