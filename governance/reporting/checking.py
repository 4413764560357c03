"""Checking a report that somebody brings along: who signed it, whether the log knows it, and whether every figure follows from its counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.fairness import report as reports
from audits.fairness.report import ReportUnreadable
from audits.log.entries import EntryKind
from audits.log.notes import NoteRefused
from governance.counting import reading
from governance.errors import AnswerableError, NotFound
from governance.ledger.models import Leaf, LogRecord
from governance.permissions import Permission
from governance.reporting import making, publishing, signing
from governance.reporting.files import Brought, brought, drawings
from governance.work import Work

#: Paths of figures that differ are listed up to this many; all are counted.
MOST_PATHS: Final = 20


class Step(StrEnum):
    """What is checked, in this order."""

    SIGNATURE = "signature"
    LOG = "log"
    FIGURES = "figures"
    PAGE = "page"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step came to: ``ok`` None where it could not be checked, or says only what is different today."""

    step: Step
    ok: bool | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a report's check came to; ``published`` where figures of few people are hidden in it."""

    digest: str
    report_id: str
    published: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found wrong."""
        return all(finding.ok is not False for finding in self.findings)


def check(work: Work, content: bytes) -> Checked:
    """Check a report's file: its JSON, its HTML page or its PDF.

    Raises:
        NotAllowed: the actor may not read reports.
        InvalidInput: it is no report.
    """
    work.require(Permission.REPORTS_READ)
    found = brought(content)
    document, text = found.document, signing.canonical(found.document)
    published = publishing.hides_below(document) is not None
    checked = Checked(
        digest=signing.digest_of(text), report_id=str(document.get("id", "")), published=published
    )
    checked.findings.append(_signature(work, found, text))
    if published:
        checked.findings.append(_in_log(work, str(document.get("published_from"))))
        checked.findings.append(_published_figures(work, document, text))
    else:
        checked.findings.append(_in_log(work, checked.digest))
        checked.findings.append(_figures(document))
    if found.shown is not None:
        checked.findings.append(_page(found))
    checked.findings.append(_counts_today(work, document))
    return checked


def _signature(work: Work, found: Brought, text: str) -> Finding:
    if found.note is None:
        return Finding(step=Step.SIGNATURE, ok=False, told="The file carries no signature.")
    key = signing.key_of(work.answerable.keyring, work.answerable.origin).verifying_key
    try:
        signer = signing.signer(found.note, text, [key])
    except NoteRefused as refused:
        return Finding(
            step=Step.SIGNATURE,
            ok=False,
            told=f"This installation did not sign the file as it is: {refused}",
        )
    return Finding(step=Step.SIGNATURE, ok=True, told=f"Signed by {signer.encode()}.")


def _in_log(work: Work, digest: str) -> Finding:
    rows = work.session.execute(
        sa.select(LogRecord.entry, Leaf.epoch, Leaf.leaf_index)
        .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
        .where(LogRecord.kind == EntryKind.REPORT_MADE)
        .order_by(LogRecord.recorded_at.desc())
    )
    for entry, epoch, index in rows:
        if orjson.loads(entry)["data"].get("digest") == digest:
            place = "waits for its place" if index is None else f"is entry {index} of epoch {epoch}"
            return Finding(step=Step.LOG, ok=True, told=f"Its digest {place} in the log.")
    return Finding(step=Step.LOG, ok=False, told=f"No entry of the log names {digest}.")


def _figures(document: Mapping[str, Any]) -> Finding:
    try:
        differing = reports.recompute(document)
    except ReportUnreadable as error:
        return Finding(step=Step.FIGURES, ok=False, told=f"The figures cannot be computed: {error}")
    if differing:
        more = f" and {len(differing) - MOST_PATHS} more" if len(differing) > MOST_PATHS else ""
        told = f"{len(differing)} figures do not follow from the counts: {', '.join(differing[:MOST_PATHS])}{more}."
        return Finding(step=Step.FIGURES, ok=False, told=told)
    return Finding(
        step=Step.FIGURES, ok=True, told="Every figure follows from the counts in the report."
    )


def _published_figures(work: Work, document: Mapping[str, Any], text: str) -> Finding:
    """Say whether a published report says what the signed one does, but for what it hides."""
    hide_below = publishing.hides_below(document)
    assert hide_below is not None
    try:
        original = making.made(work, str(document.get("id")))
    except NotFound:
        told = (
            "The report that it was made from is not kept here, so its figures cannot be compared."
        )
        return Finding(step=Step.FIGURES, ok=None, told=told)
    if signing.canonical(publishing.document_of(original, hide_below)) != text:
        told = "It says something else than the signed report that it was made from."
        return Finding(step=Step.FIGURES, ok=False, told=told)
    differing = _figures(original.document)
    if not differing.ok:
        return differing
    told = f"Every figure is that of the signed report; what tells of fewer than {hide_below} people is hidden."
    return Finding(step=Step.FIGURES, ok=True, told=told)


def _page(found: Brought) -> Finding:
    """Say whether a file shows what the report inside it says: whoever reads it reads that, and not what is signed."""
    if not found.shown:
        told = "What the PDF shows was not compared with the report inside it; draw it anew to be sure."
        return Finding(step=Step.PAGE, ok=None, told=told)
    if found.shown in drawings(found):
        return Finding(
            step=Step.PAGE, ok=True, told="The page shows what the report inside it says."
        )
    ours = f"answerable {version('answerable')}"
    made_by = found.document.get("software")
    if made_by != ours:
        told = f"The page was drawn by {made_by} and cannot be compared by {ours}; draw it anew to be sure."
        return Finding(step=Step.PAGE, ok=None, told=told)
    return Finding(
        step=Step.PAGE, ok=False, told="The page shows something else than the report inside it."
    )


def _counts_today(work: Work, document: Mapping[str, Any]) -> Finding:
    """Say how the counts of the same window are today; that they changed is no fault, as labels come late."""
    try:
        then = reports.counts_from(document["counts"])
        now = reading.counts(work, then.decision_point, then.since, then.until)
    except (ReportUnreadable, AnswerableError, KeyError):
        return Finding(
            step=Step.COUNTS, ok=None, told="This installation has no counts to compare with."
        )
    before = {_key(cell): cell.count for cell in then.cells}
    today = {_key(cell): cell.count for cell in now.cells}
    moved = sum(before.get(key, 0) != today.get(key, 0) for key in before.keys() | today.keys())
    if moved:
        told = f"{moved} counts of the same window are different today: ground truth, groups or decisions came later."
        return Finding(step=Step.COUNTS, ok=None, told=told)
    return Finding(step=Step.COUNTS, ok=True, told="The same window has the same counts today.")


def _key(cell: Any) -> tuple[Any, ...]:
    return cell.stage, cell.group, cell.value, cell.truth, cell.imported
