"""
Settings: one table, read from flags, environment variables and `.env`.

    settings = load({"port": (9000,)})       # raises SettingsError with every problem
    settings = Settings(data=Path("x"))      # an embedder's: no environment is read

`python -m realtime.config docs/configuration.md` writes the table of settings anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import parse_stream

from realtime.settings_table import (
    PREFIX,
    ROWS,
    TABLE,
    Problem,
    Setting,
    Settings,
    SettingsError,
    Source,
    examine,
)

__all__ = ["TABLE", "Problem", "Setting", "Settings", "SettingsError", "group_of", "load", "tables"]

# What the command line itself reads: they are no settings of a server.
COMMAND_LINE_VARIABLES = frozenset({"REALTIME_TOKEN", "REALTIME_URL"})

BEGIN, END = "<!-- settings -->", "<!-- end of settings -->"
# The first setting of each part of the documentation, and the part's heading.
GROUPS = {
    "host": "Start and stop",
    "access": "Who may come in",
    "log_level": "Logs",
    "frame_limit": "Limits on what comes in",
    "handshake_timeout": "Patience",
    "outlet_limit": "Delivery and commits",
    "log_retention_days": "Retention",
}


@dataclass(frozen=True, slots=True)
class _Given:
    value: object
    written: str
    source: Source


def load(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    dotenv: Path | None = Path(".env"),
) -> Settings:
    """
    Settings from flags, which win over the environment, which wins over `.env`.

    `flags` maps names of settings to text or values; None and the empty tuple mean "not
    given". `environ` defaults to the real environment. Raises `SettingsError` with every
    bad value, every unknown `REALTIME_…` variable and every contradiction.
    """
    variables = os.environ if environ is None else environ
    file, problems = ({}, []) if dotenv is None else _read_dotenv(dotenv)
    problems += _unknown(variables, "") + _unknown(file, f" in {dotenv}")

    given: dict[str, _Given] = {}
    for row in TABLE:
        if row.variable in file:
            given[row.name] = _Given(file[row.variable], f"{row.variable} in {dotenv}", ".env")
        if row.variable in variables:
            given[row.name] = _Given(variables[row.variable], row.variable, "environment")
    for name, value in (flags or {}).items():
        if value not in (None, ()):
            given[name] = _Given(value, ROWS[name].flag, "flag")

    # The defaults are examined too: a given value may contradict one of them.
    values = {row.name: given[row.name].value if row.name in given else row.default for row in TABLE}
    clean, bad = examine(values, lambda name: given[name].written if name in given else ROWS[name].flag)
    if problems or bad:
        raise SettingsError(problems + bad)
    return Settings(**clean, sources={name: item.source for name, item in given.items()})


def _read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Our variables of a `.env` file, taken literally; a line of another program's is none of our business."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    try:
        if not path.exists() or path.is_dir():
            return found, problems
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return found, [Problem(str(path), f"cannot be read: {reason}")]
    for binding in bindings:
        ours = PREFIX in binding.original.string if binding.error else (binding.key or "").startswith(PREFIX)
        if ours and (binding.error or binding.value is None):
            problems.append(Problem(f"line {binding.original.line} of {path}", "must be of the form NAME=value"))
        elif ours and binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    return found, problems


def _unknown(variables: Mapping[str, str], where: str) -> list[Problem]:
    # The value stays unsaid: a misspelt REALTIME_TOKEN holds a secret.
    known = [row.variable for row in TABLE]
    problems = []
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in known and name not in COMMAND_LINE_VARIABLES:
            near = get_close_matches(name, [*known, *sorted(COMMAND_LINE_VARIABLES)], 1, 0.0)[0]
            problems.append(Problem(name + where, f"is not a setting; the nearest is {near}"))
    return problems


def group_of(name: str) -> str:
    """The heading under which the documentation has the setting `name`."""
    order = [row.name for row in TABLE]
    return next(GROUPS[before] for before in reversed(order[: order.index(name) + 1]) if before in GROUPS)


def tables() -> str:
    """The tables of `docs/configuration.md`, one row for each setting."""
    lines: list[str] = []
    for row in TABLE:
        if row.name in GROUPS:
            lines += ["", f"### {GROUPS[row.name]}", "", "| flag | variable | default | allowed | meaning |"]
            lines.append("|---|---|---|---|---|")
        lines.append(_table_row(row))
    return "\n".join(lines).strip()


def _table_row(row: Setting) -> str:
    flag = f"`{row.flag}`, `--no-{row.flag[2:]}`" if row.kind.boolean else f"`{row.flag}`"
    return f"| {flag} | `{row.variable}` | {row.shown(row.default)} | {row.kind.allowed} | {row.help} |"


def _rewrite(path: Path) -> None:
    """Put the tables of today between the two marks of a document."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _rewrite(Path(sys.argv[1]))
    else:
        sys.stdout.write(tables() + "\n")
