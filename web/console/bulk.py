"""The same with several cases: ticked in the queue, done on a page of their own."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from governance.clock import parse_rfc3339
from governance.errors import (
    AlreadySigned,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    FieldProblem,
    InvalidInput,
    NotFound,
    UndoPassed,
)
from governance.identities import queries as people
from governance.permissions import Permission
from governance.reviews import bulk, queries
from governance.reviews import service as reviews
from governance.reviews.bulk import MOST, BulkAct, BulkResult
from governance.work import Work
from web import authentication
from web.console import forms, instead, times
from web.console.queue import row_of
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import ngettext
from web.console.views.shell import Choice, Form
from web.console.views.work import BulkApprovalPage, BulkPage
from web.security import requires


@blueprint.get("/queue/bulk")
@requires(Permission.CASES_DECIDE)
def bulk_page() -> Response:
    """Show what is to be done with the cases that were ticked."""
    act, chosen = request.args.get("act", ""), request.args.getlist("case")
    if act not in set(BulkAct) or not chosen:
        tell("info", _("Tick the cases first that you mean."))
        return go("queue")
    return _show(act, chosen)


@blueprint.post("/queue/bulk")
@requires(Permission.CASES_DECIDE)
def do_bulk() -> Response:
    """Do it with each case, and tell what became of them."""
    act, chosen = forms.text("act"), forms.ticked("case")
    answerable, actor = authentication.installation(), authentication.actor()
    try:
        if act == BulkAct.APPROVE:
            with answerable.work(actor) as work:
                begun = bulk.begin(work, chosen)
            return go("bulk_approval", bulk_id=begun.id)
        if act == BulkAct.HAND_OVER:
            to = _typed("to", _("Choose to whom."))
            found = bulk.hand_over(answerable, actor, chosen, to=to, words=forms.text("words"))
        elif act == BulkAct.PUT_OFF:
            try:
                until = parse_rfc3339(forms.text("until"))
            except ValueError:
                raise _missing("until", _("Choose a time.")) from None
            found = bulk.put_off(answerable, actor, chosen, until=until, words=forms.text("words"))
        elif act == BulkAct.ESCALATE:
            reason = _typed("words", _("Say why, so that others know what to look at."))
            found = bulk.escalate(answerable, actor, chosen, reason=reason)
        else:
            return go("queue")
    except InvalidInput as error:
        return _show(act, chosen, _refused(act, error))
    _tell(found, _done(act, sum(one.done for one in found)))
    return go("queue")


@blueprint.get("/queue/bulk/<bulk_id>")
@requires(Permission.CASES_DECIDE)
def bulk_approval(bulk_id: str) -> Response:
    """Show the cases to be approved together, and those to be opened first."""
    with authentication.installation().look(authentication.actor()) as work:
        view = bulk.look_at(work, bulk_id)
        titles = _titles(work)
    seconds = 0
    if view.undo_until is not None:
        seconds = max(0, int((view.undo_until - times.now()).total_seconds()))
    page = BulkApprovalPage(
        id=view.id,
        cases=tuple(row_of(case, titles) for case in view.cases),
        drawn=view.drawn,
        opened=view.opened,
        ready=view.ready,
        given=view.given_at is not None,
        approved=view.approved,
        undo_until=times.moment_or_none(view.undo_until),
        undo_seconds=seconds,
    )
    return render("bulk_approval", page, current="queue")


@blueprint.post("/queue/bulk/<bulk_id>/open")
@requires(Permission.CASES_DECIDE)
def open_drawn(bulk_id: str) -> Response:
    """Open a case that was drawn."""
    case_id = forms.text("case")
    with authentication.installation().work(authentication.actor()) as work:
        bulk.open_drawn(work, bulk_id, case_id)
    tell(
        "info",
        _("This is one of the cases that you want to approve together."),
        _("Read it, and go back to approve them, or decide this one by itself."),
        href=_address(bulk_id),
        link=_("Back to the cases to approve together"),
    )
    return go("case", case_id=case_id)


@blueprint.post("/queue/bulk/<bulk_id>/approve")
@requires(Permission.CASES_DECIDE)
def approve_together(bulk_id: str) -> Response:
    """Approve them."""
    try:
        found = bulk.approve(authentication.installation(), authentication.actor(), bulk_id)
    except (Conflict, InvalidInput) as error:
        tell("warn", _("They were not approved."), error.detail)
    else:
        _tell(found, _done(BulkAct.APPROVE, sum(one.done for one in found)))
    return go("bulk_approval", bulk_id=bulk_id)


@blueprint.post("/queue/bulk/<bulk_id>/undo")
@requires(Permission.CASES_DECIDE)
def take_back_together(bulk_id: str) -> Response:
    """Take all of them back."""
    found = bulk.take_back(authentication.installation(), authentication.actor(), bulk_id)
    done = sum(one.done for one in found)
    _tell(
        found,
        ngettext(
            "%(num)s verdict is taken back, as if it had never been given.",
            "%(num)s verdicts are taken back, as if they had never been given.",
            done,
        )
        if done
        else "",
    )
    return go("bulk_approval", bulk_id=bulk_id)


def _show(act: str, chosen: Sequence[str], form: Form | None = None) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        found = [queries.by_id(work.session, one) for one in chosen[:MOST] if len(one) == 36]
        mine = [case for case in found if case is not None and case.queue in work.actor.queues]
        titles = _titles(work)
        rows = tuple(row_of(case, titles) for case in reviews.summaries(work, mine))
        due = min((case.due_at for case in mine if case.due_at is not None), default=None)
        colleagues = {
            one.id: one.name
            for queue in sorted({case.queue for case in mine})
            for one in people.deciders_of(work.session, queue, work.now)
            if one.id != work.actor.id
        }
    if not rows:
        raise NotFound("None of these cases is in your queues.")
    if len(chosen) > MOST and form is None:
        form = Form(error=_("At most %(n)s cases are done at once; the first stand here.", n=MOST))
    page = BulkPage(
        act=act,
        cases=rows,
        colleagues=tuple(Choice(value=key, label=name) for key, name in colleagues.items()),
        later=tuple(instead.later(due)),
        form=form or Form(),
    )
    return render("bulk", page, current="queue", status=200 if form is None else 422)


def _titles(work: Work) -> dict[str, str]:
    return {one.queue: one.title for one in reviews.queue_overview(work).queues}


def _address(bulk_id: str) -> str:
    return f"/queue/bulk/{bulk_id}"


def _typed(name: str, detail: str) -> str:
    if not forms.text(name):
        raise _missing(name, detail)
    return forms.text(name)


def _missing(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)])


def _refused(act: str, error: InvalidInput) -> Form:
    form = forms.told_again(error)
    if act == BulkAct.APPROVE:
        return Form(error=_("These cases cannot be approved together."), values=form.values)
    return form


def _done(act: str, count: int) -> str:
    if not count:
        return ""
    if act == BulkAct.HAND_OVER:
        return ngettext(
            "%(num)s case is handed over, and kept for eight hours.",
            "%(num)s cases are handed over, and kept for eight hours.",
            count,
        )
    if act == BulkAct.PUT_OFF:
        return ngettext("%(num)s case is put off.", "%(num)s cases are put off.", count)
    if act == BulkAct.ESCALATE:
        return ngettext("%(num)s case was sent on.", "%(num)s cases were sent on.", count)
    return ngettext("You approved %(num)s case.", "You approved %(num)s cases.", count)


def _tell(found: Sequence[BulkResult], told: str) -> None:
    if told:
        tell("good", told)
    problems = [one.problem for one in found if one.problem is not None]
    if problems:
        tell(
            "warn",
            ngettext(
                "With %(num)s case this could not be done.",
                "With %(num)s cases this could not be done.",
                len(problems),
            ),
            " ".join(dict.fromkeys(_why(one) for one in problems)),
        )


def _why(problem: Exception) -> str:
    if isinstance(problem, ClaimedByAnother):
        return _("Another person holds it, or it is kept for them.")
    if isinstance(problem, UndoPassed):
        return _("It is too late to take this back.")
    if isinstance(problem, AlreadySigned):
        return _("You have signed it off; another person must do so too.")
    if isinstance(problem, CaseClosed):
        return _("It is decided or closed already.")
    if isinstance(problem, NotFound):
        return _("It is in none of your queues any more.")
    return str(problem)
