"""One case on one screen: judge it, decide it, take that back, give it back, send it on."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request, session, url_for

from governance.clock import rfc3339
from governance.decisions.sight import GOLD
from governance.errors import (
    AlreadySigned,
    AnswerableError,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    Stale,
    UndoPassed,
)
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.queues import service as queues
from governance.reviews import gold, judging, pace
from governance.reviews import service as reviews
from governance.reviews.pace import Nudge
from governance.reviews.purposes import APPEAL, CHECK, LEFT_FOR, SECOND_LOOKS
from governance.reviews.transitions import CaseStatus, VerdictKind
from governance.reviews.views import CaseView, LastAct, Looked, Message, MessageKind
from governance.reviews.views import SignOffView as SignedOff
from governance.work import Work
from policies.document import Policy
from web import authentication, problems
from web.console import appeals, beside, forms, playing, shell, telling, times
from web.console.instead import of_case
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.shell import Choice, Form, Notice, Undo
from web.console.views.work import CasePage, FileRow, LostRace, MessageView, SignOffView, WhyView
from web.downloads import attachment
from web.security import requires

#: Nobody looks at one case for longer than a day, whatever a page says; seconds.
_LONGEST_LOOK = 86_400.0
#: Where the session keeps of which streak and sitting the person was told.
_PACED = "paced"
#: So many other outcomes that the machine thought of are shown.
_MOST_ALTERNATIVES = 3
#: What stands in the way of an act on a case because somebody else was quicker or time has passed.
TOO_LATE = (AlreadySigned, CaseClosed, ClaimedByAnother, Conflict, NotAllowed, NotClaimed, Stale)


@blueprint.get("/cases/<case_id>")
@requires(Permission.CASES_READ)
def case(case_id: str) -> Response:
    """Show a case."""
    with authentication.installation().look(authentication.actor()) as work:
        view = reviews.case_view(work, case_id)
        if view.purpose == APPEAL:
            return appeals.show(work, view)
        page = _page(work, view)
    return render("case", page, current="queue", undo=_own_undo(view))


@blueprint.post("/cases/<case_id>/claim")
@requires(Permission.CASES_DECIDE)
def claim(case_id: str) -> Response:
    """Hold a case for ten minutes."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            reviews.claim(work, case_id, revision=revision())
    except TOO_LATE as error:
        tell("warn", _("You could not take this case."), error.detail)
    return go("case", case_id=case_id)


@blueprint.post("/cases/<case_id>/release")
@requires(Permission.CASES_DECIDE)
def release(case_id: str) -> Response:
    """Give a case back to its queue."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            reviews.release(work, case_id, revision=revision())
    except TOO_LATE as error:
        tell("warn", _("There was nothing to give back."), error.detail)
        return go("case", case_id=case_id)
    tell("info", _("The case is back in the queue."))
    return go("queue")


@blueprint.post("/cases/<case_id>/decide")
@requires(Permission.CASES_DECIDE)
def decide(case_id: str) -> Response:
    """Take a verdict; whoever came second is shown what the other did, and loses nothing they typed."""
    verdict = forms.text("verdict")
    if verdict not in set(VerdictKind):
        form = Form(values=forms.typed(), error=_("Choose approve, change or reject."))
        return again(case_id, 422, form)
    changes = verdict == VerdictKind.CHANGE
    if changes and not forms.text("outcome"):
        form = Form(values=forms.typed(), errors={"outcome": _("Choose what it changes to.")})
        return again(case_id, 422, form)
    reverse = bool(forms.text("reverse"))
    if forms.flag("amend"):
        return again(case_id, 200, Form(values=forms.typed()))
    if reverse and verdict == VerdictKind.APPROVE:
        told = _("There is nothing to put right where the outcome was right.")
        return again(case_id, 422, Form(values=forms.typed(), errors={"reverse": told}))
    if reverse and not forms.text("reason"):
        told = _("Say in a sentence why.")
        return again(case_id, 422, Form(values=forms.typed(), errors={"reason": told}))
    if reverse and not forms.flag("sure"):
        return again(case_id, 200, Form(values=forms.typed()), confirming=True)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            given = reviews.say(
                work,
                case_id,
                verdict=verdict,
                outcome=forms.text("outcome") if changes else None,
                reason=forms.text("reason"),
                reverse=reverse,
                looked=_looked(),
                revision=revision(),
            )
    except InvalidInput as error:
        return again(case_id, 422, _refused(error))
    except TOO_LATE as error:
        return again(case_id, problems.told(type(error)).status, forms.told_again(error))
    told = _decided(given.policy, given.purpose, verdict, decided=given.decided)
    if given.undo is None:
        tell("good", told, _("Another decision is in its place now.") if reverse else "")
    else:
        shell.offer_undo(case_id, told, given.undo.until, given.revision)
    return playing.go_on()


@blueprint.post("/cases/<case_id>/second-opinion")
@requires(Permission.CASES_DECIDE)
def second_opinion(case_id: str) -> Response:
    """Take what a person would decide who knows neither proposal nor verdict, and show them both then."""
    if not forms.text("outcome"):
        form = Form(values=forms.typed(), errors={"outcome": _("Choose what you would decide.")})
        return again(case_id, 422, form)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            reviews.say(
                work,
                case_id,
                outcome=forms.text("outcome"),
                reason=forms.text("reason"),
                looked=_looked(),
                revision=revision(),
            )
    except InvalidInput as error:
        return again(case_id, 422, forms.told_again(error))
    except TOO_LATE as error:
        tell("warn", _("This could not be done."), error.detail)
    return go("case", case_id=case_id)


@blueprint.post("/cases/<case_id>/judge")
@requires(Permission.CASES_DECIDE)
def judge(case_id: str) -> Response:
    """Take what a person would decide, and show them then what was proposed."""
    if not forms.text("outcome"):
        form = Form(errors={"outcome": _("Choose what you would decide.")})
        return again(case_id, 422, form)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            judging.judge(work, case_id, outcome=forms.text("outcome"), revision=revision())
    except InvalidInput as error:
        return again(case_id, 422, forms.told_again(error))
    except TOO_LATE as error:
        tell("warn", _("This could not be done."), error.detail)
    return go("case", case_id=case_id)


@blueprint.post("/cases/<case_id>/undo")
@requires(Permission.CASES_DECIDE)
def undo(case_id: str) -> Response:
    """Take one's verdict back."""
    shell.withdraw_undo()
    try:
        with authentication.installation().work(authentication.actor()) as work:
            reviews.undo(work, case_id, revision=revision())
    except UndoPassed as error:
        tell("warn", _("It is too late to take this back."), error.detail)
        return go("queue")
    except TOO_LATE as error:
        tell("warn", _("There was nothing to take back."), error.detail)
        return go("queue")
    tell(
        "info",
        _("Your verdict is taken back, as if it had never been given. The case is open again."),
    )
    return go("case", case_id=case_id)


