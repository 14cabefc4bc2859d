"""
Every setting: its name, type, default, what is allowed, its unit and what it means.

The fields of `Settings` are the one table. The flags of the command line, the
`REALTIME_…` variables and `docs/configuration.md` are made from it (`TABLE`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from realtime import addresses
from realtime.redaction import quoted
from realtime.settings_values import (
    BOOLEAN,
    CORS_ORIGINS,
    FOLDER,
    GIB,
    HOST,
    KIB,
    MIB,
    NETWORKS,
    ORIGINS,
    OWN_CHANNELS,
    PORTS,
    PUBLIC_URL,
    IPNetwork,
    Kind,
    Refused,
    one_of,
    size,
    whole,
)

Source = Literal["default", "environment", ".env", "flag", "code"]

PREFIX = "REALTIME_"
_DAY = 86_400_000
_MANY = 1_000_000_000
_DATA = Path("data")


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad setting: its name as the user wrote it, the bad value (made safe to print, or None), and a sentence."""

    name: str
    sentence: str
    value: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}" + ("" if self.value is None else f", not {self.value}")


class SettingsError(ValueError):
    """All bad settings at once, in `problems`; `str()` gives one line each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    kind: Kind
    default: object
    unit: str
    help: str

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def shown(self, value: object) -> str:
        """The value in words: `1 MiB`, `8000, 8010`, `none`, `10000 ms`."""
        text = self.kind.show(value)
        return f"{text} {self.unit}" if self.unit and text.isdigit() else text


def _row(default: object, kind: Kind, help: str, unit: str = "") -> Any:
    return field(default=default, metadata={"kind": kind, "help": help, "unit": unit})


def _milliseconds(default: int, help: str, least: int = 1) -> Any:
    return _row(default, whole(least, _DAY), help, "ms")


def _bytes(default: int, help: str, least: int = KIB) -> Any:
    return _row(default, size(least, 64 * GIB), help, "bytes")


def _count(default: int, unit: str, help: str, least: int = 1, most: int = _MANY) -> Any:
    return _row(default, whole(least, most), help, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    All settings of one server; immutable, and checked when made.

    Every value is read by the kind of its row, so an embedder may pass what a user may
    write (`port=0`, `data="x"`, `frame_limit="2MiB"`); afterwards each field has its
    declared type. Raises `SettingsError` with every problem.
    """

    host: str = _row("localhost", HOST, "The address to listen on; `localhost` means both 127.0.0.1 and ::1.")
    port: tuple[int, ...] = _row((8000, 8010), PORTS, "The ports to listen on; 0 takes any free one.")
    data: Path = _row(_DATA, FOLDER, "The folder of the database; made if it is missing.")  # noqa: RUF009 - `_row` is `field`
    durability: Literal["full", "normal"] = _row(
        "full",
        one_of("full", "normal"),
        "`full` survives a power cut; `normal` is faster and after one may lose the last moments.",
    )
    demo: bool = _row(False, BOOLEAN, "Add a small simulated site and support team, marked as demo everywhere.")
    shutdown_timeout: int = _milliseconds(10_000, "How long a stop may take before what is left is cut off.")
    shutdown_spread: int = _milliseconds(3_000, "Over how long a stop spreads the closing of its sockets.", 0)

    access: Literal["open", "closed"] | None = _row(
        None,
        one_of("open", "closed", otherwise="derived"),
        "Who comes without a credential is a guest (`open`) or refused (`closed`); derived: open when only loopback is"
        " bound and neither a public URL nor a trusted proxy is set, else closed.",
    )
    public_url: str | None = _row(None, PUBLIC_URL, "The address at which browsers reach this server through a proxy.")
    trusted_proxies: tuple[IPNetwork, ...] = _row((), NETWORKS, "The proxies whose forwarding headers are believed.")
    allowed_origins: tuple[str, ...] = _row(
        (), ORIGINS, "Other origins whose pages may use a browser's cookie or a guest's rights."
    )
    cors_origins: tuple[str, ...] = _row(
        ("*",), CORS_ORIGINS, "Origins whose pages may send requests that carry their own token."
    )
    public_channels: tuple[str, ...] = _row((), OWN_CHANNELS, "Own channels that anyone may read without a credential.")
    block_seconds: int = _count(
        60, "seconds", "How long a kick keeps a credential out of a door, where it does not say.", 0, 86_400
    )
    sign_in_attempts: int = _count(10, "a minute", "Failed sign-ins that one address may make.")
    password_length: int = _count(10, "characters", "The shortest password that can be set.", 8, 128)
    password_memory: int = _row(64 * MIB, size(8 * MIB, GIB), "What hashing a password takes; two at once.", "bytes")
    token_days: int = _count(90, "days", "How long a new token is good.", most=36_500)
    login_days: int = _count(14, "days", "How long a browser stays signed in.", most=36_500)
    link_minutes: int = _count(15, "minutes", "How long a one-time sign-in link is good.", most=1440)
    ticket_seconds: int = _count(30, "seconds", "How long a single-use ticket for a socket is good.", most=3600)

    log_level: Literal["debug", "info", "warning", "error", "critical"] = _row(
        "info", one_of("debug", "info", "warning", "error", "critical"), "The least severe messages that are logged."
    )
    log_format: Literal["auto", "json", "console"] = _row(
        "auto", one_of("auto", "json", "console"), "How log lines look; `auto` is `console` on a terminal, else `json`."
    )
    access_log: bool = _row(False, BOOLEAN, "Log one line for each finished request.")

    frame_limit: int = _bytes(MIB, "The largest frame that a socket may send; a larger one closes it with 1009.")
    body_limit: int = _bytes(MIB, "The largest body of a request; a larger one is answered with 413.")
    bulk_body_limit: int = _bytes(10 * MIB, "The largest body where many rows come at once.")
    bulk_rows_limit: int = _count(
        50_000, "rows", "Rows of one such body: they are one unit of work, for which all other writes wait."
    )
    bodies_limit: int = _bytes(64 * MIB, "Bytes of all bodies at once, large ones at most 3/4 of it; more get 503.")
    event_data_limit: int = _bytes(256 * KIB, "The largest `data` of one event; a larger one is answered with 413.")
    connections_limit: int = _count(20_000, "connections", "Sockets and streams at once; more are answered with 503.")
    connections_per_address: int = _count(
        1000, "connections", "The same from one address, loopback and trusted proxies aside; more get 429."
    )
    unauthenticated_limit: int = _count(1000, "connections", "Sockets at once that have not yet signed in.")
    guest_commands_per_second: int = _count(100, "a second", "Commands that one socket of a guest may send.")
    token_commands_per_second: int = _count(5000, "a second", "Commands that one socket with a credential may send.")
    own_channels_limit: int = _count(10_000, "channels", "Channels of the users' own; no more can be made.", 0)
    idempotency_hours: int = _count(24, "hours", "How long an `Idempotency-Key` is remembered.", most=8760)

    handshake_timeout: int = _milliseconds(10_000, "How long the head of a request or a handshake may take.")
    auth_timeout: int = _milliseconds(10_000, "How long an open socket may wait before it signs in; then 4502.")
    body_timeout: int = _milliseconds(10_000, "How long a body may stand still before the answer is 408.")
    body_minimum_rate: int = _row(
        KIB, whole(0, _MANY), "The slowest that a body may come after that time; 0 allows any.", "bytes a second"
    )
    heartbeat: int = _milliseconds(25_000, "How often a quiet socket is pinged.")
    heartbeat_timeout: int = _milliseconds(10_000, "How long a pong may take before the socket is closed with 4012.")
    socketio_heartbeat: int = _milliseconds(25_000, "How often a client of Socket.IO is pinged.")
    socketio_timeout: int = _milliseconds(20_000, "How long its pong may take before it is closed with 4012.")
    stream_heartbeat: int = _milliseconds(15_000, "How often a quiet SSE or NDJSON stream gets a sign of life.")
    stream_timeout: int = _milliseconds(35_000, "How long a stream's reader may acknowledge nothing before it is dead.")
    stall_timeout: int = _milliseconds(60_000, "How long a client may take nothing that waits for it; then 4008.")
    close_timeout: int = _milliseconds(2_000, "How long a peer may take to take its close before it is cut off.")
    presence_grace: int = _milliseconds(
        15_000, "How long somebody whose last connection has ended may take to return before they are told offline.", 0
    )

    outlet_limit: int = _bytes(MIB, "Bytes that may wait for one client; past it the client is served from the log.")
    outlets_limit: int = _bytes(
        512 * MIB, "Bytes that may wait for all clients together; past it the fullest are served from the log."
    )
    ring_events: int = _count(10_000, "events", "Newest events kept in memory for those who come back.", 0)
    ring_bytes: int = _bytes(64 * MIB, "The memory that these newest events may take.", 0)
    replay_page: int = _count(500, "events", "Events that a client which is behind gets at a time.", 1, 10_000)
    join_window: int = _milliseconds(5, "How long a busy server may gather events; 0 gathers none.", 0)
    commit_batch: int = _count(1024, "units of work", "Units of work that one transaction may commit.", 1, 100_000)
    commit_queue: int = _count(10_000, "units of work", "Units that may wait for it; more are answered with 503.")
    commit_queue_bytes: int = _bytes(128 * MIB, "Bytes that they may hold together; more are answered with 503.")

    log_retention_days: int = _count(30, "days", "How long events are kept, if they are not too many.", most=36_500)
    log_retention_events: int = _count(
        10_000_000, "events", "How many events are kept, if they are not too old.", most=1_000_000_000_000
    )
    audit_retention_days: int = _count(400, "days", "How long audit entries are kept.", most=36_500)
    roster_retention_days: int = _count(7, "days", "How long the rows of closed connections are kept.", most=36_500)
    cursor_retention_days: int = _count(7, "days", "How long an unused cursor (`session=`) is kept.", most=36_500)
    cursors_per_credential: int = _count(
        100, "cursors", "Cursors of one credential at one door; past them the one unused for longest makes room."
    )
    backups_kept: int = _count(7, "backups", "How many backups are kept in the data folder.", most=1000)
    retention_interval: int = _milliseconds(3_600_000, "How often old events are removed; 0 means never by itself.", 0)

    sources: Mapping[str, Source] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        clean, problems = examine({row.name: getattr(self, row.name) for row in TABLE}, lambda name: name)
        if problems:
            raise SettingsError(problems)
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    def source_of(self, name: str) -> Source:
        """Where the value of a setting came from; `code` is what an embedder passed."""
        unchanged: Source = "default" if getattr(self, name) == ROWS[name].default else "code"
        return self.sources.get(name, unchanged)

    @property
    def bind_hosts(self) -> tuple[str, ...]:
        """The addresses to listen on, `localhost` as both of its own."""
        return ("127.0.0.1", "::1") if self.host == "localhost" else (self.host,)

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine can connect; a name other than `localhost` may lead anywhere."""
        return all(map(addresses.is_loopback, self.bind_hosts))

    @property
    def access_mode(self) -> Literal["open", "closed"]:
        """The access that holds: the one that was set, else `open` on bare loopback alone."""
        if self.access is not None:
            return self.access
        exposed = self.trusted_proxies or self.public_url is not None or not self.loopback_only
        return "closed" if exposed else "open"

    @property
    def public_origin(self) -> str | None:
        """`public_url` without its path, as a browser writes it in `Origin`."""
        return None if self.public_url is None else addresses.origin(self.public_url)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Names that a `Host` header may carry: lower case, without a port, IPv6 without brackets."""
        hosts = {"localhost", "127.0.0.1", "::1", self.host}
        if self.public_url is not None:
            hosts.add(urlsplit(self.public_url).hostname or "")
        return frozenset(hosts)


