"""The pages of erasing: what is held about somebody, asking for an erasure, legal holds. A subject's reference stands in no address."""

from __future__ import annotations

from typing import Final

from flask import Response

from governance.erasing import service
from governance.erasing.transitions import ErasureStatus, Ground, Obstacle
from governance.erasing.views import ErasureView, HoldView, InTheWay
from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.permissions import Permission
from governance.reviews.service import LONGEST_REASON
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.times import moment, moment_or_none
from web.console.views.erasing import ErasingPage, ErasurePage, ErasureRow, LegalHoldRow
from web.console.views.shell import Choice, Form
from web.security import requires

#: Which form was sent, on the page that has three.
_ASK: Final = "ask"
_HOLD: Final = "hold"
_LIFT: Final = "lift"


@blueprint.post("/subjects/erasing")
@requires(Permission.SUBJECTS_READ)
def erasing() -> Response:
    """Show what is held about somebody, and what can be done about it."""
    return _page("", Form())


@blueprint.post("/subjects/erasures")
@requires(Permission.SUBJECTS_ERASE)
def ask_for_erasure() -> Response:
    """Ask that somebody be erased; another person confirms it."""
    reference, rights_id = _whom()
    try:
        ground = Ground(forms.text("ground"))
    except ValueError:
        form = Form(values=forms.typed(), errors={"ground": _("Choose a ground.")})
        return _page(_ASK, form, status=422)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            asked = service.ask(
                work,
                reference=reference,
                rights_id=rights_id,
                ground=ground,
                words=forms.text("words"),
            )
    except (InvalidInput, Conflict) as error:
        return _refused(_ASK, error)
    tell("good", _("Asked for. Another person confirms it, and then it is done."))
    return go("erasure", erasure_id=asked.id)


@blueprint.get("/subjects/erasures/<erasure_id>")
@requires(Permission.SUBJECTS_READ)
def erasure(erasure_id: str) -> Response:
    """Show one erasure, with the forms of the second person."""
    with authentication.installation().look(authentication.actor()) as work:
        one = service.get(work, erasure_id)
        asked = one.status is ErasureStatus.ASKED
        mine = one.asked_by == work.actor.reference
        page = ErasurePage(
            row=row(one),
            request_id=one.request_id or "",
            reference=one.subject_ref or "",
            words=one.words or "",
            may_confirm=one.may_confirm,
            may_decline=asked and (one.may_confirm or mine),
            barred="" if one.may_confirm or not asked else _barred(work, mine=mine),
            form=Form(),
        )
    return render("erasure", page, current="subjects")


@blueprint.post("/subjects/legal-holds")
@requires(Permission.SUBJECTS_HOLD)
def set_legal_hold() -> Response:
    """Keep somebody's data, whoever asks for erasure."""
    reference, rights_id = _whom()
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.set_hold(
                work, reference=reference, rights_id=rights_id, reason=forms.text("reason")
            )
    except (InvalidInput, Conflict) as error:
        return _refused(_HOLD, error)
    return _page(
        "", Form(), done=_("The legal hold stands. Nobody erases this person until it is lifted.")
    )


