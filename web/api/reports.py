"""Reports: how groups are treated at each stage, signed reports to take along, and their check. People only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from audits.fairness.counts import Stage
from audits.fairness.presets import PRESETS
from governance.errors import Unavailable
from governance.permissions import Permission
from governance.reporting import checking, fairness, files, making, oversight, publishing, whatif
from governance.reporting.access import note_reading
from web import uploads
from web.api.resources import JSON, PageQuery, Query, Resource, answer, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Number,
    Raw,
    Share,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.downloads import attachment
from web.security import requires

resource = Resource(
    "Reports",
    "Figures of fairness from counts by group, with their uncertainty. Groups leave as counts alone.",
)

_LARGEST_FILE: Final = 25_000_000
_WINDOW: Final = {"description": "A day such as 2026-11-21, included"}
_BY: Final = {
    "description": "A group attribute, or several crossed with `*`; may stand more than once. Default: each attribute by itself"
}
_REPORT: Final = {
    "200": {"description": "The report", "content": {JSON: {"schema": {"type": "object"}}}}
}


class ReportQuery(Query):
    """Which report is wanted."""

    decision_point = Text(required=True, validate=at_most(63))
    since = Text(load_default=None, validate=at_most(10), metadata=_WINDOW)
    until = Text(load_default=None, validate=at_most(10), metadata=_WINDOW)
    by = List(Text(validate=at_most(200)), load_default=list, metadata=_BY)
    preset = Text(load_default=None, validate=one_of(tuple(sorted(PRESETS))))


class OversightQuery(Query):
    """Which point's oversight, and of which days."""

    decision_point = Text(required=True, validate=at_most(63))
    since = Text(load_default=None, validate=at_most(10), metadata=_WINDOW)
    until = Text(load_default=None, validate=at_most(10), metadata=_WINDOW)


class FairnessQuery(ReportQuery):
    """Which figures are wanted."""

    stage = Text(
        load_default=None,
        validate=one_of(Stage),
        metadata={"description": "Only this stage; default: all"},
    )


class WhatIfQuery(ReportQuery):
    """What would another threshold give?"""

    threshold = Share(
        load_default=None,
        metadata={"description": "A further `confidence_below` to look at, from 0 to 1"},
    )


class ReportBody(Body):
    """Which report is to be made and signed."""

    decision_point = Text(required=True, validate=at_most(63))
    since = Text(load_default=None, allow_none=True, validate=at_most(10), metadata=_WINDOW)
    until = Text(load_default=None, allow_none=True, validate=at_most(10), metadata=_WINDOW)
    by = List(Text(validate=at_most(200)), load_default=list, metadata=_BY)
    preset = Text(load_default=None, allow_none=True, validate=one_of(tuple(sorted(PRESETS))))


class AskedAnswer(Answer):
    """A report that is being made; it will have this id."""

    id = Text(required=True)
    status = Text(required=True, validate=one_of(("being_made", "made")))


class MadeAnswer(Answer):
    """A signed report in a list."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    since = Text(required=True)
    until = Text(required=True)
    by = List(Text(), required=True)
    preset = Text(required=True, allow_none=True)
    digest = Text(required=True)
    verdict = Text(required=True)
    made_at = Instant(required=True)
    made_by = Text(required=True, attribute="made_by_name")


class MadeListAnswer(Answer):
    """Signed reports, the newest first."""

    reports = List(Nested(MadeAnswer), required=True)


class SignedAnswer(AskedAnswer):
    """A signed report; both are null while it is being made."""

    report = Members(required=True, allow_none=True)
    note = Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "The signed note that names the report's digest (C2SP signed-note)"
        },
    )


class FileQuery(Query):
    """In which form, and in which language."""

    form = Text(load_default="json", validate=one_of(files.Form))
    lang = Text(load_default="en", validate=one_of(files.LANGUAGES))
    hide_below = Whole(
        load_default=None,
        metadata={
            "description": "For publication, as html or json: figures of fewer people than this are hidden, "
            f"and what they would follow from; {publishing.HIDE_BELOW} is usual. Default: nothing is hidden"
        },
    )


class StepFoundAnswer(Answer):
    """What one step of the check came to; ``ok`` null: not checked, or changed since without fault."""

    step = Text(required=True, validate=one_of(checking.Step))
    ok = Flag(required=True, allow_none=True)
    told = Text(required=True)


class CheckedAnswer(Answer):
    """What a report's check came to."""

    ok = Flag(required=True)
    digest = Text(required=True)
    report_id = Text(required=True)
    findings = List(Nested(StepFoundAnswer), required=True)


class RiskCoverageAnswer(Answer):
    """How much error is left where the least sure proposals go to a person."""

    decision_point = Text(required=True)
    since = Text(required=True)
    until = Text(required=True)
    risk_coverage = Raw(
        required=True,
        allow_none=True,
        metadata={"description": "null: no proposal with a confidence has ground truth"},
    )


