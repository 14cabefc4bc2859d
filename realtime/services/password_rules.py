"""
What makes a password too weak to be set. Length is what counts; the other rules refuse what
is long and is tried first all the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 256
"""Characters that a password may have."""

DIFFERENT: Final = 5
"""Different characters that it needs."""

_ROWS: Final = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "qwertyuiopasdfghjklzxcvbnm" * 2)
_RUNS: Final = (*_ROWS, *(row[::-1] for row in _ROWS))

# What is left of most passwords in published lists when their digits and signs are taken off.
_WORDS: Final = (
    "password passwort passw contrasena contrasenia contrasea clave senha minhasenha acceso entrar segredo secreto "
    "admin administrator administrador root user usuario guest default changeme letmein welcome bienvenido bemvindo "
    "iloveyou teamo teamomucho amor sunshine princess princesa dragon monkey football futbol futebol baseball "
    "superman batman master shadow qwerty qwertyuiop asdfghjkl zxcvbnm realtime server servidor sistema test teste "
    "prueba temporal passwordpassword adminadmin qwertyqwerty letmeinplease trustno"
)
_COMMON: Final = frozenset(_WORDS.split())
_SIGNS: Final = re.compile(r"[\W\d_]+")


def weakness(password: str, name: str, least: int) -> str | None:
    """
    Why a password cannot be that of the user `name`, in a sentence; None where it can.

    `least` is how many characters it needs; its rules are `RULES`, in this order.
    """
    for rule in RULES:
        if said := rule(unicodedata.normalize("NFC", password), name, least):
            return said
    return None


def length(password: str, name: str, least: int) -> str | None:
    """Long enough, and not so long that somebody must have meant something else."""
    if len(password) < least:
        return f"Must have at least {least} characters."
    return f"Must have at most {LONGEST} characters." if len(password) > LONGEST else None


def typeable(password: str, name: str, least: int) -> str | None:
    """Nothing that gets lost on the way through a form or a terminal."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in password):
        return "Must not hold control characters."
    return "Must not begin or end with a space." if password != password.strip() else None


def not_the_name(password: str, name: str, least: int) -> str | None:
    """Without the user's name in it, it must be long enough still."""
    rest = password.casefold().replace(name.casefold(), "")
    return f"Must have at least {least} characters beside the user's name." if len(rest) < least else None


def varied(password: str, name: str, least: int) -> str | None:
    """Not a few characters, again and again."""
    few = len(set(password.casefold())) < DIFFERENT
    return f"Must have at least {DIFFERENT} different characters." if few else None


def no_run(password: str, name: str, least: int) -> str | None:
    """Not a stretch of the alphabet, the digits or the keyboard."""
    folded = password.casefold()
    return "Must not be a run of the alphabet or the keyboard." if any(folded in run for run in _RUNS) else None


def lettered(password: str, name: str, least: int) -> str | None:
    """Not a date or a telephone number."""
    return None if any(map(str.isalpha, password)) else "Must hold letters as well."


def not_common(password: str, name: str, least: int) -> str | None:
    """Not a word that is in every list, with digits and signs around it."""
    plain = unicodedata.normalize("NFKD", password.casefold())
    word = _SIGNS.sub("", "".join(char for char in plain if not unicodedata.combining(char)))
    return "Is one of the passwords that are tried first." if word in _COMMON else None


RULES: Final = (length, typeable, not_the_name, varied, no_run, lettered, not_common)