@blueprint.post("/subjects/legal-holds/<hold_id>/lift")
@requires(Permission.SUBJECTS_HOLD)
def lift_legal_hold(hold_id: str) -> Response:
    """Let somebody be erased again."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.lift_hold(work, hold_id, forms.text("why"))
    except (InvalidInput, Conflict) as error:
        return _refused(_LIFT, error)
    return _page("", Form(), done=_("The legal hold is lifted."))


def rows(work: Work) -> tuple[ErasureRow, ...]:
    """Return the erasures that are not done yet, and those of late, for the page of persons concerned."""
    return tuple(row(one) for one in (*service.list_going(work), *service.list_closed(work, 20)))


def row(one: ErasureView) -> ErasureRow:
    """Return an erasure as a list shows it."""
    return ErasureRow(
        id=one.id,
        state=one.status.value,
        ground=ground_word(one.ground),
        asked=moment(one.asked_at),
        asked_by=one.asked_by_name,
        closed=moment_or_none(one.closed_at),
        closed_by=one.closed_by_name or "",
        erased=moment_or_none(one.erased_at),
        waits=in_the_way(one.in_the_way),
    )


def in_the_way(found: InTheWay | None) -> str:
    """Say what stands in the way, and what to do; empty where nothing does."""
    if found is None:
        return ""
    until = "" if found.until is None else moment(found.until).text
    return {
        Obstacle.LEGAL_HOLD: _("A legal hold stands, so the data must be kept."),
        Obstacle.COPY: _(
            "This person asked for a copy of their data. Answer that first: nothing is left to copy afterwards."
        ),
        Obstacle.RETENTION: _(
            "The business keeps decisions for a time at least, the newest of these until %(when)s.",
            when=until,
        ),
        Obstacle.UNDO: _("A verdict can still be taken back until %(when)s.", when=until),
    }[found.obstacle]


def _barred(work: Work, *, mine: bool) -> str:
    if mine:
        return _("You asked for this yourself, so another person confirms it.")
    return _("An admin confirms this.")


def _whom() -> tuple[str | None, str | None]:
    """Return the reference, or what the person asked for where no app names them."""
    reference, rights_id = forms.text("ref"), forms.text("right")
    return (None, rights_id) if rights_id and not reference else (reference, None)


def _refused(which: str, error: AnswerableError) -> Response:
    if isinstance(error, InvalidInput):
        form = forms.told_again(error, fields={"reason": "why"} if which == _LIFT else None)
        return _page(which, form, status=422)
    # What stands in the way is told above the forms.
    told = _("This is not possible now. The page shows how things stand.")
    return _page(which, Form(values=forms.typed(), error=told), status=409)


def _page(which: str, form: Form, *, status: int = 200, done: str = "") -> Response:
    reference, rights_id = _whom()
    with authentication.installation().look(authentication.actor()) as work:
        held = service.held(work, reference=reference, rights_id=rights_id)
        page = ErasingPage(
            reference=held.subject_ref or "",
            rights_id="" if reference else rights_id or "",
            counts=tuple((_counted(name), count) for name, count in held.counts.items() if count),
            holds=tuple(_hold(one) for one in held.holds),
            erasure=None if held.erasure is None else row(held.erasure),
            in_the_way=in_the_way(held.in_the_way),
            grounds=grounds(),
            longest=LONGEST_REASON,
            may_ask=work.actor.may(Permission.SUBJECTS_ERASE)
            and (held.in_the_way is None or held.in_the_way.obstacle is Obstacle.UNDO),
            may_hold=work.actor.may(Permission.SUBJECTS_HOLD),
            form=form if which == _ASK else Form(),
            hold_form=form if which == _HOLD else Form(),
            lift_form=form if which == _LIFT else Form(),
        )
    if done:
        tell("good", done)
    return render("erasing", page, current="subjects", status=status)


def _hold(one: HoldView) -> LegalHoldRow:
    return LegalHoldRow(
        id=one.id,
        reason=one.reason or "",
        set=moment(one.set_at),
        set_by=one.set_by_name,
        lifted=moment_or_none(one.lifted_at),
        lifted_by=one.lifted_by_name or "",
    )


def ground_word(ground: Ground) -> str:
    """Say on which ground somebody is erased."""
    return {
        Ground.NO_LONGER_NEEDED: _("no longer needed"),
        Ground.CONSENT_WITHDRAWN: _("consent withdrawn"),
        Ground.OBJECTED: _("the person objected"),
        Ground.UNLAWFUL: _("unlawfully processed"),
        Ground.OBLIGED: _("a law requires it"),
        Ground.CHILD: _("collected from a child"),
    }[ground]


def grounds() -> tuple[Choice, ...]:
    """Return the grounds of Article 17(1), to choose from."""
    return tuple(Choice(value=one.value, label=ground_word(one)) for one in Ground)


def _counted(name: str) -> str:
    return {
        "decisions": _("Decisions"),
        "open_cases": _("Open cases"),
        "records": _("Records with content"),
        "appeals": _("Appeals"),
        "known_cases": _("Known cases made of them"),
        "messages": _("Messages to apps"),
        "people_only": _("Marked: always a person"),
    }[name]
