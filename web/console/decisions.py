"""Decisions: the list with its filters, one with its story, and all about one subject."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import Response, request

from governance.appeals import service as appeals
from governance.clock import is_id, parse_rfc3339, rfc3339
from governance.decisions import service as decisions
from governance.decisions.masking import PACKET
from governance.decisions.states import Status
from governance.decisions.views import DecisionView
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.explanations import service as explanations
from governance.explanations.service import Step
from governance.gold import service as gold
from governance.permissions import Permission
from governance.points import queries as points
from governance.points import service as point_views
from governance.queues import service as queues
from governance.reviews import service as reviews
from governance.truth.service import SCALES
from governance.work import Work
from policies.document import Policy
from policies.explanations import Audience, Explanation
from policies.texts import fact_label, shown
from web import authentication
from web.console import forms, shell, telling, times
from web.console.beside import chat_of
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.shell import Choice, Form, Page
from web.console.views.work import (
    DecisionPage,
    DecisionRow,
    DecisionsPage,
    ReaderRow,
    SearchPage,
    StoryStep,
    TraceRow,
)
from web.security import requires

_A_PAGE: Final = 50
#: Of one subject all decisions are shown, up to so many.
_OF_A_SUBJECT: Final = 200


@blueprint.get("/decisions", endpoint="decisions")
@requires(Permission.DECISIONS_READ)
def list_decisions() -> Response:
    """Show the decisions that the person may see, newest first."""
    filters = {
        name: request.args[name]
        for name in ("point", "status", "since", "until")
        if request.args.get(name)
    }
    if filters.get("status") not in {None, *Status}:
        del filters["status"]
    with authentication.installation().look(authentication.actor()) as work:
        found = decisions.search(
            work,
            limit=_A_PAGE,
            point=filters.get("point"),
            status=filters.get("status"),
            since=times.day_begins(filters.get("since", "")),
            until=times.day_begins(filters.get("until", ""), after=1),
            before=place(request.args.get("after", "")),
        )
        titles = _titles(work)
        page = DecisionsPage(
            rows=tuple(_row(work, one) for one in found.decisions),
            points=tuple(Choice(value=name, label=title) for name, title in titles.items()),
            statuses=tuple(Status),
            filters=filters,
            page=Page(
                shown=len(found.decisions),
                after="" if found.next_cursor is None else cursor(*found.next_cursor),
            ),
        )
    return render("decisions", page, current="decisions")


@blueprint.get("/decisions/<decision_id>")
@requires(Permission.DECISIONS_READ)
def decision(decision_id: str) -> Response:
    """Show one decision with its whole story."""
    with authentication.installation().look(authentication.actor()) as work:
        view = decisions.get(work, decision_id)
        policy = points.engine_of(work, view.point, view.policy_version).policy
        page = _page(work, view, policy)
    return render("decision", page, current="decisions")


def again(decision_id: str, form: Form, status: int) -> Response:
    """Show a decision again, with a form of its page that does not fit."""
    with authentication.installation().look(authentication.actor()) as work:
        view = decisions.get(work, decision_id)
        policy = points.engine_of(work, view.point, view.policy_version).policy
        page = replace(_page(work, view, policy), form=form)
    return render("decision", page, current="decisions", status=status)


@blueprint.get("/search")
@requires(Permission.DECISIONS_READ)
def search() -> Response:
    """Ask for a subject's reference, which stands in no address."""
    return render("search", SearchPage(), current="search")


@blueprint.post("/search")
@requires(Permission.DECISIONS_READ)
def take_search() -> Response:
    """Show all decisions about one subject."""
    reference = forms.text("ref")
    if not 0 < len(reference) <= 200:
        told = _("Enter a reference of 1 to 200 characters, exactly as the app sends it.")
        error = InvalidInput(told, [FieldProblem(pointer="/ref", detail=told)])
        return render(
            "search", SearchPage(form=forms.told_again(error)), current="search", status=422
        )
    with authentication.installation().look(authentication.actor()) as work:
        found = decisions.search(work, limit=_OF_A_SUBJECT, subject_ref=reference)
        rows = tuple(_row(work, one) for one in found.decisions)
    page = SearchPage(form=Form(values={"ref": reference}), rows=rows)
    return render("search", page, current="search")


def _titles(work: Work) -> dict[str, str]:
    return {
        one.name: one.name if one.live is None else one.live.policy.title.in_(language())
        for one in point_views.list_points(work)
    }


def _row(work: Work, view: DecisionView) -> DecisionRow:
    policy = points.engine_of(work, view.point, view.policy_version).policy
    return DecisionRow(
        id=str(view.id),
        point=policy.title.in_(language()),
        status=view.status,
        proposed=telling.outcome_label(policy, view.proposed_outcome),
        outcome=telling.outcome_label(policy, view.outcome),
        recorded=times.moment(view.recorded_at),
        band=telling.band(view.confidence),
    )