class WhatIfAnswer(Answer):
    """What other thresholds would have given on what was counted; nothing is applied by itself."""

    decision_point = Text(required=True)
    current = Number(required=True, allow_none=True)
    thresholds = Members(required=True)
    decisions = Whole(required=True)


@resource.route("/reports/fairness", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(FairnessQuery, location="query")
@resource.doc(responses=_REPORT)
def fairness_report(query: Mapping[str, Any]) -> Response:
    """Return the figures of a decision point as they are now, unsigned."""
    with look() as unit:
        report = fairness.figures(unit, query["decision_point"], **_window(query))
    note_reading(unit.answerable, unit.actor, what="report.fairness", point=query["decision_point"])
    stage = query["stage"]
    if stage is not None:
        report["stages"] = {stage: report["stages"][stage]}
    return answer(report)


@resource.route("/reports/oversight", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(OversightQuery, location="query")
@resource.doc(responses=_REPORT)
def oversight_report(query: Mapping[str, Any]) -> Response:
    """Return the figures that show whether people really look: M1 to M12 and the rubber-stamp alarm, over all people."""
    point = query["decision_point"]
    with look() as unit:
        report = oversight.report(unit, point, since=query["since"], until=query["until"])
    note_reading(unit.answerable, unit.actor, what="report.oversight", point=point)
    return answer(report)


@resource.route("/reports/risk-coverage", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(ReportQuery, location="query")
@resource.response(200, RiskCoverageAnswer)
def risk_coverage_report(query: Mapping[str, Any]) -> Any:
    """Return how much error is left in the automated part at each share that goes to a person."""
    with look() as unit:
        report = fairness.figures(unit, query["decision_point"], **_window(query))
    note_reading(unit.answerable, unit.actor, what="report.risk", point=query["decision_point"])
    scores = report["scores"] or {}
    return {**report, "risk_coverage": scores.get("risk_coverage")}


@resource.route("/reports/what-if", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(WhatIfQuery, location="query")
@resource.response(200, WhatIfAnswer)
def what_if_report(query: Mapping[str, Any]) -> Any:
    """Return what other thresholds would have given: load, error and disparity side by side."""
    with look() as unit:
        found = whatif.thresholds(
            unit,
            query["decision_point"],
            since=query["since"],
            until=query["until"],
            by=query["by"],
            threshold=query["threshold"],
        )
    note_reading(unit.answerable, unit.actor, what="report.what_if", point=query["decision_point"])
    return found


@resource.route("/reports", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(PageQuery, location="query")
@resource.response(200, MadeListAnswer)
def list_reports(query: Mapping[str, Any]) -> Any:
    """List the signed reports, the newest first."""
    with look() as unit:
        return {"reports": making.list_made(unit, limit=query["limit"])}


@resource.route("/reports/fairness", methods=["POST"])
@requires(Permission.REPORTS_MAKE)
@resource.arguments(ReportBody)
@resource.response(202, AskedAnswer)
def make_report(body: Mapping[str, Any]) -> Any:
    """Have a report made and signed; its digest goes into the log."""
    with work() as unit:
        report_id = making.ask(unit, body["decision_point"], **_window(body))
    return {"id": report_id, "status": "being_made"}


@resource.route("/reports/<report_id>", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.response(200, SignedAnswer)
def read_report(report_id: str) -> Any:
    """Return a signed report, or say that it is being made."""
    with look() as unit:
        wanted = identifier(report_id, "report")
        if making.is_asked(unit, wanted):
            return {"id": wanted, "status": "being_made", "report": None, "note": None}
        made = making.made(unit, wanted)
    return {"id": wanted, "status": "made", "report": made.document, "note": made.note}


@resource.route("/reports/<report_id>/file", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(FileQuery, location="query")
@resource.doc(
    responses={
        "200": {"description": "The file"},
        "202": {"description": "The PDF is being drawn; ask again in a moment"},
    }
)
def report_file(query: Mapping[str, Any], report_id: str) -> Response:
    """Return a signed report as a file: JSON, one HTML page, or PDF."""
    wanted = identifier(report_id, "report")
    with work() as unit:
        file = files.file_of(
            unit,
            wanted,
            files.Form(query["form"]),
            query["lang"],
            hide_below=query["hide_below"],
        )
    if isinstance(file, files.Drawn):
        return attachment(file.content, file.content_type, file.name)
    if file.problem:
        raise Unavailable(file.problem)
    return answer({"id": report_id, "status": "being_made"}, 202, {"Retry-After": "3"})


@resource.route("/reports/verify", methods=["POST"])
@requires(Permission.REPORTS_READ)
@resource.response(200, CheckedAnswer)
def verify_report() -> Any:
    """Check a report's file, sent as the body: its signature, the log, and every figure."""
    # A report's page is larger than what other bodies may be.
    content = b"".join(uploads.pieces_of_body(_LARGEST_FILE))
    with look() as unit:
        return checking.check(unit, content)


def _window(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("since", "until", "by", "preset")}
