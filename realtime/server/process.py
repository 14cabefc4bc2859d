"""What the server asks of its process and its loop, once, before it begins."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import http_parser

COLLECTION: Final = (20_000, 50, 100)
"""New objects, and collections of the younger generations, before each generation is collected (gc module)."""

SWITCH_INTERVAL: Final = 0.000_5
"""Seconds after which a busy thread lets another one run."""

FILES_RESERVED: Final = 128
"""Open files that are kept for the database, the listening sockets and plain requests."""


class UnfitInterpreter(RuntimeError):
    """This Python installation lacks a part without which the server must not run."""


def require_c_parser() -> None:
    """
    Raise UnfitInterpreter unless requests are read by llhttp.

    aiohttp's parser in Python is several times slower, and reads some malformed requests
    in another way, which between two servers is how requests are smuggled.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise UnfitInterpreter(
            "aiohttp's HTTP parser in C is missing: install aiohttp from a wheel, and leave AIOHTTP_NO_EXTENSIONS unset"
        )


def room_for_connections() -> int | None:
    """
    Ask for as many open files as this process may have, each connection being one; returns
    how many connections there is room for, None for any number.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # a system may keep less than it says
        hard = soft
    return None if hard == resource.RLIM_INFINITY else max(1, hard - FILES_RESERVED)


def settle_memory() -> None:
    """
    Take what was loaded by now out of garbage collection, and collect less often.

    A request leaves hardly a cycle behind, and each full collection walks everything that
    was imported: it was a fifth of the cost of a publication (make bench, F4).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTION)


def share_interpreter() -> None:
    """
    Let the database's threads have the interpreter soon after they ask for it.

    A commit is a few short errands of another thread, and while the loop writes to
    thousands of clients each of them would wait for 5 ms, Python's default.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)


@contextmanager
def private_files() -> Iterator[None]:
    """What is made in here only its owner can read, whatever folder it lies in."""
    umask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(umask)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loops where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
