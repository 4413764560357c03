"""Passwords: what is accepted, how it is kept, and proving one."""

from __future__ import annotations

import threading
import unicodedata
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from governance.errors import FieldProblem, InvalidInput

SHORTEST: Final = 12
_LONGEST: Final = 256
#: Long enough to pass, and tried first by everybody who guesses.
_COMMON: Final = frozenset(
    {
        "password1234",
        "password12345",
        "passwordpassword",
        "passw0rd1234",
        "correcthorsebatterystaple",
        "correct horse battery staple",
        "123456789012",
        "1234567890123",
        "12345678901234567890",
        "123123123123",
        "111111111111",
        "000000000000",
        "abcdefghijkl",
        "abcdefghijklm",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopas",
        "qwertyuiop12",
        "qwertyuiopasdf",
        "qwertyuiop123",
        "qwertz123456",
        "qwertzuiopas",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "administrator",
        "administrator1",
        "letmeinletmein",
        "iloveyouiloveyou",
        "changemechangeme",
        "passwort1234",
        "passwort12345",
        "passwortpasswort",
        "hallohallohallo",
        "answerable123",
        "answerable1234",
    }
)

_HASHER: Final = argon2.PasswordHasher()
#: One hash takes 64 MiB and 50 ms; two at a time keep a burst of sign-ins from taking the machine.
_PLACES: Final = threading.BoundedSemaphore(2)
#: Verified for e-mail addresses nobody has, so that the answer takes as long as for one that somebody has.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5J3Mgc2FsdCEhIQ$"
    "rT4q+pBZk16+TBrEmsm7HjTx5NVRNmqV8Xdn/6w2eK8"
)


def check(password: str, *, email: str, name: str) -> None:
    """Raise unless the password may be used.

    Raises:
        InvalidInput: it is short, known to everybody, or tells of its owner.
    """
    plain = _normal(password)
    lowered = plain.casefold()
    mailbox = email.partition("@")[0]
    detail = None
    if not SHORTEST <= len(plain) <= _LONGEST:
        detail = (
            f"A password has {SHORTEST} to {_LONGEST} characters; a sentence is easy to remember."
        )
    elif lowered in _COMMON or len(set(lowered)) < 4:
        detail = (
            "This password is among the first that are guessed. Choose another, like a sentence."
        )
    elif lowered in {email.casefold(), f"{mailbox}{mailbox}".casefold(), name.casefold()}:
        detail = (
            "A password must not be your name or e-mail address. Choose another, like a sentence."
        )
    if detail is not None:
        raise InvalidInput(detail, [FieldProblem(pointer="/password", detail=detail)])


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _PLACES:
        return _HASHER.hash(_normal(password))


def proves(password: str, kept: str | None) -> bool:
    """Tell whether it is the password of which ``kept`` was kept; None, where nobody is, takes as long."""
    with _PLACES:
        try:
            return (
                _HASHER.verify(kept or _NOBODY, _normal(password)[:_LONGEST]) and kept is not None
            )
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    # The same letter typed on two keyboards may be one code point or two.
    return unicodedata.normalize("NFKC", password)
