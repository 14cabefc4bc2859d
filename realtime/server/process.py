"""What the server asks of its process and its loop, once, before it begins."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable

from aiohttp import http_parser


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


def raise_descriptor_limit() -> int:
    """Ask for as many open files as this process may have (each connection is one); returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # a system may keep less than it says
        return soft
    return hard


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loops where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