def _page(work: Work, view: DecisionView, policy: Policy) -> DecisionPage:
    told: Explanation | None = None
    if work.actor.may(Permission.EXPLANATIONS_REVIEW) and not view.withheld:
        told = explanations.explain(
            work, str(view.id), audience=Audience.REVIEWER, language=language()
        )
    story = explanations.story(work, str(view.id))
    reverses, reversed_by = appeals.reversal(work, str(view.id))
    app = next((step.by for step in story if step.kind == "received"), None)
    return DecisionPage(
        id=str(view.id),
        point=policy.title.in_(language()),
        status=view.status,
        outcome=telling.outcome_label(policy, view.outcome),
        proposed=_("shown after your own judgement")
        if view.withheld
        else telling.outcome_label(policy, view.proposed_outcome),
        source=telling.source(view.source),
        app=app or telling.source(view.source),
        recorded=times.moment(view.recorded_at),
        story=tuple(_step(work, step, policy, told) for step in story),
        facts=telling.facts(policy, view.features, view.masked),
        band=telling.band(view.confidence, policy),
        alternatives=telling.alternatives(policy, view.alternatives),
        contributions=telling.contributions(policy, view.proposal_reasons),
        trace=_trace(view, policy),
        what_would_change=() if told is None else tuple(one.text for one in told.what_would_change),
        occurred=times.moment_or_none(view.occurred_at),
        policy=_("Policy version %(n)s", n=view.policy_version),
        policy_href=shell.policy_address(view.point, view.policy_version),
        case_id=_open_case(work, view),
        subject=view.subject_ref or "",
        imported=view.imported,
        readable=view.features is not None,
        may_enter_appeal=work.actor.may(Permission.APPEALS_OPEN)
        and view.status != Status.IN_REVIEW,
        reverses=reverses or "",
        reversed_by=reversed_by or "",
        metadata=telling.particulars(view.metadata),
        answers=tuple(
            Choice(value=name, label=telling.outcome_label(policy, name))
            for name in (policy.outcomes if gold.may_make(work, str(view.id)) else ())
        ),
        chat=chat_of(view, policy),
        readers=_readers(work, str(view.id)) if work.actor.may(Permission.LOG_READ) else None,
    )


def _readers(work: Work, decision_id: str) -> tuple[ReaderRow, ...]:
    return tuple(
        ReaderRow(
            entry=one.record_id,
            at=times.moment(one.at),
            by=one.by or _("an app"),
            file=one.what == "file",
        )
        for one in explanations.readers(work, decision_id)
    )


def _open_case(work: Work, view: DecisionView) -> str:
    """Return the case of a decision that waits in one of this person's queues."""
    may = work.actor.may(Permission.CASES_READ)
    if view.case_id is None or not may or view.status != Status.IN_REVIEW:
        return ""
    try:
        return reviews.case_view(work, view.case_id).id
    except NotFound:
        return ""


def _trace(view: DecisionView, policy: Policy) -> tuple[TraceRow, ...]:
    steps: list[dict[str, Any]] = [] if view.trace is None else view.trace["trace"]
    return tuple(
        TraceRow(
            rule=step["rule"],
            when=step["when"],
            then=step["then"],
            said=step["said"],
            looked_at=", ".join(
                f"{fact_label(path, policy, language())} {_looked_at(path, value, policy)}"
                for path, value in step["looked_at"].items()
            ),
            detail=step["detail"],
        )
        for step in steps
    )


def _looked_at(path: str, value: Any, policy: Policy) -> str:
    feature = policy.features.get(path.removeprefix("features."))
    # What may burden is shown among the facts, where it has to be opened.
    return "…" if feature is not None and feature.burdening else shown(value, language())


def _step(work: Work, step: Step, policy: Policy, told: Explanation | None) -> StoryStep:
    points_made: tuple[str, ...] = ()
    if step.kind == "ruled" and told is not None:
        points_made = tuple(reason.text for reason in told.reasons)
    by_the_service = step.kind in {
        "ruled",
        "case_opened",
        "sampled",
        "effective",
        "done_elsewhere",
    }
    return StoryStep(
        kind=step.kind,
        title=_title(work, step, policy),
        at=times.moment(step.at),
        by="" if step.kind == "received" else step.by or "",
        text=_text(step, policy),
        quote=step.reason or "",
        points=points_made,
        entry=None if step.place is None else step.place.index,
        logged=not by_the_service,
    )


