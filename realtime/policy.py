"""
Who may do what: one question, `Policy.may`, asked on every door.

Roles are those of a small team: viewer, agent, device, admin, and the guest of an open
server, who is agent and device together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from realtime.channels import AUDIT, EVERYTHING, NOTHING, Coverage, covering, is_own


class Role(StrEnum):
    """What a user is. `NOBODY` is a request without a credential on a closed server."""

    NOBODY = "nobody"
    VIEWER = "viewer"
    DEVICE = "device"
    AGENT = "agent"
    GUEST = "guest"
    ADMIN = "admin"


ASSIGNABLE: Final = (Role.VIEWER, Role.AGENT, Role.DEVICE, Role.ADMIN)

# A token never rises above its user's role. Device and viewer cannot be compared: only an
# agent or an admin may make tokens of both.
BELOW: Final[dict[Role, frozenset[Role]]] = {
    Role.NOBODY: frozenset(),
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.DEVICE: frozenset({Role.DEVICE}),
    Role.AGENT: frozenset({Role.AGENT, Role.VIEWER, Role.DEVICE}),
    Role.GUEST: frozenset(),
    Role.ADMIN: frozenset(ASSIGNABLE),
}


class Action(StrEnum):
    """What is asked for. A token's `verbs` limit names these words."""

    READ = "read"
    PUBLISH = "publish"
    REPORT = "report"
    """Create readings, anomalies and predictions."""
    WRITE = "write"
    """Everything else that changes the sensor domain or the support desk."""
    ROSTER = "roster"
    """See and declare connections."""
    ADMIN = "admin"
    """Users, tokens, kicks, settings, deleting readings."""


_ACTIONS: Final[dict[Role, frozenset[Action]]] = {
    Role.NOBODY: frozenset(),
    Role.VIEWER: frozenset({Action.READ}),
    Role.DEVICE: frozenset({Action.READ, Action.PUBLISH, Action.REPORT}),
    Role.AGENT: frozenset({Action.READ, Action.PUBLISH, Action.REPORT, Action.WRITE}),
    Role.GUEST: frozenset({Action.READ, Action.PUBLISH, Action.REPORT, Action.WRITE, Action.ROSTER}),
    Role.ADMIN: frozenset(Action),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """
    Who is asking, as a credential proved it.

    `credential` names the credential without its secret (`token:7`, `login:3`,
    `guest:127.0.0.1`, `socket`), and is what limits, idempotency keys and cursors belong
    to. `channels` and `verbs` are a token's own limits, None for none; `expires_at` is in
    milliseconds since 1970. `browser` tells the rights that a browser carries by itself.
    `connection` is the declared row of the roster which a socket of this one becomes; `lent`
    says that the credential is of somebody else, who let this one in.
    """

    name: str
    role: Role
    credential: str
    user_id: int | None = None
    channels: frozenset[str] | None = None
    verbs: frozenset[str] | None = None
    expires_at: int | None = None
    browser: bool = False
    connection: int | None = field(default=None, compare=False)
    lent: bool = False

    @property
    def is_guest(self) -> bool:
        """Whether this is somebody without an account."""
        return self.role in (Role.GUEST, Role.NOBODY)


NOBODY: Final = Principal("nobody", Role.NOBODY, "nobody")


class Policy:
    """The rules, with the own channels that the settings declare public."""

    def __init__(self, public_channels: Iterable[str] = ()) -> None:
        self._public = frozenset(public_channels)

    def may(self, who: Principal, action: Action, channel: str | None = None) -> bool:
        """Whether `who` may do `action` (on `channel`, where the action has one)."""
        if action is Action.READ and channel in self._public:
            return True
        if action not in _ACTIONS[who.role]:
            return False
        if who.verbs is not None and action not in who.verbs:
            return False
        if channel is None:
            return True
        if action is Action.READ:
            return channel in self.readable(who)
        if action is Action.PUBLISH:
            return is_own(channel) and self._within_limit(who, channel)
        # What a device reports is limited by its verbs: its channels limit what it reads.
        return who.role is Role.DEVICE or who.channels is None or channel in covering(who.channels).names

    def readable(self, who: Principal) -> Coverage:
        """All channels that `who` may read, those not yet made included."""
        if Action.READ not in _ACTIONS[who.role] or (who.verbs is not None and Action.READ not in who.verbs):
            return Coverage(self._public) if self._public else NOTHING
        if who.channels is not None:
            barred = {AUDIT} if who.role in (Role.VIEWER, Role.DEVICE) else set()
            return Coverage((covering(who.channels).names - barred) | self._public)
        if who.role is Role.DEVICE:
            return Coverage(self._public) if self._public else NOTHING
        return Coverage(frozenset({AUDIT}), all_but=True) if who.role is Role.VIEWER else EVERYTHING

    @staticmethod
    def _within_limit(who: Principal, channel: str) -> bool:
        return channel in who.channels if who.channels is not None else who.role is not Role.DEVICE
