"""
Taking secrets and control characters out of text that a person or a log will read.

Standard library only, so that anything may use it. What counts as a secret:

- anything that begins like a secret of ours: `rt_` (token), `tk_` (ticket), `rl_`
  (login), `rk_` (one-time link code), also where `_` is written `%5F`;
- the value after a name that holds secrets: `token=`, `ticket: `, `"password": `;
- the rest of a line after the name of a header that holds secrets;
- what follows `Bearer`, and the password in `scheme://user:password@host`.

Too much is taken rather than too little: no pattern tries to find where a quoted
value ends, because whoever wrote the text around it chose the quotes.
"""

from __future__ import annotations

import json
import re
from typing import Final

REDACTED: Final = "[redacted]"

_ANY_CASE: Final = re.IGNORECASE | re.ASCII

# What a pattern below needs in order to match. Nearly all texts have none of them, and looking for a
# plain word is several times faster than one regular expression for all.
_SUSPECTS: Final = (
    *("rt_", "rl_", "rk_", "tk_", "%5f", "token", "ticket", "passw", "secret", "bearer"),
    *("apikey", "api_key", "api-key", "authorization", "cookie", "sec-websocket-protocol", "://"),
)
_SEPARATOR: Final = r"""(?:["']\s{0,3},|[\\"']{0,4}\s{0,3}(?:[:=]|%3[Dd]))"""
_HEADER: Final = re.compile(
    r"((?:authorization|cookie2?|sec-websocket-protocol)" + _SEPARATOR + r")[^\r\n]+", _ANY_CASE
)
# A value stops where the next name begins: `ticket=token: x` must not hide the name that x belongs to.
_NAMED: Final = (
    rf"(?:(?:token|ticket|passw(?:or)?d|secret|api[_-]?key){_SEPARATOR}|bearer(?:[\s,]|%20))"
    r"""\s{0,3}(?:b?[\\"']{1,8})?"""
)
_VALUE: Final = re.compile(rf"""({_NAMED})((?:(?!{_NAMED})[^\s"'&;,<>(){{}}])+)""", _ANY_CASE)
# In the middle of a word ("restart_…") only what is as long as a whole token is one; after an escape sequence
# (`\n`, `\x1b`, `%3D`) a word begins.
_BEGINS: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbfv0])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})|(?<=%[0-9A-Fa-f]{2}))"
_OURS: Final = r"(?:r[tlk]|tk)(?:_|%5[Ff])"
_REST: Final = r"(?:[A-Za-z0-9_-]|%5[Ff])"
_PREFIXED: Final = re.compile(rf"{_BEGINS}{_OURS}{_REST}{{12,}}|{_OURS}{_REST}{{32,}}")
_USERINFO: Final = re.compile(r"(://[^/\s:@]{0,200}:)[^/\s@]{1,500}@")

_SECRET_NAME: Final = re.compile(
    r"(?:.*_)?(?:token|ticket|password|passwd|secret|api_?key|authorization|cookie)|sec_websocket_protocol"
)

# Controls, line and paragraph separators, marks that turn the direction of writing, and lone surrogates.
_TURNING: Final = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE: Final = re.compile(f"[\x00-\x1f{_TURNING}]")
_UNSAFE_IN_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_TURNING}]")


def redact(text: str) -> str:
    """The text with every secret in it replaced by `[redacted]`; most texts cost a few microseconds."""
    lower = text.lower()
    for word in _SUSPECTS:
        if word in lower:
            break
    else:
        return text
    text = _HEADER.sub(rf"\1 {REDACTED}", text)
    text = _VALUE.sub(rf"\1{REDACTED}", text)
    text = _PREFIXED.sub(REDACTED, text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def holds_secrets(name: str) -> bool:
    """Whether a field, header or parameter of this name holds a secret as its whole value."""
    return _SECRET_NAME.fullmatch(name.lower().replace("-", "_")) is not None


def printable(text: str, *, lines: bool = False) -> str:
    r"""
    The text with what could forge a line or move a cursor written as `\n`, `\x1b`, `\u202e`.

    With `lines`, line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(lambda match: ascii(match[0])[1:-1], text)


def quoted(value: object, limit: int = 100) -> str:
    """A value in double quotes, short, in ASCII, its control characters escaped and its secrets taken out."""
    text = ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return json.dumps(redact(text)[:limit])