@blueprint.get("/cases/<case_id>/messages/<message_id>/files/<int:number>")
@requires(Permission.CASES_READ)
def message_file(case_id: str, message_id: str, number: int) -> Response:
    """Give a file that came with a comment or the app's answer."""
    with authentication.installation().look(authentication.actor()) as work:
        file, content = reviews.file_of(work, case_id, message_id, number)
    return attachment(content, file.content_type, file.name)


@blueprint.post("/cases/<case_id>/escalate")
@requires(Permission.CASES_DECIDE)
def escalate(case_id: str) -> Response:
    """Send a case to the queue that the policy names for it."""
    reason = forms.text("reason")
    if not reason:
        told = _("Say why the case goes to another queue, so that they know what to look at.")
        return again(case_id, 422, Form(errors={"escalation": told}))
    try:
        with authentication.installation().work(authentication.actor()) as work:
            moved = reviews.escalate(work, case_id, reason=reason, revision=revision())
            title = _queue_title(work, moved.queue)
    except InvalidInput as error:
        return again(case_id, 422, Form(errors={"escalation": error.detail}))
    except TOO_LATE as error:
        tell("warn", _("The case could not be sent on."), error.detail)
        return go("case", case_id=case_id)
    if moved.purpose == GOLD:
        return was_known(case_id)
    tell("good", _("The case went to %(queue)s.", queue=title))
    return playing.go_on()


def was_known(case_id: str) -> Response:
    """Say that what a person would have moved away was a known case, and show what was right."""
    tell("info", _("This was a known case, so it goes nowhere."))
    return go("case", case_id=case_id)


def again(
    case_id: str,
    status: int,
    form: Form | None = None,
    *,
    opened: str = "",
    instead: Form | None = None,
    confirming: bool = False,
) -> Response:
    """Show the case as it is now, with what was typed, and with what another did meanwhile.

    ``confirming`` asks once more before something is put right. ``opened`` names what was tried instead of deciding, with ``instead`` as its form.
    """
    with authentication.installation().look(authentication.actor()) as work:
        view = reviews.case_view(work, case_id)
        if view.purpose == APPEAL:
            return appeals.show(work, view, status, opened=opened, instead=instead)
        act = reviews.last_act(work, case_id) if status in {409, 412} else None
        page = _page(
            work,
            view,
            form=form,
            lost=_lost(view, act),
            opened=opened,
            instead=instead,
            confirming=confirming,
        )
    return render("case", page, current="queue", status=status, undo=_own_undo(view))


def _refused(error: AnswerableError) -> Form:
    form = forms.told_again(error)
    if "reason" in form.errors:
        return Form(values=form.values, errors={"reason": _("Say in a sentence why.")})
    return form


