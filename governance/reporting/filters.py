"""Which decisions of the ledger are wanted: filters by clear columns, as an address says them. Pure.

A group attribute is never a filter: it stands in the vault and leaves as a count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from governance.decisions.states import Status
from governance.errors import FieldProblem, InvalidInput
from policies.reasons import ReasonCode

LONGEST: Final = 200
_LAST_VERSION: Final = 2**31 - 1


class Disposition(StrEnum):
    """What the policy said."""

    RELEASE = "release"
    REVIEW = "review"
    REFUSE = "refuse"


class Person(StrEnum):
    """What a person had to do with a decision."""

    #: It was sent to a person.
    SENT = "sent"
    #: No person was asked.
    NONE = "none"
    #: A person decided as the machine proposed.
    KEPT = "kept"
    #: A person decided otherwise.
    CHANGED = "changed"


class Truth(StrEnum):
    """What is known of what would have been right."""

    KNOWN = "known"
    #: Nobody reported it yet.
    MISSING = "missing"
    #: It was reported that nobody will ever know.
    NEVER = "never"
    PROPOSAL_RIGHT = "proposal_right"
    PROPOSAL_WRONG = "proposal_wrong"
    OUTCOME_WRONG = "outcome_wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which decisions are wanted; None asks nothing. ``since`` and ``until`` are days of UTC, both included."""

    point: str | None = None
    status: Status | None = None
    disposition: Disposition | None = None
    proposed: str | None = None
    outcome: str | None = None
    version: int | None = None
    rule: str | None = None
    reason: ReasonCode | None = None
    person: Person | None = None
    truth: Truth | None = None
    confidence_from: float | None = None
    confidence_to: float | None = None
    imported: bool | None = None
    source: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def written(self) -> dict[str, str]:
        """Write them as ``read`` reads them."""
        said = {name: getattr(self, name) for name in NAMES}
        return {name: _written(value) for name, value in said.items() if value is not None}

    @property
    def indexed(self) -> bool:
        """Tell whether an index alone finds what is wanted."""
        return not self.written.keys() - {"point", "since", "until"}


#: The names of all filters, in the order in which they are told.
NAMES: Final = tuple(field.name for field in fields(Filters))


def read(said: Mapping[str, str]) -> Filters:
    """Read filters as an address says them; what is empty asks nothing.

    Raises:
        InvalidInput: one of them is none; each mistake is listed.
    """
    problems: list[FieldProblem] = []
    found: dict[str, Any] = {}
    for name, text in said.items():
        if not text.strip():
            continue
        if name not in _READERS:
            problems.append(FieldProblem(pointer=f"/{name}", detail="There is no such filter."))
            continue
        try:
            found[name] = _READERS[name](text.strip())
        except ValueError as error:
            problems.append(FieldProblem(pointer=f"/{name}", detail=str(error)))
    for first, last in (("since", "until"), ("confidence_from", "confidence_to")):
        if first in found and last in found and found[first] > found[last]:
            detail = f"Expected {_written(found[first])} or more, where it begins."
            problems.append(FieldProblem(pointer=f"/{last}", detail=detail))
    if problems:
        raise InvalidInput("These filters do not fit.", problems)
    return Filters(**found)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(text: str) -> str:
    if len(text) > LONGEST or "\0" in text:
        raise ValueError(f"Expected at most {LONGEST} characters.")
    return text


_Word = TypeVar("_Word", bound=StrEnum)


def _one_of(words: type[_Word]) -> Callable[[str], _Word]:
    def read_word(text: str) -> _Word:
        if text not in set(words):
            raise ValueError(f"Expected one of {', '.join(words)}.")
        return words(text)

    return read_word


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:11]) <= _LAST_VERSION:
        raise ValueError("Expected the number of a policy version, such as 3.")
    return int(text)


def _confidence(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError("Expected a number from 0 to 1, such as 0.8.")
    return value


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("Expected yes or no.")
    return text == "yes"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Expected a day such as 2026-11-21; got {text[:40]!r}.") from None


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "point": _text,
    "status": _one_of(Status),
    "disposition": _one_of(Disposition),
    "proposed": _text,
    "outcome": _text,
    "version": _version,
    "rule": _text,
    "reason": _one_of(ReasonCode),
    "person": _one_of(Person),
    "truth": _one_of(Truth),
    "confidence_from": _confidence,
    "confidence_to": _confidence,
    "imported": _yes_or_no,
    "source": _text,
    "since": _day,
    "until": _day,
}