def _title(work: Work, step: Step, policy: Policy) -> str:
    outcome = telling.outcome_label(policy, step.data.get("outcome"))
    if step.kind == "received":
        return _("Received from %(app)s", app=step.by) if step.by else _("Recorded")
    if step.kind == "ruled":
        return {
            "release": _("The policy released it"),
            "review": _("The policy sent it to a person"),
            "refuse": _("The policy refused it"),
        }[step.data["disposition"]]
    if step.kind in {"case_opened", "escalated"}:
        title = _queue_title(work, step.data["queue"])
        if step.kind == "escalated":
            return _("Sent on to %(queue)s", queue=title)
        return _("Waiting in %(queue)s", queue=title)
    if step.kind == "done_elsewhere":
        return {
            "approved": _("Approved: %(outcome)s", outcome=outcome),
            "changed": _("Changed to: %(outcome)s", outcome=outcome),
            "rejected": _("Rejected: %(outcome)s", outcome=outcome),
        }.get(step.data["status"], _("Released: %(outcome)s", outcome=outcome))
    if step.kind in {"verdict", "sign_off"}:
        return {
            "approve": _("Approved: %(outcome)s", outcome=outcome),
            "change": _("Changed to: %(outcome)s", outcome=outcome),
            "reject": _("Rejected: %(outcome)s", outcome=outcome),
        }[step.data["verdict"]]
    if step.kind == "checked":
        return {
            "approve": _("A sampled check found it right: %(outcome)s", outcome=outcome),
        }.get(
            step.data["verdict"],
            _("A sampled check found it wrong; right was: %(outcome)s", outcome=outcome),
        )
    titles = {
        "sampled": _("Drawn for a look afterwards"),
        "drawn": _("Drawn for a second opinion"),
        "second_opinion": _("A second opinion: %(outcome)s", outcome=outcome),
        "not_looked_at": _("A second look was closed without one"),
        "ground_truth.withdrawn": _("What a check said to be right was taken back"),
        "claimed": _("Taken"),
        "released": _("Given back"),
        "undone": _("A verdict was taken back"),
        "fell": _("A sign-off fell, as something came in"),
        "skipped": _("Passed on undecided"),
        "put_off": _("Put off"),
        "handed_over": _("Handed to a colleague"),
        "commented": _("Commented"),
        "doubted": _("Said that this automation is wrong"),
        "question_asked": _("The app was asked"),
        "information_given": _("The app answered"),
        "revealed": _("Looked at what is masked"),
        "judged": _("Judged before seeing the proposal: %(outcome)s", outcome=outcome),
        "lapsed": _("Nobody decided in time"),
        "withdrawn": _("Withdrawn by the app"),
        "effective": _("In effect: %(outcome)s", outcome=outcome),
        "ground_truth.reported": _("Turned out right: %(outcome)s", outcome=outcome)
        if outcome
        else _("Nobody will ever know what was right"),
        "feedback.given": _rated(step),
        "gold.ended": _("It was a known case, and ended here"),
        "appeal.opened": _("The person concerned objected"),
        "appeal.added": _("The person concerned added words"),
        "appeal.withdrawn": _("The objection was taken back"),
        "appeal.answered": _("The objection was upheld")
        if step.data.get("upheld")
        else _("The objection was dismissed"),
        "decision.reversed": _(
            "Came in the place of another decision: %(outcome)s", outcome=outcome
        ),
        "groups.recorded": _("Group attributes were recorded, for counts alone"),
    }
    return titles.get(step.kind, step.kind)


def _rated(step: Step) -> str:
    if step.kind != "feedback.given":
        return ""
    scale, rating = step.data["scale"], step.data["rating"]
    most = SCALES[scale][1]
    return {
        "csat": _("Rated %(rating)s of %(most)s for satisfaction", rating=rating, most=most),
        "ces": _("Rated %(rating)s of %(most)s for effort", rating=rating, most=most),
        "nps": _("Would recommend us: %(rating)s of %(most)s", rating=rating, most=most),
    }[scale]


def _text(step: Step, policy: Policy) -> str:
    if step.kind == "done_elsewhere":
        return _("So it was reported. It was decided before it was recorded here.")
    if step.kind == "ruled":
        return _("Policy version %(n)s", n=step.data["policy_version"])
    if step.kind in {"case_opened", "escalated"} and step.data.get("due_at"):
        due = times.moment(parse_rfc3339(step.data["due_at"])).text
        return _("Due %(when)s", when=due)
    if step.kind in {"put_off", "question_asked", "handed_over"} and step.data.get("until"):
        return _("Until %(when)s", when=times.moment(parse_rfc3339(step.data["until"])).text)
    if step.kind == "revealed":
        return ", ".join(
            _("What the chat handed over")
            if name == PACKET
            else fact_label(name, policy, language())
            for name in step.data["facts"]
        )
    if step.data.get("bulk"):
        return _("Together with others, after some of them were opened.")
    if step.kind == "sign_off":
        return _("Others must agree before it is decided.")
    return ""


def _queue_title(work: Work, name: str) -> str:
    return next((one.title for one in queues.list_queues(work) if one.name == name), name)


def cursor(at: datetime, decision_id: str) -> str:
    """Return where a list goes on, as an opaque text."""
    return base64.urlsafe_b64encode(f"{rfc3339(at)} {decision_id}".encode()).decode()


def place(written: str) -> tuple[datetime, str] | None:
    """Return where a list goes on; a cursor that is none begins it again."""
    try:
        instant, _space, decision_id = base64.urlsafe_b64decode(written).decode().partition(" ")
        return (parse_rfc3339(instant), decision_id) if is_id(decision_id) else None
    except (binascii.Error, ValueError):
        return None