TABLE: tuple[Setting, ...] = tuple(
    Setting(item.name, item.metadata["kind"], item.default, item.metadata["unit"], item.metadata["help"])
    for item in fields(Settings)
    if "kind" in item.metadata
)
ROWS: Mapping[str, Setting] = {row.name: row for row in TABLE}

# Pairs that contradict each other, as (this, must be at least, that).
_AT_LEAST = (("bulk_body_limit", "body_limit"), ("shutdown_timeout", "shutdown_spread"))


def examine(given: Mapping[str, object], written: Callable[[str], str]) -> tuple[dict[str, Any], list[Problem]]:
    """
    Read every given value and hold it against the others.

    `written` gives the name under which the user knows a setting. Returns the values
    that are good, and one problem for each that is not, in the order of the table.
    """
    clean: dict[str, Any] = {}
    problems = []
    for row in TABLE:
        if row.name in given:
            try:
                clean[row.name] = row.kind.read(given[row.name])
            except Refused as error:
                problems.append(Problem(written(row.name), str(error), quoted(given[row.name])))
    for name, floor in _AT_LEAST:
        if name in clean and floor in clean and clean[name] < clean[floor]:
            sentence = f"must be at least {written(floor)} ({clean[floor]})"
            problems.append(Problem(written(name), sentence, str(clean[name])))
    return clean, problems
