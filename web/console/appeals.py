"""Appeals: the case in which one is answered, and the form for one that came by telephone or letter."""

from __future__ import annotations

from flask import Response, request, url_for

from governance.appeals import service as appeals
from governance.appeals import subject_page
from governance.appeals.views import AppealCase, AppealView
from governance.clock import rfc3339
from governance.errors import (
    AlreadySigned,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    NotFound,
    Stale,
)
from governance.permissions import Permission
from governance.queues import service as queues
from governance.reviews import service as reviews
from governance.reviews.transitions import CaseStatus
from governance.reviews.views import CaseView
from governance.work import Work
from policies.texts import shown
from web import authentication, problems
from web.console import beside, forms, playing, telling, times
from web.console.instead import of_masked
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.appeals import (
    AppealCasePage,
    EarlierAppeal,
    EnterAppealPage,
    JudgedFact,
    VerdictBefore,
    WordsRow,
)
from web.console.views.shell import Choice, Form
from web.console.views.work import FileRow, WhyView
from web.downloads import attachment
from web.security import requires

_TOO_LATE = (AlreadySigned, CaseClosed, ClaimedByAnother, Conflict, NotAllowed, NotClaimed, Stale)


def show(
    work: Work,
    view: CaseView,
    status: int = 200,
    *,
    opened: str = "",
    instead: Form | None = None,
) -> Response:
    """Show the case of an appeal; the page of cases hands it over.

    ``opened`` names what was tried instead of answering, with ``instead`` as its form.
    """
    page = _page(work, view, opened=opened, instead=instead)
    return render("appeal_case", page, current="queue", status=status)


@blueprint.post("/cases/<case_id>/appeal-answer")
@requires(Permission.CASES_DECIDE)
def answer_appeal(case_id: str) -> Response:
    """Take an answer: it is shown once more, and then sent for good."""
    verdict, said = forms.text("upheld"), forms.text("answer")
    upheld = verdict == "yes"
    if forms.flag("change"):
        return _again(case_id, Form(values=forms.typed()), 200)
    errors = {}
    if verdict not in {"yes", "no"}:
        errors["upheld"] = _("Choose whether the person is right.")
    if upheld and not forms.text("outcome"):
        errors["outcome"] = _("Choose what it changes to.")
    if not said and not forms.flag("erased"):
        errors["answer"] = _("Write what the person is told.")
    if errors:
        return _again(case_id, Form(values=forms.typed(), errors=errors), 422)
    if not forms.flag("sure"):
        return _again(case_id, Form(values=forms.typed()), 200, confirming=True)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            appeals.answer(
                work,
                case_id,
                upheld=upheld,
                outcome=forms.text("outcome") if upheld else None,
                answer=said,
                revision=_revision(),
            )
    except InvalidInput as error:
        return _again(case_id, forms.told_again(error), 422)
    except _TOO_LATE as error:
        return _again(case_id, forms.told_again(error), problems.told(type(error)).status)
    tell(
        "good",
        _("The appeal is answered, and the decision was changed.")
        if upheld
        else _("The appeal is answered, and the decision stands."),
        _("The person concerned reads it on their page."),
    )
    return playing.go_on()


@blueprint.get("/cases/<case_id>/appeal-files/<int:number>")
@requires(Permission.CASES_READ)
def appeal_file(case_id: str, number: int) -> Response:
    """Give a file that came with an appeal."""
    with authentication.installation().look(authentication.actor()) as work:
        file, content = appeals.file_of(work, case_id, number)
    return attachment(content, file.content_type, file.name)


@blueprint.get("/decisions/<decision_id>/appeal")
@requires(Permission.APPEALS_OPEN)
def enter_appeal(decision_id: str) -> Response:
    """Show the form for an objection that came by telephone or letter."""
    return _entering(decision_id, Form())


@blueprint.post("/decisions/<decision_id>/appeal")
@requires(Permission.APPEALS_OPEN)
def take_appeal(decision_id: str) -> Response:
    """Enter an objection; somebody else answers it."""
    words = forms.text("words")
    if not words:
        told = _("Write what the person said.")
        return _entering(decision_id, Form(errors={"words": told}), 422)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            opened = appeals.open_appeal(
                work, decision_id, words=words, form=forms.text("form") or None
            )
            due = times.moment(opened.due_at).text
    except InvalidInput as error:
        return _entering(decision_id, forms.told_again(error), 422)
    except Conflict as error:
        return _entering(decision_id, forms.told_again(error), 409)
    tell(
        "good",
        _("The appeal is entered."),
        _("Somebody who had no part in the decision answers it by %(when)s.", when=due),
    )
    return go("enter_appeal", decision_id=decision_id)


@blueprint.post("/decisions/<decision_id>/people-only")
@requires(Permission.SUBJECTS_MARK)
def set_people_only(decision_id: str) -> Response:
    """Have a person always decide about whom a decision is about, or lift that."""
    wanted = forms.text("wanted") == "yes"
    with authentication.installation().work(authentication.actor()) as work:
        subject_page.set_people_only(work, decision_id, wanted=wanted)
    tell(
        "good",
        _("From now on, a person always decides about this subject.")
        if wanted
        else _("Policies decide about this subject again."),
    )
    return go("enter_appeal", decision_id=decision_id)


