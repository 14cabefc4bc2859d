"""What a test does that needs a part of the system which may be missing."""

import pytest

from tools import parts


def need(name: str) -> str:
    """
    Return where the part is (for a program, its path).

    Without it the test is skipped, or, where nothing may be skipped (`CI=true`), failed. The names are the keys of
    `tools.parts.PARTS`.
    """
    found = parts.find(name)
    if found:
        return found
    part = parts.PARTS[name]
    remedy = " ".join(part.make) if part.make else f"on Debian: apt-get install {part.package}"
    reason = f"{name} is missing ({part.purpose}); {remedy}"
    if parts.must_be_here():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
