"""What the pages about persons concerned are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.erasing import ErasureRow
from web.console.views.shell import Choice, Form, Moment


@dataclass(frozen=True, kw_only=True)
class RightsRow:
    """What somebody asked for; `kind` is access or erasure, `door` page, app or staff."""

    id: str
    kind: str
    state: str
    door: str
    asked: Moment
    due: Moment
    late: bool = False
    closed: Moment | None = None
    closed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class HeldView:
    """What is held about somebody, in numbers."""

    decisions: int
    requests: tuple[RightsRow, ...]
    people_only: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class SubjectsPage:
    """What waits for an answer, what was answered, and who was looked for: `sought` says that somebody was, `held` is None where nothing is held."""

    waiting: tuple[RightsRow, ...]
    closed: tuple[RightsRow, ...]
    erasures: tuple[ErasureRow, ...]
    languages: tuple[Choice, ...]
    may_export: bool = False
    may_ask: bool = False
    vault_open: bool = True
    form: Form = Form()
    reference: str = ""
    sought: bool = False
    held: HeldView | None = None


@dataclass(frozen=True, kw_only=True)
class AskPage:
    """Entering what a person concerned asks for."""

    kinds: tuple[Choice, ...]
    longest: int
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class SubjectRequestPage:
    """One request: `words` are the person's, `answer` is what they were told."""

    row: RightsRow
    languages: tuple[Choice, ...]
    longest: int
    reference: str = ""
    words: str = ""
    answer: str = ""
    copy_until: Moment | None = None
    erased: bool = False
    may_answer: bool = False
    may_export: bool = False
    vault_open: bool = True
    form: Form = Form()
