"""Which passwords are too weak to be set, and that good ones are not."""

import pytest

from realtime.services.password_rules import LONGEST, RULES, weakness


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "otra-vez-lluvia-2025",
        "mañana será otro día",
        "пароль не из списка",
        "x7#Kp2!vQz9m",
        "ana come manzanas verdes",
        "k" * 5 + "lmopqr-1977",
        "ü" * 20 + "abcd",
        "a-password-that-nobody-has",
        "c" + "0123456789" * 25,
    ],
)
def test_a_good_password_is_taken(password):
    assert weakness(password, "ana", 10) is None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "at least 10 characters"),
        ("x7#Kp2!vQ", "at least 10 characters"),
        ("x" * 3 + "7#Kp2!vQz9m" * 30, f"at most {LONGEST}"),
        ("x7#Kp2!vQz9m\n", "control"),
        ("x7#Kp2!vQz\x009m", "control"),
        (" x7#Kp2!vQz9m", "space"),
        ("x7#Kp2!vQz9m ", "space"),
        ("Boiler-1977!", "beside the user's name"),
        ("bOILERboilerboiler", "beside the user's name"),
        ("aaaaaaaaaaaa", "different"),
        ("121212121212", "different"),
        ("AaBbAaBbAaBb", "different"),
        ("1234567890", "a run"),
        ("0987654321", "a run"),
        ("abcdefghijkl", "a run"),
        ("QwertyUiopAsdf", "a run"),
        ("2025-07-20 11:45", "letters"),
        ("+34 600 123 987", "letters"),
        ("Password2025!", "tried first"),
        ("contraseña2025", "tried first"),
        ("Senha@123456", "tried first"),
        ("¡realtime2025!", "tried first"),
        ("p.a.s.s.w.o.r.d", "tried first"),
    ],
)
def test_a_weak_one_is_refused_with_the_rule_that_it_breaks(password, said):
    assert said in (weakness(password, "Boiler", 10) or "nothing")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_refuses_something_that_the_others_take(rule):
    only = {
        "length": "x7#Kp",
        "typeable": "x7#Kp2!vQ\tz9m",
        "not_the_name": "boiler 1977, boiler",
        "varied": "abbaabbaabba-",
        "no_run": "lkjihgfedcba",
        "lettered": "2025-07-20 11:45",
        "not_common": "contraseña2025",
    }
    broken = [other for other in RULES if other(only[rule.__name__], "boiler", 10)]

    assert rule in broken
    assert broken == [rule] or rule.__name__ in ("length",)
