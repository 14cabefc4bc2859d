"""
Control frames of the JSON dialects. `hello`, `recovered` and `gap` go only to clients that
opted in (a position, a cursor or a subprotocol); `result` answers a command.
"""

from __future__ import annotations

from typing import Any

from realtime.errors import Problem
from realtime.events import Position
from realtime.jsonio import dumps


def hello(position: Position, tip: int, heartbeat: int) -> bytes:
    """
    The first frame: the history's epoch and tip, the position from which this client goes
    on (it is safe to come back with), and the heartbeat in milliseconds.
    """
    return dumps(
        {
            "type": "hello",
            "epoch": position.epoch,
            "tip": tip,
            "position": str(position),
            "heartbeat": heartbeat,
        }
    )


def recovered(position: Position, replayed: int) -> bytes:
    """The replay is over: everything up to `position` has been sent, `replayed` frames of it."""
    return dumps({"type": "recovered", "position": str(position), "replayed": replayed})


def gap(after: Position, to: Position) -> bytes:
    """Events after `from` and up to `to` cannot be replayed."""
    return dumps({"type": "gap", "from": str(after), "to": str(to)})


def result(id: Any, data: Any) -> bytes:
    """A command was carried out; `id` is the client's own."""
    return dumps({"type": "result", "id": id, "success": True, "data": data})


def failure(id: Any, problem: Problem) -> bytes:
    """A command was refused: nothing of it was done."""
    return dumps({"type": "result", "id": id, "success": False, "error": problem.brief()})
