"""
Passing on signals: at once to whoever has room, and the newest of each key, later, to
whoever had none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from realtime.delivery.frames import Format
from realtime.delivery.session import Session
from realtime.events import Signal

if TYPE_CHECKING:
    from realtime.delivery.hub import Hub

MISSED_LIMIT: Final = 16
"""Signals, by key, that are kept for a session whose outlet is full; the oldest goes first."""


def pass_on(hub: Hub, signal: Signal, to: Callable[[Session], bool], limit: int) -> int:
    """
    Write `signal` to the sessions that cover its channel and satisfy `to`; returns how many
    bytes that were.

    A session in whose outlet `limit` bytes wait misses it. If the signal has a key, the
    session falls behind, and gets the newest of that key when it is live again.
    """
    frames: dict[Format, bytes | None] = {}
    written = 0
    for session in hub.sessions.values():
        if signal.channel not in session.coverage or not to(session) or session.close_code is not None:
            continue
        if session.format not in frames:
            frames[session.format] = session.format.signal(signal)
        frame = frames[session.format]
        if not frame:
            continue
        if session.outlet.pending() < limit:
            session.missed.pop(signal.key, None)
            session.outlet.write(frame)
            written += len(frame)
        elif signal.key:
            _keep(session, signal, frame)
            if session.live:
                hub.fall_behind(session)
    return written


def make_up(session: Session) -> None:
    """Write what `session` has missed, as far as it still covers it."""
    missed, session.missed = session.missed, {}
    for channel, frame in missed.values():
        if channel in session.coverage:
            session.outlet.write(frame)


def _keep(session: Session, signal: Signal, frame: bytes) -> None:
    session.missed.pop(signal.key, None)
    session.missed[signal.key] = (signal.channel, frame)
    if len(session.missed) > MISSED_LIMIT:
        del session.missed[next(iter(session.missed))]
