"""The ports that the seeds' clients know, and no other: one test at a time has them."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.programs import PATIENCE
from tools import parts


@contextmanager
def ports_of_the_seeds() -> Iterator[None]:
    """
    Hold 8000 and 8010 while the context lasts, against all tests that ask for them here.

    Waits while they are taken. In the end the test is skipped, or, where nothing may be
    skipped (`CI=true`), failed.
    """
    lock = Path(tempfile.gettempdir()) / f"realtime-tests-ports-{os.getuid()}.lock"
    with lock.open("a") as held:
        deadline = time.monotonic() + PATIENCE
        while not (_locked(held.fileno()) and all(map(_is_free, (8000, 8010)))):
            if time.monotonic() > deadline:
                reason = "port 8000 or 8010 is in use, and the seed's clients know no other"
                pytest.fail(reason) if parts.must_be_here() else pytest.skip(reason)
            time.sleep(0.1)
        yield


def _locked(file: int) -> bool:
    """Whether this process has the lock now; it goes with the file."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
