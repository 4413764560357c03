"""What the pages about erasures and legal holds are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from web.console.views.shell import Choice, Form, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    """An erasure; ``waits`` says what it waits for, empty where for nobody and nothing."""

    id: str
    state: str
    ground: str
    asked: Moment
    asked_by: str
    closed: Moment | None
    closed_by: str
    erased: Moment | None
    waits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePage:
    """One erasure: whom, why in words, and whether whoever looks may confirm it; ``barred`` says why not."""

    row: ErasureRow
    request_id: str
    reference: str
    words: str
    may_confirm: bool
    may_decline: bool
    barred: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldRow:
    """A legal hold; standing while ``lifted`` is None."""

    id: str
    reason: str
    set: Moment
    set_by: str
    lifted: Moment | None
    lifted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasingPage:
    """What is held about somebody, and what can be done about it. Forms send ``reference`` or ``rights_id`` back, which stand in no address.

    ``in_the_way`` says what stands in the way, empty where nothing does.
    """

    reference: str
    rights_id: str
    counts: Sequence[tuple[str, int]]
    holds: Sequence[LegalHoldRow]
    erasure: ErasureRow | None
    in_the_way: str
    grounds: Sequence[Choice]
    longest: int
    may_ask: bool
    may_hold: bool
    form: Form
    hold_form: Form
    lift_form: Form
