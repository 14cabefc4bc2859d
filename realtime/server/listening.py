"""
The sockets on which the server listens: TCP, and one in the file system for the command
line of the same machine.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from realtime.config import Settings

BACKLOG: Final = 4096
"""Connections that the system may keep waiting until they are accepted (it caps this by `net.core.somaxconn`)."""

PATH_LIMIT: Final = 107
"""Bytes of a Unix socket's path (unix(7): `sun_path` has 108, the last one NUL)."""

SOCKET_NAME: Final = "realtime.sock"
POINTER_NAME: Final = "socket"
"""The file in the data folder that names the socket where its path would be too long to lie there."""

_EPHEMERAL_TRIES: Final = 20
# A machine without IPv6 has no ::1, and "localhost" is still what it says.
_ABSENT: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_REASONS: Final = {
    errno.EADDRINUSE: "it is in use by another program; choose another with --port",
    errno.EACCES: "this user may not listen there; ports below 1024 need a privilege",
    errno.EADDRNOTAVAIL: "it is not an address of this machine",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address",
}


class CannotListen(RuntimeError):
    """An address cannot be listened on; the message is a sentence that says which and why."""


def listen_on_ports(settings: Settings) -> list[socket.socket]:
    """
    A listening TCP socket for each of `bind_hosts` and each port. Where a port is 0, all
    hosts get the same free one.

    Raises CannotListen, leaving nothing open. An IPv6 loopback that the machine does not
    have is left out.
    """
    sockets: list[socket.socket] = []
    try:
        for port in settings.port:
            sockets += _listen_everywhere(settings, port)
    except BaseException:
        for opened in sockets:
            opened.close()
        raise
    return sockets


def _listen_everywhere(settings: Settings, port: int) -> list[socket.socket]:
    for last in [False] * (_EPHEMERAL_TRIES - 1) + [True]:
        sockets: list[socket.socket] = []
        chosen = port
        try:
            for family, address in _addresses(settings, port):
                try:
                    opened = _listen(family, (address[0], chosen, *address[2:]), settings.stall_timeout)
                except OSError as error:
                    if settings.host == "localhost" and sockets and error.errno in _ABSENT:
                        continue
                    raise
                sockets.append(opened)
                chosen = opened.getsockname()[1]
            return sockets
        except OSError as error:
            for opened in sockets:
                opened.close()
            # The port that was free on one address may be taken on the other.
            if port or last or error.errno != errno.EADDRINUSE:
                raise CannotListen(_sentence(address[0], chosen, error)) from None
    raise AssertionError("the last try ends the loop")


def _addresses(settings: Settings, port: int) -> list[tuple[int, tuple[str, int] | tuple[str, int, int, int]]]:
    found = []
    for host in settings.bind_hosts:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except socket.gaierror as error:
            raise CannotListen(f"cannot listen on {host}: {error.strerror or 'there is no such host'}") from None
        found += [(family, address) for family, _, _, _, address in answers]
    return list(dict.fromkeys(found))  # type: ignore[arg-type]


def _listen(family: int, address: tuple[str | int, ...], stall_timeout: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Else the port stays taken for a minute after a restart.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" is every address of the machine, as it is for most servers.
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # For whatever is written to a client that takes none of it, plain answers included;
            # each connection has it from the socket that listens (tcp(7)).
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stall_timeout)
        opened.setblocking(False)
        opened.bind(address)
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def _sentence(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"cannot listen on {where}: {_REASONS.get(error.errno or 0, error.strerror)}"


class LocalSocket:
    """
    The Unix socket of a data folder, listening, and open to its owner alone (0600): whoever
    can connect to it is an admin.

    Only for the process that holds the folder's lock: what an earlier one left behind is
    removed first, and `remove` takes away what this one made. Raises CannotListen.
    """

    def __init__(self, data: Path) -> None:
        self._pointer = data / POINTER_NAME
        _remove(socket_path(data))
        _remove(data / SOCKET_NAME)
        self._pointer.unlink(missing_ok=True)
        self.path = data.resolve() / SOCKET_NAME
        try:
            self.socket = self._open(data)
        except OSError as error:
            raise CannotListen(f"cannot listen on {self.path}: {error.strerror or error}") from None

    def remove(self) -> None:
        """Take the name away; to be called before the folder's lock is given up."""
        _remove(self.path)
        self._pointer.unlink(missing_ok=True)

    def _open(self, data: Path) -> socket.socket:
        if len(os.fsencode(self.path)) <= PATH_LIMIT:
            with suppress(OSError):  # some file systems have no sockets
                return _bound(self.path)
        self.path = _private_folder(data) / SOCKET_NAME
        opened = _bound(self.path)
        descriptor = os.open(self._pointer, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as pointer:
            pointer.write(os.fsencode(self.path) + b"\n")
        return opened


def socket_path(data: Path) -> Path:
    """Where the server of this data folder has its socket, if one runs."""
    try:
        named = (data / POINTER_NAME).read_bytes().strip()
    except OSError:
        named = b""
    return Path(os.fsdecode(named)) if named else data.resolve() / SOCKET_NAME


@contextmanager
def temporary_socket() -> Iterator[socket.socket]:
    """A listening Unix socket in a private folder, which is gone at the end; the socket is the caller's to close."""
    roomy = len(os.fsencode(tempfile.gettempdir())) < PATH_LIMIT - 40
    with tempfile.TemporaryDirectory(prefix="realtime-", dir=None if roomy else "/tmp") as folder:
        yield _bound(Path(folder) / SOCKET_NAME)


def _bound(path: Path) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The name appears with its rights: nobody can connect between bind and a chmod.
    umask = os.umask(0o177)
    try:
        opened.setblocking(False)
        opened.bind(os.fspath(path))
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    finally:
        os.umask(umask)
    return opened


def _private_folder(data: Path) -> Path:
    """A folder that only this user can enter, with a path short enough for a socket."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        folder = Path(runtime) / f"realtime-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}"
        if len(os.fsencode(folder / SOCKET_NAME)) <= PATH_LIMIT:
            with suppress(OSError):
                folder.mkdir(mode=0o700, exist_ok=True)
                _remove(folder / SOCKET_NAME)
                return folder
    return Path(tempfile.mkdtemp(prefix="realtime-", dir="/tmp"))


def _remove(path: Path) -> None:
    """Remove a socket, and the private folder around it; anything else of that name is left alone."""
    with suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
            if path.parent.name.startswith("realtime-"):
                path.parent.rmdir()