def _entering(decision_id: str, form: Form, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        standing = appeals.standing(work, decision_id)
        point, outcome = appeals.named(work, standing, language())
        waiting = standing.open
        page = EnterAppealPage(
            decision_id=standing.decision_id,
            point=point,
            outcome=outcome,
            may_open=standing.why_not is None,
            why_not=standing.why_not or "",
            open_since=None if waiting is None else times.moment(waiting.opened_at),
            due=None if waiting is None else times.moment(waiting.due_at),
            people_only=_people_only(work, standing.decision_id),
            form=form,
        )
    return render("appeal_enter", page, current="decisions", status=status)


def _people_only(work: Work, decision_id: str) -> bool | None:
    """Return whether a person always decides about whom a decision is about; None where that cannot be said."""
    try:
        return subject_page.is_people_only(work, decision_id)
    except NotFound:
        return None


def _again(case_id: str, form: Form, status: int, *, confirming: bool = False) -> Response:
    """Show the case as it is now, with what was typed."""
    with authentication.installation().look(authentication.actor()) as work:
        view = reviews.case_view(work, case_id)
        page = _page(work, view, form=form, confirming=confirming)
    return render("appeal_case", page, current="queue", status=status)


def _page(
    work: Work,
    view: CaseView,
    *,
    form: Form | None = None,
    confirming: bool = False,
    opened: str = "",
    instead: Form | None = None,
) -> AppealCasePage:
    found: AppealCase = appeals.appeal_case(work, view.id)
    appeal, policy, decision, lease = found.appeal, found.policy, view.decision, view.lease
    mine = lease is not None and lease.mine
    titles = {one.name: one.title for one in queues.list_queues(work)}
    return AppealCasePage(
        id=view.id,
        decision_id=appeal.decision_id,
        etag=str(view.revision),
        shown=rfc3339(times.now()),
        point=policy.title.in_(language()),
        purpose=policy.purpose.in_(language()),
        queue=view.queue,
        queue_title=titles.get(view.queue, view.queue),
        opened=times.moment(appeal.opened_at),
        due=times.moment(appeal.due_at),
        overdue=appeal.overdue,
        door={
            "page": _("by the person concerned, on their page"),
            "app": _("by the app, for the person concerned"),
        }.get(appeal.door, _("by a colleague, for the person concerned")),
        words=tuple(WordsRow(at=times.moment(one.at), text=one.text) for one in appeal.words),
        files=tuple(
            FileRow(
                name=one.name,
                href=url_for("console.appeal_file", case_id=view.id, number=one.number),
                size=telling.file_size(one.size),
            )
            for one in appeal.files
        ),
        facts=_facts(view, found),
        instead=of_masked(
            view, may=_state(view, mine=mine) != "barred", opened=opened, form=instead
        ),
        beside=beside.of_case(work, view),
        stands=telling.outcome_label(policy, found.stands),
        decided_by_software=not found.earlier,
        proposed=telling.outcome_label(policy, decision.proposed_outcome) or _("nothing"),
        source=telling.source(decision.source),
        band=telling.band(decision.confidence, policy),
        why=tuple(
            WhyView(text=reason.text, code=reason.code, rule=reason.rule or "")
            for reason in decision.reasons
        ),
        contributions=telling.contributions(policy, decision.proposal_reasons),
        before=tuple(
            VerdictBefore(
                verdict=one.verdict,
                outcome=telling.outcome_label(policy, one.outcome),
                at=times.moment(one.at),
                reason=one.reason or "",
            )
            for one in found.earlier
        ),
        earlier=tuple(_earlier(one) for one in found.others),
        outcomes=tuple(
            Choice(value=name, label=telling.outcome_label(policy, name))
            for name in policy.outcomes
            if name != found.stands
        ),
        erased=decision.features is None,
        state=_state(view, mine=mine),
        holder="" if lease is None or mine else lease.name,
        barred=_barred(view) or "",
        lease_until=times.moment(lease.until) if lease is not None and mine else None,
        lease_seconds=0
        if lease is None
        else max(0, int((lease.until - times.now()).total_seconds())),
        answered=_ended(appeal) if appeal.status != "open" else "",
        answered_text=appeal.answer or "",
        answered_at=times.moment_or_none(appeal.closed_at),
        reversed_by=appeal.reversed_by or "",
        confirming=confirming,
        form=form or Form(),
    )


def _state(view: CaseView, *, mine: bool) -> str:
    """Say how the case stands for who reads it: closed, barred, mine, held or free."""
    if view.status != CaseStatus.OPEN:
        return "closed"
    if _barred(view) is not None:
        return "barred"
    if view.lease is not None:
        return "mine" if mine else "held"
    return "free"


def _barred(view: CaseView) -> str | None:
    if not authentication.actor().may(Permission.CASES_DECIDE):
        return _("You may look at cases, and others decide them.")
    if view.barred is None:
        return None
    return _(
        "You had part in this decision, entered the appeal, or wrote the policy. Somebody who had none answers it."
    )


def _facts(view: CaseView, found: AppealCase) -> tuple[JudgedFact, ...]:
    """Show each fact beside what the person says of it."""
    policy, features = found.policy, view.decision.features
    corrected = found.appeal.corrections or {}
    recorded = telling.facts(policy, features, view.decision.masked)
    names = (
        []
        if features is None
        else [*policy.features, *sorted(set(features) - set(policy.features))]
    )
    rows = []
    for name, fact in zip(names, recorded, strict=True):
        said = corrected.get(name)
        rows.append(
            JudgedFact(
                label=fact.label,
                recorded=fact,
                should_be="" if name not in corrected else shown(said, language()),
            )
        )
    return tuple(rows)


def _earlier(one: AppealView) -> EarlierAppeal:
    return EarlierAppeal(
        opened=times.moment(one.opened_at), ended=_ended(one), answer=one.answer or ""
    )


def _ended(one: AppealView) -> str:
    if one.status == "withdrawn":
        return _("It was taken back.")
    return _("It was upheld.") if one.upheld else _("It was dismissed.")


def _revision() -> int | None:
    typed = request.form.get("etag", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
