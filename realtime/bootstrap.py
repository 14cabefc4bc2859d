"""Finding the parts that the server is made of, before anything of them is imported."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

NEEDED: Final = ("aiohttp", "aiosqlite", "click", "orjson", "sqlalchemy", "structlog")


def with_parts(script: str) -> None:
    """
    Go on, if the parts are installed; else start `script` again with the interpreter of the
    `.venv` beside it, into which `make run` and `make install` put them. Exits with a
    sentence where there is neither.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return
    own = Path(script).resolve().parent / ".venv"
    python = own / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == own:
        sys.exit(f"{missing[0]} is missing: `make install`, or pip install --require-hashes -r requirements/run.txt")
    os.execv(python, [str(python), *sys.argv])
