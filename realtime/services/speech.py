"""Who says something, and where."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.policy import Principal


@dataclass(frozen=True, slots=True)
class Speaker:
    """
    Who speaks: `who` as the credential proved it, `sender` what that is in a conversation
    (customer, agent, bot, system).

    `sender_id` and `name` are what a guest claims to be. Without them a customer is the
    conversation's contact, everybody else the account.
    """

    who: Principal
    sender: str
    sender_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where something is said: the conversation with this id or uuid. A uuid never seen opens
    one when `open`, with a contact of that name (the speaker's when that is the customer,
    else the uuid), from that channel.
    """

    conversation: int | str
    open: bool = False
    contact_name: str | None = None
    origin_channel: str = "api"