def _lost(view: CaseView, act: LastAct | None) -> LostRace | None:
    if act is None or act.verdict is None or view.status == CaseStatus.OPEN:
        return None
    return LostRace(
        by=act.by,
        verdict=act.verdict,
        outcome=telling.outcome_label(view.policy, act.outcome),
        at=times.moment(act.at),
    )


def _message(case_id: str, policy: Policy, message: Message) -> MessageView:
    return MessageView(
        kind=message.kind.value,
        by=message.by,
        at=times.moment(message.at),
        words=_("(erased)") if message.words is None else message.words,
        folded=telling.folded(message.words or "")
        if message.kind is MessageKind.INFORMATION
        else 0,
        facts=telling.particulars(message.facts, policy),
        open=message.open,
        files=tuple(
            FileRow(
                name=one.name,
                href=url_for(
                    "console.message_file",
                    case_id=case_id,
                    message_id=message.id,
                    number=one.number,
                ),
                size=telling.file_size(one.size),
            )
            for one in message.files
        ),
    )


def _page(
    work: Work,
    view: CaseView,
    *,
    form: Form | None = None,
    opened: str = "",
    instead: Form | None = None,
    lost: LostRace | None = None,
    confirming: bool = False,
) -> CasePage:
    policy, decision = view.policy, view.decision
    barred = _barred(view)
    lease = view.lease
    mine = lease is not None and lease.mine
    guarded = business_settings(work.session).pace_guards
    proposed = telling.outcome_label(policy, decision.proposed_outcome)
    looks = view.purpose if view.purpose in SECOND_LOOKS else ""
    if looks and view.own_second_look:
        looks = "own"
    typed = form or Form()
    outcome = typed.values.get("outcome")
    if typed.values.get("verdict") == VerdictKind.REJECT:
        outcome = view.fallback
    said = {one.outcome for one in (*view.compared, *view.sign_offs)}
    return CasePage(
        id=view.id,
        decision_id=str(decision.id),
        etag=str(view.revision),
        point=policy.title.in_(language()),
        purpose=policy.purpose.in_(language()),
        queue=view.queue,
        queue_title=_queue_title(work, view.queue),
        received=times.moment(view.opened_at),
        why=(
            *([WhyView(text=_("It was drawn by chance."))] if looks else []),
            *(
                WhyView(text=reason.text, code=reason.code, rule=reason.rule or "")
                for reason in (decision.reasons if view.purpose != CHECK else ())
            ),
        ),
        facts=telling.facts(policy, decision.features, decision.masked),
        proposed=proposed or _("nothing"),
        source=telling.source(decision.source),
        outcomes=tuple(
            Choice(value=name, label=telling.outcome_label(policy, name)) for name in view.changes
        ),
        fallback=telling.outcome_label(policy, view.fallback),
        band=telling.band(decision.confidence, policy),
        alternatives=telling.alternatives(policy, decision.alternatives, most=_MOST_ALTERNATIVES),
        contributions=telling.contributions(policy, decision.proposal_reasons),
        judge_first=decision.withheld,
        judgement=telling.outcome_label(policy, view.judgement),
        due=times.moment_or_none(view.due_at),
        overdue=view.overdue,
        when_overdue=_when_overdue(work, view),
        held_by_me=mine and lost is None,
        lease_until=times.moment(lease.until) if lease is not None and mine else None,
        lease_seconds=0
        if lease is None
        else max(0, int((lease.until - times.now()).total_seconds())),
        holder="" if lease is None or mine else lease.name,
        may_decide=barred is None or lost is not None,
        barred=barred or "",
        approvable=view.approvable,
        reason_always=view.sensitive,
        may_escalate=view.escalate_to is not None,
        sign_offs_needed=view.sign_offs_needed,
        sign_offs=tuple(_sign_off(view, one) for one in view.sign_offs),
        messages=tuple(_message(view.id, policy, one) for one in view.messages),
        instead=of_case(work, view, held_by_me=mine and lost is None, opened=opened, form=instead),
        beside=beside.of_case(work, view),
        may_comment=authentication.actor().may(Permission.CASES_DECIDE),
        kept_for="" if view.reserved is None else view.reserved.name,
        kept_for_me=view.reserved is not None and view.reserved.mine,
        sleeps=times.moment_or_none(view.sleeps_until),
        asked=view.asked,
        lost=lost,
        looks=looks,
        may_put_right=view.may_reverse,
        rejectable=view.purpose != CHECK or view.fallback != decision.outcome,
        confirming=confirming,
        becomes=telling.outcome_label(policy, str(outcome or "")),
        reversed_by=view.reversed_by or "",
        compared=tuple(_sign_off(view, one) for one in view.compared),
        agree=len(said) == 1,
        known=None if view.known is None else telling.known(view.known),
        news=tuple(telling.known(one) for one in gold.news(work) if one.case_id != view.id)
        if mine
        else (),
        policy=_("Policy version %(n)s", n=decision.policy_version),
        policy_href=shell.policy_address(view.point, decision.policy_version),
        form=typed,
        shown=rfc3339(times.now()),
        floor=view.reading_floor if guarded else 0.0,
        nudges=tuple(_nudges(work)) if guarded and mine and lost is None else (),
    )


