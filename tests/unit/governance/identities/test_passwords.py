from __future__ import annotations

import pytest

from governance.errors import InvalidInput
from governance.identities import passwords

ADA = {"email": "ada@corner.example", "name": "Ada Corner-Example"}


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "12 to 256"),
        ("x" * 257, "12 to 256"),
        ("Password1234", "first that are guessed"),
        ("aaaaaaaaaaaab", "first that are guessed"),
        ("ADA@corner.example", "name or e-mail"),
        ("ada corner-example", "name or e-mail"),
    ],
)
def test_a_password_that_would_be_guessed_is_refused_with_the_reason(password, why):
    with pytest.raises(InvalidInput, match=why) as refused:
        passwords.check(password, **ADA)
    assert [problem.pointer for problem in refused.value.problems] == ["/password"]


def test_a_sentence_will_do():
    passwords.check("the kettle sings at noon", **ADA)


def test_only_the_same_password_is_proven_however_its_letters_are_composed():
    kept = passwords.hashed("Caf\u00e9 am Eck um zw\u00f6lf")
    assert kept.startswith("$argon2id$")
    assert passwords.proves("Cafe\u0301 am Eck um zwo\u0308lf", kept)
    assert not passwords.proves("Cafe am Eck um zwolf", kept)


def test_nobody_has_a_password():
    assert not passwords.proves("nobody", None)
    assert not passwords.proves("nobody", "no hash at all")
