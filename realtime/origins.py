"""
Where a request comes from: the host that it asks for, the page that sent it, the address
behind the proxies. Pure rules over headers; who may do what is `auth`'s.

A browser sends a cookie, and reaches a server on its own machine, for any page that asks
it to. So what a browser carries by itself counts only for our own pages (`foreign`), and
a `Host` that is not ours is refused: else a name of somebody else's that leads to this
machine would make their page ours (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from multidict import CIMultiDictProxy

from realtime.addresses import DEFAULT_PORTS
from realtime.config import Settings
from realtime.settings_values import IPNetwork

Headers = CIMultiDictProxy[str]

SAFE: Final = frozenset({"GET", "HEAD"})

# Their answers are for programs: no link on another site's page has business there.
_PROGRAMS: Final = ("/api/", "/ws/", "/socket.io/", "/metrics")

_EXPOSED: Final = "Event-Seq, Location, Retry-After, X-Request-Id"
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


@dataclass(frozen=True, slots=True)
class Origins:
    """The rules of one server, as `Origins.of(settings)` makes them."""

    hosts: frozenset[str]
    ports: frozenset[int]
    public: str | None
    secure_host: str | None
    allowed: frozenset[str]
    cors: frozenset[str]
    proxies: tuple[IPNetwork, ...]

    @classmethod
    def of(cls, settings: Settings) -> Origins:
        """The rules that the settings make."""
        public = urlsplit(settings.public_origin or "")
        return cls(
            hosts=settings.allowed_hosts,
            ports=frozenset(settings.port) - {0},
            public=settings.public_origin,
            secure_host=public.hostname if public.scheme == "https" else None,
            allowed=frozenset(settings.allowed_origins),
            cors=frozenset(settings.cors_origins),
            proxies=settings.trusted_proxies,
        )

    def serves(self, host: str, local: str | None = None) -> bool:
        """
        Whether a `Host` header names this server, on whatever port.

        `local` is the address at which the connection arrived. An address, unlike a name,
        cannot be made to lead elsewhere, so it is as good as a bound one.
        """
        name, _ = split_host(host)
        return name != "" and (name in self.hosts or name == local)

    def is_own(self, origin: str, scheme: str, host: str) -> bool:
        """
        Whether `origin` is that of our own pages, for a request to `scheme` and `host`:
        the public URL's, or the same scheme and host on any port that we listen on.
        """
        if origin == self.public:
            return True
        name, _ = split_host(host)
        # Behind a proxy our own scheme is plain http, but a page of the public host that came
        # without TLS may be anybody's who sits on the wire.
        if name == "" or name == self.secure_host or not origin.startswith(f"{scheme}://"):
            return False
        authority = origin[len(scheme) + 3 :]
        if authority == host.lower():
            return True
        theirs, port = split_host(authority)
        return theirs == name and (DEFAULT_PORTS.get(scheme) if port is None else port) in self.ports

    def trusts(self, origin: str, scheme: str, host: str) -> bool:
        """Whether pages of `origin` may use a browser's cookie and a guest's rights."""
        return origin in self.allowed or self.is_own(origin, scheme, host)

    def foreign(self, headers: Headers, scheme: str, method: str, path: str) -> bool:
        """
        Whether what the browser carries by itself does not count for this request.

        Requests without `Origin` and `Sec-Fetch-Site` come from no page (or from a browser
        that does not say); following a link to a page of ours is nobody's misuse.
        """
        origin = headers.get("Origin")
        if origin is not None:
            return not self.trusts(origin, scheme, headers.get("Host", ""))
        site = headers.get("Sec-Fetch-Site")
        if site is None or site in ("same-origin", "none"):
            return False
        return not _is_visit(headers, method, path)

    def may_send_token(self, origin: str, scheme: str, host: str) -> bool:
        """Whether pages of `origin` may send requests that carry their own token."""
        return "*" in self.cors or origin in self.cors or self.trusts(origin, scheme, host)

    def cors_headers(self, origin: str, scheme: str, host: str) -> dict[str, str]:
        """What lets a page of `origin` read the answer (Fetch standard, CORS protocol); empty where it may not."""
        if self.trusts(origin, scheme, host):
            granted = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        elif "*" in self.cors:
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
        elif origin in self.cors:
            granted = {"Access-Control-Allow-Origin": origin}
        else:
            return {}
        return {**granted, "Access-Control-Expose-Headers": _EXPOSED, "Vary": "Origin"}

    def address(self, peer: str, headers: Headers) -> str:
        """
        The client's address: the peer's, or, where the peer is a trusted proxy, the last in
        `X-Forwarded-For` that is none. What stands before that, anyone may have written.
        """
        if not self.proxies:
            return peer.removeprefix("::ffff:")
        client = _ip(peer)
        if client is None:
            return peer
        for text in reversed(",".join(headers.getall("X-Forwarded-For", ())).split(",")):
            if not any(client in network for network in self.proxies):
                break
            before = _ip(text)
            if before is None:
                break
            client = before
        return str(client)


def preflight_headers(granted: Mapping[str, str]) -> dict[str, str]:
    """What a preflight is answered with, beside what `cors_headers` granted."""
    return {**granted, **_PREFLIGHT}


def split_host(text: str) -> tuple[str, int | None]:
    """Name (lower case, IPv6 without brackets) and port of a `Host` header; an empty name for what is none."""
    name, colon, port = text.lower().rpartition(":")
    if not colon or text.endswith("]"):
        name, port = text.lower(), ""
    if name.startswith("["):
        if not name.endswith("]"):
            return "", None
        name = name[1:-1]
    elif ":" in name:
        return "", None
    if not port:
        return ("", None) if colon and not text.endswith("]") else (name, None)
    if not (port.isascii() and port.isdigit() and len(port) < 6):
        return "", None
    return name, int(port)


def is_forwarded(names: Iterable[str]) -> bool:
    """Whether one of these headers says that the request came through a proxy."""
    for name in names:
        # Most begin with another letter, and this runs for every request of a guest.
        if name[:1] in "FfXxVv" and (
            (lower := name.lower()).startswith("x-forwarded-") or lower in ("forwarded", "x-real-ip", "via")
        ):
            return True
    return False


def _is_visit(headers: Headers, method: str, path: str) -> bool:
    return (
        method in SAFE
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and not path.startswith(_PROGRAMS)
    )


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: perhaps with a port, an IPv6 address perhaps in brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
