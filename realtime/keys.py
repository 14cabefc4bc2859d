"""What the application and a request carry, each under a typed key."""

from __future__ import annotations

from collections import Counter
from typing import Final

from aiohttp import web

from realtime.config import Settings
from realtime.delivery.admission import Admission
from realtime.delivery.formats import Formats
from realtime.delivery.heartbeat import Heartbeat
from realtime.delivery.hub import Hub
from realtime.policy import Policy, Principal
from realtime.services.about import About
from realtime.services.accounts import Accounts
from realtime.services.backups import Backups
from realtime.services.conversations import Conversations
from realtime.services.csat import Csat
from realtime.services.idempotency import Idempotency
from realtime.services.messages import Messages
from realtime.services.metrics import Metrics
from realtime.services.presence import Presence
from realtime.services.publications import Publications
from realtime.services.roster import Roster
from realtime.services.roster_declaring import Declaring
from realtime.services.roster_steering import Steering
from realtime.services.telemetry import Telemetry
from realtime.store.opening import Store

SETTINGS: Final = web.AppKey("settings", Settings)
STORE: Final = web.AppKey("store", Store)
HUB: Final = web.AppKey("hub", Hub)
FORMATS: Final = web.AppKey("formats", Formats)
HEARTBEAT: Final = web.AppKey("heartbeat", Heartbeat)
ADMISSION: Final = web.AppKey("admission", Admission)
REQUESTS: Final = web.AppKey("requests", Counter[tuple[str, str, int]])
"""Answers so far, by method, route pattern and status (see realtime.metrics)."""
POLICY: Final = web.AppKey("policy", Policy)
ACCOUNTS: Final = web.AppKey("accounts", Accounts)
TELEMETRY: Final = web.AppKey("telemetry", Telemetry)
PUBLICATIONS: Final = web.AppKey("publications", Publications)
ROSTER: Final = web.AppKey("roster", Roster)
DECLARING: Final = web.AppKey("declaring", Declaring)
STEERING: Final = web.AppKey("steering", Steering)
ABOUT: Final = web.AppKey("about", About)
BACKUPS: Final = web.AppKey("backups", Backups)
IDEMPOTENCY: Final = web.AppKey("idempotency", Idempotency)
CONVERSATIONS: Final = web.AppKey("conversations", Conversations)
MESSAGES: Final = web.AppKey("messages", Messages)
CSAT: Final = web.AppKey("csat", Csat)
METRICS: Final = web.AppKey("metrics", Metrics)
PRESENCE: Final = web.AppKey("presence", Presence)

PRINCIPAL: Final = web.RequestKey("principal", Principal)
"""Who asks; set by the authentication middleware before any handler runs."""

ADDRESS: Final = web.RequestKey("address", str)
"""The client's address, a trusted proxy's word for it included; set with PRINCIPAL."""

BODY: Final = web.RequestKey("body", int)
"""Bytes of its body that a request holds; counted in ADMISSION until it is answered."""

REQUEST_ID: Final = web.RequestKey("request_id", str)
