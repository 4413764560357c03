"""Known cases: made of decided ones, listed, suggested, retired; and what was right, seen by whoever decided one."""

from __future__ import annotations

from flask import Response, request

from governance.errors import Conflict, InvalidInput, NotFound
from governance.gold import service as gold
from governance.gold.service import Because, GoldView, Suggestion
from governance.permissions import Permission
from governance.points import service as points
from governance.reviews import gold as serving
from policies.document import Policy
from web import authentication
from web.console import decisions, forms, playing, telling, times
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.gold import GoldPage, GoldRow, SuggestionRow
from web.console.views.shell import Choice, Form
from web.security import requires


@blueprint.get("/known-cases", endpoint="gold")
@requires(Permission.GOLD_MANAGE)
def list_gold() -> Response:
    """Show the known cases, and decided ones that could become some."""
    point = request.args.get("point") or None
    with authentication.installation().look(authentication.actor()) as work:
        live = {
            one.name: one.live.policy for one in points.list_points(work) if one.live is not None
        }
        page = GoldPage(
            rows=tuple(_row(one, live.get(one.point)) for one in gold.list_gold(work, point=point)),
            suggestions=tuple(
                _suggestion(one, live.get(one.point)) for one in gold.suggestions(work, point=point)
            ),
            points=tuple(
                Choice(value=name, label=policy.title.in_(language()))
                for name, policy in live.items()
            ),
            point=point or "",
            shares=tuple(_shares(live, point)),
            may_read=work.actor.may(Permission.DECISIONS_READ),
        )
    return render("gold", page, current="gold")


@blueprint.post("/decisions/<decision_id>/known-case")
@requires(Permission.GOLD_MANAGE)
def make_gold(decision_id: str) -> Response:
    """Make a known case of a decided one."""
    errors = {}
    if not forms.text("answer"):
        errors["answer"] = _("Choose what is right.")
    if not forms.text("note"):
        errors["note"] = _("Say in a sentence why.")
    if errors:
        return decisions.again(decision_id, Form(values=forms.typed(), errors=errors), 422)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            made = gold.make(
                work, decision_id, answer=forms.text("answer"), note=forms.text("note")
            )
    except InvalidInput as error:
        return decisions.again(decision_id, forms.told_again(error), 422)
    except Conflict as error:
        tell("warn", _("This could not be done."), error.detail)
        return go("decision", decision_id=decision_id)
    tell("good", _("It is a known case now."))
    return go("gold", point=made.point)


@blueprint.post("/known-cases/<gold_id>/retire")
@requires(Permission.GOLD_MANAGE)
def retire_gold(gold_id: str) -> Response:
    """Give a known case to nobody any more."""
    with authentication.installation().work(authentication.actor()) as work:
        retired = gold.retire(work, gold_id)
    tell("good", _("It is given to nobody any more."))
    return go("gold", point=retired.point)


@blueprint.post("/cases/<case_id>/seen")
@requires(Permission.CASES_DECIDE)
def see_known(case_id: str) -> Response:
    """Note that whoever decided a known case has seen what was right."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            serving.seen(work, case_id)
    except NotFound as error:
        tell("info", error.detail)
    return playing.go_on()


def _row(one: GoldView, policy: Policy | None) -> GoldRow:
    return GoldRow(
        id=one.id,
        decision_id=one.decision_id or "",
        point=_title(one.point, policy),
        secret=one.secret,
        proposed=_label(policy, one.proposed),
        answer=_label(policy, one.answer),
        note=one.note or "",
        mistake=bool(one.mistake),
        made_by=one.made_by,
        made=times.moment(one.made_at),
        retired=times.moment_or_none(one.retired_at),
        served=one.served,
        decided=one.decided,
        caught=one.caught,
    )


def _suggestion(one: Suggestion, policy: Policy | None) -> SuggestionRow:
    return SuggestionRow(
        decision_id=one.decision_id,
        point=_title(one.point, policy),
        proposed=_label(policy, one.proposed),
        answer=_label(policy, one.answer),
        because={
            Because.TRUTH: _("It turned out so."),
            Because.APPEAL: _("An objection to it was dismissed."),
            Because.CHANGED: _("People changed it; nothing was learnt later."),
        }[one.because],
        recorded=times.moment(one.recorded_at),
    )


def _title(point: str, policy: Policy | None) -> str:
    return point if policy is None else policy.title.in_(language())


def _label(policy: Policy | None, outcome: str | None) -> str:
    return (outcome or "") if policy is None else telling.outcome_label(policy, outcome)


def _shares(live: dict[str, Policy], point: str | None) -> list[str]:
    """Say of each decision point that gives known cases how many."""
    return [
        _(
            "%(point)s: one of %(n)s cases that a person decides.",
            point=policy.title.in_(language()),
            n=round(1 / policy.review.gold),
        )
        for name, policy in live.items()
        if policy.review.gold and point in {None, name}
    ]
