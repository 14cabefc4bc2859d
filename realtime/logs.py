"""
Logs: one line for each thing worth knowing, and never a secret in it.

Modules write with `structlog.get_logger(__name__)`; what libraries write with the
standard library's `logging` takes the same way. Every value passes `clean` before any
handler sees it: secrets are taken out and control characters are escaped in messages,
keys, values at any depth, and tracebacks.
"""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from realtime import jsonio
from realtime.config import Settings
from realtime.redaction import REDACTED, holds_secrets, printable, redact

__all__ = ["clean", "configure", "redact"]

# A line is for reading. Longer texts, deeper values and longer lists are cut, and say so.
TEXT_LIMIT: Final = 16_384
DEPTH_LIMIT: Final = 6
ITEMS_LIMIT: Final = 100

_FIRST: Final = ("timestamp", "level", "event", "logger")
_LINES: Final = frozenset({"exception", "stack"})
_STRUCTLOG_OWN: Final = frozenset({"_record", "_from_structlog"})
# Talkative libraries. aiosqlite writes every statement with its values at "debug".
_QUIET: Final = {"aiosqlite": logging.WARNING, "alembic": logging.WARNING, "sqlalchemy": logging.WARNING}


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """
    Send all logs to `stream` (standard error without it), as the settings say.

    For the program that owns the process: it configures structlog and the root logger,
    and leaves the handlers of others where they are. Calling it again replaces what it
    did before.
    """
    target = sys.stderr if stream is None else stream
    terminal = target.isatty()
    console = settings.log_format == "console" or (settings.log_format == "auto" and terminal)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]

    structlog.configure(
        processors=[
            *_CHAIN,
            structlog.processors.StackInfoRenderer(),
            clean,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A cached logger would keep the level and the processors of an earlier call.
        cache_logger_on_first_use=False,
    )
    handler = _Handler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_CHAIN, clean],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_console(colors=terminal and _wants_colors()) if console else (_json,)),
            ],
        )
    )
    _install(handler, level)
    logging.getLogger("aiohttp.access").setLevel(level if settings.access_log else logging.ERROR)


def clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that leaves only plain values without secrets and control characters."""
    cleaned: EventDict = {}
    for key, value in event.items():
        if key in _STRUCTLOG_OWN:
            cleaned[key] = value
        elif key in _LINES and isinstance(value, str):
            cleaned[key] = printable(_cut(redact(value)), lines=True)
        else:
            cleaned[_plain_text(key)] = REDACTED if holds_secrets(key) else _plain(value, DEPTH_LIMIT)
    return cleaned


def _plain(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if depth and isinstance(value, Mapping):
        items = list(value.items())
        kept: dict[str, object] = {}
        for key, item in items[:ITEMS_LIMIT]:
            name = _words(key)
            kept[_plain_text(name)] = REDACTED if holds_secrets(name) else _plain(item, depth - 1)
        return kept if len(items) == len(kept) else {**kept, "…": len(items) - len(kept)}
    if depth and isinstance(value, list | tuple | set | frozenset):
        several = [_plain(item, depth - 1) for item in list(value)[:ITEMS_LIMIT]]
        return several if len(value) == len(several) else [*several, f"… {len(value) - len(several)} more"]
    return _plain_text(_words(value))


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="backslashreplace")
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a value that cannot be shown must not cost the line
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _plain_text(text: str) -> str:
    return printable(_cut(redact(text)))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}… {len(text) - TEXT_LIMIT} more"


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {key: event[key] for key in _FIRST if key in event}
    return jsonio.dumps({**first, **event}).decode()


def _indent(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # An exception's text may hold line feeds: what it says must not look like a line of the log.
    for key in _LINES & event.keys():
        event[key] = "\n".join("    " + line for line in str(event[key]).splitlines())
    return event


def _console(*, colors: bool) -> tuple[Processor, ...]:
    # No pretty tracebacks: they show local variables, and tokens among them.
    renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
    return (_indent, renderer)


def _wants_colors() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        # The standard library's prints the record's arguments as they are, secrets included.
        # A stream that is gone or full takes no line at all: then this one is lost too.
        place = f"{record.name} ({record.pathname}:{record.lineno})"
        reason = f"a log line of {place} could not be written: {sys.exc_info()[0]!r}"
        with suppress(OSError, ValueError):
            told = logging.LogRecord(__name__, logging.ERROR, record.pathname, record.lineno, reason, (), None)
            self.stream.write(self.format(told) + self.terminator)
            self.flush()


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))
    logging.captureWarnings(True)


_CHAIN: Final[tuple[Any, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
