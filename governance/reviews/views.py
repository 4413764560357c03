"""Cases as they are told to those who work them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from governance.decisions.views import DecisionView, RulingReason
from governance.queues.competence import OwnCompetence
from governance.reviews.history import Event
from governance.subjects.files import FileView
from policies.document import Policy
from policies.texts import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOverview:
    """How a queue stands; ``minutes`` is an estimate of the work that waits, rounded up.

    ``due_soon`` counts what is due within the hour, ``claimed`` what somebody holds now, ``asleep`` what is put off or waits for an answer.
    """

    queue: str
    title: str
    open: int
    overdue: int
    due_soon: int
    claimed: int
    asleep: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The actor's queues, how many verdicts of theirs stand since midnight in their zone, and where they lack competence or soon will."""

    queues: Sequence[QueueOverview]
    decided_today: int
    competences: Sequence[OwnCompetence] = ()

    @property
    def open(self) -> int:
        """Count what waits in all of them."""
        return sum(queue.open for queue in self.queues)

    @property
    def overdue(self) -> int:
        """Count what is overdue in all of them."""
        return sum(queue.overdue for queue in self.queues)

    @property
    def minutes(self) -> int:
        """Estimate the minutes of work that wait in all of them."""
        return sum(queue.minutes for queue in self.queues)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """Who holds a case, since when and until when."""

    person_id: str
    name: str
    since: datetime
    until: datetime
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How long a case was in sight with the focus on it, in seconds, and how many of its parts were on the screen."""

    seconds: float
    parts_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person to whom a case can be handed."""

    id: str
    name: str


class MessageKind(StrEnum):
    """What is said on a case: a comment, a question to the app, or its answer."""

    COMMENT = "comment"
    QUESTION = "question"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that was said on a case; ``words`` is None where it was erased, ``by`` is empty for an app."""

    id: str
    kind: MessageKind
    by: str
    at: datetime
    words: str | None
    facts: Mapping[str, Any]
    open: bool
    files: Sequence[FileView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to know of a known case once it is over. ``said`` is None where it was moved away instead of decided."""

    case_id: str
    decision_id: str
    point: str
    policy: Policy
    served_at: datetime
    proposed: str
    answer: str
    said: str | None
    note: str | None

    @property
    def mistake(self) -> bool:
        """Tell whether there was something to catch: what was proposed was not right."""
        return self.proposed != self.answer

    @property
    def caught(self) -> bool | None:
        """Tell whether a mistake did not stand; None where there was none, or nothing was said."""
        return self.said != self.proposed if self.mistake and self.said is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """How a person did on the known cases they decided: ``caught`` of ``mistakes``, and ``kept`` of the ``right`` proposals."""

    mistakes: int
    caught: int
    right: int
    kept: int
    cases: Sequence[Known]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """One case in a list. ``signed`` tells whether the actor has signed it off; ``why`` is empty where the payload was erased.

    ``withheld`` says that the actor judges first, and sees what was proposed then. ``own_second_look`` is as in ``CaseView``. ``reserved`` says for whom it is kept, ``sleeps_until`` till when it is handed to nobody (each None where it has passed), ``asked``
    that a question to the app is open.
    """

    id: str
    decision_id: str
    point: str
    purpose: str
    policy: Policy
    queue: str
    status: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    sensitive: bool
    withheld: bool
    own_second_look: bool
    proposed_outcome: str | None
    confidence: float | None
    band: Band
    why: Sequence[RulingReason]
    sign_offs_given: int
    sign_offs_needed: int
    signed: bool
    lease: LeaseView | None
    reserved: LeaseView | None
    sleeps_until: datetime | None
    asked: bool
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Some cases, and after which the next page begins (None: there is none)."""

    cases: Sequence[CaseSummary]
    next_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffView:
    """One person's verdict that stands; ``reason`` is None where none was given or it was erased."""

    verdict_id: str
    person_id: str
    name: str
    verdict: str
    outcome: str
    reason: str | None
    given_at: datetime
    decides: bool
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoView:
    """A verdict of the actor's that can be taken back; ``until`` None: while the case is open."""

    verdict_id: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came of a verdict: whether the case is ``decided`` with it, and how it can be taken back."""

    policy: Policy
    purpose: str
    decided: bool
    undo: UndoView | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case with all that is needed to judge it.

    ``decision`` is as everybody sees it; ``sign_offs`` are those the actor may know. ``policy`` is the version
    that ruled, ``band`` says in words how sure the machine is. ``changes`` are the outcomes a change can choose, ``fallback`` is what rejecting gives.
    ``barred`` says why the actor may not decide it, None where they may. ``reserved``, ``sleeps_until`` and ``asked`` are as in
    ``CaseSummary``; ``messages`` are comments, questions and answers in order of time.
    ``judge_first`` says that people judge before they see the proposal, ``judgement`` is what the actor said then.
    ``blind`` says that the actor is told neither the proposal nor what was decided, ``own_second_look`` that whoever decided looks again as
    there was nobody else, and ``compared`` are the verdicts that a second opinion, once given, is compared with. ``may_reverse`` says that what a
    check finds wrong can be put right for the person, ``reversed_by`` is the decision with which that was done. ``known`` is what was right of a known
    case, once its person may be told. In ``reading_floor`` seconds half of it can be read.
    """

    id: str
    decision: DecisionView
    policy: Policy
    band: Band
    judge_first: bool
    judgement: str | None
    point: str
    purpose: str
    known: Known | None
    queue: str
    status: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    escalate_to: str | None
    escalated_at: datetime | None
    sensitive: bool
    approvable: bool
    changes: Sequence[str]
    fallback: str
    sign_offs_needed: int
    sign_offs_given: int
    sign_offs: Sequence[SignOffView]
    lease: LeaseView | None
    reserved: LeaseView | None
    sleeps_until: datetime | None
    asked: bool
    messages: Sequence[Message]
    barred: str | None
    undo: UndoView | None
    blind: bool
    own_second_look: bool
    compared: Sequence[SignOffView]
    may_reverse: bool
    reversed_by: str | None
    history: Sequence[Event]
    revision: int
    reading_floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAct:
    """What somebody else did last: ``kind`` of the entry, ``verdict`` and ``outcome`` where the actor may know them."""

    kind: str
    by: str
    at: datetime
    verdict: str | None
    outcome: str | None
    sentence: str
