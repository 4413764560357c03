"""What taking lines comes to, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from governance.errors import AnswerableError, InvalidInput
from governance.imports.reading import Row
from governance.imports.values import Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a line: refused for a ``problem``; or taken, and ``known`` where an earlier file or report had brought the same."""

    line: int
    problem: str | None = None
    known: bool = False


class Taker(Protocol):
    """Takes lines of one kind in two steps: what the first made can be stored as often as the database lets one try."""

    def make(self, rows: Sequence[Row]) -> Any:
        """Read rows and prepare what they say; nothing is stored."""
        ...

    def store(self, made: Any) -> list[Taken]:
        """Store what was made, and say of each row what became of it.

        Raises:
            Unavailable: the database could not do it now. Trying the same rows again takes none twice.
        """
        ...


def readable(row: Row) -> Row:
    """Return a row that can be read.

    Raises:
        Unfit: it cannot.
    """
    if row.problem is not None:
        raise Unfit(row.problem)
    return row


def told(error: AnswerableError) -> str:
    """Return an error as a list of refused lines has it."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return "; ".join(f"{one.pointer}: {one.detail}" for one in problems) or error.detail