def _sign_off(view: CaseView, one: SignedOff) -> SignOffView:
    return SignOffView(
        by=one.name,
        verdict=one.verdict,
        outcome=telling.outcome_label(view.policy, one.outcome),
        at=times.moment(one.given_at),
        reason=one.reason or "",
    )


def _nudges(work: Work) -> Iterator[Notice]:
    """Tell whoever decides in haste, or without a break; each streak and sitting once."""
    found = pace.own(work)
    told: dict[str, str] = session.get(_PACED, {})
    for nudge, of in ((Nudge.STREAK, found.streak), (Nudge.BREAK, found.sitting)):
        if nudge not in found.nudges or told.get(nudge) == of:
            continue
        session[_PACED] = told = {**told, nudge.value: of}
        if nudge is Nudge.STREAK:
            yield Notice(
                tone="info",
                text=_(
                    "%(n)s approvals in a row, %(seconds)s s each at the median.",
                    n=found.approvals,
                    seconds=round(found.median_seconds or 0),
                ),
                detail=_(
                    "Slow down, or take a break: what is looked at so briefly is hardly judged."
                ),
            )
        else:
            yield Notice(
                tone="info",
                text=_("You have decided for %(n)s minutes without a break.", n=found.minutes),
                detail=_("Ten minutes away from it help to see the next mistake."),
            )


def _barred(view: CaseView) -> str | None:
    """Return why this person may not decide the case, None where they may."""
    if view.status == CaseStatus.DECIDED:
        return _("It is decided already.")
    if view.status == CaseStatus.CLOSED and view.purpose in SECOND_LOOKS:
        return _("It is closed: nobody looked in time, or the verdict was taken back.")
    if view.status == CaseStatus.CLOSED:
        return _("It is closed: the app withdrew it, or its time ran out.")
    if any(one.mine for one in view.sign_offs):
        return _("You have signed it off; another person must do so too.")
    if not authentication.actor().may(Permission.CASES_DECIDE):
        return _("You may look at cases, and others decide them.")
    return view.barred


def _when_overdue(work: Work, view: CaseView) -> str:
    if view.due_at is None or view.status != CaseStatus.OPEN:
        return ""
    if view.purpose in SECOND_LOOKS:
        return _(
            "If nobody looks within %(days)s days after it was due, it is closed as not looked at; the decision stands.",
            days=LEFT_FOR.days,
        )
    fallback = telling.outcome_label(view.policy, view.fallback)
    if view.escalate_to is None:
        return _("If nobody decides in time, the outcome is %(outcome)s.", outcome=fallback)
    return _(
        "If nobody decides in time it goes to %(queue)s, and then the outcome is %(outcome)s.",
        queue=_queue_title(work, view.escalate_to),
        outcome=fallback,
    )


def _queue_title(work: Work, name: str) -> str:
    return next((one.title for one in queues.list_queues(work) if one.name == name), name)


def _own_undo(view: CaseView) -> Undo | None:
    """Return what takes this person's verdict on the case back, None where nothing can be."""
    if view.undo is None:
        return None
    mine = next(one for one in view.sign_offs if one.verdict_id == view.undo.verdict_id)
    told = _decided(view.policy, view.purpose, mine.verdict, decided=view.status != CaseStatus.OPEN)
    return shell.undo_of(view.id, told, view.undo.until, view.revision)


def _decided(policy: Policy, purpose: str, verdict: str, *, decided: bool) -> str:
    point = policy.title.in_(language())
    if purpose == CHECK:
        return _("You checked “%(point)s”.", point=point)
    if not decided:
        return _("You signed “%(point)s” off; others must agree.", point=point)
    if verdict == VerdictKind.APPROVE:
        return _("You approved “%(point)s”.", point=point)
    if verdict == VerdictKind.REJECT:
        return _("You rejected “%(point)s”.", point=point)
    return _("You changed “%(point)s”.", point=point)


def _looked() -> Looked | None:
    """Return what the page tells of how the case was looked at; None where it runs no scripts."""
    try:
        told = Looked(seconds=float(forms.text("seconds")), parts_seen=int(forms.text("seen")))
    except ValueError:
        return None
    return told if 0 <= told.seconds <= _LONGEST_LOOK and told.parts_seen >= 0 else None


def revision() -> int | None:
    """Return the revision of the case that the form was made from."""
    typed = request.form.get("etag", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
