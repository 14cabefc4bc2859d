"""
Hashing passwords with argon2id (RFC 9106), beside the loop.

A hash is meant to be slow and to take much memory, so only so many are made at once, and
only so many wait.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from realtime.errors import Problem
from realtime.settings_values import KIB

T = TypeVar("T")

AT_ONCE: Final = 2
"""Hashes that are made at the same time, each in a thread of its own."""

WAITING_LIMIT: Final = 64
"""Passwords that wait or are being hashed; more are answered with 503."""

PASSES: Final = 3
"""Times that the memory is gone through."""

_SALT: Final = 16
_LENGTH: Final = 32


class Hasher:
    """Makes and checks hashes with `memory` bytes each; ended by `stop`."""

    def __init__(self, memory: int) -> None:
        # One lane: a second would take a second processor from everybody else.
        self._argon2 = PasswordHasher(
            time_cost=PASSES,
            memory_cost=memory // KIB,
            parallelism=1,
            hash_len=_LENGTH,
            salt_len=_SALT,
            type=Type.ID,
        )
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self.waiting = 0
        """Passwords that wait, or are being hashed."""
        self._nobodys = self._of_nobody()

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises Problem `busy` where too many wait."""
        return await self._beside(lambda: self._argon2.hash(_bytes(password)))

    async def verify(self, hash: str | None, password: str) -> bool:
        """
        Whether the password is the one that was hashed. None is nobody's hash: it takes as
        long, and no password fits. Raises Problem `busy` where too many wait.
        """
        known = self._nobodys if hash is None else hash

        def check() -> bool:
            try:
                return self._argon2.verify(known, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False

        return await self._beside(check)

    def outdated(self, hash: str) -> bool:
        """Whether a hash was made with other parameters than those of now."""
        return self._argon2.check_needs_rehash(hash)

    async def stop(self) -> None:
        """End when the hashes under way are made."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def _beside(self, work: Callable[[], T]) -> T:
        if self.waiting >= WAITING_LIMIT:
            raise Problem("busy", "Too many are signing in at once; try again in a moment.", retry_after=5)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self.waiting -= 1

    def _of_nobody(self) -> str:
        """A hash of the form of all others, which is none: a password for it would have to be found."""
        salt, nothing = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT, _LENGTH))
        own = self._argon2
        return f"$argon2id$v=19$m={own.memory_cost},t={own.time_cost},p={own.parallelism}${salt}${nothing}"


def _bytes(password: str) -> bytes:
    # What looks the same is the same, whichever keyboard it was typed on (RFC 8265 §4.2.2).
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
