"""
Hosts, origins and URLs in the one form in which they can be compared.

That form is the one that browsers send in `Host` and `Origin` (WHATWG URL, RFC 6454):
lower case, no port where the scheme implies it. Everything else raises `ValueError`.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_PATH: Final = re.compile(r"[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")
# Their pages have the origin "null", which is no one's.
_WITHOUT_ORIGIN: Final = frozenset({"about", "blob", "data", "file", "javascript"})


def host(text: str) -> str:
    """A DNS name or an IP address, in lower case, an IPv6 address without brackets."""
    name = text.lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    labels = name.split(".")
    # A name whose last label is a number is an IPv4 address to a browser ("127.1"), and a wrong one here.
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise ValueError(text)
    return name


def is_loopback(name: str) -> bool:
    """Whether an address is this machine's own; a name other than `localhost` may lead anywhere."""
    if name == "localhost":
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def network(address: str) -> str:
    """
    What counts as one address where tries are counted: an IPv6 client has 2^64 of them to
    try from. Anything that is no address is returned as it is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return f"{found.exploded[:19]}::/64" if isinstance(found, IPv6Address) else address


def origin(url: str) -> str:
    """The origin of an absolute URL, `scheme://host` or `scheme://host:port`."""
    parts = urlsplit(url)
    scheme, port = parts.scheme.lower(), parts.port
    if not _SCHEME.fullmatch(scheme) or scheme in _WITHOUT_ORIGIN or "@" in parts.netloc or not parts.hostname:
        raise ValueError(url)
    name = host(parts.hostname)
    authority = f"[{name}]" if ":" in name else name
    return f"{scheme}://{authority}" if port in (None, DEFAULT_PORTS.get(scheme)) else f"{scheme}://{authority}:{port}"


def public_url(url: str) -> str:
    """An absolute http or https URL without a user, a query or a fragment; the result does not end in a slash."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or "?" in url or "#" in url or not _PATH.fullmatch(parts.path):
        raise ValueError(url)
    return origin(url) + parts.path.rstrip("/")
