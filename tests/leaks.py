"""Secrets that can be recognised, and what must not stand in a line: for every test that looks for a leak."""

import string

from hypothesis import strategies as st

BASE64URL = string.ascii_letters + string.digits + "-_"
TOKEN = "rt_" + "Ab3-_" * 8 + "xyz"
UNSAFE = {*map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, 0xFEFF])} | {
    *map(chr, [*range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)])
}

# Every secret begins with what nothing around it contains: to find that in a result is to find a leak.
MARK = "Zq7"
PREFIXES = st.sampled_from(["rt_", "tk_", "rl_", "rk_", "rt%5F", "tk%5f"])
SECRETS = st.builds("{}Zq7{}".format, PREFIXES, st.text(BASE64URL, min_size=40, max_size=40))


class _Sealed:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"<Sealed in {self.secret}>"


# Ways to put a secret into a value.
HIDING_PLACES = st.sampled_from(
    [
        lambda secret: secret,
        lambda secret: {"a": [{"b": (secret, 1)}]},
        lambda secret: {secret: 1},
        lambda secret: secret.encode() + b"\xff",
        lambda secret: RuntimeError(secret),
        lambda secret: {"Cookie": _Sealed(secret)},
        lambda secret: [[[[[[[[_Sealed(secret)]]]]]]]],
        lambda secret: {1: {secret}},
        _Sealed,
    ]
)
